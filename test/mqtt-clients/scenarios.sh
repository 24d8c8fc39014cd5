#!/usr/bin/env bash
# What mosquitto_pub and mosquitto_sub see of a broker, scenario by scenario: scenarios.sh PORT.
# What is printed is to be the same whatever broker it is.
set -uo pipefail
port=$1
pub() { timeout 10 mosquitto_pub -p "$port" "$@"; }
sub() { timeout 10 mosquitto_sub -p "$port" "$@"; }
scenario() { printf '== %s\n' "$*"; }
# Subscribes in the background, and waits until that is in effect: until what is published arrives.
listen() { # file, count, topic to knock at, arguments...
  local file=$1 count=$2 knock=$3
  shift 3
  stdbuf -oL timeout 15 mosquitto_sub -p "$port" -C $((count + 1)) -v "$@" -t "$knock" >"$file" &
  listener=$!
  for _ in $(seq 100); do
    pub -t "$knock" -m knock
    sleep 0.05
    grep -q knock "$file" && return
  done
}
heard() { wait "$listener"; grep -v knock "$1"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for version in mqttv311 mqttv5; do
  for qos in 0 1 2; do
    scenario "$version QoS $qos: a wildcard, order"
    listen "$work/out" 3 "knock/$version/$qos" -V "$version" -q "$qos" -t "a/$version/$qos/+/c"
    for n in 1 2 3; do pub -V "$version" -q "$qos" -t "a/$version/$qos/$n/c" -m "message $n"; done
    heard "$work/out"
  done
  scenario "$version retained, changed and cleared"
  pub -V "$version" -q 1 -r -t "r/$version/a" -m one
  pub -V "$version" -q 1 -r -t "r/$version/a" -m two
  pub -V "$version" -q 1 -r -t "r/$version/b" -m gone
  pub -V "$version" -q 1 -r -n -t "r/$version/b"
  sub -V "$version" -t "r/$version/#" -C 1 -W 3 -F '%t %p retain=%r qos=%q' -q 1
  scenario "$version session: what came while it was away"
  sub -V "$version" -c -i "away-$version" -x 60 -q 1 -t "s/$version/#" -E 2>/dev/null ||
    sub -V "$version" -c -i "away-$version" -q 1 -t "s/$version/#" -E
  for n in 1 2 3; do pub -V "$version" -q 1 -t "s/$version/$n" -m "kept $n"; done
  sub -V "$version" -c -i "away-$version" -q 1 -t "s/$version/#" -C 3 -W 5 -F '%t %p qos=%q'
  scenario "$version will of a client that is killed"
  listen "$work/out" 1 "knock/will/$version" -V "$version" -q 1 -t "w/$version"
  # The shell of its own keeps its word about the kill to itself.
  bash -c 'timeout -s KILL 1 mosquitto_sub "$@"; true' killed -p "$port" -V "$version" -t nothing \
    --will-topic "w/$version" --will-payload farewell --will-qos 1 2>/dev/null
  heard "$work/out"
done

scenario 'topics that begin with $ and wildcards'
sub -t '+/broker/#' -W 1 -C 1; echo "nothing seen: $?"
scenario 'properties of MQTT 5'
listen "$work/out" 1 knock/properties -V mqttv5 -q 1 -t p -F '%t %p %C %R %D %P'
pub -V mqttv5 -q 1 -t p -m x -D publish content-type text/plain -D publish response-topic answers \
  -D publish correlation-data abc -D publish user-property name value
heard "$work/out"
scenario 'expired in a session'
sub -V mqttv5 -c -i expires -x 60 -q 1 -t e -E
pub -V mqttv5 -q 1 -t e -m late -D publish message-expiry-interval 1
sleep 3
pub -V mqttv5 -q 1 -t e -m fresh
sub -V mqttv5 -c -i expires -x 60 -q 1 -t e -C 1 -W 3
