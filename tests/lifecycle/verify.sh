#!/usr/bin/env bash
# Pools over the ends and beginnings of processes, threads, shared objects, stacks, and the program itself.
#
#   EBB_TEST_BUILD=DIR  a build directory of this checkout with libebbpool.a; without it that is built here
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique lifecycle
here=tests/lifecycle
flags=(-std=c++20 -O2 -g0 -pthread)
warnings=(-Wall -Wextra -Wconversion -Wshadow -Wundef)
programs=(forks reexec plugins fibers coroutines jumps endings)
static_library

# What a compiler exports of templates on its own would keep a shared object mapped, and hide what is looked for.
echo '{ global: plugin_*; local: *; };' >"$work/plugin.map"

# build COMPILER: all programs into $work/COMPILER; the library stays as it is.
build() {
  local program at=$work/$1 plugin=(-shared "-Wl,--version-script,$work/plugin.map")
  mkdir -p "$at"
  precompile "$1" "$1" "${flags[@]}"
  for program in "${programs[@]}"; do
    "$1" "${flags[@]}" "${warnings[@]}" "${precompiled[@]}" -Iinclude -c $here/"$program".cpp -o "$at/$program.o"
    "$1" "${flags[@]}" "$at/$program.o" "$library" -o "$at/$program"
  done
  "$1" "${flags[@]}" "${warnings[@]}" -fPIC -fvisibility=hidden -Iinclude -c $here/plugin.cpp -o "$at/plugin.o"
  "$1" "${flags[@]}" "${plugin[@]}" "$at/plugin.o" "$library" -Wl,-z,nodelete -o "$at/plugin.so"
  "$1" "${flags[@]}" "${plugin[@]}" "$at/plugin.o" "$library" -o "$at/unloadable.so"
}

# try NAME CASES COMMAND...: must end with 0, and says what it did. A million hops are one case.
try() {
  local status=0 said
  said=$(timeout 120 "${@:3}" 2>&1) || status=$?
  said=${said//$'\n'/; }
  if ((status != 0)); then
    echo "  $1: exit $status: $said"
    return 1
  fi
  cases=$((cases + $2))
  printf '  %-28s %s\n' "$1" "$said"
}

# For kill_mutant: false if the program notices that something is wrong (1) or crashes; any other failure is none
# of the mutant. Some bite only where a thread is interrupted in the right place, about five times in six: what
# five runs do not notice is not noticed.
unnoticed() {
  local status=0
  for _ in 1 2 3 4 5; do
    timeout 120 "$@" >"$work/noticed" 2>&1 || status=$?
    ((status == 0)) || break
  done
  case $status in
    0) return 0 ;;
    1) return 1 ;;
    134 | 136 | 139) echo "crash, exit $status" >"$work/noticed" && return 1 ;;
    *) echo "no kill: exit $status" >"$work/noticed" && return 0 ;;
  esac
}

# mutant NAME PROGRAM COMMAND...: builds PROGRAM with the mutant (no_nodelete: there is nothing to build), and COMMAND, which
# runs it, must notice. What the mutant does not change is as it was; a change of a header is seen by the program.
# `extra`: more flags for the compiler.
extra=()
mutant() {
  local name=$1 program=$2 copy=$work/mutants/$1 parts=() file
  rm -rf "$copy"
  if [[ $name != no_nodelete ]]; then
    tests/tools/mutant.py $here/mutants.txt "$name" "$copy"
    while read -r file; do parts+=("$copy/$file"); done < <(
      cd "$copy" && for file in src/*.cpp; do cmp -s "$file" "$OLDPWD/$file" || echo "$file"; done
    )
    if diff -r include "$copy/include" >/dev/null; then
      file=$at/$program${extra:+_checked}.o
    else
      file=$copy/$program.o
      g++ "${flags[@]}" "${extra[@]}" -fPIC -I"$copy/include" -c $here/"$program".cpp -o "$file" || true
    fi
    if ! g++ "${flags[@]}" "${extra[@]}" "${precompiled[@]}" -I"$copy/include" -Isrc "$file" "${parts[@]}" "$library" \
      -o "$copy/$program"; then
      attack "mutant $name compiles" false
      return
    fi
  fi
  : >"$work/noticed"
  kill_mutant "$name" unnoticed "${@:3}"
  printf '  %-28s %s\n' "$name" "$(head -n 1 "$work/noticed")"
}

compilers=(g++)
if command -v clang++ >/dev/null; then compilers=(clang++ g++); else echo "not done: clang++ (not installed)"; fi
# g++ last: the mutants are compiled as what it leaves.
for compiler in "${compilers[@]}"; do
  build "$compiler"
  at=$work/$compiler
  echo "$compiler:"
  forks=200 # 500 in all
  [[ $compiler == g++ ]] || forks=25
  attack forks try "fork" $forks "$at/forks" $forks
  attack forks try "fork, portable" $forks env EBB_RSEQ=off "$at/forks" $forks
  attack reexec try "exec" 21 "$at/reexec" 21
  copies=()
  for i in 1 2 3 4 5 6 7 8; do
    cp "$at/plugin.so" "$at/plugin$i.so"
    copies+=("$at/plugin$i.so")
  done
  attack plugins try "dlopen, dlclose" 200 "$at/plugins" 200 "${copies[@]}"
  attack fibers try "fibers" 1 "$at/fibers" 1000000
  attack coroutines try "coroutines" 1 "$at/coroutines" 1000000
  attack jumps try "longjmp" 10000 "$at/jumps" 10000
  attack endings try "threads that end" 300 "$at/endings"
  attack endings try "threads that end, portable" 300 env EBB_RSEQ=off "$at/endings"
done
g++ "${flags[@]}" -flto -Iinclude -Isrc $here/fibers.cpp src/pool_core.cpp "$library" -o "$work/fibers_lto"
attack "fibers, -flto" try "fibers, -flto" 1 "$work/fibers_lto" 1000000
g++ "${flags[@]}" -DEBB_CHECKED=1 "${precompiled[@]}" -Iinclude -c $here/forks.cpp -o "$at/forks_checked.o"
g++ "${flags[@]}" "$at/forks_checked.o" "$library" -o "$at/forks_checked"
attack "fork, checked" try "fork, checked build" 50 "$at/forks_checked" 50

echo "mutants:"
# The same program and plug-in, but for the linker's -z nodelete; and only because of critical sections.
mutant no_nodelete plugins "$at/plugins" 200 "$at/unloadable.so"
attack "unmapping" try "unmapped, but without rseq" 1 env EBB_RSEQ=off "$at/plugins" 200 "$at/unloadable.so"
m=$work/mutants
mutant thread_pointer_kept fibers "$m/thread_pointer_kept/fibers" 1000000
# It took 5,000 to 560,000 jumps to be noticed, where one takes 10 us.
mutant aborted_is_done jumps "$m/aborted_is_done/jumps" 1000000
mutant no_atfork forks "$m/no_atfork/forks" 500
mutant forked_shards_stay_locked forks env EBB_RSEQ=off "$m/forked_shards_stay_locked/forks" 500
mutant initialised_too_late endings "$m/initialised_too_late/endings"
extra=(-DEBB_CHECKED=1)
mutant checked_no_atfork forks "$m/checked_no_atfork/forks" 500
verdict
