#!/usr/bin/env bash
# The rules of CONTRIBUTING.md that a machine can check. Prints each finding; false if there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failed=0

# rule NAME COMMAND...: the command prints what breaks the rule, and nothing if all is well.
rule() {
  local findings
  findings=$("${@:2}" 2>&1) || true
  if [[ -z $findings ]]; then
    echo "ok      $1"
  else
    echo "FAILED  $1"
    echo "        ${findings//$'\n'/$'\n'        }"
    failed=1
  fi
}

# Tracked files, and those about to be; not those deleted but not yet committed.
files() {
  local file
  git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
    [[ ! -f $file ]] || echo "$file"
  done
}

cpp_files() { files '*.hpp' '*.cpp'; }

formatting() {
  # shellcheck disable=SC2016  # for the shell that xargs starts
  cpp_files | xargs -P "$(nproc)" -n 1 bash -c \
    'clang-format --dry-run -Werror "$1" 2>/dev/null || echo "needs clang-format -i: $1"' bash
}

# Not bugprone-suspicious-include: what is read are files that include sources.
tidy() {
  cmake --preset lint >build/lint.log || { cat build/lint.log && return; }
  find build/lint/CMakeFiles -name 'unity_*.cxx' -print0 |
    xargs -0 -P "$(nproc)" -n 1 clang-tidy -p build/lint --quiet --checks=-bugprone-suspicious-include 2>/dev/null
}

shell_scripts() { files '*.sh' dev .ci/run | xargs shellcheck -x; }

long_files() {
  files '*.hpp' '*.cpp' '*.go' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' '*.md' dev .ci/run |
    while read -r file; do
      lines=$(wc -l <"$file")
      ((lines <= 500)) || echo "$file has $lines lines"
    done
}

# An empty one emits no instruction: tests and benchmarks use it as a barrier for the optimiser. The marker is
# for whoever counts instructions from outside; the kernel test and the floor bring sections of their own.
assembly() {
  cpp_files | grep -vE '^(include/ebb/detail/percpu/|bench/counts/marker.hpp$|bench/floor/systems.cpp$|tests/vm/preemption.cpp$)' |
    xargs grep -nE '\b(asm|__asm__|__asm)\b[[:space:]]*(volatile|__volatile__|goto|\()' |
    grep -vF 'asm volatile("" :'
}

# clang-format joins what it wraps.
joined_tags() { files '*.hpp' | xargs grep -nE '/// .*[^ ] +(Returns|Throws|Threads|Cost|Ordering|Unlike (Go|std)) {2,}'; }

# The brackets keep this file from finding itself.
unfinished() { files . | xargs grep -nIE '\b(TOD[O]|FIXM[E])\b' | grep -vE 'TOD[O]\(#[0-9]+\)'; }

machine_paths() { files . | xargs grep -nIE '(^|[^[:alnum:]_.}/-])/(home|root|work|workspace|Users|mnt)/'; }

mkdir -p build
rule "formatting" formatting
rule "clang-tidy" tidy
rule "shellcheck" shell_scripts
rule "no file over 500 lines" long_files
rule "assembly only in include/ebb/detail/percpu" assembly
rule "Returns, Throws, Threads, Cost and the like begin their line" joined_tags
rule "nothing unfinished without an issue: TOD""O(#n)" unfinished
rule "no path of somebody's machine" machine_paths

((failed == 0))
