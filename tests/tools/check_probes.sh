#!/usr/bin/env bash
# Reads the notes of the USDT probes in the library (readelf -n), and checks that they are those in the table of
# docs/probes.md, each with the arguments that are documented wherever it stands; or that there are none, where
# they are off.
#   usage: check_probes.sh LIBRARY COMPILER ON|OFF [PROBE...]
# PROBE: one that is documented and stands nowhere yet. Exit status 77: <sys/sdt.h> is not installed.
set -euo pipefail
library=$1 compiler=$2 wanted=$3
not_yet=" ${*:4} "
page=$(dirname "${BASH_SOURCE[0]}")/../../docs/probes.md

# A line for each place: the probe's name, then its arguments as bytes, negative if they are signed.
found=$(readelf -n "$library" |
  awk '$1 == "Provider:" {ours = $2 == "ebbpool"}
       ours && $1 == "Name:" {name = $2}
       ours && $1 == "Arguments:" {
         line = name
         for (i = 2; i <= NF; ++i) {split($i, a, "@"); line = line " " a[1]}
         print line
       }')

if [[ $wanted == OFF ]]; then
  [[ -z $found ]] && echo "no probes, as wanted" && exit
  echo "FAILED  probes are off, and there are $(wc -l <<<"$found"), the first of them: $(head -n 1 <<<"$found")"
  exit 1
fi
if ! "$compiler" -E -x c++ - <<<'#include <sys/sdt.h>' >/dev/null 2>&1; then
  echo "SKIPPED: no <sys/sdt.h>, so the library has no probes. Debian: apt-get install systemtap-sdt-dev"
  exit 77
fi

# The same of the table: | `name` | type word, type word ... |
documented=$(awk -F' *[|] *' '
  BEGIN {size["string"] = 8; size["int32"] = -4; size["uint32"] = 4; size["uint64"] = 8}
  $2 ~ /^`[a-z_]+`$/ {
    line = substr($2, 2, length($2) - 2)
    n = split($3, arguments, /, */)
    for (i = 1; i <= n; ++i) {
      split(arguments[i], a, " ")
      line = line " " (a[1] in size ? size[a[1]] : "unknown-type-" a[1])
    }
    print line
  }' "$page")

failed=0
complain() {
  echo "FAILED  $*"
  failed=1
}
(($(wc -l <<<"$documented") >= 7)) || complain "$page has lost its table"
while read -r name arguments; do
  places=$(grep -c "^$name " <<<"$found" || true)
  if [[ $not_yet == *" $name "* ]]; then
    ((places == 0)) || complain "$name stands in $places places: no longer among those that stand nowhere yet"
  elif ((places == 0)); then
    complain "$name is documented, and stands nowhere in $library"
  elif other=$(grep "^$name " <<<"$found" | grep -vxm 1 "$name $arguments"); then
    complain "$name has the arguments '${other#* }', documented are '$arguments'"
  else
    echo "ok      $name $arguments, in $places places"
  fi
done <<<"$documented"
while read -r name; do
  grep -q "^$name " <<<"$documented" || complain "$name is not documented"
done < <(cut -d' ' -f1 <<<"$found" | sort -u)
exit $failed
