#!/usr/bin/env bash
# Replays the corpus, makes a million inputs more from it, and lets both find seeded bugs.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"
source tests/fuzz/build.sh
technique fuzz

fuzzers=(pool_model pool_ops buffer_ops cpu_lists replay)
# Of the sources in library.cpp those that mutants change; rest.cpp has the others.
apart=(buffer_tiers cpu_list pool_bulk pool_core pool_state process_budget registry)
grep -vF "${apart[@]/#/-e\"}" tests/fuzz/library.cpp >"$work/rest.cpp"
corpus=$PWD/tests/fuzz/corpus
warnings="-Wall -Wextra -Wconversion -Wshadow -Wundef"

# use_level FLAG...: for all that is compiled from now on.
use_level() {
  # shellcheck disable=SC2154  # of build.sh
  precompile "headers$1" g++ "$@" "${fuzz_options[@]}"
  compiler="g++ $* ${precompiled[*]}"
}

# link TREE OBJECT...: those of the library first.
link() {
  local objects=("${@:2}" "${fuzzers[@]/#/$work/}")
  g++ -pthread "${objects[@]/%/.o}" -o "$1/replay"
}

use_level -O1
sources=("${apart[@]/#/src/}")
fuzz_objects "$compiler $warnings" "$work" "$PWD" "${sources[@]/%/.cpp}" "$work/rest.cpp" environment "${fuzzers[@]}"
link "$work" "${apart[@]/#/$work/}" "$work"/{rest,environment}
cd "$work"

count_them() {
  local target=$1 executions=$2
  ./replay "$corpus" "$executions" "$target" | tee run.log || return 1
  cases=$((cases + $(sed -n 's/^executions: //p' run.log)))
}
attack "operations on pools" count_them pool_ops 250000
attack "operations on buffers" count_them buffer_ops 120000
attack "CPU lists" count_them cpu_list 500000
attack "the environment" count_them environment 250000

# find_it TREE TARGET: 0, as if nothing had been found, for a failure that says nothing about the library.
find_it() {
  if (cd "$1" && timeout 300 ./replay "$corpus" 20000 "$2") >"$work/find.log" 2>&1; then return 0; fi
  grep -m 1 -e ': broken: ' -e '^signal ' "$work/find.log" >&3 || return 0
  return 1
}

cd ../../..
use_level -O0
while IFS=$'\t' read -r mutant _ target; do
  tree=$work/mutant
  rm -rf "$tree"
  python3 tests/tools/mutant.py tests/fuzz/mutants.txt "$mutant" "$tree"
  # Only what has the bug: one source, or for a header all but environment.cpp, which has sources of its own.
  changed=$(changed_source . "$tree")
  parts=()
  if [[ -n $changed && " ${apart[*]} " == *" $changed "* ]]; then
    fuzz_objects "$compiler -w" "$tree" "$tree" "$tree/src/$changed.cpp"
    for part in "${apart[@]}" rest environment; do
      if [[ $part == "$changed" ]]; then parts+=("$tree/$part"); else parts+=("$work/$part"); fi
    done
  elif grep -qF "\"$changed.cpp\"" tests/fuzz/environment.cpp; then
    fuzz_objects "$compiler -w" "$tree" "$tree" environment
    parts=("$tree/environment" "${apart[@]/#/$work/}" "$work/rest")
  else
    fuzz_objects "$compiler -w" "$tree" "$tree" library
    parts=("$tree/library" "$work/environment")
  fi
  link "$tree" "${parts[@]}"
  echo "mutant    $mutant"
  kill_mutant "$mutant" find_it "$tree" "$target" 3>&1
done < <(python3 tests/tools/mutant.py tests/fuzz/mutants.txt --killers)

verdict
