#!/usr/bin/env bash
# The library where the kernel, a sandbox, the C library or an emulator refuses what it would like to use.
#
#   EBB_TEST_BUILD=DIR  a build directory of this checkout with the unit tests; without it they are built here
# shellcheck disable=SC2034,SC2317  # for matrix.sh, which calls back
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique degraded
source tests/degraded/matrix.sh
source tests/degraded/targets.sh
here=tests/degraded
deny=$work/deny
sys=$here/in_sys.sh
compile=("${CXX:-g++}" -std=c++20 -O2 -g0 -Wall -Wextra -Wconversion -Wshadow -Wundef -pthread)
suite=(api_tests pools_tests internal_tests buffer_tests scrub_tests stream_tests asio_tests checked_tests)

# What takes longest in the suite and nothing of an environment can change: arithmetic on sizes (for the two largest
# bounds of seven), and a stack of indices. Nothing is taken or put there, nor the kernel called. First row only.
arithmetic='BlockPools.find_a_class_for_every_size*/5:BlockPools.find_a_class_for_every_size*/6'
arithmetic+=':BufferTiers.sizes_next_to_every_boundary*:CalibrationRule.agrees_with_a_slow_reference*:VersionedStack.each_index*'
# Counts by shard and makes no call, so all that matters is how shards are found. Its threads wait for each other
# awake, a second where CPUs are busy. Once for each path, index and number of shards.
counting='Calibration.is_exact_when_two_threads_take_turns'

# The tests give memory back to the kernel and want it again all the time.
export MALLOC_TOP_PAD_=16777216

build() {
  tests=${EBB_TEST_BUILD:-$work/tests}
  if [[ -z ${EBB_TEST_BUILD:-} ]]; then
    echo "building the unit tests"
    cmake -S . -B "$tests" -G Ninja -DEBB_BUILD_EXAMPLES=OFF -DEBB_BUILD_BENCH=OFF >"$work/build.log"
    ninja -C "$tests" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-1}" ebbpool "${suite[@]}" >>"$work/build.log"
  fi
  library=$tests/libebbpool.a
  precompile headers "${compile[@]}"
  compile+=("${precompiled[@]}")
  "${compile[@]}" $here/deny.cpp -o "$deny"
  for program in probe late; do
    "${compile[@]}" -fPIE -Iinclude -c $here/$program.cpp -o "$work/$program.o"
    "${compile[@]}" "$work/$program.o" "$library" -o "$work/$program"
  done
}

# Runs a program in the environment of a row; false, and what it said, if it failed.
run_there() {
  local status=0
  timeout 120 "$@" >"$work/out" 2>"$work/err" || status=$?
  ((status != 0)) || return 0
  echo "  FAILED, exit $status: $*"
  awk 'FNR <= 100 || /FAILED/ { print "    " $0 }' "$work/err" "$work/out"
  return $status
}

# The probe says what it should, and its pools work. probe_there NAME EXPECTED COMMAND...
probe_there() {
  run_there "${@:3}" "$probe" || return 1
  local said
  said=$(head -n 1 "$work/out")
  if [[ $said != "$2" ]]; then
    echo "  says \"$said\", not \"$2\""
    return 1
  fi
  if [[ $1 == *nonsense ]] && ! grep -q '^ebbpool: EBB_RSEQ=nonsense is ignored; valid are' "$work/err"; then
    echo "  does not say that a value is ignored"
    return 1
  fi
}

# And so do all unit tests.
declare -A counted=()
suite_there() {
  probe_there "$@" || return 1
  local program passed=0 now status=0 leave_out=none
  ((${#counted[@]} == 0)) || leave_out=$arithmetic
  [[ -z ${counted[${2%%:*}]:-} ]] || leave_out+=:$counting
  counted[${2%%:*}]=yes
  for program in "${suite[@]}"; do
    [[ -x $tests/tests/$program ]] || continue  # asio_tests, where there is no Boost
    # Brief: nothing but what failed.
    run_there "${@:3}" "$tests/tests/$program" --gtest_brief=1 --gtest_filter="-$leave_out" || status=1
    now=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests*\.$/\1/p' "$work/out")
    passed=$((passed + ${now:-0}))
  done
  ((status == 0)) || return 1
  cases=$((cases + 1 + passed))
  printf '  %-32s %4d tests  %s\n' "$1" "$passed" "${2%%:*}"
}

# A sandbox that closes late. late_there HOW COMMAND...
late_there() {
  run_there "${@:2}" "$work/late" "$1" || return 1
  cases=$((cases + 1))
  printf '  %-32s %s\n' "late: $*" "$(tr '\n' ' ' <"$work/out")"
}

# That membarrier is really called where nobody opts out, or the rows where it kills would show nothing.
kills_without_opt_out() {
  local status=0
  { "$deny" membarrier=kill -- "$work/probe" >/dev/null || status=$?; } 2>/dev/null
  ((status == 128 + 31)) # SIGSYS
}

# Links "$work/probe.o" and "$work/late.o" with the mutant: its changed sources before the library's own.
build_mutant() {
  local copy=$work/mutants/$1 file objects=()
  rm -rf "$copy"
  tests/tools/mutant.py $here/mutants.txt "$1" "$copy"
  if ! diff -r include "$copy/include" >/dev/null; then
    echo "mutant $1 changes a header: all would have to be built"
    return 1
  fi
  while read -r file; do
    "${compile[@]}" -w -Iinclude -Isrc -c "$copy/$file" -o "$copy/${file//\//_}.o" || return 1
    objects+=("$copy/${file//\//_}.o")
  done < <(cd "$copy" && for f in src/*.cpp; do cmp -s "$f" "$OLDPWD/$f" || echo "$f"; done)
  for program in probe late; do
    "${compile[@]}" "$work/$program.o" "${objects[@]}" "$library" -o "$copy/$program" || return 1
  done
}

build
echo "environments:"
probe=$work/probe
row() { attack "$1" suite_there "$@"; }
probe_row() { attack "$1" probe_there "$@"; }
matrix
attack "without EBB_RSEQ=off a membarrier that kills does" kills_without_opt_out
for how in EPERM ENOSYS ENOMEM slow sometimes; do
  attack "late: $how" late_there $how env
  attack "late: $how by CPU" late_there $how env EBB_RSEQ=cpu_id
done
attack "late: ENOMEM, portable" late_there ENOMEM env EBB_RSEQ=off
targets

echo "mutants:"
row() { [[ -n $caught ]] || probe_there "$@" || caught=$1; }
probe_row() { row "$@"; }
# False if a row notices the mutant, which is what kill_mutant wants.
matrix_with_mutant() {
  caught=
  probe=$work/mutants/$1/probe
  matrix
  for how in slow sometimes; do
    [[ -n $caught ]] || run_there "$work/mutants/$1/late" $how || caught="late: $how"
  done
  echo "$caught" >"$work/caught"
  [[ -z $caught ]]
}
build_mutant none
attack "what kills mutants lets the library itself pass" matrix_with_mutant none
for mutant in $(tests/tools/mutant.py $here/mutants.txt --list); do
  if ! build_mutant "$mutant"; then
    attack "mutant $mutant compiles" false
    continue
  fi
  : >"$work/caught"
  kill_mutant "$mutant" matrix_with_mutant "$mutant"
  printf '  %-32s %s\n' "$mutant" "$(cat "$work/caught")"
done
verdict
