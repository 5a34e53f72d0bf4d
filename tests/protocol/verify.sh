#!/usr/bin/env bash
# usage: tests/protocol/verify.sh [OPTION...]
#
# Has spin look at every state of the protocol's model, asks whether what should happen did happen there, and seeds
# bugs in the model. With OPTIONs, macros of pool.pml, only one search with those: -DOPERATIONS=3 -DDISTURBANCES=2.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"
technique protocol
model=$PWD/tests/protocol/pool.pml
mutants=$PWD/tests/protocol/mutants.txt
for option in "$@"; do
  [[ $option =~ ^-D[A-Z]+=[0-9]+$ ]] && continue
  echo "verify.sh: \"$option\" is no macro of the model; usage: verify.sh [-DMACRO=NUMBER...]" >&2
  exit 2
done
command -v spin >/dev/null || skip "spin is not installed (Debian: spin)"
cd "$work"

# build FOLDER OPTION...: a searcher that keeps whole states: it takes no two for the same. It does not pack them,
# which costs a third more memory and saves a quarter of the time; nor does a search last long enough for -O2 to pay.
build() {
  mkdir -p "$1"
  (cd "$1" && spin -a "${@:2}" "$model" >spin.log &&
    gcc "-O${optimise:-1}" -w -DSAFETY -DNOREDUCE -DNOCOMP -o pan pan.c)
}

# 0 only if the search got to its end and found nothing. Each state is somewhere else in memory: huge pages, where the
# kernel gives them to those who ask, save a fifth of the time.
search() {
  GLIBC_TUNABLES=glibc.malloc.hugetlb=1 "./$1/pan" -m20000 -w"${slots:-24}" >"$1/log" 2>&1 || true
  if grep -q '^pan:.*assertion violated' "$1/log"; then
    grep '^pan:' "$1/log"
    return 1
  fi
  grep -q 'errors: 0$' "$1/log" && ! grep -q -e 'Search not completed' -e 'max search depth too small' "$1/log"
}

# As few objects and magazines as everything can happen with.
small=(-DOBJECTS=3 -DMAGAZINES=2 -DROOM=2)

# every_state NAME OPTION...
every_state() {
  local states
  build "$1" "${small[@]}" "${@:2}" && search "$1" || return 1
  states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$1/log")
  cases=$((cases + states))
  echo "$1: $states states (${*:2})"
}

# A model in which nothing happens has no errors: what has to happen must have happened in one search or another.
everything_happened() {
  local never
  never=$(sed -n 's/^reached: //p' "$@" | awk '{ n[$1] += $2 } END { for (e in n) if (n[e] == 0) print e }')
  [[ -z $never ]] && (($(grep -c '^reached: ' "$1") > 20)) && return
  echo "never happened: ${never//$'\n'/ }"
  return 1
}

if (($# > 0)); then
  attack "every state" every_state own "$@"
  verdict
  exit
fi
attack "two threads" every_state two_threads -DTHREADS=2 -DOPERATIONS=2 -DCYCLES=1 -DDISTURBANCES=2
attack "three threads" every_state three_threads -DTHREADS=3 -DOPERATIONS=1 -DCYCLES=2 -DDISTURBANCES=1
attack "reach" everything_happened two_threads/log three_threads/log

# The control of that: a kernel that disturbs nobody.
idle_kernel() {
  build idle "${small[@]}" -DTHREADS=2 -DOPERATIONS=1 -DCYCLES=1 -DDISTURBANCES=0 && search idle
}
attack "idle kernel" idle_kernel
kill_mutant "a kernel that disturbs nobody" everything_happened idle/log

# A kill is an assertion of the model that does not hold; 0 for everything else.
find_it() {
  search "$1" || ! grep '^pan:.*assertion violated' "$1/log"
}

# What finds a bug takes less time than to compile it well, and sees a million states, not eight.
optimise=0 slots=22
while read -r mutant disturbances _; do
  echo "mutant    $mutant"
  build "$mutant" "${small[@]}" -DTHREADS=2 -DOPERATIONS=2 -DCYCLES=1 "-DDISTURBANCES=$disturbances" \
    "-D$mutant"
  kill_mutant "$mutant" find_it "$mutant"
done < <(grep '^BUG_' "$mutants")

verdict
