#!/usr/bin/env bash
# title: /metrics passes Prometheus' own linter
# needs: prometheus
set -euo pipefail
sh scripts/promtool.sh
