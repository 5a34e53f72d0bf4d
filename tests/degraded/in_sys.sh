#!/usr/bin/env bash
# Runs a program with something else mounted on /sys; needs root. in_sys.sh hidden|lying PROGRAM [ARGUMENT...]
set -euo pipefail
case ${1:-} in
  hidden) fill=true ;;
  lying) fill='mkdir -p /sys/devices/system/cpu && echo 0 >/sys/devices/system/cpu/possible' ;;
  *)
    echo "in_sys.sh: \"${1:-}\" is neither hidden nor lying" >&2
    exit 2
    ;;
esac
shift
# shellcheck disable=SC2016
exec unshare -m sh -c 'mount -t tmpfs none /sys && eval "$1" && shift && exec "$@"' sh "$fill" "$@"
