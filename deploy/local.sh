#!/usr/bin/env bash
# A cluster on this machine, as plain processes on loopback: 3 silos, 2 gateways, and PostgreSQL or a shared SQLite file.
#   deploy/local.sh [up] [--silos N] [--gateways N] [--store sqlite|postgres] [--data FOLDER] [--model FOLDER] [-- --Section:Key=value …]
#   deploy/local.sh status | down [--data FOLDER]
# `up` returns when all of them serve. A node that ends by itself is started again, after a pause that doubles from 1 s to 30 s while it does not stay up for a
# minute, as compose's `restart: always` would; `down` ends them for good. Logs and process ids lie in the data folder (default: a folder "cluster" in ORLEANSLM_DATA or ~/.local/share/orleanslm).
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
action=up silos=3 gateways=2 store= data="${ORLEANSLM_DATA:-$HOME/.local/share/orleanslm}/cluster" model="$root/models/tiny-yarn-mistral-128k" port=5190 given=
case "${1:-}" in up|down|status) action=$1; shift ;; --help|-h) sed -n '2,7p' "$0"; exit 0 ;; esac
while [ $# -gt 0 ]; do
  case "$1" in
    --silos) silos=$2; shift 2 ;;
    --gateways) gateways=$2; shift 2 ;;
    --store) store=$2; shift 2 ;;
    --data) data=$2 given=1; shift 2 ;;
    --model) model=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "deploy/local.sh: '$1' is not understood; see --help" >&2; exit 2 ;;
  esac
done
extra=("$@")
mkdir -p "$data"; data=$(cd "$data" && pwd)
pg_bin=$(dirname "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1 || true)" 2>/dev/null || true)
[ "$pg_bin" = . ] && pg_bin=
[ -n "$store" ] || { if [ -n "$pg_bin" ]; then store=postgres; else store=sqlite; fi; }

alive() { [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@"); else "$@"; fi; }

down() {
  local pid
  for pid in "$data"/gateway-*.pid "$data"/silo-*.pid; do if alive "$pid"; then kill -TERM "$(cat "$pid")"; fi; done
  for pid in "$data"/gateway-*.pid "$data"/silo-*.pid; do
    for _ in $(seq 300); do alive "$pid" || break; sleep 0.1; done
    if alive "$pid"; then kill -KILL "$(cat "$pid")"; if alive "${pid%.pid}.node"; then kill -KILL "$(cat "${pid%.pid}.node")"; fi; fi
    rm -f "$pid" "${pid%.pid}.node"
  done
  if [ -f "$data/postgres/data/postmaster.pid" ]; then as_postgres "$pg_bin/pg_ctl" -D "$data/postgres/data" -m fast -s stop || true; fi
}

case "$action" in
  down) down; echo "the cluster in $data is down"; exit 0 ;;
  status)
    for pid in "$data"/*.pid; do [ -e "$pid" ] || continue; printf '%-12s %s\n' "$(basename "$pid" .pid)" "$(alive "${pid%.pid}.node" && echo "runs, process $(cat "${pid%.pid}.node")" || { alive "$pid" && echo "is started again" || echo "is gone"; })"; done
    exit 0 ;;
esac

started=$(date +%s%N)
if compgen -G "$data/*.pid" >/dev/null; then for pid in "$data"/*.pid; do alive "$pid" && { echo "deploy/local.sh: $(basename "$pid" .pid) runs already; 'deploy/local.sh down' first" >&2; exit 1; }; done; fi
program="$root/Cli/bin/Release/net10.0/OrleansLM.Cli.dll"
[ -f "$program" ] || "$root/orleanslm" --version >/dev/null

if [ "$store" = postgres ]; then
  pg_port=$((port + 242))
  mkdir -p "$data/postgres"
  if [ ! -f "$data/postgres/data/PG_VERSION" ]; then
    if [ "$(id -u)" = 0 ]; then chown postgres "$data/postgres"; chmod o+x "$data"; fi
    as_postgres "$pg_bin/initdb" --pgdata "$data/postgres/data" --username orleanslm --auth trust --encoding UTF8 --no-locale --no-sync >"$data/initdb.log" 2>&1 || { cat "$data/initdb.log" >&2; exit 1; }
  fi
  as_postgres "$pg_bin/pg_ctl" -D "$data/postgres/data" -w -s -l "$data/postgres/server.log" -o "-h 127.0.0.1 -p $pg_port -k $data/postgres -c max_connections=300" start
  where=(--clustering Postgres --connection "Host=127.0.0.1;Port=$pg_port;Username=orleanslm;Database=postgres")
else
  where=(--clustering Sqlite --path "$data/members.db")
fi

names=()
# The process that watches a node: NAME.pid is the watcher's, NAME.node the node's. SIGTERM goes on to the node and ends both.
watch() { # NAME arguments…
  local name=$1 pause=1 began node stopping=; shift
  trap '' HUP
  trap 'stopping=1; kill -TERM "$node" 2>/dev/null || true' TERM
  while [ -z "$stopping" ]; do
    began=$SECONDS
    dotnet "$program" "$@" >>"$data/$name.out" 2>>"$data/$name.log" </dev/null &
    node=$!
    echo "$node" >"$data/$name.node"
    # A signal ends the waiting, not the node.
    while kill -0 "$node" 2>/dev/null; do wait "$node" || true; done
    [ -z "$stopping" ] || break
    [ $((SECONDS - began)) -lt 60 ] || pause=1
    echo "deploy/local.sh: $name ended; it is started again in $pause s" >>"$data/$name.log"
    sleep "$pause" & wait $! || true
    pause=$((pause * 2 < 30 ? pause * 2 : 30))
  done
  rm -f "$data/$name.node"
}
launch() { # NAME arguments…
  local name=$1; shift
  rm -f "$data/$name.out" "$data/$name.log"
  watch "$name" "$@" "${where[@]}" ${extra[@]+"${extra[@]}"} </dev/null >/dev/null 2>&1 &
  echo $! >"$data/$name.pid"
  names+=("$name")
}
for ((i = 1; i <= silos; i++)); do
  launch "silo-$i" silo --name "silo-$i" --model "$model" --silo-port $((port + 5920 + i)) --client-port $((port + 24820 + i)) --threads 1 --Snapshots:Folder "$data/snapshots"
done
for ((i = 1; i <= gateways; i++)); do launch "gateway-$i" gateway --listen "http://127.0.0.1:$((port + i - 1))"; done

for name in "${names[@]}"; do
  until grep -q 'listening on' "$data/$name.out" 2>/dev/null; do
    ! grep -q 'ended; it is started again' "$data/$name.log" 2>/dev/null || { echo "deploy/local.sh: $name did not start:" >&2; tail -n 20 "$data/$name.log" >&2; down; exit 1; }
    [ $(($(date +%s%N) - started)) -lt 120000000000 ] || { echo "deploy/local.sh: $name does not serve after 120 s; see $data/$name.log" >&2; down; exit 1; }
    sleep 0.1
  done
done
printf '%d silos and %d gateways over %s, up after %.1f s\n' "$silos" "$gateways" "$store" "$(( ($(date +%s%N) - started) / 100000000 ))e-1"
for ((i = 1; i <= gateways; i++)); do sed -n 's/.*listening on/gateway/p' "$data/gateway-$i.out"; done
echo "logs: $data    stop: deploy/local.sh down${given:+ --data $data}"
