# For scripts to source: runs ctest suites, keeps count, and ends with "N passed, N failed".
# shellcheck shell=bash

suite_passed=0
suite_failed=0
suite_rows=()
suite_started=$SECONDS
suite_prefix=()  # words to put before cmake and ctest
suite_jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

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
    "${suite_prefix[@]}" cmake --build "build/$preset" --parallel "$suite_jobs"; then
    return 0
  fi
  suite_count "build $preset" 0 1 0 $((SECONDS - started))
  return 1
}

# An attribute of the first element of a JUnit file. junit_number FILE ATTRIBUTE
junit_number() { sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p; T; q" "$1"; }

# Runs the tests of a preset's build. suite_run NAME PRESET CTEST_ARGUMENT...
suite_run() {
  local name=$1 preset=$2 started=$SECONDS status=0
  local junit=$PWD/build/$preset/junit.xml
  rm -f "$junit"
  say "test $name"
  "${suite_prefix[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    --parallel "$suite_jobs" --output-junit "$junit" "${@:3}" || status=$?

  local total=0 failed=0 skipped=0 unbuilt=0
  if [[ -s $junit ]]; then
    total=$(junit_number "$junit" tests)
    # ctest files a test whose program was not built under "skipped".
    unbuilt=$(grep -c '<skipped message="Unable to find executable' "$junit") || true
    failed=$(($(junit_number "$junit" failures) + unbuilt))
    skipped=$(($(junit_number "$junit" skipped) + $(junit_number "$junit" disabled) - unbuilt))
  fi
  # No tests at all, or ctest itself failed.
  if ((status != 0 && failed == 0)); then
    failed=1
    total=$((total + 1))
  fi
  suite_count "$name" $((total - failed - skipped)) "$failed" "$skipped" $((SECONDS - started))
}

# One check that is not a ctest suite counts as one test. suite_check NAME COMMAND...
suite_check() {
  local name=$1 started=$SECONDS
  say "$name"
  if "${@:2}"; then
    suite_count "$name" 1 0 0 $((SECONDS - started))
  else
    suite_count "$name" 0 1 0 $((SECONDS - started))
  fi
}

# Prints what was counted; false if anything failed.
suite_report() {
  printf '\n%-24s %8s %8s %8s %8s\n' run passed failed skipped time
  printf '%s\n' "${suite_rows[@]}"
  printf '%-24s %8s %8s %8s %6d s\n\n' total '' '' '' $((SECONDS - suite_started))
  echo "$suite_passed passed, $suite_failed failed"
  ((suite_failed == 0))
}
