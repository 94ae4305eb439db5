#!/bin/sh
# Asks whoever listens to a channel, and waits for the answer: a confirm dialog, from a script.
#
#   examples/curl/ask.sh CHANNEL QUESTION
#
# Prints the answer. The exit code is 0 for a status of 200 to 299, 4 for another, 5 if nobody answered in time or the
# question was withdrawn: those of `holdline ask`. Ctrl-C withdraws it. HOLDLINE_URL is the server
# (http://127.0.0.1:8080), TTL how many seconds the question lives (120), PATIENCE how many this script waits for one
# response (5): the question lives on between them, and each request takes it up again.
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
channel=$1
question=$2
ttl=${TTL:-120}
patience=${PATIENCE:-5}
answer=$(mktemp)

# Ask. wait=0 is answered at once, with the place where the answer will stand. The key makes it safe to ask again if no
# answer comes: it stays one question.
key=$(date +%s)-$$
place=$(curl -sS --fail --max-time "$patience" --retry 3 --retry-connrefused -o /dev/null -w '%header{location}' \
  -H "Idempotency-Key: $key" -d "$question" "$server/ask/$channel?wait=0&ttl=$ttl")

trap 'rm -f "$answer"' EXIT
trap 'curl -sS -X DELETE "$server$place"; exit 130' INT TERM

# Take it up, until something becomes of it.
while :; do
  told=$(curl -s --max-time "$patience" -o "$answer" \
    -w '%{http_code} %header{holdline-ask} %header{holdline-subscribers}' "$server$place?wait=30") || {
    case $? in
      28) echo 'no answer yet' >&2 ;; # our time is up, the question's is not
      *) sleep 1 ;;                   # the server is not there
    esac
    continue
  }
  read -r status outcome listeners <<END
$told
END
  case $outcome in
    pending) echo "no answer yet from $listeners listeners" >&2 ;;
    answered)
      cat "$answer"
      [ ! -s "$answer" ] || echo
      case $status in
        2*) exit 0 ;;
        *) exit 4 ;;
      esac
      ;;
    expired) echo 'nobody answered' >&2; exit 5 ;;
    withdrawn) echo 'withdrawn' >&2; exit 5 ;;
    *) cat "$answer" >&2; exit 1 ;;
  esac
done
