#!/usr/bin/env bash
# Conservation stress with injection; docs/verification/inject.md says what is injected.
#
#   verify.sh           a second and a half for each setting
#   verify.sh --full    20 seconds for each, a minute where nothing is injected: 10 minutes
#
# Counts as cases the critical sections that the kernel sent back to their start.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"

seconds=1.5
plain_seconds=1.5
case "$*" in
  "") ;;
  --full)
    seconds=20
    plain_seconds=60
    ;;
  *)
    echo "verify.sh: \"$*\" is no argument of this script; valid is --full, or nothing" >&2
    exit 2
    ;;
esac

technique inject
here=tests/inject
cxx=${CXX:-g++}
operations=0
cycles=0

# All in one translation unit, so that the standard headers are read once.
whole() {
  local part
  for part in block_arena collector_thread cpu_list magazine_store pool_bulk pool_core pool_state pressure/control \
    pressure/files pressure/judge pressure/limits pressure/text pressure/trigger pressure/watch process_budget registry runtime stats \
    waker; do
    echo "#include \"$part.cpp\""
  done
  echo '#include "disturb.cpp"'
  echo '#include "stress.cpp"'
}

# build DIRECTORY FLAG...: the stress against the copy of the library that is there.
build() {
  "$cxx" -std=c++20 -g0 -pthread "${@:2}" -I"$1/include" -I"$1/src" -I"$here" "$work/whole.cpp" -o "$1/stress"
}

build_injected() { build "$1" "${@:2}" -DEBB_INJECTED=1 -include "$here/points.hpp" "$here/points.cpp"; }

# build_mutant NAME: the injection, and the bug on top of it.
build_mutant() {
  local directory=$work/$1
  mkdir -p "$directory"
  {
    echo "== $1"
    sed '1,/^== /d' "$here/injection.txt"
    awk -v name="$1" '/^== / { on = $2 == name; next } on' "$here/mutants.txt"
  } >"$directory/changes.txt"
  python3 tests/tools/mutant.py "$directory/changes.txt" "$1" "$directory"
  build_injected "$directory" -O1
}

# run NAME SECONDS PROGRAM...: prints what it did, and adds up its last line.
run() {
  local log=$work/$1.log
  if ! "${@:3}" --seconds "$2" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
  cat "$log"
  local line
  line=$(tail -n 1 "$log")
  [[ $line =~ ^total\ ([0-9]+)\ operations\ ([0-9]+)\ aborts\ ([0-9]+)\ cycles$ ]] || return 1
  operations=$((operations + BASH_REMATCH[1]))
  cases=$((cases + BASH_REMATCH[2]))
  cycles=$((cycles + BASH_REMATCH[3]))
}

# Fails only where the stress itself says what is wrong. A second look, where the machine was too busy for threads
# to run at the same time.
stands() {
  [[ -x $1 ]] || return 0
  local look status
  for look in "--seconds 2" "--setting delay-10000 --seconds 15" "--setting refused --seconds 15"; do
    status=0
    # shellcheck disable=SC2086  # options
    EBB_RSEQ=$path timeout 300 "$1" $look >"$work/stands.log" 2>&1 || status=$?
    cat "$work/stands.log"
    if ((status == 1)) && grep -q '^FAILED: ' "$work/stands.log"; then return 1; fi
  done
}

whole >"$work/whole.cpp"
mkdir -p "$work/plain" "$work/injected"
python3 tests/tools/mutant.py "$here/injection.txt" none "$work/plain"
build "$work/plain" -O2 -DEBB_INJECTED=0
path=$("$work/plain/stress" --path)
[[ $path == rseq ]] || skip "there are no sections to interrupt: this process takes the $path path"
python3 tests/tools/mutant.py "$here/injection.txt" injection "$work/injected"
build_injected "$work/injected" -O2

mapfile -t mutants < <(python3 tests/tools/mutant.py "$here/mutants.txt" --list)
in_parallel build_mutant "${mutants[@]}"

echo "the library as it is"
attack plain run plain "$plain_seconds" "$work/plain/stress"
echo "with injection"
attack injected run injected "$seconds" "$work/injected/stress"
echo "with injection, portable path"
attack portable run portable "$seconds" env EBB_RSEQ=off "$work/injected/stress"

for mutant in "${mutants[@]}"; do
  path=auto
  [[ $mutant != portable-* ]] || path=off
  kill_mutant "$mutant" stands "$work/$mutant/stress"
done

echo "$operations objects taken or given, $cases sections aborted, $cycles cycles"
verdict
