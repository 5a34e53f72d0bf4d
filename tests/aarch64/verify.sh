#!/usr/bin/env bash
# The library for aarch64, cross-built: warnings are errors, the unit tests run under user-mode emulation (on the
# portable path; tests/vm has the rseq path), and the hit path is counted in the machine code.
#   usage: verify.sh
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique aarch64

if (($# > 0)); then
  echo "verify.sh: \"$*\" is not an option; there are none" >&2
  exit 2
fi
for tool in aarch64-linux-gnu-g++ qemu-aarch64 cmake ninja; do
  command -v "$tool" >/dev/null || skip "$tool is not installed (Debian: g++-aarch64-linux-gnu, qemu-user)"
done
[[ -f /usr/src/googletest/CMakeLists.txt ]] || skip "googletest's source is not installed (Debian: googletest)"

build() {
  cmake -S tests/aarch64 -B "$work/build" -G Ninja --toolchain "$PWD/cmake/aarch64-linux-gnu.cmake" \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-O1 -g0" >"$work/cmake.log" &&
    ninja -C "$work/build" -j "${EBB_JOBS:-1}" unit_tests hit_path >"$work/ninja.log" && return
  tail -n 30 "$work/cmake.log" "$work/ninja.log"
  return 1
}

unit_tests() {
  qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/build/unit_tests" --gtest_brief=1 >"$work/unit.log" 2>&1 &&
    [[ $(cat "$work/unit.log") =~ PASSED\ *\]\ ([0-9]+)\ tests ]] && cases=$((cases + BASH_REMATCH[1])) && return
  grep -v Skipped "$work/unit.log"
  return 1
}

hit_path() { tests/aarch64/check_hit_path.sh "$(find "$work/build/CMakeFiles/hit_path.dir" -name "hit_path.cpp.o")"; }

# refusal RELEASE yes|no [NAME=VALUE]: whether the library refuses rseq because of this kernel.
refusal() {
  local path
  path=$(env "${@:3}" qemu-aarch64 -L /usr/aarch64-linux-gnu -r "$1" "$work/build/unit_tests" --gtest_filter=none | grep '^path:')
  cases=$((cases + 1))
  case $path in
    *"Linux 6.19 to 7.0.13"*) [[ $2 == yes ]] ;;
    *) [[ $2 == no ]] ;;
  esac
}

# seed NAME: compiled into the hit path alone, and seen there.
seed() {
  local root=$work/$1
  tests/tools/mutant.py tests/aarch64/mutants.txt "$1" "$root"
  aarch64-linux-gnu-g++ -std=c++20 -O2 -I"$root/include" -c tests/golden/hit_path.cpp -o "$root/hit_path.o"
  kill_mutant "$1" tests/aarch64/check_hit_path.sh "$root/hit_path.o"
  grep -m 1 "NOT the hit path" "$work/mutant.log" || true
}

attack "cross-build" build
echo "cross-built in $SECONDS s"
attack "unit tests under emulation" unit_tests
echo "unit tests: $cases passed"
attack "Linux 7.0.13 is refused" refusal 7.0.13-generic yes
attack "Linux 7.0.13 is not refused if that is overridden" refusal 7.0.13-generic no EBB_RSEQ=force
attack "Linux 7.0.14 is not refused" refusal 7.0.14-generic no
attack "hit path" hit_path
for name in $(tests/tools/mutant.py tests/aarch64/mutants.txt --list); do seed "$name"; done
verdict
