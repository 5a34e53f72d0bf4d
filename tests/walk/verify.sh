#!/usr/bin/env bash
# The breakpoint walk over every critical section, in every way they are compiled, and over seeded bugs in them;
# and two threads that preempt each other inside the sections. See docs/verification/walk.md.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique walk

here=tests/walk
functions="pop push pop_n push_n exchange_top add exchange"
flags=(-std=c++20 -g0 -Isrc -I"$here")

# build_once: what does not change from one way of compiling to the next.
build_once() {
  local source
  for source in src/{runtime,magazine_store,block_arena,cpu_list}.cpp \
    "$here"/{world,operations,breakpoints,indexes,walker,walk}.cpp; do
    g++ "${flags[@]}" -O1 -Iinclude -c "$source" -o "$work/$(basename "$source" .cpp).o"
  done
  ld -r -o "$work/driver.o" "$work"/{runtime,magazine_store,block_arena,cpu_list}.o \
    "$work"/{world,operations,breakpoints,indexes,walker,walk}.o
  # Half of the time of compiling the sections goes into this.
  printf '#include <atomic>\n#include <cstddef>\n#include <cstdint>\n' >"$work/std.hpp"
  g++ "${flags[@]}" -O2 -fPIC -x c++-header "$work/std.hpp" -o "$work/std.hpp.gch"
}

# build_walk NAME INCLUDE COMPILER OPTION...: the sections of INCLUDE, compiled in this way, and their list.
build_walk() {
  local name=$1 include=$2
  shift 2
  "$@" "${flags[@]}" -I"$include" -c "$here/sections.cpp" -o "$work/$name.o"
  "$@" "$work/$name.o" "$work/driver.o" -o "$work/$name"
  "$here/boundaries.py" "$work/$name" >"$work/$name.list"
}

# walk NAME MODE ARGUMENT...: passes the walk's output on, and counts its cases.
walk() {
  local name=$1 mode=$2 status=0
  "$work/$name" "$mode" "$work/$name.list" "${@:3}" >"$work/walk.log" || status=$?
  cat "$work/walk.log"
  cases=$((cases + $(sed -n 's/^cases \([0-9]*\) .*/\1/p' "$work/walk.log")))
  return $status
}

# Whether the walk finds nothing in one of these functions. Anything but a violation (1), a hang (3) or a crash
# (4) proves nothing: such a run counts as finding nothing.
unnoticed() {
  local name=$1 function status
  for function in "${@:2}"; do
    for mode in once twice; do
      status=0
      "$work/$name" "$mode" "$work/$name.list" --made-up "$function" >"$work/found" 2>&1 || status=$?
      cat "$work/found"
      case $status in
        1 | 3 | 4) continue 2 ;;
        0) ;;
        *) return 0 ;;
      esac
    done
    return 0
  done
  return 1
}

walk_mutants() {
  local name target
  for name in $(tests/tools/mutant.py "$here/mutants.txt" --list); do
    rm -rf "$work/mutant"
    tests/tools/mutant.py "$here/mutants.txt" "$name" "$work/mutant"
    build_walk mutated "$work/mutant/include" g++ -O2 -fPIC -include "$work/std.hpp"
    target=${name%%-*}
    [[ $target != all ]] || target=$functions
    # shellcheck disable=SC2086 # several functions
    kill_mutant "$name" unnoticed mutated $target
    echo "  $name: $(grep -m1 -o 'VIOLATION: [^:]*: .*' "$work/mutant.log" || echo "nothing found")"
  done
}

walk_all_builds() {
  local build name
  for build in "g++ -O0" "g++ -O2 -fPIC" "g++ -O2 -flto" "clang++ -O0" "clang++ -O2 -fPIC" "clang++ -O2 -flto"; do
    name=${build//[ +]/_}
    # shellcheck disable=SC2086 # a command and its options
    build_walk "$name" include $build
    echo "$build, by cpu_id"
    EBB_RSEQ=cpu_id attack "$build by cpu_id" walk "$name" once
    echo "$build, as the library chooses"
    attack "$build" walk "$name" once
  done
}

build_once
if ! "$work/g++_-O0" once /dev/null >"$work/walk.log" 2>&1; then :; fi
walk_all_builds
attack "pairs" walk g___-O2_-fPIC pairs --made-up
attack "twice" walk g___-O2_-fPIC twice --made-up
walk_mutants
verdict
