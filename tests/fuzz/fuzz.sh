#!/usr/bin/env bash
# usage: tests/fuzz/fuzz.sh [--seconds N] [TARGET]
#
# Fuzzes with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer: TARGET (pool_ops, buffer_ops, cpu_list or
# environment), or each of them for N seconds (60). Starts from the corpus; what is new goes to build/fuzz/TARGET,
# and an input that breaks something to build/fuzz/crash-*. Needs Debian's clang and libclang-rt-14-dev.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/fuzz/build.sh

all=(pool_ops buffer_ops cpu_list environment)
seconds=60
targets=()
refuse() {
  echo "fuzz.sh: $*; usage: tests/fuzz/fuzz.sh [--seconds N] [TARGET]" >&2
  exit 2
}
while (($# > 0)); do
  case $1 in
    --seconds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || refuse "--seconds needs a number"
      seconds=$2
      shift
      ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || refuse "\"$1\" is none of ${all[*]}"
      targets+=("$1")
      ;;
  esac
  shift
done
((${#targets[@]} > 0)) || targets=("${all[@]}")

build=build/fuzz
compiler="clang++ -O1 -g1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
objects=(library environment pool_model pool_ops buffer_ops cpu_lists)
linked=("${objects[@]/#/$build/}")
linked=("${linked[@]/%/.o}")
fuzz_objects "$compiler" "$build" "$PWD" "${objects[@]}"
for target in "${targets[@]}"; do
  fuzz_objects "$compiler -DEBB_FUZZ_TARGET=$target" "$build" "$PWD" libfuzzer
  # shellcheck disable=SC2086  # a compiler and its options
  $compiler -pthread "${linked[@]}" "$build/libfuzzer.o" -o "$build/fuzz_$target"
  mkdir -p "$build/$target" "tests/fuzz/corpus/$target"
  echo "$target: $seconds seconds"
  "$build/fuzz_$target" -max_total_time="$seconds" -max_len=400 -artifact_prefix="$build/" -print_final_stats=1 \
    -verbosity=1 "$build/$target" "tests/fuzz/corpus/$target" 2>&1 |
    grep -E 'ERROR|broken|stat::number_of_executed|SUMMARY|Test unit written' || true
  if compgen -G "$build/crash-*" >/dev/null; then
    echo "fuzz.sh: $target broke; replay it with build/verify/fuzz/replay FILE $target" >&2
    exit 1
  fi
done
