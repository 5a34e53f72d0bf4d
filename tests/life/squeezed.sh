#!/usr/bin/env bash
# The same load under the same memory limit: without pressure handling the kernel kills it, with it it lives.
#
#   squeezed.sh PROGRAM        0: both as they should; 77: no control group may be made here
set -euo pipefail

program=$1
limit_mib=192
# shellcheck source=tests/tools/memory_group.sh
source "$(dirname "$0")/../tools/memory_group.sh"

skip() {
  echo "SKIPPED: no control group with a memory limit may be made here"
  exit 77
}

trap remove_memory_group EXIT
make_memory_group "ebb-squeezed-$$" || skip
limit_memory $((limit_mib << 20)) || skip
echo "limit: $group, $limit_mib MiB"

# run VALUE: with EBB_PRESSURE=VALUE, in the group. Prints the exit status last.
run() {
  last=0
  (
    export EBB_PRESSURE=$1
    join_and_exec timeout 120 "$program" "$limit_mib"
  ) || last=$?
  echo "EBB_PRESSURE=$1: exit status $last"
}

run off
((last == 137)) || { echo "FAILED: without pressure handling it should have been killed (137)" && exit 1; }
run on
((last == 0)) || { echo "FAILED: with pressure handling it should have survived" && exit 1; }
echo "killed without, alive with"
