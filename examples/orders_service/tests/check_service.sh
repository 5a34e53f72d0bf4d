#!/usr/bin/env bash
# Checks the service from outside, against a PostgreSQL and a Redis of its own: answers, what happens when a pool is
# too small, a database that dies in the middle, and what is left open.
#   check_service.sh SERVICE_BINARY      exit 77 where these servers are not installed
set -euo pipefail

server_binary=${1:?usage: check_service.sh SERVICE_BINARY}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=examples/common/check.sh
source "$here/../../common/check.sh"
# shellcheck source=examples/orders_service/servers.sh
source "$here/../servers.sh"
if ! missing=$(find_servers); then
  echo "SKIPPED, nothing was checked: $missing"
  exit 77
fi
find_servers  # once more: not in a subshell

scratch=$(mktemp -d)
trap 'stop_servers; stop_children; rm -rf "$scratch"' EXIT
start_servers "$scratch" || { echo "the servers did not start"; exit 1; }

start_service() { start_server "$scratch/log" "$server_binary" --port 0 --database "$database" --cache "$cache" "$@"; }
sql() { psql --quiet --no-psqlrc --no-align --tuples-only "$database" --command "$1"; }

# is NAME EXPECTED GOT
is() { verdict "$1: expected \"$2\", got \"$3\"" "$([[ $2 == "$3" ]] && echo true || echo false)"; }

# ask EXPECTED_STATUS CURL_ARGUMENT...: leaves head and body in $scratch/head and $scratch/body.
ask() {
  local got
  got=$(curl -sS --max-time 20 -D "$scratch/head" -o "$scratch/body" -w '%{http_code}' "${@:2}") || true
  is "${*:2}" "$1" "$got"
}
body_is() { is "the answer" "$1" "$(<"$scratch/body")"; }
refuses_for_now() {
  verdict 'a 503 says when to try again' "$(grep -qi '^retry-after: 1' "$scratch/head" && echo true || echo false)"
  is 'a 503 says what it is' 503 "$(jq .status "$scratch/body")"
}
order() { ask "$1" -d "{\"item\":$2,\"quantity\":$3}" "$url/orders"; }
stat() { curl -sS "$url/stats" | jq "$1"; }

# becomes NAME EXPECTED COMMAND...: at last; 10 s are enough on any machine.
becomes() {
  local got give_up=$((SECONDS + 10))
  while got=$("${@:3}") && [[ $got != "$2" ]] && ((SECONDS < give_up)); do sleep 0.05; done
  is "$1" "$2" "$got"
}
sessions() { sql "select count(*) from pg_stat_activity where application_name = 'orders_service'"; }
descriptors() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
descriptors_left() { echo $(($(descriptors) - bare - $(stat '.database.idle + .cache.idle'))); }
# in_parallel URLS: leaves the status of each in $scratch/codes.
in_parallel() {
  curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 40 -w '%{http_code}\n' -o "$scratch/body.#1" "$1" >"$scratch/codes"
}

# -- a pool of four

start_service --capacity 4 --patience-ms 2000
bare=$(descriptors)
ask 200 "$url/orders/1"
body_is '{"id":1,"item":2,"quantity":2}'
ask 200 "$url/orders/1"
body_is '{"id":1,"item":2,"quantity":2}'
is 'the second time from the cache' 1 "$(stat .shown_from_cache)"
order 201 7 5
is 'the location of a new order' /orders/10001 "$(sed -n 's/^location: *\([^\r]*\)\r*$/\1/Ip' "$scratch/head")"
ask 200 "$url/orders/10001"
body_is '{"id":10001,"item":7,"quantity":5}'
ask 200 "$url/stock/7"
body_is '{"item":7,"left_over":999999995}'

# What these leave open is ended before anybody else gets the connection.
order 409 1001 4
order 404 2000 1
is 'no transaction is left open' 0 \
  "$(sql "select count(*) from pg_stat_activity where application_name = 'orders_service' and state like 'idle in%'")"
order 201 1001 3
order 409 1001 1
is 'what was refused took nothing' 0 "$(sql 'select left_over from items where id = 1001')"
is 'one connection was enough so far' 1 "$(stat .database.opened)"

ask 404 "$url/orders/99999"
ask 404 "$url/stock/999999999999999999"
ask 404 "$url/orders/9999999999999999999"
ask 404 "$url/planets"
ask 405 "$url/orders"
ask 405 -X DELETE "$url/orders/1"
for text in nonsense '[]' '{}' '{"item":1}' '{"item":1,"quantity":0}' '{"item":1,"quantity":-1}' '{"item":1,"quantity":1.5}' \
  '{"item":1,"quantity":1000001}' '{"item":"1","quantity":1}'; do
  ask 400 -d "$text" "$url/orders"
done

# Forty at once.
in_parallel "$url/stock/[101-140]"
is 'forty at once are all answered' 40 "$(grep -c 200 "$scratch/codes" || true)"
verdict 'with four connections' "$([[ $(sessions) -le 4 && $(stat .database.opened) -le 4 ]] && echo true || echo false)"

# -- the database dies

kill_database
order 503 1 1
refuses_for_now
ask 200 "$url/orders/1"
body_is '{"id":1,"item":2,"quantity":2}'
start_database
placed() { curl -s -o /dev/null -w '%{http_code}' -d '{"item":1,"quantity":1}' "$url/orders"; }
becomes 'orders are placed again' 201 placed
for _ in {1..8}; do order 201 1 1; done
verdict 'in at most four sessions' "$([[ $(sessions) -le 4 ]] && echo true || echo false)"
becomes 'no descriptor is left but of what is in the pools' 0 descriptors_left

# -- the cache dies: slower, but all works

kill "$cache_pid"
wait "$cache_pid" || true
cache_pid=
ask 200 "$url/orders/2"
body_is '{"id":2,"item":3,"quantity":3}'
becomes 'no descriptor is left without a cache' 0 descriptors_left
ends_cleanly
start_cache
becomes 'nor is a session' 0 sessions

# -- a pool that is too small

start_service --mode small --capacity 1 --statement-ms 60000 --patience-ms 100
# Whoever asks for what is in stock waits for this.
coproc locker { exec psql --quiet --no-psqlrc "$database"; }
locker_pid=$!
children+=("$locker_pid")
echo 'begin; lock table items;' >&"${locker[1]}"
locks() { sql "select count(*) from pg_locks where relation = 'items'::regclass and mode = 'AccessExclusiveLock' and granted"; }
becomes 'the table is locked' 1 locks
curl -sS -o "$scratch/first" "$url/stock/1" &
first=$!
becomes 'the only connection is in use' 1 stat .database.in_use
in_parallel "$url/stock/[2-4]"
is 'three others do not get it in time' 3 "$(grep -c 503 "$scratch/codes" || true)"
ask 503 "$url/stock/5"
refuses_for_now
is 'and they are counted' '[4,4,1]' "$(stat '[.no_free_connection,.database.timed_out,.database.opened]' | jq -c)"
echo 'commit; \q' >&"${locker[1]}"
wait "$first" "$locker_pid"
verdict 'who had it is answered' "$(grep -q left_over "$scratch/first" && echo true || echo false)"
ask 200 "$url/stock/2"
ends_cleanly

# -- without a pool

start_service --mode none
bare=$(descriptors)
for number in 11 12 13; do ask 200 "$url/stock/$number"; done
is 'each request opened its own' 3 "$(stat .database.opened)"
becomes 'and closed it' 0 sessions
becomes 'no descriptor is left without a pool' 0 descriptors_left
ends_cleanly

# -- flags

does_not_start '*--colour*' --colour
does_not_start '*70000*0 to 65535*' --port 70000
does_not_start '*0*1 to 1024*' --threads 0
does_not_start '*huge*none*pool*small*' --mode huge
does_not_start '*0*1 to 10000*' --capacity 0
does_not_start '*0*1 to 60000*' --patience-ms 0
does_not_start '*-1*0 to 1000*' --query-ms -1
does_not_start '*60001*1 to 60000*' --statement-ms 60001
does_not_start '*5*10 to 60000*' --sample-ms 5
does_not_start '*localhost*numeric*' --address localhost
does_not_start '*127.0.0.1:redis*HOST:PORT*' --cache 127.0.0.1:redis
does_not_start '*/nowhere/csv*--sample-csv*' --port 0 --sample-csv /nowhere/csv

checks_passed "PostgreSQL and Redis"
