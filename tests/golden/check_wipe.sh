#!/usr/bin/env bash
# Reads in the machine code of an optimised build that scrub::zero overwrites: each way back into a pool calls
# ebb::detail::wipe(), and that ends in explicit_bzero(), which no compiler may leave out.
#   usage: check_wipe.sh WIPE_OBJECT BUFFER_TIERS_OBJECT
set -euo pipefail
users=$1 tiers=$2

# calls OBJECT CALLER CALLEE: whether a function whose name begins with CALLER calls, or jumps to, CALLEE.
calls() {
  objdump -dr -C --no-show-raw-insn "$1" |
    awk -v caller="<$2" -v callee="$3" '
      /^[0-9a-f]+ </ {on = index($0, caller) > 0; next}
      on && $2 ~ /^R_/ && index($3, callee) > 0 {found = 1}
      END {exit !found}'
}

failed=0
expect() {
  if calls "$@"; then
    echo "ok      $2 calls $3"
  else
    echo "FAILED  $2 does not call $3"
    failed=1
  fi
}

symbols=$(nm -C "$users")
pool=ebb::buffer_pool
[[ $symbols != *ebb::checked::* ]] || pool=ebb::checked::buffer_pool
put="golden_put>"  # with put() inlined into it, or not
[[ $symbols != *"$pool::put("* ]] || put="$pool::put("
expect "$users" "$pool::give_back(" "ebb::detail::wipe("
expect "$users" "$put" "ebb::detail::wipe("
expect "$tiers" "ebb::detail::wipe(" "explicit_bzero"
exit $failed
