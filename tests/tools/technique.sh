# For a technique's verify.sh to source. Such a script attacks the library in one way, and ends with one line
# that ./dev verify reads:
#
#   verified: CASES cases, KILLED of SEEDED mutants        and exits 0 if nothing was found and all were killed
#   skipped: WHY                                           and exits 77
#
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# technique NAME: where it builds, and what it counts.
technique() {
  work=$PWD/build/verify/$1
  mkdir -p "$work"
  cases=0
  killed=0
  seeded=0
  failures=0
}

skip() {
  echo "skipped: $*"
  exit 77
}

# All of the library as one translation unit, so that the standard headers are read once.
whole_library() {
  local file
  for file in src/*.cpp src/pressure/*.cpp src/resource/*.cpp; do echo "#include \"${file#src/}\""; done
}

# Sets `library`: libebbpool.a as it is in the build directory EBB_TEST_BUILD, or built here.
static_library() {
  # shellcheck disable=SC2034  # the technique uses it
  library=${EBB_TEST_BUILD:-$work/library}/libebbpool.a
  [[ -z ${EBB_TEST_BUILD:-} ]] || return 0
  cmake -S . -B "$work/library" -G Ninja -DEBB_BUILD_TESTS=OFF -DEBB_BUILD_EXAMPLES=OFF -DEBB_BUILD_BENCH=OFF \
    >"$work/build.log"
  ninja -C "$work/library" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" ebbpool >>"$work/build.log"
}

# one_unit SOURCE...: one translation unit of all, so that headers are read once.
one_unit() { printf '#include "%s.cpp"\n' "$@"; }

# What object_pool needs of the library, as one translation unit: that compiles in a third of the time.
pool_library() {
  one_unit block_arena checks collector_thread cpu_list magazine_store pool_bulk pool_core \
    pool_state pressure/control pressure/files pressure/judge pressure/limits pressure/text pressure/trigger \
    pressure/watch process_budget registry runtime stats waker
}

# precompile NAME COMPILER FLAG...: the headers on which compilers spend most of their time; a technique may add to the
# list. What is compiled with the same flags and "${precompiled[@]}" reads them from there.
standard_headers=(algorithm array atomic charconv chrono condition_variable cstdio cstring functional memory
  memory_resource mutex optional span string thread unordered_map vector)
precompile() {
  local header=$work/$1/standard.hpp
  mkdir -p "$work/$1"
  printf '#include <%s>\n' "${standard_headers[@]}" >"$header"
  "${@:2}" -x c++-header "$header" -o "$header.gch"
  # shellcheck disable=SC2034  # the technique uses it
  precompiled=(-Winvalid-pch -include "$header")
}

# changed_source TREE MUTANT: the name of the one source in which the mutant differs, as pool_core, and nothing where
# it is a header or more than one file. A bug in one source needs no other compiled again.
changed_source() {
  local changed
  changed=$(diff -rq "$1/include" "$2/include" && diff -rq "$1/src" "$2/src") || true
  changed=$(sed 's/^Files .* and //; s/ differ$//' <<<"$changed")
  if [[ $changed == "$2"/src/*.cpp && $changed != *$'\n'* ]]; then basename "$changed" .cpp; fi
}

# in_parallel FUNCTION NAME...: as many at a time as there are CPUs.
in_parallel() {
  local name jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
  for name in "${@:2}"; do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
    "$1" "$name" &
  done
  wait
}

# attack NAME COMMAND...: must succeed.
attack() {
  if "${@:2}"; then return; fi
  echo "FAILED: $1"
  failures=$((failures + 1))
}

# kill_mutant NAME COMMAND...: a seeded bug, and the command that must fail because of it. A mutant that does
# not even compile proves nothing, so build it before.
kill_mutant() {
  seeded=$((seeded + 1))
  if "${@:2}" >"$work/mutant.log" 2>&1; then
    echo "SURVIVED: $1"
  else
    killed=$((killed + 1))
  fi
}

# The last line, and how the script ends.
verdict() {
  echo "verified: $cases cases, $killed of $seeded mutants"
  ((failures == 0 && killed == seeded && cases > 0))
}
