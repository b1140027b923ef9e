#!/usr/bin/env bash
# A test in a language without a library: bash and curl with the control API. It starts the emulator with a virtual clock,
# and a receiver. A client joins and leaves a channel, and the test checks the webhooks. It prints a line for each check,
# and exits with 1 at the first that fails.
#
# EMULATOR is the command that starts the emulator. (Do not use npx, which does not forward the signal that stops it.)
#
#   EMULATOR=node_modules/.bin/soketify-emulator ./occupancy.sh
set -euo pipefail

emulator=${EMULATOR:-node_modules/.bin/soketify-emulator}
folder=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() {
  echo "not ok: $1" >&2
  exit 1
}

# holds FACT TEXT PATTERN: the text must match.
holds() {
  grep -Eq -- "$3" <<<"$2" || fail "$1; got: $2"
  echo "ok: $1"
}

# field NAME: the first value of that name in the JSON on standard input. If you have jq, use it instead.
field() {
  sed -nE "s/.*\"$1\":\"?([^\",}]*).*/\1/p" | head -n 1
}

# control METHOD PATH [BODY]
control() {
  curl -sS -X "$1" "$soketify/control/$2" -H 'content-type: application/json' ${3:+--data "$3"}
}

# Receiver and emulator each print a line once they listen.
exec 5< <(exec $emulator listen --port 0 --json)
receiver=$!
started+=("$receiver")
read -r listening <&5

cat >"$folder/config.json" <<JSON
{
  "port": 0,
  "control": { "clock": "virtual" },
  "apps": [{ "id": "1", "key": "app-key", "secret": "app-secret", "webhooks": [{ "url": "$(field url <<<"$listening")" }] }]
}
JSON
exec 3< <(exec $emulator --config "$folder/config.json")
server=$!
started+=("$server")
read -r listening <&3
port=$(field port <<<"$listening")
soketify=http://127.0.0.1:$port

# open CHANNEL: a client on descriptor 4 that replaces a browser. Client frames must be masked, here with zeros.
open() {
  local header frame="{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"$1\"}}"
  exec 4<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /app/app-key?protocol=7 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' >&4
  printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' >&4
  while IFS= read -r header <&4 && [ "$header" != $'\r' ]; do :; done
  printf "\x81\x$(printf %x $((128 + ${#frame})))\0\0\0\0%s" "$frame" >&4
}

open news
answer=$(control POST webhooks/wait-for '{"match":{"name":"channel_occupied","channel":"news"}}')
holds 'the first subscriber occupies a channel' "$answer" '"status":"delivered"'

exec 4>&-
answer=$(control POST webhooks/expect-none '{"match":{"name":"channel_vacated"},"withinMs":2000}')
holds 'a departure is not reported within two seconds' "$answer" '^\{\}$'

control POST faults/webhooks '{"status":503,"times":2}' >/dev/null
answer=$(control POST clock/advance '{"ms":5000}')
holds 'the clock moves on request' "$answer" '"mode":"virtual"'
answer=$(control POST webhooks/wait-for '{"match":{"name":"channel_vacated","channel":"news"}}')
holds 'channel_vacated is delivered after two failed attempts' "$answer" '"attempts":3'
holds 'the event contains the reason why it was sent' "$answer" '"why":"[^"]+'

answer=$(control GET 'events?name=channel_vacated')
holds 'sent events can be listed' "$answer" '"channel":"news"'

kill "$server" "$receiver"
summary=$(tail -n 1 <&5)
holds 'the receiver got each event once' "$summary" '"events":\{"channel_occupied":1,"channel_vacated":1\}'
holds 'the state of the receiver is true' "$summary" '"occupied":\[\].*"contradictions":\[\]'
