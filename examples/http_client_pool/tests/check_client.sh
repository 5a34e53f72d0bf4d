#!/usr/bin/env bash
# Checks what the client reports about its connections, and that it refuses what makes no sense.
#   check_client.sh CLIENT_BINARY
set -euo pipefail

server_binary=${1:?usage: check_client.sh CLIENT_BINARY}
scratch=$(mktemp -d)
# shellcheck source=examples/common/check.sh
source "$(dirname "$0")/../../common/check.sh"
trap 'rm -rf "$scratch"' EXIT

# reports PATTERN ARGUMENT...: the client ends well, and says this.
reports() {
  local report code=0
  report=$(timeout 30 "$server_binary" "${@:2}") || code=$?
  # shellcheck disable=SC2053  # the pattern is meant to be one
  verdict "\"$1\" with ${*:2}, not: $report" "$([[ $code == 0 && $report == $1 ]] && echo true || echo false)"
}

# Two thousand requests, never more than four connections, each but the last ones used until it is spent: 20 answers.
reports '2000 answers over 10[0-3] connections, at most 4 at a time*
*: [1-9]* were found by the look before use, [1-9]* by a request*
0 are left open' --requests 2000 --connections 4 --answers-per-connection 20
# No connection is ever used twice.
reports '50 answers over 50 connections, at most 3 at a time*
0 are left open' \
  --requests 50 --connections 3 --answers-per-connection 1
# One is enough when nobody closes it.
reports '100 answers over 1 connections, at most 1 at a time*
the server had closed 0:*
0 are left open' --requests 100 --connections 1 --answers-per-connection 1000

does_not_start '*--colour*' --colour
does_not_start '*0*1 to 10000000*' --requests 0
does_not_start '*0*1 to 10000*' --askers 0
does_not_start '*1001*1 to 1000*' --connections 1001
does_not_start '*x*1 to 10000000*' --answers-per-connection x

checks_passed "keep-alive connections"
