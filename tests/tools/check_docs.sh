#!/usr/bin/env bash
# Checks what the documentation claims: links lead to files, and complete C++ programs in it compile.
# Prints each finding; false if there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pages() {
  git ls-files --cached --others --exclude-standard -- '*.md' | while read -r page; do
    [[ ! -f $page ]] || echo "$page"
  done
}

# Targets of [text](target) that are not on the web, without their #anchor, relative to their page.
broken_links() {
  local page target
  pages | while read -r page; do
    { grep -oE '\]\([^)[:space:]]+\)' "$page" || true; } | sed 's/^](//; s/)$//; s/#.*//' |
      while read -r target; do
        case $target in
          '' | *://* | mailto:*) continue ;;
        esac
        [[ -e $(dirname "$page")/$target ]] || echo "$page: no such file: $target"
      done
  done
}

# Writes each ```cpp block that has a main() to a file named after its page and line.
extract_programs() {
  local page
  pages | while read -r page; do
    awk -v prefix="$work/${page//\//_}" '
      /^```cpp/ { inside = 1; text = ""; line = NR; next }
      /^```/ && inside { inside = 0; if (text ~ /int main\(/) print text > (prefix "." line ".cpp") }
      inside { text = text $0 "\n" }' "$page"
  done
}

broken_programs() {
  local program
  extract_programs
  for program in "$work"/*.cpp; do
    [[ -e $program ]] || continue
    "${CXX:-g++}" -std=c++20 -Wall -Wextra -Iinclude ${BOOST_ROOT:+-isystem "$BOOST_ROOT/include"} -fsyntax-only "$program" 2>&1 || true
  done
}

findings=$(broken_links && broken_programs)
if [[ -n $findings ]]; then
  echo "$findings"
  exit 1
fi
echo "$(pages | wc -l) pages: links and programs are fine"
