#!/bin/sh
# Holds /metrics of a hub against Prometheus' own linter: scripts/promtool.sh [base address]
# Needs promtool (Debian: apt-get install prometheus). Without an address the example is started.
set -eu
command -v promtool >/dev/null || { echo 'promtool is not installed; skipped'; exit 0; }
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
node scripts/metrics-sample.ts "$@" | promtool check metrics
