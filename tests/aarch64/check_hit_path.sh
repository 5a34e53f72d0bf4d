#!/usr/bin/env bash
# Follows the hit path through aarch64 code (no conditional branch taken) and checks that it is what the
# documentation says: no call, no barrier, no atomic instruction, no acquire or release, one critical section for
# each operation, and no more instructions than the golden numbers below.
#   usage: check_hit_path.sh OBJECT
set -euo pipefail
if (($# != 1)); then
  echo "check_hit_path.sh: OBJECT" >&2
  exit 2
fi

# Instructions from entry to return, both included: measured with g++ 12.2 at -O2. A compiler that needs fewer is
# welcome; more means that something crept into the hit path.
golden="golden_get=20 golden_put=20 golden_pair=44"

failed=0
listing=$(aarch64-linux-gnu-objdump -d --no-show-raw-insn "$1")
for entry in $golden; do
  function=${entry%=*} most=${entry#*=}
  path=$(awk -v f="<$function>:" '$2 == f {on = 1; next} on && !done {sub(/^ *[0-9a-f]+:\t/, ""); print}
                                  on && $1 == "ret" {done = 1}' <<<"$listing")
  count=$(grep -c . <<<"$path" || true)
  bad=$(grep -nE '^(bl|blr|b|svc|dmb|dsb|isb|ld[a-z]*x[a-z]*|st[a-z]*xr[a-z]*|lda[a-z]*|stl[a-z]*|cas[a-z]*|swp[a-z]*|ldadd[a-z]*)[[:space:]]' \
    <<<"$path" || true)
  sections=$(grep -c 'tpidr_el0' <<<"$path" || true)
  case $function in *_pair) wanted=2 ;; *) wanted=1 ;; esac
  echo "$function: $count instructions (golden: at most $most), $sections critical section(s)"
  if ((count > most || sections != wanted)) || [[ -n $bad ]]; then
    failed=1
    printf 'NOT the hit path that is promised%s:\n%s\n' "${bad:+ ($bad)}" "$path"
  fi
done
exit $failed
