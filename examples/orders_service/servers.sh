# For scripts to source: a PostgreSQL and a Redis of one's own, in a folder of their own, on the loopback.
# shellcheck shell=bash
#
#   find_servers               false, and one line, where they are not installed
#   start_servers FOLDER       a new database with schema.sql in it; sets database (a connection string), cache, and
#                              exports PGPASSWORD
#   kill_database              at once, as a crash would; start_database: again
#   start_cache                again, on another port
#   stop_servers               for the script's trap on EXIT
#
# Should the script itself be killed, its servers are, too: by the kernel.

database_pid=
cache_pid=

find_servers() {
  local tool folder
  for folder in /usr/lib/postgresql/*/bin; do
    [[ ! -x $folder/initdb ]] || PATH=$PATH:$folder
  done
  for tool in initdb postgres psql redis-server redis-cli setpriv; do
    command -v "$tool" >/dev/null || { echo "$tool is missing; Debian has it in postgresql, redis-server, util-linux"; return 1; }
  done
  ((EUID != 0)) || id postgres >/dev/null 2>&1 || { echo "there is no user postgres, and PostgreSQL does not run as root"; return 1; }
}

# PostgreSQL refuses to run as root.
as_server() {  # SIGNAL_WHEN_ORPHANED COMMAND...
  local who=()
  ((EUID != 0)) || who=(--reuid=postgres --regid=postgres --init-groups)
  exec setpriv "${who[@]}" --pdeathsig "$1" "${@:2}"
}

# A port nobody listens on; somebody may take it before we do, which is why who asks for one tries again.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# until_true SECONDS PID COMMAND...: false when that process ends first, or the time.
until_true() {
  local give_up=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    kill -0 "$2" 2>/dev/null && ((SECONDS < give_up)) || return 1
    sleep 0.02
  done
}

start_servers() {
  local folder=$1
  chmod 711 "$folder"  # the servers' user has to get through
  mkdir "$folder/data" "$folder/cache"
  server_folder=$folder
  PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export PGPASSWORD
  (umask 077 && echo "$PGPASSWORD" >"$folder/password")
  ((EUID != 0)) || chown postgres "$folder/data" "$folder/cache" "$folder/password"
  # Nothing of this is to be kept, so it need not reach a disk.
  (as_server KILL initdb --pgdata "$folder/data" --username orders --pwfile "$folder/password" \
    --auth scram-sha-256 --no-sync --encoding UTF8 --locale C) >"$folder/initdb.log" 2>&1 || return 1
  for _ in {1..5}; do
    database_port=$(free_port)
    database="host=127.0.0.1 port=$database_port user=orders dbname=postgres"
    ! start_database || break
    kill_database
  done
  [[ -n $database_pid ]] || { cat "$folder/database.log"; return 1; }
  psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 "$database" -f "$(dirname "${BASH_SOURCE[0]}")/schema.sql" || return 1
  start_cache
}

# Not that of somebody who took the port before us.
cache_is_ours() { redis-cli -h 127.0.0.1 -p "$1" info server | grep -q "^process_id:${cache_pid}[[:space:]]*$"; }

start_cache() {
  local port
  for _ in {1..5}; do
    port=$(free_port)
    (as_server TERM redis-server --bind 127.0.0.1 --port "$port" --dir "$server_folder/cache" --save '' \
      --appendonly no) >"$server_folder/cache.log" 2>&1 &
    cache_pid=$!
    if until_true 20 "$cache_pid" cache_is_ours "$port"; then
      # shellcheck disable=SC2034 # for whoever sources this
      cache=127.0.0.1:$port
      return
    fi
    kill "$cache_pid" 2>/dev/null || true
    wait "$cache_pid" || true
    cache_pid=
  done
  cat "$server_folder/cache.log"
  return 1
}

start_database() {
  (as_server QUIT postgres -D "$server_folder/data" -p "$database_port" -k "$server_folder/data" \
    -c listen_addresses=127.0.0.1 -c max_connections="${max_connections:-24}" -c fsync=off) \
    >>"$server_folder/database.log" 2>&1 &
  database_pid=$!
  # Somebody else's on that port would not know the password.
  until_true 20 "$database_pid" psql --quiet --no-psqlrc "$database" --command 'select 1'
}

kill_database() {
  kill -QUIT "$database_pid" 2>/dev/null || true
  wait "$database_pid" || true
  database_pid=
}

stop_servers() {
  [[ -z $database_pid ]] || kill_database
  if [[ -n $cache_pid ]]; then
    kill "$cache_pid" 2>/dev/null || true
    wait "$cache_pid" || true
    cache_pid=
  fi
}
