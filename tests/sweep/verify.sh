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
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
wrapped=()
for function in malloc aligned_alloc posix_memalign free mmap pthread_create syscall; do
  wrapped+=("-Wl,--wrap=$function")
done

# compile DIRECTORY FILE OBJECT FLAG...: against the copy of the library in that directory.
compile() {
  "$cxx" -std=c++20 -pthread "${@:4}" -I"$1/include" -I"$1/src" -I"$here" -c "$2" -o "$1/$3"
}

# link DIRECTORY FLAG...
link() {
  local parts=() part
  # What a mutant does not change comes from the build without any.
  for part in library block_pools scenarios callbacks failing sweep; do
    if [[ -f $1/$part.o ]]; then parts+=("$1/$part.o"); else parts+=("$work/none/$part.o"); fi
  done
  "$cxx" -pthread "${@:2}" "${parts[@]}" "${wrapped[@]}" -o "$1/sweep"
}

# In one translation unit, so that the standard headers are read once; block_pools.cpp has a name twice.
whole_library() {
  local part
  for part in block_arena buffer_tiers calibration checks collector_thread cpu_list magazine_store pool_bulk pool_core \
    pool_state registry runtime stats; do
    echo "#include \"$part.cpp\""
  done
}

build_all() {
  local part
  mkdir -p "$1"
  python3 tests/tools/mutant.py "$here/mutants.txt" none "$1"
  compile "$1" "$work/library.cpp" library.o "${@:2}"
  compile "$1" "$1/src/block_pools.cpp" block_pools.o "${@:2}"
  for part in scenarios callbacks failing sweep; do compile "$1" "$here/$part.cpp" "$part.o" "${@:2}"; done
  link "$1" "${@:2}"
}

# A bug in src/ is in the library, one in a public header in the scenarios, and only there is it compiled again.
build_mutant() {
  local directory=$work/$1
  rm -rf "$directory"
  mkdir -p "$directory"
  python3 tests/tools/mutant.py "$here/mutants.txt" "$1" "$directory"
  if diff -rq src "$directory/src" >/dev/null; then
    compile "$directory" "$here/scenarios.cpp" scenarios.o -O0 -g0
    compile "$directory" "$here/callbacks.cpp" callbacks.o -O0 -g0
  else
    compile "$directory" "$work/library.cpp" library.o -O0 -g0
  fi
  link "$directory" -O0 -g0
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
  local status=0
  timeout 300 "$@" >"$work/stands.log" 2>&1 || status=$?
  cat "$work/stands.log"
  ! { ((status == 1)) && grep -q '^FAILED: ' "$work/stands.log"; }
}

points=0
whole_library >"$work/library.cpp"
build_all "$work/none" -O0 -g0
mapfile -t mutants < <(python3 tests/tools/mutant.py "$here/mutants.txt" --list)
export -f compile link build_mutant
export cxx here work
export wraps="${wrapped[*]}"
printf '%s\n' "${mutants[@]}" | xargs -P "$jobs" -I NAME bash -c 'set -e; read -ra wrapped <<<"$wraps"; build_mutant NAME'
build_all "$work/asan" -O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined

echo "each point in a process of its own"
attack sweep run sweep "$work/none/sweep"
cases=$points
echo "all in one process, under AddressSanitizer and LeakSanitizer"
attack asan run asan "$work/asan/sweep" --in-process
for mutant in "${mutants[@]}"; do kill_mutant "$mutant" stands "$work/$mutant/sweep"; done
verdict
