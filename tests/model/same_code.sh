#!/usr/bin/env bash
# The aliases of ebb/detail/atomics.hpp cost nothing: compiles the hit path and the misses as they are, and from
# a copy that names std::atomic and std::atomic_ref in the text, and compares the disassembly.
#   usage: same_code.sh DIRECTORY      to work in
set -euo pipefail
if (($# != 1)); then
  echo "same_code.sh: one argument, a directory to work in" >&2
  exit 2
fi
work=$1
cd "$(dirname "$0")/../.."
mkdir -p "$work"
rm -rf "$work/plain"
mkdir "$work/plain"
cp -r include src "$work/plain"
find "$work/plain" -name '*.?pp' ! -name atomics.hpp -exec sed -Ei \
  's/(^|[^_[:alnum:]:])atomic(_ref)?</\1std::atomic\2</g' {} +
# Nothing may be left that the aliases are needed for.
sed -i '/using atomic/d; /^template/d' "$work/plain/include/ebb/detail/atomics.hpp"

# disassembly TREE SOURCE
disassembly() {
  g++ -std=c++20 -O2 -g0 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -I "$1/include" -I "$1/src" -c "$2" \
    -o "$work/object.o"
  objdump -dr --no-show-raw-insn "$work/object.o" | tail -n +4
}

compared=0
for source in tests/golden/hit_path.cpp src/pool_core.cpp src/pool_state.cpp src/block_arena.cpp; do
  of_plain=$source
  [[ $source != src/* ]] || of_plain=$work/plain/$source
  disassembly . "$source" >"$work/alias.s"
  disassembly "$work/plain" "$of_plain" >"$work/plain.s"
  if ! cmp -s "$work/alias.s" "$work/plain.s"; then
    echo "$source: other code with the aliases of atomics.hpp than with std::atomic"
    exit 1
  fi
  compared=$((compared + $(wc -l <"$work/alias.s")))
done
((compared > 1000))

# Control: the last of them with stronger stores has to look different.
sed -i 's/memory_order_relaxed/memory_order_seq_cst/' "$work/plain/$source"
disassembly "$work/plain" "$work/plain/$source" >"$work/plain.s"
if cmp -s "$work/alias.s" "$work/plain.s"; then
  echo "same_code.sh does not see a store that became stronger"
  exit 1
fi
echo "the same code with aliases and with std::atomic: $compared lines of disassembly"
