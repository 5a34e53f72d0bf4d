#!/usr/bin/env bash
# The breakpoint walk over every critical section, in every way they are compiled, and over seeded bugs in them;
# and two threads that preempt each other inside the sections. See docs/verification/walk.md.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique walk

here=tests/walk
functions="pop push pop_n push_n exchange_top add exchange"
flags=(-std=c++20 -g0 -Isrc "-I$here")
base_sources="runtime magazine_store block_arena cpu_list"
walk_sources="world operations breakpoints indexes walker judge walk"
pool_sources="pool_core pool_bulk pool_state process_budget registry collector_thread stats checks waker pressure/control
  pressure/files pressure/judge pressure/limits pressure/text pressure/trigger pressure/watch"

compile() { # NAME COMPILER OPTION... SOURCE
  "${@:2}" -c -o "$work/$1.o"
}
objects() {
  printf "$work/%s.o " "$@"
}

# build_all DIRECTORY NAME...: what does not change from one way of compiling to the next.
build_all() {
  local name
  for name in "${@:2}"; do
    compile "$name" g++ "${flags[@]}" -O1 "${many_headers[@]}" -Iinclude "$1/$name.cpp"
  done
}

build_driver() {
  precompile many_headers g++ "${flags[@]}" -O1
  many_headers=("${precompiled[@]}")
  standard_headers=(atomic cstddef cstdint)
  precompile few_headers g++ "${flags[@]}" -O2 -fPIC
  few_headers=("${precompiled[@]}")
  # shellcheck disable=SC2086 # lists of names
  build_all src $base_sources
  # shellcheck disable=SC2086
  build_all "$here" $walk_sources
  # shellcheck disable=SC2046,SC2086 # lists of names
  ld -r -o "$work/driver.o" $(objects $base_sources $walk_sources)
}

# build_walk NAME INCLUDE COMPILER OPTION...: the sections of INCLUDE, compiled in this way, and their list.
build_walk() {
  local name=$1 include=$2
  shift 2
  compile "$name" "$@" "${flags[@]}" "-I$include" "$here/sections.cpp"
  # First, so that of inline functions the copies of this build are linked.
  "$@" "$work/$name.o" "$work/driver.o" -o "$work/$name"
  "$here/boundaries.py" "$work/$name" >"$work/$name.list"
}

# walk PROGRAM ARGUMENT...: one line of what came out, all of it if something was found; counts the cases.
walk() {
  local status=0 log=$work/walk.log
  "$work/$1" "${@:2}" >"$log" || status=$?
  [[ $status == 0 ]] || cat "$log"
  awk '/instruction boundaries hit/ {for (i = 1; i < NF; ++i) if ($(i + 1) == "of") {hit += $i; all += $(i + 2)}}
       all && /^cases/ {printf "  %d of %d instruction boundaries hit\n", hit, all}
       / x | twice:/ || /^cases/ || /^ *ONE CPU/ {sub(/^ */, ""); print "  " $0}' "$log"
  local n
  n=$(sed -n 's/^cases \([0-9]*\) .*/\1/p' "$log")
  cases=$((cases + ${n:-0}))
  return $status
}

walk_every_build() {
  local build name
  for build in "g++ -O0" "g++ -O2 -fPIC" "g++ -O2 -flto" "clang++ -O0" "clang++ -O2 -fPIC" "clang++ -O2 -flto"; do
    name=${build//[ +]/_}
    # shellcheck disable=SC2086 # a command and its options
    build_walk "$name" include $build
    for index in cpu_id auto; do
      echo "$build, EBB_RSEQ=$index"
      EBB_RSEQ=$index attack "$build, EBB_RSEQ=$index" walk "$name" once "$work/$name.list"
    done
  done
}

walk_twice() {
  local gnu=g___-O2_-fPIC clang=clang___-O2_-flto
  echo "two interruptions, the second inside an operation that the first calls"
  attack pairs walk $gnu pairs "$work/$gnu.list" --made-up
  echo "two interruptions of one call"
  attack twice walk $gnu twice "$work/$gnu.list" --made-up
  echo "the same with migrations by the kernel"
  EBB_RSEQ=cpu_id attack "twice, by cpu_id" walk $clang twice "$work/$clang.list" pop add
}

walk_pool() {
  local name
  mkdir -p "$work/pressure"
  # shellcheck disable=SC2086 # a list of names
  build_all src $pool_sources
  build_all "$here" pool_walk
  for name in g++ clang++; do
    compile pool_sections "$name" "${flags[@]}" -O2 -fPIC -Iinclude "$here/pool_sections.cpp"
    # shellcheck disable=SC2046,SC2086 # lists of names
    g++ $(objects pool_sections pool_walk breakpoints indexes $pool_sources $base_sources) -o "$work/pool_walk"
    "$here/boundaries.py" "$work/pool_walk" >"$work/pool_walk.list"
    echo "get and put of a whole pool, $name"
    attack "pool, $name" walk pool_walk "$work/pool_walk.list"
  done
}

# control NAME STATUS COMMAND...: a check that must find something.
control() {
  local status=0
  "${@:3}" || status=$?
  attack "control: $1" test $status = "$2"
}

# Nothing ever executes the undefined instruction in front of a landing.
control_boundaries() {
  awk '{print} $3 == "landing" {print $1, $2 - 7, "code", "undefined instruction"}' \
    "$work/first.list" >"$work/unreached.list"
  control "an instruction that is never reached is reported" 1 \
    "$work/first" once "$work/unreached.list" --made-up pop >"$work/walk.log"
  grep -q 'never reached:.*undefined' "$work/walk.log" || attack "control: the one that was not reached" false
}

# Whether the walk finds nothing in one of these functions. Anything but a violation (1), a hang (3) or a crash
# (4) proves nothing, and counts as finding nothing.
unnoticed() {
  local function mode status
  for function in "$@"; do
    for mode in once twice; do
      status=0
      "$work/mutated" "$mode" "$work/mutated.list" --made-up "$function" 2>&1 || status=$?
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
    build_walk mutated "$work/mutant/include" g++ -O2 -fPIC -fuse-ld=gold "${few_headers[@]}"
    target=${name%%-*}
    [[ $target != all ]] || target=$functions
    # shellcheck disable=SC2086 # several functions
    kill_mutant "$name" unnoticed $target
    echo "  $name: $(grep -m1 -oP 'VIOLATION: \K.*' "$work/mutant.log" || echo "nothing found")"
  done
}

preempt() {
  tests/tools/mutant.py "$here/stretched.txt" stretched "$work/stretched"
  compile stretched g++ "${flags[@]}" -O2 "-I$work/stretched/include" "$here/sections.cpp"
  build_all "$here" preempt
  # shellcheck disable=SC2046,SC2086 # lists of names
  g++ -pthread $(objects stretched preempt $base_sources) -o "$work/preempt"
  attack "preemption on one CPU" "$work/preempt" armed
  echo "its control, where the kernel knows of no section:"
  control "sections that the kernel does not restart show violations" 1 "$work/preempt" unarmed
}

[[ $(uname -sm) == "Linux x86_64" ]] || skip "there are critical sections for Linux on x86-64 only, this is $(uname -sm)"
[[ ${EBB_RSEQ:-} != off ]] || skip "EBB_RSEQ=off in the environment"
unset EBB_RSEQ
build_driver
build_walk first include g++ -O2 -fPIC
status=0
"$work/first" once "$work/first.list" --made-up pop >"$work/walk.log" || status=$?
[[ $status != 77 ]] || skip "$(sed 's/^skipped: //' "$work/walk.log")"

control_boundaries
walk_every_build
walk_twice
walk_pool
preempt
echo "seeded bugs, and the first case that shows each:"
walk_mutants
verdict
