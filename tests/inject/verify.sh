#!/usr/bin/env bash
# Conservation stress with injection; docs/verification/inject.md says what is injected.
#
#   verify.sh           a second and a half for each setting
#   verify.sh --full    20 seconds for each, a minute where nothing is injected: 10 minutes
#
# Counts as cases the critical sections that the kernel sent back to their start.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "$0")/../tools/technique.sh"

seconds=1.5
plain_seconds=1.5
case "$*" in
  "") ;;
  --full)
    seconds=20
    plain_seconds=60
    ;;
  *)
    echo "verify.sh: \"$*\" is no argument of this script; valid is --full, or nothing" >&2
    exit 2
    ;;
esac

technique inject
here=tests/inject
cxx=${CXX:-g++}
operations=0
cycles=0

# The sources that mutants change; the others that read what the injection, or a mutant, changes; those that do not.
apart=(pool_core pool_state registry runtime)
rest=(block_arena collector_thread magazine_store pool_bulk pressure/control process_budget stats waker)
other=(cpu_list pressure/files pressure/judge pressure/limits pressure/text pressure/trigger pressure/watch)

# compile DIRECTORY FILE OBJECT FLAG...: against the copy of the library that is there.
compile() {
  "$cxx" "${flags[@]}" "${precompiled[@]}" "${@:4}" -I"$1/include" -I"$1/src" -I"$here" -c "$2" -o "$3"
}

compile_injected() { compile "$@" -DEBB_INJECTED=1 -include "$here/points.hpp"; }

# link PROGRAM OBJECT...
link() { "$cxx" -pthread "${@:2}" "$work/other.o" -o "$1"; }

# use_level LEVEL: for all that is compiled from now on.
use_level() {
  flags=(-std=c++20 -g0 -pthread "$1")
  precompile "headers$1" "$cxx" "${flags[@]}"
}

build_plain() {
  compile . "$work/other.cpp" "$work/other.o"
  compile . "$work/whole.cpp" "$work/plain/whole.o" -DEBB_INJECTED=0
  link "$work/plain/stress" "$work/plain/whole.o"
}

build_injected() {
  local part
  for part in "${apart[@]}"; do compile_injected "$1" "$1/src/$part.cpp" "$1/$part.o"; done
  compile_injected "$1" "$work/rest.cpp" "$1/rest.o"
  compile_injected "$1" "$here/points.cpp" "$work/points.o"
  link "$1/stress" "$1"/*.o "$work/points.o"
}

# build_mutant NAME: the injection, and the bug on top of it. A bug in one source is linked with what there is of the
# others; for one in a header everything that may read it is compiled, without optimisation: the bugs do not need it.
build_mutant() {
  local directory=$work/$1 objects=() source part
  rm -rf "$directory"
  mkdir -p "$directory"
  {
    echo "== $1"
    sed '1,/^== /d' "$here/injection.txt"
    awk -v name="$1" '/^== / { on = $2 == name; next } on' "$here/mutants.txt"
  } >"$directory/changes.txt"
  python3 tests/tools/mutant.py "$directory/changes.txt" "$1" "$directory"
  source=$(changed_source "$work/injected" "$directory")
  if [[ -n $source && " ${apart[*]} " == *" $source "* ]]; then
    compile_injected "$directory" "$directory/src/$source.cpp" "$directory/$source.o"
    for part in "${apart[@]}" rest; do
      if [[ $part == "$source" ]]; then objects+=("$directory/$part.o"); else objects+=("$work/injected/$part.o"); fi
    done
  else
    compile_injected "$directory" "$work/whole.cpp" "$directory/whole.o"
    objects=("$directory/whole.o")
  fi
  link "$directory/stress" "${objects[@]}" "$work/points.o"
}

# run NAME SECONDS PROGRAM...: prints what it did, and adds up its last line.
run() {
  local log=$work/$1.log
  if ! "${@:3}" --seconds "$2" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
  cat "$log"
  local line
  line=$(tail -n 1 "$log")
  [[ $line =~ ^total\ ([0-9]+)\ operations\ ([0-9]+)\ aborts\ ([0-9]+)\ cycles$ ]] || return 1
  operations=$((operations + BASH_REMATCH[1]))
  cases=$((cases + BASH_REMATCH[2]))
  cycles=$((cycles + BASH_REMATCH[3]))
}

# stands MUTANT SETTING: fails only where the stress itself says what is wrong. First, and for no longer than most need,
# the setting that is to find it; then all; and longer, where the machine was too busy for threads to run at the same
# time.
stands() {
  local look status path=auto
  [[ -x $work/$1/stress ]] || return 0
  [[ $1 != portable-* ]] || path=off
  for look in "--setting $2 --seconds 0.3" "--setting $2 --seconds 2" "--seconds 2" \
    "--setting delay-20us --seconds 15" "--setting refused --seconds 15"; do
    status=0
    # shellcheck disable=SC2086  # options
    EBB_RSEQ=$path timeout 300 "$work/$1/stress" $look >"$work/stands.log" 2>&1 || status=$?
    cat "$work/stands.log"
    if ((status == 1)) && grep -q '^FAILED: ' "$work/stands.log"; then return 1; fi
  done
}

one_unit "${apart[@]}" "${rest[@]}" stress >"$work/whole.cpp"
one_unit "${rest[@]}" stress >"$work/rest.cpp"
one_unit "${other[@]}" disturb >"$work/other.cpp"
rm -rf "$work/plain" "$work/injected"
mkdir -p "$work/plain" "$work/injected"
use_level -O2
build_plain
path=$("$work/plain/stress" --path)
[[ $path == rseq ]] || skip "there are no sections to interrupt: this process takes the $path path"
python3 tests/tools/mutant.py "$here/injection.txt" injection "$work/injected"
build_injected "$work/injected"
use_level -O0

mapfile -t mutants < <(python3 tests/tools/mutant.py "$here/mutants.txt" --list)
in_parallel build_mutant "${mutants[@]}"

echo "the library as it is"
attack plain run plain "$plain_seconds" "$work/plain/stress"
echo "with injection"
attack injected run injected "$seconds" "$work/injected/stress"
echo "with injection, portable path"
attack portable run portable "$seconds" env EBB_RSEQ=off "$work/injected/stress"

while IFS=$'\t' read -r mutant _ setting; do
  kill_mutant "$mutant" stands "$mutant" "$setting"
done < <(python3 tests/tools/mutant.py "$here/mutants.txt" --killers)

echo "$operations objects taken or given, $cases sections aborted, $cycles cycles"
verdict
