#!/usr/bin/env bash
# The model checker on the production code: every scenario explored to its end, and every seeded bug found by
# the scenario that mutants_*.txt name. What it is and what it cannot see: docs/verification/model.md
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
technique model

here=tests/model
warnings=(-Wall -Wextra -Wconversion -Wshadow -Wundef -Werror)
# The library as it is compiled for the checker. Mutants die early: what counts there is the compiler's time.
modelled=(-std=c++20 -g0 -fsanitize=thread -DEBB_MODEL=1)

build_checker() {
  local part
  for part in memory schedule kernel plain trace main; do
    g++ -std=c++20 -O2 -g0 -fPIC "${warnings[@]}" -I $here -c $here/$part.cpp -o "$work/$part.o"
  done
  # A library that is bound to itself: what it shares with scenarios by way of templates is not instrumented.
  g++ -shared -Wl,-Bsymbolic -o "$work/libchecker.so" "$work"/{memory,schedule,kernel,plain,trace}.o
  local level
  for level in -O0 -O1; do
    mkdir -p "$work/headers$level"
    g++ "${modelled[@]}" $level -x c++-header $here/precompiled.hpp -o "$work/headers$level/precompiled.hpp.gch"
  done
}

# build_scenarios FILE TREE PROGRAM LEVEL FLAGS...: one file of scenarios, with the library of that tree.
build_scenarios() {
  g++ "${modelled[@]}" "${@:4}" -Winvalid-pch -I "$work/headers$4" -include precompiled.hpp -I $here \
    -I "$2/include" -I "$2/src" -c "$1" -o "$3.o" &&
    objcopy --redefine-syms=$here/symbols.txt "$3.o" &&
    g++ -o "$3" "$3.o" "$work/main.o" "$work/libchecker.so"
}

# Runs all scenarios of a program; adds the executions to the cases.
explore_all() {
  local log=$1.log
  "$1" >"$log" || { cat "$log"; return 1; }
  cat "$log"
  cases=$((cases + $(awk '{n += $2} END {print n + 0}' "$log")))
}

# Fails if the scenario finds something wrong (exit status 1, and nothing else counts), and finds it again when
# the schedule is repeated.
holds() {
  local status=0
  "$@" --trace >"$work/trace.log" || status=$?
  ((status != 1)) || ! grep -q '^=> ' "$work/trace.log" || grep -q 'NOT REPRODUCED' "$work/trace.log"
}

# try_mutant FILE NAME SCENARIO
try_mutant() {
  local name=$2 scenario=$3 file
  file=$(grep -lF "(\"$scenario\"" $here/scenarios/*.cpp) || { echo "no scenario $scenario"; return 1; }
  python3 tests/tools/mutant.py "$1" "$name" "$work/tree" || return 1
  build_scenarios "$file" "$work/tree" "$work/mutant" -O0 -w || { echo "$name does not compile"; return 1; }
  kill_mutant "$name ($scenario)" holds "$work/mutant" "$scenario"
}

build_checker
for file in "$here"/scenarios/*.cpp; do
  program=$work/$(basename "$file" .cpp)
  build_scenarios "$file" . "$program" -O1 "${warnings[@]}"
  attack "$program" explore_all "$program"
done
echo "explored in $SECONDS s"

attack "edges in step" python3 $here/check_edges.py
# Control: an edge that is renamed in one place only.
rm -rf "$work/renamed"
mkdir -p "$work/renamed/tests"
cp -r include src docs "$work/renamed"
cp -r $here "$work/renamed/tests"
sed -i 's/Edge spare/Edge spear/' "$work/renamed/include/ebb/detail/percpu/fallback.hpp"
attack "an edge that has lost its name is seen" test "$(python3 $here/check_edges.py "$work/renamed" | grep -c spear)" = 1
attack "aliases cost nothing" $here/same_code.sh "$work/same_code"

for mutants in "$here"/mutants_*.txt; do
  while IFS=$'\t' read -r name _ scenario; do
    attack "mutant $name" try_mutant "$mutants" "$name" "$scenario"
  done < <(python3 tests/tools/mutant.py "$mutants" --killers)
done
echo "all in $SECONDS s"
verdict
