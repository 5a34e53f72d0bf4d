#!/usr/bin/env bash
# The tests with real servers, and again with bugs in the pool that they have to find;
# docs/verification/connections.md. Cases are acquires and answers, under faults and restarts.
#
#   EBB_TEST_BUILD=DIR  a build directory of this checkout with libebbpool.a; without it that is built here
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"

if (($# > 0)); then
  echo "verify.sh: \"$*\" is no argument of this script; it takes none" >&2
  exit 2
fi

((EUID == 0)) || skip "no network namespaces without root"
for program in redis-server ip pkg-config; do
  [[ -n $(type -P "$program") ]] || skip "$program is not installed"
done
pkg-config --exists hiredis libpq || skip "hiredis and libpq (libhiredis-dev, libpq-dev) are not installed"

technique connections
here=tests/connections
cxx=${CXX:-g++}
read -r -a client_flags < <(pkg-config --cflags hiredis libpq)
flags=(-std=c++20 -O1 -g0 -pthread "${client_flags[@]}")
standard_headers+=(gtest/gtest.h fstream iostream stop_token)
precompile headers "$cxx" "${flags[@]}"
flags+=("${precompiled[@]}")
read -r -a libraries < <(pkg-config --libs hiredis libpq gtest)
static_library

# The tests do not see inside the pool: only the library has to be compiled again for a mutant.
compile_test() { "$cxx" "${flags[@]}" -Iinclude -Itests -Ibench -c "$1" -o "$work/$(basename "$1" .cpp).o"; }

link() { "$cxx" "${flags[@]}" "${@:2}" "$work"/*.o "$library" "${libraries[@]}" -o "$1"; }

# A change of a header: all that may see it, as one translation unit.
build_mutant() {
  local directory=$work/$1 file all=
  rm -rf "$directory"
  mkdir -p "$directory"
  python3 tests/tools/mutant.py "$here/mutants.txt" "$1" "$directory"
  for file in src/resource/*.hpp; do cmp -s "$file" "$directory/$file" || all=yes; done
  for file in src/resource/*.cpp; do
    if [[ -n $all ]] || ! cmp -s "$file" "$directory/$file"; then echo "#include \"$directory/$file\""; fi
  done >"$directory/changed.cpp"
  "$cxx" "${flags[@]}" -I"$directory/include" -I"$directory/src" -c "$directory/changed.cpp" -o "$directory/changed.o"
  link "$directory/tests" "$directory"/*.o
}

# All tests; that one was skipped is a failure here.
run() {
  local log=$work/run.log
  timeout 120 "$1" --gtest_color=no >"$log" 2>&1 || {
    cat "$log"
    return 1
  }
  grep -E '^[0-9]' "$log"
  cases=$(awk '/^[0-9]+ (acquires|answers)/ { sum += $1 } END { print sum + 0 }' "$log")
  if grep 'NOT TESTED' "$log"; then return 1; fi
}

# The exit status is 0 if the test does not notice; 1 if it says so, more if it crashes, and 124 if it has not
# ended after many times what it takes without a bug.
run_mutant() {
  local started=$SECONDS status=0 log=$work/$1.log
  timeout 60 "$work/$1/tests" --gtest_color=no --gtest_filter="$(killer_of "$1")" >"$log" 2>&1 || status=$?
  printf '  %-32s exit %3d, %3d s  %s\n' "$1" "$status" $((SECONDS - started)) \
    "$(grep -m 1 -A 1 Failure "$log" | tail -n 1)"
  echo "$status" >"$work/$1.status"
}

killer_of() { awk -F '\t' -v name="$1" '$1 == name { print $3 }' "$work/killers"; }

unnoticed() {
  case $(<"$work/$1.status") in
    1 | 124 | 134 | 136 | 139) return 1 ;;
    *) return 0 ;;
  esac
}

rm -f "$work"/*.o
in_parallel compile_test tests/support/main.cpp "$here"/*.cpp
link "$work/tests"
attack "with real servers" run "$work/tests"

python3 tests/tools/mutant.py "$here/mutants.txt" --killers >"$work/killers"
mapfile -t mutants < <(cut -f 1 "$work/killers")
in_parallel build_mutant "${mutants[@]}"
echo "mutants:"
in_parallel run_mutant "${mutants[@]}"
for mutant in "${mutants[@]}"; do
  attack "mutant $mutant compiles" test -x "$work/$mutant/tests"
  kill_mutant "$mutant" unnoticed "$mutant"
done
verdict
