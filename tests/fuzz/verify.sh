#!/usr/bin/env bash
# Replays the corpus, makes a million inputs more from it, and lets both find seeded bugs.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"
source tests/fuzz/build.sh
technique fuzz

of_the_library=(library environment)
of_the_fuzzers=(pool_model pool_ops buffer_ops cpu_lists replay)
corpus=$PWD/tests/fuzz/corpus
warnings="-Wall -Wextra -Wconversion -Wshadow -Wundef"

fuzz_objects "g++ -O1 $warnings" "$work" "$PWD" "${of_the_library[@]}" "${of_the_fuzzers[@]}"
rest=("${of_the_fuzzers[@]/#/$work/}")
link() { g++ -pthread "$1"/{library,environment}.o "${rest[@]/%/.o}" -o "$1/replay"; }
link "$work"
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

# 0, as if nothing had been found, for a failure that says nothing about the library.
find_it() {
  if (cd "$1" && timeout 300 ./replay "$corpus" 20000) >"$work/find.log" 2>&1; then return 0; fi
  grep -m 1 -e ': broken: ' -e '^signal ' "$work/find.log" >&3 || return 0
  return 1
}

cd ../../..
# The standard headers are half of a mutant's time.
printf '#include <%s>\n' algorithm array atomic bit chrono condition_variable cstring memory mutex new stdexcept string \
  thread utility vector >"$work/headers.hpp"
# shellcheck disable=SC2154  # of build.sh
g++ -O0 -w "${fuzz_options[@]}" -x c++-header "$work/headers.hpp" -o "$work/headers.hpp.gch"
while read -r mutant; do
  tree=$work/mutant
  rm -rf "$tree"
  python3 tests/tools/mutant.py tests/fuzz/mutants.txt "$mutant" "$tree"
  # Only the half that has the bug.
  changed=library
  for file in checks collector_thread runtime; do
    cmp -s "src/$file.cpp" "$tree/src/$file.cpp" || changed=environment
  done
  cp "$work"/{library,environment}.o "$tree"
  fuzz_objects "g++ -O0 -w -include $work/headers.hpp" "$tree" "$tree" "$changed"
  link "$tree"
  echo "mutant    $mutant"
  kill_mutant "$mutant" find_it "$tree" 3>&1
done < <(python3 tests/tools/mutant.py tests/fuzz/mutants.txt --list)

verdict
