#!/usr/bin/env bash
# Sanitizers: nothing is reported of a program that uses a pool as it should, and what is planted is, readably.
# The whole suite runs under both sanitizers in .ci/run.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique sanitizers

here=tests/sanitizers
common=(-std=c++20 -g1 -pthread)
asan=(-O0 "-fsanitize=address,undefined" -fno-sanitize-recover=undefined -DEBB_CHECKED=1)
tsan=(-O1 -fsanitize=thread)
# GCC 12's ThreadSanitizer finds no room for its shadow memory where the kernel randomises more than 28 bits.
run=()
if setarch --addr-no-randomize true 2>/dev/null; then run=(setarch --addr-no-randomize); fi

pool_library >"$work/library.cpp"
{ cat "$work/library.cpp" && echo "#include \"$PWD/$here/planted.cpp\""; } >"$work/whole.cpp"

# whole NAME ROOT OPTION...: the program with the library that lies in ROOT, as one translation unit.
whole() { g++ "${common[@]}" "${@:3}" -I"$2/include" -I"$2/src" "$work/whole.cpp" -o "$work/$1"; }

# program NAME LIBRARY OPTION...: with a library that is compiled.
program() { g++ "${common[@]}" "${@:3}" -Iinclude $here/planted.cpp "$work/$2.o" -o "$work/$1"; }

# clean_run NAME PROGRAM OPERATIONS [NAME=VALUE]
clean_run() {
  cases=$((cases + $3))
  env "${@:4}" "${run[@]}" "$work/$2" clean "$3" >"$work/$1.log" 2>&1 || {
    head -n 30 "$work/$1.log"
    return 1
  }
  echo "  $1, $3 operations: $(tail -n 1 "$work/$1.log")"
}

# unreported PROGRAM KIND MESSAGE: true if the program does not stop with that message.
unreported() {
  local said
  if said=$("${run[@]}" "$work/$1" "$2" 2>&1) || ! grep -qE "$3" <<<"$said"; then
    echo "${said:0:2000}"
    return 0
  fi
  return 1
}

reports_nothing() { ! grep "WARNING: ThreadSanitizer: data race" "$1"; }

# planted PROGRAM KIND MESSAGE: counts as a seeded bug.
planted() {
  kill_mutant "$2, $1" unreported "$@"
  echo "  $2, $1: $("${run[@]}" "$work/$1" "$2" 2>&1 | grep -m1 -E "$3" || true)"
}

whole asan . "${asan[@]}"
precompile headers g++ "${common[@]}" "${tsan[@]}"
tsan+=("${precompiled[@]}")
g++ "${common[@]}" "${tsan[@]}" -Iinclude -Isrc -c "$work/library.cpp" -o "$work/tsan.o"
program tsan tsan "${tsan[@]}"
program tsan_checked tsan "${tsan[@]}" -DEBB_CHECKED=1
echo "built in $SECONDS s; nothing to report:"
attack "ASan and UBSan" clean_run "ASan and UBSan" asan 10000000
attack "TSan" clean_run "TSan" tsan 10000000
attack "TSan, 1 put in 4 dropped" clean_run "TSan, 1 put in 4 dropped" tsan_checked 2000000 EBB_RANDOM=4
attack "puts were dropped" grep -qE "at random [1-9]" "$work/TSan, 1 put in 4 dropped.log"
echo "planted in the program:"
planted asan use_after_put "AddressSanitizer: use-after-poison"
planted tsan use_after_put_elsewhere "WARNING: ThreadSanitizer: data race"
planted asan double_put "ebbpool: double put: object 0x[0-9a-f]+, pool"
planted asan leak "LeakSanitizer: detected memory leaks"
echo "planted in the library:"
for name in $(tests/tools/mutant.py $here/mutants.txt --list); do
  tests/tools/mutant.py $here/mutants.txt "$name" "$work/$name-root"
  whole "$name" "$work/$name-root" "${tsan[@]}"
  "${run[@]}" "$work/$name" clean 1000000 >"$work/$name.log" 2>&1 || true
  kill_mutant "$name" reports_nothing "$work/$name.log"
done
verdict
