#!/usr/bin/env bash
# usage: tests/protocol/verify.sh [OPTION...]
#
# Has spin look at every state of the protocol's model, asks whether what should happen did happen there, and seeds
# bugs in the model. OPTIONs are macros of pool.pml for one search of your own: -DOPERATIONS=3 -DDISTURBANCES=2.
source "$(dirname "$0")/../tools/technique.sh"
technique protocol
model=$PWD/tests/protocol/pool.pml
mutants=$PWD/tests/protocol/mutants.txt
command -v spin >/dev/null || skip "spin is not installed (Debian: spin)"
cd "$work"

# build FOLDER OPTION...: a searcher that keeps whole states: it takes no two for the same.
build() {
  mkdir -p "$1"
  (cd "$1" && spin -a "${@:2}" "$model" >spin.log && gcc "-O${optimise:-2}" -w -DSAFETY -DNOREDUCE -o pan pan.c)
}

# 0 only if the search got to its end and found nothing.
search() {
  "./$1/pan" -m20000 -w24 >"$1/log" 2>&1 || true
  if grep -q '^pan:.*assertion violated' "$1/log"; then
    grep '^pan:' "$1/log"
    return 1
  fi
  grep -q 'errors: 0$' "$1/log" && ! grep -q -e 'Search not completed' -e 'max search depth too small' "$1/log"
}

# As few threads, objects and magazines as everything can happen with.
small=(-DTHREADS=2 -DOBJECTS=3 -DMAGAZINES=2 -DROOM=2)
bounds=(-DOPERATIONS=2 -DCYCLES=2 -DDISTURBANCES=1)
(($# == 0)) || bounds=("$@")

every_state() {
  build right "${small[@]}" "${bounds[@]}" && search right || return 1
  cases=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' right/log)
  echo "$cases states"
}
attack "every state" every_state

# A model in which nothing happens has no errors.
everything_happened() {
  local never
  never=$(sed -n 's/^reached: \(.*\) 0$/\1/p' right/log)
  [[ -z $never ]] && (($(grep -c '^reached: ' right/log) > 20)) && return
  echo "never happened: $never"
  return 1
}
attack "reach" everything_happened
(($# == 0)) || verdict

# A kill is an assertion of the model that does not hold; 0 for everything else.
find_it() {
  search "$1" || grep -q '^pan:.*assertion violated' "$1/log" && ! grep -q 'errors: 0$' "$1/log" && return 1
  return 0
}

optimise=1
while read -r mutant _; do
  build "$mutant" "${small[@]}" -DOPERATIONS=2 -DCYCLES=1 -DDISTURBANCES=1 "-D$mutant"
  kill_mutant "$mutant" find_it "$mutant"
done < <(grep '^BUG_' "$mutants")

verdict
