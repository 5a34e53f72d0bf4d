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

# The standard headers take most of the time; g++ reads them once for each set of flags.
standard_headers() {
  printf '#include <%s>\n' algorithm array atomic chrono condition_variable cstring deque functional iterator list map \
    memory memory_resource mutex optional ostream random string thread unordered_map vector
}

# use_flags NAME FLAG...: for all that is compiled and linked from now on.
use_flags() {
  flags=(-std=c++20 -pthread "${@:2}" -include "$work/$1.hpp")
  standard_headers >"$work/$1.hpp"
  "$cxx" -std=c++20 -pthread "${@:2}" -x c++-header "$work/$1.hpp" -o "$work/$1.hpp.gch"
}

# compile DIRECTORY FILE OBJECT: against the copy of the library in that directory.
compile() { "$cxx" "${flags[@]}" -I"$1/include" -I"$1/src" -I"$here" -c "$2" -o "$1/$3"; }

# What a mutant does not change comes from the build without any.
link() {
  local parts=() part
  for part in library objects callbacks memory failing sweep; do
    if [[ -f $1/$part.o ]]; then parts+=("$1/$part.o"); else parts+=("$work/none/$part.o"); fi
  done
  "$cxx" "${flags[@]}" "${parts[@]}" "${wrapped[@]}" -o "$1/sweep"
}

build_all() {
  local part
  mkdir -p "$1"
  python3 tests/tools/mutant.py "$here/mutants.txt" none "$1"
  compile "$1" "$work/library.cpp" library.o
  for part in objects callbacks memory failing sweep; do compile "$1" "$here/$part.cpp" "$part.o"; done
  link "$1"
}

# Compiles only what sees the bug: the library, or users of a public header.
build_mutant() {
  local directory=$work/$1 changed=()
  rm -rf "$directory"
  mkdir -p "$directory"
  python3 tests/tools/mutant.py "$here/mutants.txt" "$1" "$directory"
  if ! cmp -s include/ebb/object_pool.hpp "$directory/include/ebb/object_pool.hpp"; then
    changed=("$here/objects.cpp" "$here/callbacks.cpp")
  elif diff -rq src "$directory/src" >/dev/null; then
    changed=("$here/memory.cpp")
  else
    changed=("$work/library.cpp")
  fi
  local file
  for file in "${changed[@]}"; do compile "$directory" "$file" "$(basename "$file" .cpp).o"; done
  link "$directory"
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
whole_library >"$work/library.cpp"
use_flags plain -O0 -g0
build_all "$work/none"
mapfile -t mutants < <(python3 tests/tools/mutant.py "$here/mutants.txt" --list)
in_parallel build_mutant "${mutants[@]}"
use_flags asan -O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
build_all "$work/asan"

echo "each point in a process of its own"
attack sweep run sweep "$work/none/sweep"
cases=$points
echo "all in one process, under AddressSanitizer and LeakSanitizer"
attack asan run asan "$work/asan/sweep" --in-process
for mutant in "${mutants[@]}"; do kill_mutant "$mutant" stands "$work/$mutant/sweep"; done
verdict
