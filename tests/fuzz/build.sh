# How the fuzzers are built; verify.sh and fuzz.sh source it.
# shellcheck shell=bash

fuzz_options=(-std=c++20 -pthread -DEBB_HAS_RSEQ=0)

# fuzz_objects COMPILER FOLDER TREE FILE...: the objects of FILEs, which are names in tests/fuzz or paths, with the
# library that is in TREE. The portable path always: there, tests choose the shard.
fuzz_objects() {
  local compiler=$1 folder=$2 tree=$3 file
  shift 3
  mkdir -p "$folder"
  for file in "$@"; do
    [[ $file == */* ]] || file=tests/fuzz/$file.cpp
    # shellcheck disable=SC2086  # a compiler and its options
    $compiler "${fuzz_options[@]}" -I"$tree/include" -I"$tree/src" \
      -c "$file" -o "$folder/$(basename "$file" .cpp).o"
  done
}
