#!/bin/sh
# Follows a channel by long polling. curl itself keeps the cursor: it is the ETag.
#
#   examples/curl/long-poll.sh [CHANNEL]
#
# Prints each batch as it came. STATE is a folder that remembers where this reader is, so that the next run goes on
# there; without it each run begins with what comes next. HOLDLINE_URL is the server (http://127.0.0.1:8080).
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
channel=${1:-demo}
state=${STATE:-}
if [ -z "$state" ]; then
  state=$(mktemp -d)
  trap 'rm -r "$state"' EXIT
  trap 'exit 130' INT TERM
fi
mkdir -p "$state"

wait=0 # the first poll only asks where we are
failures=0
while :; do
  [ -s "$state/etag" ] || wait=0
  # Held for up to 30 seconds; nothing new in that time is a 304 without a body. The new ETag goes to a file of its own
  # first: an answer without one must not lose the old.
  status=$(curl -s --max-time 45 -o "$state/batch" -w '%{http_code}' \
    --etag-compare "$state/etag" --etag-save "$state/next" "$server/channels/$channel?wait=$wait") || status=000
  case $status in
    200)
      case $(cat "$state/batch") in
        '{"messages":[]'*'"gap":false'*) ;; # nothing new
        *) cat "$state/batch" && echo ;;
      esac
      ;;
    304) ;;
    410) echo 'the channel was deleted'; exit ;;
    000 | 408 | 429 | 5??)
      # 1, 2, 4, 8, 16 seconds.
      sleep $((1 << failures))
      [ $failures -ge 4 ] || failures=$((failures + 1))
      continue
      ;;
    *) cat "$state/batch" >&2; exit 1 ;; # waiting does not mend that
  esac
  [ ! -s "$state/next" ] || mv "$state/next" "$state/etag"
  wait=30 failures=0
done
