#!/usr/bin/env bash
# Mixed work for hours: whether resident memory grows, and whether anything is lost. docs/verification/soak.md.
#
#   soak.sh --hours N | --minutes N    N from 0.2 minutes to 1000 hours; status 1 if memory grows or an object is lost
#   soak.sh --control                  half a minute with leaks on purpose, which have to be reported
set -euo pipefail
cd "$(dirname "$0")/../.."

wrong() {
  echo "soak.sh: $*; usage: soak.sh --hours N | --minutes N | --control" >&2
  exit 2
}

number='^[0-9]{1,6}(\.[0-9]{1,3})?$'
case "${1-}" in
  --hours | --minutes)
    (($# == 2)) || wrong "$1 takes one number"
    [[ $2 =~ $number ]] || wrong "\"$2\" is not a positive number"
    unit=60
    [[ $1 == --minutes ]] || unit=3600
    seconds=$(awk -v n="$2" -v unit="$unit" 'BEGIN { printf "%.3f", n * unit }')
    awk -v s="$seconds" 'BEGIN { exit !(s >= 12 && s <= 3600000) }' || wrong "${1#--} are 0.2 minutes to 1000 hours, not $2"
    ;;
  --control) (($# == 1)) || wrong "--control takes no value" ;;
  *) wrong "\"$*\" does not say for how long" ;;
esac

work=build/verify/soak
mkdir -p "$work"
${CXX:-g++} -std=c++20 -O2 -g0 -pthread -Iinclude -Isrc -Itests/soak tests/soak/soak.cpp src/*.cpp src/pressure/*.cpp src/resource/*.cpp -o "$work/soak"

if [[ $1 != --control ]]; then
  exec "$work/soak" --seconds "$seconds"
fi

# control LEAK REPORT: the leak has to be reported.
control() {
  local status=0
  "$work/soak" --seconds 15 --leak "$1" >"$work/control.log" 2>&1 || status=$?
  cat "$work/control.log"
  if ((status == 1)) && grep -qx "FAILED: $2" "$work/control.log"; then
    echo "reported: a leak of $1"
  else
    echo "NOT REPORTED: a leak of $1"
    return 1
  fi
}
control memory "resident memory grows" && control tokens "objects are lost"
