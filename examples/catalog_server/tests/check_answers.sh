#!/usr/bin/env bash
# Compares the server's answers with what jq makes of the same files, byte for byte, plain and compressed.
#   check_answers.sh SERVER_BINARY POOL_MODE [CATALOGUES]
#
# An answer is what `jq -c` prints, its final newline included:
#   /NAME          the list in the file
#   ?q=TEXT        its records of which any value contains TEXT, ASCII letters in either case
#   ?country=CC    (subdivisions) its records whose code starts with "CC-"
#   ?limit=N       the first N of these
#   /NAME/CODE     the record with this code, ASCII letters in either case
# shellcheck disable=SC2016  # the dollars in single quotes are jq's
set -euo pipefail

server_binary=${1:?usage: check_answers.sh SERVER_BINARY POOL_MODE [CATALOGUES]}
mode=${2:?usage: check_answers.sh SERVER_BINARY POOL_MODE [CATALOGUES]}
catalogues=${3:-/usr/share/iso-codes/json}

scratch=$(mktemp -d)
# shellcheck source=examples/common/check.sh
source "$(dirname "$0")/../../common/check.sh"
trap 'stop_children; rm -rf "$scratch"' EXIT

start_server "$scratch/log" "$server_binary" --port 0 --threads 4 --pool "$mode" --cycle-ms 100 --catalogues "$catalogues"

# TARGET FILE JQ_ARGUMENTS...: the answer, plain and in both codings, is what jq prints.
same() {
  jq -c "${@:3}" "$catalogues/$2" >"$scratch/expected"
  as_expected "$1"
}

# TARGET: the same, and it is there already.
as_expected() {
  local target=$1 coding requests=()
  for coding in identity gzip deflate; do
    requests+=(--next -sS --compressed -H "Accept-Encoding: $coding" -o "$scratch/$coding" "$url$target")
  done
  curl "${requests[@]:1}"
  for coding in identity gzip deflate; do
    verdict "$target ($coding)" "$(cmp -s "$scratch/expected" "$scratch/$coding" && echo true || echo false)"
  done
}

search='($q | ascii_downcase) as $text | [.[$list][] | select(any(.[]; ascii_downcase | contains($text)))]'
by_code='($code | ascii_downcase) as $c | first(.[$list][] | select(any(.[$fields[]]; . != null and ascii_downcase == $c)))'

# NAME FILE LIST CODE_FIELDS CODE...
check_catalogue() {
  local name=$1 file=$2 list=$3 fields=$4 q escaped code
  shift 4
  same "/$name" "$file" --arg list "$list" '.[$list]'
  same "/$name?limit=0" "$file" '[]'
  same "/$name?limit=7" "$file" --arg list "$list" '.[$list][:7]'
  for q in a an FR 'é' 'no such text' '"' '*'; do
    escaped=$(jq -rn --arg q "$q" '$q | @uri')
    same "/$name?q=$escaped" "$file" --arg list "$list" --arg q "$q" "$search"
    jq -c '.[:20]' "$scratch/expected" >"$scratch/first"
    mv "$scratch/first" "$scratch/expected"
    as_expected "/$name?limit=20&q=$escaped"
  done
  for code in "$@"; do
    same "/$name/$code" "$file" --arg list "$list" --argjson fields "$fields" --arg code "$code" "$by_code"
  done
}

check_catalogue countries iso_3166-1.json 3166-1 '["alpha_2","alpha_3","numeric"]' FR fra 250 ZW
# What is in a catalogue does not depend on the kind of pool: the others once.
if [[ $mode == ebb ]]; then
  check_catalogue languages iso_639-3.json 639-3 '["alpha_3","alpha_2","bibliographic"]' fra fre FR zza
  check_catalogue languages-639-2 iso_639-2.json 639-2 '["alpha_3","alpha_2","bibliographic"]' deu ger de
  check_catalogue subdivisions iso_3166-2.json 3166-2 '["code"]' FR-75 us-ny
  check_catalogue currencies iso_4217.json 4217 '["alpha_3","numeric"]' EUR usd 978
  check_catalogue scripts iso_15924.json 15924 '["alpha_4","numeric"]' Latn arab 215
fi
same '/subdivisions?country=FR' iso_3166-2.json '[."3166-2"[] | select(.code | startswith("FR-"))]'
same '/subdivisions?country=de&q=land&limit=3' iso_3166-2.json \
  '[."3166-2"[] | select(.code | startswith("DE-")) | select(any(.[]; ascii_downcase | contains("land")))][:3]'
same '/countries?q=united+k' iso_3166-1.json --arg list 3166-1 --arg q 'united k' "$search"
same '/countries?q=%47ermany&' iso_3166-1.json --arg list 3166-1 --arg q germany "$search"

# STATUS CURL_ARGUMENTS...: the status is this, and the body is JSON that says the same.
refused() {
  local status=$1 got
  shift
  got=$(curl -sS -o "$scratch/answer" -w '%{http_code}' "$@")
  verdict "status $status for $* (was $got)" \
    "$([[ $got == "$status" && $(jq .status "$scratch/answer") == "$status" ]] && echo true || echo false)"
}

long=$(printf 'x%.0s' {1..2000})
refused 400 "$url/countries?colour=red"
refused 400 "$url/countries?country=FR"
refused 400 "$url/countries?limit=-1"
refused 400 "$url/countries?limit="
refused 400 "$url/countries?limit=99999999999999999999999"
refused 400 "$url/countries?q=%1F"
refused 400 "$url/countries?q=%zz"
refused 400 "$url/%"
refused 404 "$url/planets"
refused 404 "$url/countries/XX"
refused 404 "$url/countries/"
refused 405 -X DELETE "$url/countries"
refused 405 -d some=body "$url/countries"
refused 413 -d "$(printf '%020000d' 0)" "$url/countries"
refused 414 "$url/countries?q=$long"
refused 414 "$url/countries?q=$long$long$long$long$long"
refused 431 -H "X-Long: $long$long$long$long$long" "$url/countries"

# Requests no client library would send. NAME REQUEST PATTERN: the whole of what comes back matches.
raw() {
  local reply
  exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
  printf '%b' "$2" >&3
  reply=$(timeout 10 cat <&3 | tr -d '\0')
  exec 3>&-
  # shellcheck disable=SC2053  # the pattern is meant to be one
  verdict "$1" "$([[ $reply == $3 ]] && echo true || echo false)"
}
close='Host: x\r\nConnection: close\r\n\r\n'
raw 'not HTTP' 'nonsense\r\n\r\n' 'HTTP/1.1 400 *"status":400*'
raw 'pipelined requests' "GET /countries/FR HTTP/1.1\r\nHost: x\r\n\r\nGET /countries/DE HTTP/1.1\r\n$close" '*France*Germany*'
raw 'HEAD has no body' "HEAD /countries/FR HTTP/1.1\r\n$close" 'HTTP/1.1 200 *Content-Length: *[^}]'
raw 'gzip ruled out' "GET /countries HTTP/1.1\r\nAccept-Encoding: gzip;q=0.0\r\n$close" '*"name":"Aruba"*'

curl -sS --http1.0 "$url/subdivisions" | cmp -s - <(jq -c '."3166-2"' "$catalogues/iso_3166-2.json") && ok=true || ok=false
verdict 'a long answer to HTTP/1.0' "$ok"
reused=$(curl -sS -o "$scratch/1" -o "$scratch/2" -w '%{num_connects}' "$url/countries" "$url/scripts")
verdict 'a second request on the same connection' "$([[ $reused == 10 ]] && echo true || echo false)"
verdict '/stats names the pool' "$([[ $(curl -sS "$url/stats" | jq -r .pool) == "$mode" ]] && echo true || echo false)"

does_not_start '*--colour*' --colour
does_not_start '*70000*0 to 65535*' --port 70000
does_not_start '*many*1 to 256*' --threads many
does_not_start '*big*ebb*mutex*none*' --pool big
does_not_start '*5*10 to 60000*' --sample-ms 5
does_not_start '*-1*0 to 3600000*' --cycle-ms -1
does_not_start '*localhost*numeric*' --address localhost
does_not_start '*in use*' --port "${url##*:}" --catalogues "$catalogues"
does_not_start '*/nowhere/iso_639-3.json*--catalogues*' --port 0 --catalogues /nowhere
does_not_start '*/nowhere/csv*--sample-csv*' --port 0 --catalogues "$catalogues" --sample-csv /nowhere/csv
mkdir "$scratch/broken"
echo '{"639-3": [{"name": 1}]}' >"$scratch/broken/iso_639-3.json"
does_not_start '*broken*639-3*strings*' --port 0 --catalogues "$scratch/broken"

ends_cleanly
checks_passed "--pool=$mode"
