# The servers that can be tested: holdline, and others to compare it with, each an echo with permessage-deflate that
# takes messages of 16 MiB, which group 9 sends. Read by run, which sets SERVER, OUT and fail.

OTHERS=tests/autobahn/others

# Sets COMMAND to what starts the server: it prints "listening on http://ADDRESS:PORT" and ends when told by SIGTERM.
find_server() {
  case $SERVER in
    holdline)
      local binary=${HOLDLINE_BIN:-}
      if [ -z "$binary" ]; then
        cargo build --release --quiet
        binary=${CARGO_TARGET_DIR:-target}/release/holdline
      fi
      [ -x "$binary" ] || fail "$binary is no program"
      # From one byte on, so that every message of groups 12 and 13 is answered compressed.
      COMMAND=("$binary" --echo --listen 127.0.0.1:0 --max-message 16M --compress-above 1 --log warn)
      URL_PATH=/echo
      ;;
    ws)
      command -v npm >/dev/null || fail "needs Node 20 and npm"
      (cd "$OTHERS" && npm ci --no-audit --no-fund --loglevel=error) >"$OUT/install.log" 2>&1 || {
        cat "$OUT/install.log" >&2
        fail "npm could not install ws"
      }
      COMMAND=(node "$OTHERS/ws.mjs")
      URL_PATH=/
      ;;
    websockets)
      { python3 -m venv "$OUT/env" && "$OUT/env/bin/pip" install --requirement "$OTHERS/requirements.txt"; } \
        >"$OUT/install.log" 2>&1 || {
        cat "$OUT/install.log" >&2
        fail "pip could not install websockets (it needs Python 3.11)"
      }
      COMMAND=("$OUT/env/bin/python" "$OTHERS/websockets_echo.py")
      URL_PATH=/
      ;;
  esac
}

# Starts the server and sets PROCESS, and URL to where it echoes.
start_server() {
  local address=
  : >"$OUT/server.out" # there before the first look at it, however late the server's process gets to run
  "${COMMAND[@]}" >"$OUT/server.out" 2>"$OUT/server.err" &
  PROCESS=$!
  trap 'kill -KILL "$PROCESS" 2>/dev/null || true' EXIT
  for _ in $(seq 100); do
    address=$(sed -n 's|.*listening on http://\([^ ]*\).*|\1|p' "$OUT/server.out")
    [ -z "$address" ] || break
    kill -0 "$PROCESS" 2>/dev/null || break
    sleep 0.1
  done
  if [ -z "$address" ]; then
    cat "$OUT/server.out" "$OUT/server.err" >&2
    fail "the server did not start"
  fi
  URL=ws://$address$URL_PATH
}

# The server must have lived through it and must end when told; holdline must have had nothing to warn of.
stop_server() {
  local status=0
  kill -TERM "$PROCESS" 2>/dev/null || fail "the server ended while it was tested: $(tail -n 20 "$OUT/server.err")"
  wait "$PROCESS" || status=$?
  [ "$status" = 0 ] || fail "the server ended with status $status: $(tail -n 20 "$OUT/server.err")"
  [ "$SERVER" != holdline ] || [ ! -s "$OUT/server.err" ] ||
    fail "the server had something to say: $(tail -n 20 "$OUT/server.err")"
}
