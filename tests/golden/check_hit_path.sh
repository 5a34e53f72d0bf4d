#!/usr/bin/env bash
# Follows the hit path through the disassembly of hit_path.cpp (no conditional jump taken) and checks that it
# is what the documentation says: no call, no lock prefix, no system call, two branches at most besides the
# section's own, and no more instructions than the golden numbers below.
#   usage: check_hit_path.sh OBJECT gnu|clang
set -euo pipefail
object=$1 compiler=$2

# Instructions from entry to return, both included: measured with g++ 12.2 and clang 14.0 at -O2. A compiler
# that needs fewer is welcome; more means that something crept into the hit path.
case $compiler in
  gnu)   golden="golden_get=16 golden_put=16 golden_pair=38 golden_buffer_pair=58" ;;
  clang) golden="golden_get=16 golden_put=17 golden_pair=42 golden_buffer_pair=62" ;;
  *) echo "check_hit_path.sh: compiler '$compiler'; valid are gnu and clang" >&2; exit 2 ;;
esac

failed=0
listing=$(objdump -d --no-show-raw-insn "$object")
for entry in $golden; do
  function=${entry%=*} most=${entry#*=}
  path=$(awk -v f="<$function>:" '$2 == f {on = 1; next} on && !done {sub(/^ *[0-9a-f]+:\t/, ""); print}
                                  on && $1 == "ret" {done = 1}' <<<"$listing")
  count=$(grep -c . <<<"$path" || true)
  bad=$(grep -nE '^(call|lock|xchg|syscall|jmp)' <<<"$path" || true)
  sections=$(grep -c '%fs:0x8' <<<"$path" || true)
  case $function in *_pair) wanted=2 ;; *) wanted=1 ;; esac
  echo "$function: $count instructions (golden: at most $most), $sections critical section(s)"
  if [ "$count" -gt "$most" ] || [ -n "$bad" ] || [ "$sections" -ne "$wanted" ]; then
    failed=1
    printf 'NOT the hit path that is promised%s:\n%s\n' "${bad:+ ($bad)}" "$path"
  fi
done
exit $failed
