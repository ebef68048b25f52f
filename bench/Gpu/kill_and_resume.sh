#!/usr/bin/env bash
# A server on a device, killed with SIGKILL in the middle of an answer and started again: the client's stream must go on by itself to the same text as an
# undisturbed run, and `chat --resume` must give that text, too. Once for each model.
#
#   bench/Gpu/kill_and_resume.sh [--device cuda] [--tokens 6000] [--json FILE] [MODEL_FOLDER…]
#
# ORLEANSLM names the program (default: the repository's ./orleanslm). Exit code 0: every text was the same.
set -euo pipefail
root=${ORLEANSLM_HOME:-$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)}
device=cuda tokens=6000 json= models=()
while [ $# -gt 0 ]; do
  case "$1" in
    --device) device=$2; shift 2 ;;
    --tokens) tokens=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --help|-h) sed -n '2,8p' "$0"; exit 0 ;;
    *) models+=("$1"); shift ;;
  esac
done
[ ${#models[@]} -gt 0 ] || models=("$root/models/tiny-yarn-mistral-128k" "$root/models/tiny-supra")
read -r -a program <<<"${ORLEANSLM:-$root/orleanslm}"
work=$(mktemp -d) server= clients=()
cleanup() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  for client in ${clients[@]+"${clients[@]}"}; do kill "$client" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

start() { # serves on the port of the first start, and waits until it does
  local arguments=(up --device "$device" --data "$work/data" --listen "http://127.0.0.1:${port:-0}") began=$SECONDS
  for model in "${models[@]}"; do arguments+=(--model "$model"); done
  : >"$work/server.log"
  "${program[@]}" "${arguments[@]}" >>"$work/server.log" 2>&1 &
  server=$!
  until grep -q '^listening on' "$work/server.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; echo "the server ended"; exit 1; }
    [ $((SECONDS - began)) -lt 120 ] || { cat "$work/server.log"; echo "no server after 120 s"; exit 1; }
    sleep 0.1
  done
  port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\).*/\1/p' "$work/server.log")
}

# In a subshell whose process it becomes, so that $! is the client's.
chat() { exec "${program[@]}" chat --server "http://127.0.0.1:$port" --temperature 0.8 --seed 7 --max-tokens "$tokens" "$@"; }

# The answer alone: between the prompt sign and the closing line, without the marks of a lost and regained connection.
answer() { sed -e '1,/^> /{/^> /!d}' -e 's/^> //' "$1" | sed -e '/^\[.* tokens, first after /,$d' | sed -e 's/ ⟨connection lost, waiting for the server⟩ //g' -e 's/⟨resumed⟩ //g'; }

session() { sed -n 's/^session \([^,]*\),.*/\1/p' "$work/$1.txt" | head -1; }

# The whole text of a session; an answer that was under way is waited for.
history() { (chat --resume "$1" <<<'/history') | sed -n '/^> /,$p' | grep -v '^session '; }

wait_for() { # FILE CHARACTERS: until the client has shown so many
  local began=$SECONDS
  until [ -f "$1" ] && [ "$(wc -c <"$1")" -ge "$2" ]; do
    [ $((SECONDS - began)) -lt 120 ] || { cat "$1"; echo "no answer after 120 s"; exit 1; }
    sleep 0.02
  done
}

prompt='It is a truth universally acknowledged, that'
rows=() failed=0
start
grep -E '^(model|backend)' "$work/server.log"
for model in "${models[@]}"; do
  name=$(basename "$model")
  (chat --model "$name" <<<"$prompt") >"$work/plain.txt"
  answer "$work/plain.txt" >"$work/plain.answer"
  size=$(wc -c <"$work/plain.answer")

  rm -f "$work/killed.txt" "$work/gone.txt"
  # The client stays and goes on by itself.
  chat --model "$name" <<<"$prompt" >"$work/killed.txt" 2>&1 &
  client=$!; clients+=("$client")
  wait_for "$work/killed.txt" $((size / 4))
  shown=$(wc -c <"$work/killed.txt")
  kill -9 "$server"; wait "$server" 2>/dev/null || true
  killed=$(date +%s%N)
  start
  restarted=$(date +%s%N)
  wait "$client"
  answer "$work/killed.txt" >"$work/killed.answer"
  cut=$(grep -c 'connection lost' "$work/killed.txt" || true)

  # The client is gone as well: another one asks for the session.
  chat --model "$name" <<<"$prompt" >"$work/gone.txt" 2>&1 &
  client=$!; clients+=("$client")
  wait_for "$work/gone.txt" $((size / 3))
  kill -9 "$server" "$client"; wait "$server" "$client" 2>/dev/null || true
  id=$(session gone)
  start
  history "$id" >"$work/resumed.history"
  history "$(session plain)" >"$work/plain.history"

  same() { if [ -s "$work/$1" ] && cmp -s "$work/$1" "$work/$2"; then echo 1; else echo 0; fi; }
  stream=$(same plain.answer killed.answer) resumed=$(same plain.history resumed.history)
  [ "$stream$resumed" = 11 ] && [ "$cut" -ge 1 ] || { failed=1; mkdir -p "${OUT:-$work}/kill"; cp "$work"/*.txt "$work"/*.answer "$work"/*.history "$work/server.log" "${OUT:-$work}/kill/"; head -c 300 "$work/killed.txt"; tail -c 300 "$work/killed.txt"; }
  down=$(awk "BEGIN { print ($restarted - $killed) / 1e9 }")
  echo "$name on $device: killed after $shown of $size characters; stream the same: $stream (connection lost: $cut); --resume the same: $resumed; the server was back after $down s"
  rows+=("{ \"name\": \"kill/$name/$device/same_stream\", \"value\": $stream, \"unit\": \"\", \"limit\": 1, \"ratio\": $stream, \"note\": \"SIGKILL after $shown of $size characters; the client's stream went on by itself\" }")
  rows+=("{ \"name\": \"kill/$name/$device/same_after_resume\", \"value\": $resumed, \"unit\": \"\", \"limit\": 1, \"ratio\": $resumed, \"note\": \"server and client killed; chat --resume\" }")
  rows+=("{ \"name\": \"kill/$name/$device/server_back\", \"value\": $down, \"unit\": \"s\", \"note\": \"from SIGKILL until the server listens again, models loaded\" }")
done

if [ -n "$json" ]; then
  gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1 || true)
  commit=${ORLEANSLM_COMMIT:-$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)}
  { echo '{'; echo "  \"machine\": \"${gpu:-no GPU}; $(nproc) cores, $(uname -s)\","; echo "  \"commit\": \"$commit\","; echo '  "rows": ['
    for i in "${!rows[@]}"; do echo "    ${rows[$i]}$([ "$i" -lt $((${#rows[@]} - 1)) ] && echo ,)"; done; echo '  ]'; echo '}'; } >"$json"
fi
exit "$failed"
