#!/usr/bin/env bash
# Starts three nodes on one Redis, on this machine: config/three-nodes.sh. --help describes the options.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: config/three-nodes.sh [--ports PORT,PORT,PORT] [--redis-port PORT]

Starts three nodes on one Redis, on this machine. Ctrl-C stops everything that it started.

  --ports PORT,PORT,PORT  the ports of the nodes (default: 6001,6002,6003; environment: NODE_PORTS)
  --redis-port PORT       the port of the Redis that this script starts; its data is discarded at the end
                          (default: 6390; environment: REDIS_PORT)
  --help                  show this text

If SOKETIFY_REDIS_URL names a running Redis, the nodes use it, and the script starts none.
TEXT
}

refuse() {
  echo "$1" >&2
  exit "${2:-2}"
}

node_ports=${NODE_PORTS:-6001,6002,6003}
redis_port=${REDIS_PORT:-6390}
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit ;;
    --ports=* | --redis-port=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    --ports) node_ports=${2:-} && shift 2 || refuse '--ports needs a value, such as 6001,6002,6003.' ;;
    --redis-port) redis_port=${2:-} && shift 2 || refuse '--redis-port needs a value, such as 6390.' ;;
    *) refuse "Unknown option \"$1\"; expected --ports, --redis-port or --help." ;;
  esac
done

IFS=, read -ra ports <<<"$node_ports"
[ "${#ports[@]}" = 3 ] || refuse "The nodes need three ports, such as 6001,6002,6003; got \"$node_ports\"."
if [ -n "${SOKETIFY_REDIS_URL:-}" ]; then
  all=("${ports[@]}")
  need='The nodes need three different ports'
else
  all=("${ports[@]}" "$redis_port")
  need='The three nodes and Redis need four different ports'
fi
for port in "${all[@]}"; do
  [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ] || refuse "A port is a number from 1 to 65535; got \"$port\"."
done
[ "$(printf '%s\n' "${all[@]}" | sort -u | wc -l)" = "${#all[@]}" ] || refuse "$need; got ${all[*]}."
for port in "${all[@]}"; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    refuse "Another program already listens on port $port: stop it, or choose other ports with --ports and --redis-port." 1
  fi
done

pids=()
folder=$(mktemp -d)
end() {
  trap - EXIT INT TERM
  # Redis was started first and is stopped last, because the nodes still write to it when they stop.
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
  command -v redis-server >/dev/null ||
    refuse 'redis-server is not in PATH: install it (Debian: apt-get install redis-server), or set SOKETIFY_REDIS_URL.' 1
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no >"$folder/redis.log" &
  pids+=($!)
  for attempt in $(seq 1 50); do
    grep -q 'Ready to accept connections' "$folder/redis.log" && break
    if ! kill -0 "${pids[0]}" 2>/dev/null || [ "$attempt" = 50 ]; then
      echo "redis-server did not start on port $redis_port:" >&2
      cat "$folder/redis.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  export SOKETIFY_REDIS_URL="redis://127.0.0.1:$redis_port"
fi
[ -f dist/main.cjs ] || npm run build --silent

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
      echo "The node on port ${ports[index]} did not start; its lines above show why." >&2
      exit 1
    fi
    sleep 0.2
  done
done

cat <<TEXT

Three nodes serve app 1 (key app-key, secret app-secret) on ports ${ports[*]}.

  new Pusher('app-key', { cluster: 'default', wsHost: '127.0.0.1', wsPort: ${ports[0]}, forceTLS: false })
  new Pusher('app-key', { cluster: 'default', wsHost: '127.0.0.1', wsPort: ${ports[1]}, forceTLS: false })
  curl http://127.0.0.1:${ports[2]}/healthz    # whether the node reaches Redis, and for how many of the 64 partitions it sends the webhooks
  kill -9 ${nodes[0]}    # kills the node on ${ports[0]}; the others report its clients as gone after the lease and the grace period

Ctrl-C stops all of them.
TEXT
wait
