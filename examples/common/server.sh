# For demos and tests to source: a server and its load in the background, and waiting that a signal can end.
# shellcheck shell=bash
#
#   fail TEXT...                one line, and exit 2
#   pause SECONDS
#   start_server LOG COMMAND... sets server and url
#   start_wrk CONNECTIONS       for $load_s; finish_wrk waits for it, and sets wrk_line; run_wrk is both
#   stop_children               for the script's trap on EXIT

fail() { echo "${0##*/}: $*" >&2; exit 2; }

children=()
stop_children() {
  local pid
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
}
trap 'exit 130' INT
trap 'exit 143' TERM

# In the background and waited for: bash runs a trap only between commands, and wait is interruptible.
pause() { sleep "$1" & children+=($!); wait $!; }

start_server() {
  local log=$1 i
  : >"$log"  # here and not only in the child: the loop below must not read the last server's line
  "${@:2}" >"$log" &
  server=$!
  children=("$server")
  for ((i = 0; i < 400; i++)); do
    url=$(sed -n '1s/^listening on //p' "$log")
    [[ -n $url ]] && return
    kill -0 "$server" 2>/dev/null || fail "the server did not start"
    pause 0.05
  done
  fail "the server did not say where it listens"
}

# 10 s: wrk counts an answer that took longer as an error, and a busy machine may take its default of 2 s.
start_wrk() {
  wrk -t 2 --timeout 10s -c "$1" -d "${load_s:?}s" -s "${here:?}/load.lua" "$url" >"${out:?}/wrk.log" &
  wrk_pid=$!
  children+=("$wrk_pid")
}

finish_wrk() {
  wait "$wrk_pid" || fail "wrk failed; see $out/wrk.log"
  # shellcheck disable=SC2034 # for whoever sources this
  wrk_line=$(grep '^RESULT ' "$out/wrk.log") || fail "wrk gave no result; see $out/wrk.log"
}

run_wrk() {
  start_wrk "$1"
  finish_wrk
}
