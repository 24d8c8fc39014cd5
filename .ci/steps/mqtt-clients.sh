#!/usr/bin/env bash
# title: MQTT by mosquitto_pub, mosquitto_sub and Paho (Python), beside Mosquitto with outcomes compared
# needs: mosquitto mosquitto-clients python3-paho-mqtt
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
brokers=()
# shellcheck disable=SC2317
finish() {
  kill "${brokers[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

node test/mqtt-clients/serve.ts >"$work/port" &
brokers+=($!)
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.1; done
ours=$(cat "$work/port")

theirs=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\nlog_type none\n' "$theirs" >"$work/mosquitto.conf"
mosquitto -c "$work/mosquitto.conf" &
brokers+=($!)
for _ in $(seq 100); do mosquitto_pub -p "$theirs" -t up -n 2>/dev/null && break; sleep 0.1; done

for broker in ours theirs; do
  bash test/mqtt-clients/scenarios.sh "${!broker}" >"$work/$broker.tools" 2>&1 &
  tools=$!
  timeout 120 /usr/bin/python3 test/mqtt-clients/paho-client.py "${!broker}" >"$work/$broker.paho"
  wait "$tools"
done
grep -q 'message 3' "$work/ours.tools"
for what in tools paho; do
  diff -u --label Mosquitto --label Polywire "$work/theirs.$what" "$work/ours.$what"
  printf '%s: %s lines, the same from both\n' "$what" "$(wc -l <"$work/ours.$what")"
done
