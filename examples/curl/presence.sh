#!/bin/sh
# Shows who listens to a channel, then who comes and goes.
#
#   examples/curl/presence.sh [CHANNEL [NAME]]
#
# It listens itself, under NAME ("a script"). HOLDLINE_URL is the server (http://127.0.0.1:8080).
set -eu
server=${HOLDLINE_URL:-http://127.0.0.1:8080}
channel=${1:-demo}
name=${2:-a script}

# Who is there: {"channel":…,"clients":[{"id":…,"name":…,"transport":…,…}],"count":N}
curl -sS --fail-with-body "$server/presence/$channel"
echo

# Who comes and who leaves, as lines of {"notice":"join" or "leave","client":…,"name":…}. Whoever comes back within
# --presence-grace (10 s) has not left.
curl -sSNG --fail-with-body -H 'Accept: application/x-ndjson' \
  --data presence=1 --data-urlencode "name=$name" "$server/channels/$channel" |
  while IFS= read -r line; do
    case $line in
      '{"notice":"join"'* | '{"notice":"leave"'*) echo "$line" ;;
    esac
  done
