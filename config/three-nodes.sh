#!/usr/bin/env bash
# Three nodes on one Redis, on this machine: config/three-nodes.sh. Ctrl-C ends all that it started.
# SOKETIFY_REDIS_URL names a Redis that runs already; without it one is started, and loses its data at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

pids=()
folder=$(mktemp -d)
end() {
  trap - EXIT INT TERM
  # Redis was started first and ends last: the nodes still have to tell it that they leave.
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${SOKETIFY_REDIS_URL:-}" ]; then
  if ! command -v redis-server >/dev/null; then
    echo 'redis-server is not in PATH: install it (Debian: apt-get install redis-server), or set SOKETIFY_REDIS_URL.' >&2
    exit 1
  fi
  port=6390
  redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no >"$folder/redis.log" &
  pids+=($!)
  for attempt in $(seq 1 50); do
    grep -q 'Ready to accept connections' "$folder/redis.log" && break
    if ! kill -0 "${pids[0]}" 2>/dev/null || [ "$attempt" = 50 ]; then
      echo "redis-server did not start on port $port:" >&2
      cat "$folder/redis.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  export SOKETIFY_REDIS_URL="redis://127.0.0.1:$port"
fi
[ -f dist/main.cjs ] || npm run build --silent

ports=(6001 6002 6003)
nodes=()
for port in "${ports[@]}"; do
  node dist/main.cjs --config config/cluster.json --port "$port" > >(sed -u "s/^/$port  /") 2>&1 &
  pids+=($!)
  nodes+=($!)
done

ready() { node -e "fetch('http://127.0.0.1:$1/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"; }
for index in "${!ports[@]}"; do
  for attempt in $(seq 1 50); do
    ready "${ports[index]}" && break
    if ! kill -0 "${nodes[index]}" 2>/dev/null || [ "$attempt" = 50 ]; then
      echo "The node on port ${ports[index]} did not start; its lines above say why." >&2
      exit 1
    fi
    sleep 0.2
  done
done

cat <<TEXT

Three nodes serve app 1 (key app-key, secret app-secret) on ports ${ports[*]}.

  new Pusher('app-key', { cluster: 'default', wsHost: '127.0.0.1', wsPort: 6001, forceTLS: false })
  new Pusher('app-key', { cluster: 'default', wsHost: '127.0.0.1', wsPort: 6002, forceTLS: false })
  curl http://127.0.0.1:6003/healthz    # how a node stands with Redis, and whether it sends the webhooks
  kill -9 ${nodes[0]}    # ends the node on 6001; the others tell of whoever was there, within lease and grace

Ctrl-C ends all of them.
TEXT
wait
