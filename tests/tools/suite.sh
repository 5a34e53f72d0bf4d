# For scripts to source: runs ctest suites, keeps count, and ends with "N passed, N failed".
# shellcheck shell=bash

suite_passed=0
suite_failed=0
suite_rows=()
suite_started=$SECONDS
suite_prefix=()  # words to put before cmake and ctest
suite_targets=() # what suite_build builds; none: all
suite_jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
# What failed, for the report to end with: whoever has only the end of a long log still learns what it was.
# Scripts that are run by others which source this add to the file of those.
if [[ -z ${suite_failures:-} ]]; then
  mkdir -p build
  export suite_failures=$PWD/build/what_failed.txt
  : >"$suite_failures"
fi

say() { printf '\n== %s\n' "$*"; }

# suite_count NAME PASSED FAILED SKIPPED SECONDS
suite_count() {
  suite_passed=$((suite_passed + $2))
  suite_failed=$((suite_failed + $3))
  suite_rows+=("$(printf '%-24s %8d %8d %8d %6d s' "$@")")
}

# Configures and builds a preset. Counts nothing if that works, and one failure if it does not.
suite_build() {
  local preset=$1 started=$SECONDS
  say "build $preset"
  if cmake --preset "$preset" "${@:2}" &&
    "${suite_prefix[@]}" cmake --build "build/$preset" --parallel "$suite_jobs" \
      ${suite_targets[0]:+--target "${suite_targets[@]}"}; then
    return 0
  fi
  echo "$preset: does not build" >>"$suite_failures"
  suite_count "build $preset" 0 1 0 $((SECONDS - started))
  return 1
}

# How many tests of a JUnit file passed, failed, and were skipped. A ctest that is a whole program of GoogleTest's
# counts as the tests that it says it ran; one whose program was not built, which ctest files under "skipped", failed.
junit_counts() {
  awk '
    function number_in(line) { sub(/^\[[ A-Z]*\] /, "", line); return line + 0 }
    /<testcase / {
      status = $0
      sub(/.*status="/, "", status)
      sub(/".*/, "", status)
      p = f = s = 0
      sub(/.*<system-out>/, "")
    }
    /<skipped message="Unable to find executable/ { status = "fail" }
    /^\[  PASSED  \] [0-9]+ tests?\.$/ { p = number_in($0) }
    /^\[  SKIPPED \] [0-9]+ tests?[.,]/ { s = number_in($0) }
    /^\[  FAILED  \] [0-9]+ tests?, listed below/ { f = number_in($0) }
    /<\/testcase>/ {
      if (status == "run" && p + s == 0) p = 1
      if (status == "fail" && f == 0) f = 1
      if (status != "run" && status != "fail") s = 1
      passed += p; failed += f; skipped += s
    }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# The failed tests of a JUnit file, each with the end of what it printed, and of what came
# before that the lines that say FAILED. junit_failures FILE
junit_failures() {
  awk '
    /<testcase / {
      name = $0
      sub(/.*name="/, "", name)
      sub(/".*/, "", name)
      failed = /status="fail"/
      count = 0
      named = ""
    }
    /<skipped message="Unable to find executable/ { print "-- " name ": not built" }
    failed {
      if (count >= 30 && line[count % 30] ~ /FAILED/) named = named line[count % 30] "\n"
      line[count++ % 30] = $0
    }
    /<\/testcase>/ && failed {
      print "-- " name
      printf "%s", named
      for (i = count > 30 ? count - 30 : 1; i < count - 1; i++) print line[i % 30]
      failed = 0
    }' "$1"
}

# Runs the tests of a preset's build, one more at a time than there are cores, since some wait for most of their time.
# suite_run NAME PRESET CTEST_ARGUMENT...
suite_run() {
  local name=$1 preset=$2 started=$SECONDS status=0
  local junit=$PWD/build/$preset/junit.xml
  rm -f "$junit"
  say "test $name"
  "${suite_prefix[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    --parallel $((suite_jobs + 1)) --output-junit "$junit" "${@:3}" || status=$?

  local passed=0 failed=0 skipped=0
  [[ ! -s $junit ]] || read -r passed failed skipped < <(junit_counts "$junit")
  # No tests at all, or ctest itself failed.
  if ((status != 0 && failed == 0)); then failed=1; fi
  if ((failed > 0)); then
    {
      echo "$name: $failed failed"
      [[ ! -s $junit ]] || junit_failures "$junit"
    } >>"$suite_failures"
  fi
  suite_count "$name" "$passed" "$failed" "$skipped" $((SECONDS - started))
}

# One check that is not a ctest suite counts as one test. suite_check NAME COMMAND...
suite_check() {
  local name=$1 started=$SECONDS
  say "$name"
  if "${@:2}"; then
    suite_count "$name" 1 0 0 $((SECONDS - started))
  else
    suite_count "$name" 0 1 0 $((SECONDS - started))
    echo "$name: failed" >>"$suite_failures"
  fi
}

# Prints what failed and what was counted; false if anything failed.
suite_report() {
  if [[ -s $suite_failures ]]; then
    say "what failed"
    cat "$suite_failures"
  fi
  printf '\n%-24s %8s %8s %8s %8s\n' run passed failed skipped time
  printf '%s\n' "${suite_rows[@]}"
  printf '%-24s %8s %8s %8s %6d s\n\n' total '' '' '' $((SECONDS - suite_started))
  echo "$suite_passed passed, $suite_failed failed"
  ((suite_failed == 0))
}
