#!/bin/sh
# Answers the next question that is asked on a channel, or that waits there for an answer.
#
#   examples/curl/answer.sh CHANNEL [yes | no]
#
# Without yes or no it asks at the terminal. Yes is the status 200 with a text, no is 204 and nothing.
# HOLDLINE_URL is the server (http://127.0.0.1:8080).
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
channel=$1
choice=${2:-}

# A question is a message with "ask" in its envelope, before its data.
ask_id='s/^\{"id":"[^"]*","channel":"[^"]*",("event":"([^"\\]|\\.)*",)?"ask":"([^"]+)".*/\3/p'

# From the oldest message on: the question may have been asked before we came.
pipe=$(mktemp -u)
mkfifo "$pipe"
curl -sN -H 'Accept: application/x-ndjson' "$server/channels/$channel?since=start" >"$pipe" &
reader=$!
trap 'kill "$reader" 2>/dev/null || :; rm -f "$pipe"' EXIT
trap 'exit 130' INT TERM

while IFS= read -r line; do
  ask=$(printf '%s\n' "$line" | sed -nE "$ask_id")
  [ -n "$ask" ] || continue
  echo "$line"
  said=$choice
  if [ -z "$said" ]; then
    printf 'yes or no? ' >/dev/tty
    read -r said </dev/tty
  fi
  case $said in
    yes) status=$(curl -s -o /dev/null -w '%{http_code}' -d 'yes' "$server/asks/$ask") ;;
    *) status=$(curl -s -o /dev/null -w '%{http_code}' -X POST "$server/asks/$ask?status=204") ;;
  esac
  case $status in
    200) echo answered; exit ;;
    409) echo 'somebody else was first' ;;
    404 | 410) echo 'it is over' ;;
    *) echo "not answered: $status" >&2; exit 1 ;;
  esac
done <"$pipe"
echo 'the server ended the stream' >&2
exit 1
