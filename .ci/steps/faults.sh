#!/usr/bin/env bash
# title: faults: kills, power cuts, damaged files and full disks lose nothing that was answered
# Each run has seeds of its own, beside fixed ones, and prints them; `--seed` repeats one.
set -euo pipefail
cd "$(dirname "$0")/../.."
seed=$((RANDOM * 32768 + RANDOM))
loop() { # arguments...
  timeout 120 node test/faults/log-kill.ts "$@" >"$work" 2>&1 || { tail -60 "$work"; return 1; }
  head -1 "$work"
  tail -1 "$work"
}
work=$(mktemp)
trap 'rm -f "$work"' EXIT
echo 'the log, its process killed, every other time with damaged files'
for part in 1 2 3 4; do loop --rounds 12 --seed "$part"; done
loop --rounds 12 --seed "$seed"
echo 'the log, the power cut'
for part in 1 2; do loop --power --rounds 20 --seed "$part"; done
loop --power --rounds 20 --seed "$seed"
echo 'a whole hub, killed; and full disks'
KILLS=8 SEED=$seed CI=1 timeout 180 node --test --test-concurrency=1 test/faults/hub-kill.test.ts \
  test/faults/kafka-transactions-kill.test.ts test/faults/*full-disk.test.ts
