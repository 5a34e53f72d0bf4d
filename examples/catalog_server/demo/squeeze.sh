#!/usr/bin/env bash
# The squeeze: after a load the server's memory is limited to what it has, in a control group where that is allowed;
# its pools give way before the limit bites, and it goes on serving.
#   squeeze.sh BUILD_DIR      about 20 seconds; everything stays on 127.0.0.1
# DEMO_LOAD_S and DEMO_CONNECTIONS change the defaults below.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: squeeze.sh BUILD_DIR}
load_s=${DEMO_LOAD_S:-4}
connections=${DEMO_CONNECTIONS:-256}
out=$build/demo
mkdir -p "$out"
# shellcheck source=tests/tools/memory_group.sh
source "$here/../../../tests/tools/memory_group.sh"

# shellcheck source=examples/common/server.sh
source "$here/../../common/server.sh"

trap 'stop_children; remove_memory_group' EXIT

if ! make_memory_group "ebb-demo-$$"; then
  echo "no control group may be made here: the pressure is reported by a signal instead, and no limit is set"
else
  # Far away. The library looks for a first limit with each cycle, and here there are none; where there is a limit
  # it sees within a second that it is another one now.
  limit_memory $((512 << 20)) || fail "the kernel does not take a limit for $group"
fi

log=$out/squeeze.log csv=$out/squeeze.csv
# The clock is out of the game: no cycle comes of itself while this lasts.
command=("$build/examples/catalog_server/catalog_server" --port 0 --threads 8 --pool ebb --cycle-ms 3600000
  --sample-csv "$csv" --sample-ms 50)
[[ -z $group ]] || command=(join_and_exec "${command[@]}")
start_server "$log" "${command[@]}"

now_ms() { date +%s%3N; }
start=$(now_ms)
samples=$out/squeeze.dat
: >"$samples"
# Seconds, MiB the limit counts (resident ones where there is no limit), MiB idle in pools, level, requests.
sample() {
  local used
  while sleep 0.05; do
    used=$([[ -z $group ]] || memory_usage)
    tail -n 1 "$csv" | awk -F, -v ms=$(($(now_ms) - start)) -v used="$used" 'NF == 7 {
      printf "%.3f %.2f %.2f %d %d\n", ms / 1000, (used == "" ? $2 * 1024 : used) / 1048576, $6 / 1024,
        $7 == "high" ? 2 : $7 == "medium", $4 }' >>"$samples"
  done
}
sample &
sampler=$!
children+=("$sampler")

requests_and_errors() { awk '{ print int($2 / $3 * 1e6), $6 }' <<<"$wrk_line"; }
last() { awk -v column="$1" 'END { print $column }' "$samples"; }

pause 1
run_wrk "$connections"
before=$(requests_and_errors)
pause 1
held=$(last 2) idle=$(last 3)
limit=0
squeezed=$(($(now_ms) - start))
if [[ -n $group ]]; then
  # One percent above what it uses, the page cache not counted: no room to grow. Where the kernel does not get rid of
  # that much cache, a little more.
  for percent in 101 102 104 106; do
    limit=$(($(memory_used) * percent / 100))
    ! limit_memory "$limit" || break
    limit=0
  done
  ((limit > 0)) || fail "the kernel takes no limit of about what is used for $group"
else
  kill -USR1 "$server"
fi
pause 2
after=$(last 2) after_idle=$(last 3)
[[ -n $group ]] || kill -USR2 "$server"
kill -0 "$server" 2>/dev/null || fail "the server did not survive the squeeze; see $log"
# What 256 connections have in use at once does not fit below the limit; no pool can give that way.
few=$((connections / 8))
run_wrk "$few"
under=$(requests_and_errors)
pause 1
kill -0 "$server" 2>/dev/null || fail "the server did not survive the load under the limit; see $log"
kill "$sampler"
kill -TERM "$server"
wait "$server" || fail "the server did not stop cleanly"
children=()

awk -v held="$held" -v idle="$idle" -v limit="$limit" -v after="$after" -v after_idle="$after_idle" \
  -v before="$before" -v under="$under" -v many="$connections" -v few="$few" 'BEGIN {
  split(before, b, " "); split(under, u, " ")
  printf "after the load of %d connections: %.1f MiB used, %.1f of them idle in pools (%d requests/s, %d errors)\n",
    many, held, idle, b[1], b[2]
  if (limit > 0) printf "a limit of %.1f MiB is set, with no cycle due for an hour\n", limit / 1048576
  else print "high memory pressure is reported, with no cycle due for an hour"
  printf "2 s later: %.1f MiB used, %.1f idle\n", after, after_idle
  printf "a load of %d connections %s: %d requests/s, %d errors\n", few, (limit > 0 ? "under the limit" : "then"), u[1], u[2]
}' | tee "$out/squeeze.txt"
gnuplot -e "dir='$out'; load_s=$load_s; squeezed=$squeezed / 1000.0; limit_mib=$limit / 1048576.0" "$here/squeeze.gp"
echo "picture: $out/squeeze.png and .svg"
awk -v a="$after_idle" -v i="$idle" 'BEGIN { exit !(a < i / 4) }' || fail "the pools did not give way"
