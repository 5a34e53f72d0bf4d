#!/usr/bin/env bash
# The inspector's live page in Debian's chromium. Ends with "N passed, N failed"; 77 if something is missing.
#
#   usage: verify_page.sh [--screenshots DIR | NAME_OF_A_CHECK...]
#   EBB_TEST_BUILD=DIR  a build directory of this checkout that has the program `inspected`; default build/dev
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=${EBB_TEST_BUILD:-$PWD/build/dev}
export EBB_INSPECTED=$build/tests/inspector/inspected
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}

skip() {
  echo "SKIPPED: the live page is not tested: $1" >&2
  exit 77
}
[[ -x $CHROMIUM ]] || skip "$CHROMIUM is missing; Debian: apt-get install chromium"
command -v node >/dev/null || skip "node is missing; Debian: apt-get install nodejs"
command -v npm >/dev/null || skip "npm is missing; Debian: apt-get install npm"
if [[ ! -x $EBB_INSPECTED ]]; then
  cmake --preset dev >/dev/null
  cmake --build build/dev --target inspected
fi

# Outside of the checkout's sources, and again only when the lock file is another one.
modules=$build/tests/inspector/browser
mkdir -p "$modules"
cp tests/inspector/browser/*.mjs tests/inspector/browser/package.json "$modules"
if ! cmp -s tests/inspector/browser/package-lock.json "$modules/package-lock.json"; then
  cp tests/inspector/browser/package-lock.json "$modules"
  if ! (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
    rm -f "$modules/package-lock.json"
    tail -n 5 "$modules/npm.log" >&2
    skip "npm ci cannot get playwright-core"
  fi
fi

if [[ ${1:-} == --screenshots ]]; then
  mkdir -p "$2"
  node "$modules/screenshots.mjs" "$(cd "$2" && pwd)"
else
  node "$modules/verify.mjs" "$@"
fi
