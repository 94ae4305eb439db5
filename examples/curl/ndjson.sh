#!/bin/sh
# Follows channels by lines of JSON, and goes on where it was when the connection breaks.
#
#   examples/curl/ndjson.sh [CHANNEL…]
#
# Prints each message's envelope as it came. The id in it is a position in all channels at once, so one cursor serves
# many. STATE is a folder that remembers it, so that the next run goes on there; without it each run begins with what
# comes next. HOLDLINE_URL is the server (http://127.0.0.1:8080).
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
[ $# -gt 0 ] || set -- demo
state=${STATE:-}
if [ -z "$state" ]; then
  state=$(mktemp -d)
  trap 'rm -r "$state"' EXIT
  trap 'exit 130' INT TERM
fi
mkdir -p "$state"
[ -e "$state/cursor" ] || echo now >"$state/cursor"

query=
for channel; do query="${query}channel=$channel&"; done

# Each line is one envelope or notice. A line without its end was cut off: read gives up on it, and it comes again.
lines() {
  while IFS= read -r line; do
    case $line in
      '{"id":"'*)
        echo "$line"
        cursor=${line#'{"id":"'}
        ;;
      '{"notice":"position","cursor":"'*) cursor=${line#'{"notice":"position","cursor":"'} ;;
      '{"notice":"gap"'*) echo "some messages are lost: $line" && continue ;;
      *) echo "$line" && continue ;;
    esac
    echo "${cursor%%\"*}" >"$state/cursor"
  done
}

failures=0
while :; do
  rm -f "$state/head"
  # The server says something every 15 seconds; two minutes without a byte are a dead connection.
  curl -sN --speed-limit 1 --speed-time 120 -D "$state/head" -H 'Accept: application/x-ndjson' \
    "$server/channels?${query}since=$(cat "$state/cursor")" | lines
  case $(head -n 1 "$state/head" 2>/dev/null) in
    *' 200 '*) failures=0 ;;
    *' 204 '*) echo 'the channels were deleted'; exit ;;
    *' 408 '* | *' 429 '*) ;;
    *\ 4*) cat "$state/head" >&2; exit 1 ;; # waiting does not mend that
  esac
  # 1, 2, 4, 8, 16 seconds.
  sleep $((1 << failures))
  [ $failures -ge 4 ] || failures=$((failures + 1))
done
