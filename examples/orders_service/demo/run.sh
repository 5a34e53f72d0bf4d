#!/usr/bin/env bash
# The demo: the same load on the service with a pool of connections, without one, and with one that is too small; in
# the middle of the first run the database is killed and started again. Leaves samples, a table and a picture.
#   run.sh BUILD_DIR      about a minute and a half; everything stays on 127.0.0.1
# DEMO_DB_LOAD_S and DEMO_DB_CLIENTS change the defaults below.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
load_s=${DEMO_DB_LOAD_S:-20}
clients=${DEMO_DB_CLIENTS:-64}
capacity=16
too_small=2
query_ms=5                # a database that is not on the same machine, and has more to do than this one
patience_ms=150           # 64 clients with two connections would wait longer than that
export max_connections=40 # of the database: more than the pool has, fewer than there are clients
modes=(pool none small)

# shellcheck source=examples/common/server.sh
source "$here/../../common/server.sh"
# shellcheck source=examples/orders_service/servers.sh
source "$here/../servers.sh"

service=$build/examples/orders_service/orders_service
[[ -x $service ]] || fail "$service is missing; build the target orders_service first"
for tool in wrk gnuplot jq; do
  command -v "$tool" >/dev/null || fail "$tool is missing; Debian has it (wrk, gnuplot-nox, jq)"
done
find_servers || fail "the servers of the demo are not installed"
out=$build/demo
mkdir -p "$out"
results=$out/orders_results.txt
: >"$results"

folder=$(mktemp -d)
trap 'stop_servers; stop_children; rm -rf "$folder"' EXIT

now_ms() { date +%s%3N; }

# One run of one mode; leaves its samples for the picture, and appends its figures to $results.
killed=0 back=0  # seconds since the load began, in the run with the restart
run_once() {  # MODE CAPACITY
  local mode=$1 csv=$out/orders_$1.csv load_start load_began
  redis-cli -h 127.0.0.1 -p "${cache##*:}" flushall >/dev/null
  start_server "$out/orders.log" "$service" --port 0 --mode "$mode" --capacity "$2" --threads "$clients" \
    --patience-ms "$patience_ms" --query-ms "$query_ms" --database "$database" --cache "$cache" \
    --sample-csv "$csv" --sample-ms 50
  pause 0.5
  load_start=$(tail -n 1 "$csv" | cut -d, -f1)
  load_began=$(now_ms)
  start_wrk "$clients"
  if [[ $mode == pool ]]; then
    pause $((load_s / 2))
    killed=$(since "$load_began")
    kill_database
    pause 1
    start_database || fail "the database did not start again; see $folder/database.log"
    back=$(since "$load_began")
  fi
  finish_wrk
  pause 0.2
  kill -TERM "$server"
  wait "$server" || fail "the service did not stop cleanly"
  children=()
  to_picture_data "$csv" "$load_start" >"$out/orders_$mode.dat"
  figures "$mode" >>"$results"
}

since() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.3f", ms / 1000 }'; }

# From samples to: seconds since the load began; answers/s, 503s/s and the mean time to get a connection in ms, each over
# the last half second; connections open; and so far answers, 503s, orders placed, connections opened.
to_picture_data() {  # CSV LOAD_START_MS
  awk -F, -v start="$2" -v over=10 '
    NR == 1 { next }
    {
      i = NR % (over + 1)
      time[i] = $1; answered[i] = $2; refused[i] = $3 + $4; asked[i] = $8; waited[i] = $9
      j = (NR + 1) % (over + 1)  # the oldest there is
      if ($1 < start || NR < over + 2) next
      s = (time[i] - time[j]) / 1000
      n = asked[i] - asked[j]
      printf "%.3f %.1f %.1f %.3f %d %d %d %d %d\n", ($1 - start) / 1000, (answered[i] - answered[j]) / s,
        (refused[i] - refused[j]) / s, n ? (waited[i] - waited[j]) / n / 1000 : 0, $6, $2, $3 + $4, $5, $7
    }' "$1"
}

# mode, answers/s (without the time of the restart and a second after it), p50 and p99 in ms, answers, 503s, of these
# those that have nothing to do with the restart, connections opened, most open at once.
figures() {  # MODE
  awk -v mode="$1" -v wrk="$wrk_line" -v killed="$([[ $1 == pool ]] && echo "$killed" || echo 0)" \
    -v back="$([[ $1 == pool ]] && echo "$back" || echo 0)" -v load_s="$load_s" '
    $1 > load_s { exit }
    {
      out = killed > 0 && $1 > killed && $1 < back + 1
      if (!out) { seconds += $1 - t; answered += $6 - a; refused += $7 - r }
      t = $1; a = $6; r = $7; opened = $9
      if ($5 > most) most = $5
    }
    END {
      split(wrk, w, " ")
      printf "%s %.0f %.1f %.1f %d %d %d %d %d\n", mode, answered / seconds, w[4] / 1e3, w[5] / 1e3, a, r, refused, opened,
        most
    }' "$out/orders_$1.dat"
}

describe() {
  case $1 in
    pool) echo "a pool of $capacity" ;;
    none) echo "no pool, each request connects" ;;
    small) echo "a pool of $too_small, too small" ;;
  esac
}

# For gnuplot: three quoted words.
labels() {
  local mode rate
  while read -r mode rate _; do printf '"%s: %s answers/s" ' "$(describe "$mode")" "$rate"; done <"$results"
}

# How long after the database was back an order was placed again.
recovered_ms() {
  awk -v killed="$killed" -v back="$back" '
    $1 < back { placed = $8; next }
    $8 > placed { printf "%d", ($1 - back) * 1000; exit }' "$out/orders_pool.dat"
}

about_the_restart() {
  awk -v killed="$killed" -v back="$back" -v recovered="$(recovered_ms)" '$1 == "pool" {
    printf "In the run with the pool of enough connections the database was killed %.1f s after the load began and accepted" \
      " connections again %.1f s later; the next order was placed %s ms after that, or less. %d requests got a 503" \
      " meanwhile, %d at other times.\n", killed, back - killed, recovered, $6 - $7, $7 }' "$results"
}

caption() {
  echo "$clients clients for $load_s s each; a request waits at most $patience_ms ms for its turn, and connecting may take longer;" \
    "each query takes $query_ms ms longer than it would; the database takes $max_connections connections at most. One" \
    "machine with $(nproc) CPUs for service, servers and clients. Answers/s: without the time of the restart. Latencies: of" \
    "all answers, 503s too."
}

write_tables() {
  local mode rate p50 p99 answered refused opened most
  {
    printf '%-32s %10s %8s %8s %10s %8s %12s %14s\n' connections answers/s 'p50 ms' 'p99 ms' answers 503s 'conn. opened' 'open at once'
    while read -r mode rate p50 p99 answered refused _ opened most; do
      printf '%-32s %10s %8s %8s %10s %8s %12s %14s\n' "$(describe "$mode")" "$rate" "$p50" "$p99" "$answered" "$refused" "$opened" "$most"
    done <"$results"
    echo
    about_the_restart
    caption
  } >"$out/orders_table.txt"
  {
    echo "| connections to the database | answers/s | p50 ms | p99 ms | answers | 503s | connections opened | most open at once |"
    echo "|---|---:|---:|---:|---:|---:|---:|---:|"
    while read -r mode rate p50 p99 answered refused _ opened most; do
      echo "| $(describe "$mode") | $rate | $p50 | $p99 | $answered | $refused | $opened | $most |"
    done <"$results"
    echo
    about_the_restart
    echo
    caption
  } >"$out/orders_table.md"
}

# All samples as one JSON document: for each mode a list of objects.
write_json() {
  local mode
  for mode in "${modes[@]}"; do
    jq --raw-input --null-input --arg mode "$mode" '
      [inputs | split(",")] | .[0] as $names
      | {($mode): [.[1:][] | [$names, map(tonumber)] | transpose | map({(.[0]): .[1]}) | add]}' "$out/orders_$mode.csv"
  done | jq --slurp --compact-output --arg killed "$killed" --arg back "$back" '
    {restart: {killed_s: ($killed | tonumber), back_s: ($back | tonumber)}, samples: add}' >"$out/orders.json"
}

echo "orders_service under load: ${modes[*]}, $clients clients, $load_s s each"
printf 'a new PostgreSQL and a new Redis ... '
start_servers "$folder" || fail "the servers did not start"
echo 'are there'
for mode in "${modes[@]}"; do
  printf '%-5s  %d s of load%s ... ' "$mode" "$load_s" "$([[ $mode != pool ]] || echo ', the database is killed in the middle')"
  run_once "$mode" "$([[ $mode == small ]] && echo "$too_small" || echo "$capacity")"
  tail -n 1 "$results" | awk '{ printf "%5d answers/s, %d 503s, %d connections opened\n", $2, $6, $8 }'
done

write_tables
write_json
gnuplot -e "dir='$out'; load_s=$load_s; killed=$killed; back=$back; limit=$max_connections; labels='$(labels)'" \
  -e "about='$clients clients; a request that waits $patience_ms ms for its turn is answered 503'" "$here/picture.gp"
echo
cat "$out/orders_table.txt"
echo
echo "picture: $out/orders_service.png and .svg; table: $out/orders_table.md; samples: $out/orders.json"
[[ -n $(recovered_ms) ]] || fail "no order was placed after the restart"
