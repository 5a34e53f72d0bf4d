#!/usr/bin/env bash
# Checks that the benchmarks of a build run, briefly and without looking at times: every system that can be had
# takes part, every program says something that can be read, bad flags are refused, and the model of more CPUs agrees with
# its formulas.   usage: check_bench.sh BUILD_DIR
set -euo pipefail
folder=$1/bench
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384

fail() { echo "check_bench: $*" >&2; exit 1; }
refuses() { if "$@" >/dev/null 2>&1; then fail "not refused: $*"; elif (($? != 2)); then fail "no exit 2: $*"; fi; }

missing=$("$folder/ebb_bench" list | jq -r 'select(.missing != "") | .system')
[[ -z $missing ]] || fail "systems are missing: $missing"

# A sample of each case, number of threads and system.
samples=$("$folder/ebb_bench" run --rounds 1 --rounds-sharing 1 --threads 1,2)
least=$(jq -s '[.[].samples[]] | min' <<<"$samples")
jq -e 'select(.samples | length != 1)' <<<"$samples" >/dev/null && fail "not one sample of everything"
awk -v least="$least" 'BEGIN { exit !(least >= 0) }' || fail "a negative measurement: $least"
in_pair=$(jq -r 'select(.case == "pair" and .threads == 1 and .metric == "ns") | .system' <<<"$samples" | wc -l)
((in_pair >= 24)) || fail "only $in_pair systems in the case pair"

crowds=$("$folder/ebb_bench" run --cases 'bounded_crowd_.*' --rounds 1 --threads 64)
in_crowds=$(jq -r 'select(.metric == "worst_to_fair" and .samples[0] > 0) | .system' <<<"$crowds" | wc -l)
((in_crowds >= 12)) || fail "only $in_crowds bounded pools in crowds"

for system in ebb ebb_portable mutex_vector; do
  "$folder/ebb_bench" churn "$system" 100 | jq -e '.seconds > 0' >/dev/null || fail "churn $system"
  "$folder/ebb_bench" pools "$system" 100 | jq -e '.pair_ns > 0' >/dev/null || fail "pools $system"
  printf '\n\n' | "$folder/ebb_bench" memory "$system" 4194304 2 >/dev/null || fail "memory $system"
done
if [[ $(uname -m) == x86_64 ]]; then
  # What the documentation promises of a hit: no atomic operation and no system call.
  "$folder/ebb_step" "$folder/ebb_bench" count ebb | sed -n 2p | jq -e '.atomics == 0 and .syscalls == 0' >/dev/null ||
    fail "a hit of ebbpool is not free of atomic operations and system calls"
  refuses "$folder/ebb_step" /nonexistent
fi
floor=$("$folder/ebb_floor" 1)
for system in ebb tls_list tls_raw floor_free floor_list floor_apart floor_magazines floor_top_sharing; do
  grep -qE "^ +$system " <<<"$floor" || fail "ebb_floor without $system"
done
refuses "$folder/ebb_floor" 0
refuses "$folder/ebb_floor" 1 no-command
"$folder/ebb_expensive" --rounds 1 --threads 1 >/dev/null || fail "ebb_expensive"
"$folder/ebb_allocations" | jq -e '.ebb_ostream_allocations == 0' >/dev/null || fail "pooled_ostream allocates"
"$folder/ebb_pauses" 10 | jq -e '.calls == 10' >/dev/null || fail "ebb_pauses"
"$folder/ebb_go_cases" PoolExpensiveNew 2 20x | jq -e '.made_per_op > 0' >/dev/null || fail "ebb_go_cases"
refuses "$folder/ebb_bench" run --threads 0
refuses "$folder/ebb_bench" churn nobody 10
refuses "$folder/ebb_go_cases" Nothing 1 1x

(cd "$root/bench/scaling" && python3 -m unittest -q)
