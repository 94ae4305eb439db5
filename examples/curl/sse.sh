#!/bin/sh
# Follows a channel by server-sent events, and goes on where it was when the connection breaks.
#
#   examples/curl/sse.sh [CHANNEL]
#
# Prints a line for each event: its name, and its data. STATE is a folder that remembers where this reader is, so that
# the next run goes on there; without it each run begins with what comes next. HOLDLINE_URL is the server
# (http://127.0.0.1:8080).
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
[ -e "$state/cursor" ] || : >"$state/cursor"
echo 3000 >"$state/retry_ms"

# An event counts when its blank line has come: what is cut off before that comes again.
events() {
  id='' event=message data=''
  while IFS= read -r line; do
    case $line in
      'id: '*) id=${line#id: } ;;
      'event: '*) event=${line#event: } ;;
      'data: '*) data=$data${data:+ }${line#data: } ;;
      'retry: '*) echo "${line#retry: }" >"$state/retry_ms" ;;
      '')
        [ -z "$id" ] || printf '%s' "$id" >"$state/cursor"
        case $event in
          holdline:position) ;; # where this reader is, although there was no message
          holdline:gap) echo "some messages are lost: $data" ;;
          *) [ -z "$data" ] || echo "$event $data" ;;
        esac
        id='' event=message data=''
        ;;
    esac
  done
}

while :; do
  rm -f "$state/head"
  # The server says something every 15 seconds; two minutes without a byte are a dead connection. (curl sends no field
  # whose value is empty.)
  curl -sN --speed-limit 1 --speed-time 120 -D "$state/head" -H 'Accept: text/event-stream' \
    -H "Last-Event-ID: $(cat "$state/cursor")" "$server/channels/$channel" | events
  case $(head -n 1 "$state/head" 2>/dev/null) in
    *' 200 '*) ;;                                # it ended, or broke
    *' 204 '*) echo 'the channel was deleted'; exit ;;
    '') ;;                                       # nobody answered
    *\ 4*) cat "$state/head" >&2; exit 1 ;;     # waiting does not mend that
  esac
  sleep $(($(cat "$state/retry_ms") / 1000 + 1))
done
