# For scripts to source that check a server from outside: one verdict per check, and a count at the end.
# shellcheck shell=bash
#
#   verdict NAME TRUE_OR_FALSE
#   does_not_start PATTERN ARGUMENT... $server_binary refuses these, says why in one line on stderr, and exits with 2
#   ends_cleanly                       on SIGTERM, with exit code 0
#   checks_passed WHAT                 prints how many; false if not all
#
# $scratch is a folder that the script has made.

# shellcheck source=examples/common/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/server.sh"

failures=0
checks=0
verdict() {
  checks=$((checks + 1))
  if ! $2; then
    echo "FAILED: $1"
    failures=$((failures + 1))
  fi
}

does_not_start() {
  local pattern=$1 code=0
  shift
  timeout 20 "${server_binary:?}" "$@" >"${scratch:?}/out" 2>"$scratch/err" || code=$?
  # shellcheck disable=SC2053  # the pattern is meant to be one
  verdict "refuses $*" "$([[ $code == 2 && ! -s $scratch/out && $(wc -l <"$scratch/err") == 1 &&
    $(cat "$scratch/err") == $pattern ]] && echo true || echo false)"
}

ends_cleanly() {
  local code=0
  kill -TERM "${server:?}"
  wait "$server" || code=$?
  children=()
  verdict 'SIGTERM ends it with code 0' "$([[ $code == 0 ]] && echo true || echo false)"
}

checks_passed() {
  echo "$((checks - failures)) of $checks checks passed with $1"
  ((failures == 0))
}
