#!/usr/bin/env bash
# Allocation number i fails for every i, and call back number i misbehaves; docs/verification/sweep.md.
# Counts failing points as cases.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"

if (($# > 0)); then
  echo "verify.sh: \"$*\" is no argument of this script; it takes none" >&2
  exit 2
fi

technique sweep
here=tests/sweep
cxx=${CXX:-g++}
wrapped=()
for function in malloc aligned_alloc posix_memalign free mmap pthread_create syscall __cxa_demangle; do
  wrapped+=("-Wl,--wrap=$function")
done

# The sources that mutants change; the others; and those of which the sweep runs nothing, which only have to be there:
# they are compiled once, without sanitizers, and never with a bug.
apart=(pool_core registry collector_thread)
far=()
rest=()
for file in src/*.cpp src/pressure/*.cpp src/resource/*.cpp; do
  name=${file#src/}
  name=${name%.cpp}
  case $name in
    pool_core | registry | collector_thread) ;;
    resource/keeper) rest+=("$name") ;; # all_pools() asks it
    resource/* | openmetrics) far+=("$name") ;;
    *) rest+=("$name") ;;
  esac
done

# use_flags NAME FLAG...: for all that is compiled and linked from now on.
use_flags() {
  flags=(-std=c++20 -pthread "${@:2}")
  precompile "headers-$1" "$cxx" "${flags[@]}"
}

# compile DIRECTORY FILE: against the copy of the library in that directory.
compile() {
  "$cxx" "${flags[@]}" "${precompiled[@]}" -I"$1/include" -I"$1/src" -I"$here" -c "$2" \
    -o "$1/$(basename "$2" .cpp).o"
}

# link DIRECTORY PART...: what a mutant does not change comes from the build without any. Of an inline function the
# linker takes the first copy: what has no sanitizers is last.
link() {
  local parts=() part
  for part in "${@:2}" objects callbacks memory failing sweep far; do
    if [[ -f $1/$part.o ]]; then parts+=("$1/$part.o"); else parts+=("$work/none/$part.o"); fi
  done
  "$cxx" "${flags[@]}" "${parts[@]}" "${wrapped[@]}" -o "$1/sweep"
}

users=("$here"/{objects,callbacks,memory,failing,sweep}.cpp)

# build_all DIRECTORY FILE...: those of the library, and all that use it.
build_all() {
  local file
  rm -rf "$1"
  mkdir -p "$1"
  python3 tests/tools/mutant.py "$here/mutants.txt" none "$1"
  for file in "${@:2}" "${users[@]}"; do compile "$1" "$file"; done
}

# Compiles only what sees the bug: one source, the library, or users of a public header.
build_mutant() {
  local directory=$work/$1 changed=() parts=("${apart[@]}" rest) source
  rm -rf "$directory"
  mkdir -p "$directory"
  python3 tests/tools/mutant.py "$here/mutants.txt" "$1" "$directory"
  source=$(changed_source . "$directory")
  if ! cmp -s include/ebb/object_pool.hpp "$directory/include/ebb/object_pool.hpp"; then
    changed=("$here/objects.cpp" "$here/callbacks.cpp")
  elif diff -rq src "$directory/src" >/dev/null; then
    changed=("$here/memory.cpp")
  elif [[ -n $source && " ${apart[*]} " == *" $source "* ]]; then
    changed=("$directory/src/$source.cpp")
  else
    changed=("$work/whole.cpp")
    parts=(whole)
  fi
  local file
  for file in "${changed[@]}"; do compile "$directory" "$file"; done
  link "$directory" "${parts[@]}"
}

# The last line of the program has the number of points.
run() {
  local log=$work/$1.log
  if ! "${@:2}" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
  cat "$log"
  [[ $(tail -n 1 "$log") =~ ^total\ ([0-9]+)\ points$ ]] || return 1
  points=${BASH_REMATCH[1]}
}

# Fails only where the sweep itself says what is wrong.
stands() {
  [[ -x $1 ]] || return 0
  local status=0
  timeout 300 "$@" >"$work/stands.log" 2>&1 || status=$?
  cat "$work/stands.log"
  ! { ((status == 1)) && grep -q '^FAILED: ' "$work/stands.log"; }
}

points=0
one_unit "${apart[@]}" "${rest[@]}" >"$work/whole.cpp"
one_unit "${rest[@]}" >"$work/rest.cpp"
one_unit "${far[@]}" >"$work/far.cpp"
use_flags plain -O0 -g0
sources=("${apart[@]/#/src/}")
build_all "$work/none" "${sources[@]/%/.cpp}" "$work/rest.cpp" "$work/far.cpp"
link "$work/none" "${apart[@]}" rest
mapfile -t mutants < <(python3 tests/tools/mutant.py "$here/mutants.txt" --list)
in_parallel build_mutant "${mutants[@]}"
use_flags asan -O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
build_all "$work/asan" "$work/whole.cpp"
link "$work/asan" whole

echo "each point in a process of its own"
attack sweep run sweep "$work/none/sweep"
cases=$points
echo "all in one process, under AddressSanitizer and LeakSanitizer"
attack asan run asan "$work/asan/sweep" --in-process
while IFS=$'\t' read -r mutant _ scenario; do
  kill_mutant "$mutant" stands "$work/$mutant/sweep" --scenario "$scenario"
done < <(python3 tests/tools/mutant.py "$here/mutants.txt" --killers)
verdict
