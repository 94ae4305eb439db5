#!/bin/sh
# Publishes in every form there is.
#
#   examples/curl/publish.sh [CHANNEL]
#
# Each answer tells the message's id and how many listened. HOLDLINE_URL is the server (http://127.0.0.1:8080).
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
channel=${1:-demo}

# post [QUERY] CURL-OPTION…: publishes, and ends the answer with a line end.
post() {
  query=$1
  shift
  curl -sS --fail-with-body "$@" "$server/channels/$channel$query"
  echo
}

# Text: the body is the message, whatever its type says (curl -d calls it a form).
post '' -d 'hello'

# JSON arrives as a value, not as text in quotes.
post '' -H 'Content-Type: application/json' -d '{"symbol":"ACME","price":12.5}'

# Bytes, of a type of your own; in JSON envelopes they stand as data_base64.
printf '\001\002\377' | post '' -H 'Content-Type: application/octet-stream' --data-binary @-

# With a name, which an EventSource hears by addEventListener('price', …).
post '?event=price' -d '12.5'

# Of the messages with one key only the newest is kept; after 60 seconds nobody gets it any more.
post '?key=ACME&ttl=60' -d '12.75'

# Only for those who listen.
post '?retain=0' -d 'somebody is typing'

# Safe to repeat when no answer came: the second gets the first one's answer, and nothing is published twice.
key=$(date +%s)-$$
post '' -H "Idempotency-Key: $key" -d 'once'
post '' -H "Idempotency-Key: $key" -d 'once'

# Many at once, all of them or none.
printf '%s\n' \
  "{\"channel\":\"$channel\",\"data\":\"text\"}" \
  "{\"channel\":\"$channel\",\"event\":\"price\",\"data\":{\"symbol\":\"ACME\",\"price\":13}}" |
  curl -sS --fail-with-body -H 'Content-Type: application/x-ndjson' --data-binary @- "$server/publish"
echo
