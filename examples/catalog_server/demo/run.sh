#!/usr/bin/env bash
# The demo: the same load on the same server with each pool, a table, and a picture of the memory.
#   run.sh BUILD_DIR      about a minute and a half; everything stays on 127.0.0.1
# DEMO_ROUNDS, DEMO_LOAD_S, DEMO_QUIET_S and DEMO_CONNECTIONS change the defaults below.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
rounds=${DEMO_ROUNDS:-2}
load_s=${DEMO_LOAD_S:-4}
quiet_s=${DEMO_QUIET_S:-6}          # longer than two cycles and a trim of the heap
connections=${DEMO_CONNECTIONS:-256}
cycle_ms=1000
threads=8                           # more than most laptops have CPUs: workers get preempted, as in life
modes=(ebb mutex none)

# shellcheck source=examples/common/server.sh
source "$here/../../common/server.sh"

server_binary=$build/examples/catalog_server/catalog_server
[[ -x $server_binary ]] || fail "$server_binary is missing; build the target catalog_server first"
for tool in wrk gnuplot curl; do
  command -v "$tool" >/dev/null || fail "$tool is missing; Debian has it (wrk, gnuplot-nox, curl)"
done
out=$build/demo
mkdir -p "$out"
results=$out/results.txt
: >"$results"

trap stop_children EXIT

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }  # user and system
status_kib() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$server/status"; }

# One run of one mode; appends its figures to $results and leaves its samples for the picture.
run_once() {  # MODE
  local mode=$1 csv=$out/$1.csv before after ticks load_start
  start_server "$out/server.log" "$server_binary" --port 0 --threads "$threads" --pool "$mode" \
    --cycle-ms "$cycle_ms" --sample-csv "$csv" --sample-ms 50
  pause 1
  before=$(tail -n 1 "$csv")
  ticks=$(cpu_ticks)
  load_start=${before%%,*}
  run_wrk "$connections"
  ticks=$(($(cpu_ticks) - ticks))
  pause 0.2
  after=$(tail -n 1 "$csv")
  pause "$quiet_s"
  awk -v mode="$mode" -v wrk="$wrk_line" -v before="$before" -v after="$after" -v ticks="$ticks" \
    -v hz="$(getconf CLK_TCK)" -v peak="$(status_kib VmHWM)" -v rest="$(status_kib VmRSS)" 'BEGIN {
      split(wrk, w, " "); split(before, b, ","); split(after, a, ",")
      served = a[4] - b[4]
      printf "%s %.0f %.2f %.2f %.1f %.2f %.1f %.1f %d\n", mode, w[2] / w[3] * 1e6, w[4] / 1e3, w[5] / 1e3,
        ticks / hz / served * 1e6, (a[5] - b[5]) / served, peak / 1024, rest / 1024, w[6]
    }' >>"$results"
  kill -TERM "$server"
  wait "$server" || fail "the server did not stop cleanly"
  children=()
  to_picture_data "$csv" "$load_start" >"$out/$mode.dat"
}

# Seconds since the load began, requests/s over the last 5 samples, resident MiB, idle objects.
to_picture_data() {  # CSV LOAD_START_MS
  awk -F, -v start="$2" 'NR > 1 {
      time[NR] = $1; served[NR] = $4
      if (NR > 6) rate = (served[NR] - served[NR - 5]) / (time[NR] - time[NR - 5]) * 1000
      printf "%.3f %.0f %.2f %d\n", ($1 - start) / 1000, rate, $2 / 1024, $3
    }' "$1"
}

# Medians over the rounds, one line per mode.
medians() {
  awk -v modes="${modes[*]}" '
    function median(values, n,   i, j, t) {
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && values[j - 1] > values[j]; j--) { t = values[j]; values[j] = values[j - 1]; values[j - 1] = t }
      return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
    }
    { n[$1]++; for (i = 2; i <= NF; i++) value[$1, n[$1], i] = $i }
    END {
      count = split(modes, mode, " ")
      for (m = 1; m <= count; m++) {
        line = mode[m]
        for (i = 2; i <= 8; i++) {
          for (r = 1; r <= n[mode[m]]; r++) column[r] = value[mode[m], r, i]
          line = line " " median(column, n[mode[m]])
        }
        print line
      }
    }' "$results"
}

caption() {
  echo "Median of $rounds rounds of $load_s s each; $connections connections, $threads worker threads, one machine" \
    "with $(nproc) CPUs for server and clients; a cycle every $cycle_ms ms. Memory and allocations repeat well;" \
    "requests/s and latency swing with whatever else the machine does, CPU time per request less so."
}

write_tables() {
  medians | awk '
    BEGIN { printf "%-6s %11s %8s %8s %12s %15s %10s %14s\n", "pool", "requests/s", "p50 ms", "p99 ms",
              "CPU us/req.", "heap alloc/req.", "peak MiB", "after load MiB" }
    { printf "%-6s %11.0f %8.1f %8.1f %12.1f %15.2f %10.1f %14.1f\n", $1, $2, $3, $4, $5, $6, $7, $8 }' >"$out/table.txt"
  { echo; caption; } >>"$out/table.txt"
  {
    echo "| pool | requests/s | p50 ms | p99 ms | CPU µs per request | heap allocations per request | peak RSS MiB | RSS after the load MiB |"
    echo "|---|---:|---:|---:|---:|---:|---:|---:|"
    medians | awk '{ printf "| %s | %.0f | %.1f | %.1f | %.1f | %.2f | %.1f | %.1f |\n", $1, $2, $3, $4, $5, $6, $7, $8 }'
    echo
    caption
  } >"$out/table.md"
}

echo "catalog_server under load: ${modes[*]}, $rounds rounds, $connections connections"
for ((round = 1; round <= rounds; round++)); do
  for mode in "${modes[@]}"; do
    printf 'round %d/%d  %-5s  %d s of load, %d s of quiet ... ' "$round" "$rounds" "$mode" "$load_s" "$quiet_s"
    run_once "$mode"
    tail -n 1 "$results" | awk '{
      printf "%6.0f requests/s, peak %5.1f MiB, then %5.1f MiB%s\n", $2, $7, $8, $9 ? ", " $9 " ERRORS" : "" }'
  done
done

write_tables
gnuplot -e "dir='$out'; load_s=$load_s; quiet_s=$quiet_s" "$here/picture.gp"
echo
cat "$out/table.txt"
echo
echo "picture: $out/catalog_server.png and .svg; table: $out/table.md"
awk '$9 > 0 { bad = 1 } END { exit bad }' "$results" || fail "some requests failed; see $results"
echo
echo "the squeeze: memory runs short, and no cycle is due"
trap - EXIT
exec "$here/squeeze.sh" "$build"
