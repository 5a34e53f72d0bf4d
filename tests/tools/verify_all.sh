#!/usr/bin/env bash
# Runs every technique that attacks the library, two more at a time than there are cores, since some of them wait
# for most of their time, and ends with one table and "N passed, N failed".   usage: verify_all.sh [TECHNIQUE...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/tools/suite.sh

known=(model) # first, and before others when CPUs are short: it takes longest, and does one thing at a time
for script in tests/*/verify.sh; do
  technique=$(basename "$(dirname "$script")")
  [[ $technique == model ]] || known+=("$technique")
done
chosen=("${@:-${known[@]}}")
for technique in "${chosen[@]}"; do
  if [[ ! -x tests/$technique/verify.sh ]]; then
    echo "verify: \"$technique\" is not a technique; there are: ${known[*]}" >&2
    exit 2
  fi
done

logs=build/verify
mkdir -p "$logs"

run_one() {
  local started=$SECONDS status=0 niceness=5
  [[ $1 != model ]] || niceness=0
  nice -n $niceness "tests/$1/verify.sh" >"$logs/$1.log" 2>&1 || status=$?
  echo "$status $((SECONDS - started))" >"$logs/$1.status"
  printf '%4d s  %-12s %s\n' "$SECONDS" "$1" "$(tail -n 1 "$logs/$1.log")"
}

say "verify: ${chosen[*]}"
for technique in "${chosen[@]}"; do
  while (($(jobs -rp | wc -l) > suite_jobs + 1)); do wait -n || true; done
  run_one "$technique" &
done
wait

printf '\n%-12s %12s %10s %8s\n' technique cases mutants time
for technique in "${chosen[@]}"; do
  read -r status seconds <"$logs/$technique.status"
  last=$(tail -n 1 "$logs/$technique.log")
  cases=- mutants=- verdict=
  if [[ $last =~ ^verified:\ ([0-9]+)\ cases,\ ([0-9]+)\ of\ ([0-9]+)\ mutants$ ]]; then
    cases=${BASH_REMATCH[1]} mutants="${BASH_REMATCH[2]}/${BASH_REMATCH[3]}"
  fi
  case $status in
    0) suite_passed=$((suite_passed + 1)) ;;
    77) verdict=$last ;;
    *)
      suite_failed=$((suite_failed + 1))
      verdict="FAILED: $logs/$technique.log"
      ;;
  esac
  printf '%-12s %12s %10s %6d s  %s\n' "$technique" "$cases" "$mutants" "$seconds" "$verdict"
done
for technique in "${chosen[@]}"; do
  read -r status _ <"$logs/$technique.status"
  if ((status != 0 && status != 77)); then
    {
      echo "-- $technique: what failed, and the end of $logs/$technique.log"
      head -n -30 "$logs/$technique.log" | grep -E -A4 ': Failure|FAILED|SURVIVED' || true
      tail -n 30 "$logs/$technique.log"
    } | tee -a "$suite_failures"
  fi
done
printf '\n%s passed, %s failed\n' "$suite_passed" "$suite_failed"
((suite_failed == 0))
