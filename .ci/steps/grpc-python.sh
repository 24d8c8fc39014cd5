#!/usr/bin/env bash
# title: gRPC by Python's grpcio, its types from reflection
# needs: python3-venv
# grpcio and its companions come from PyPI into a cache folder. Where PyPI is out of reach it says so
# and succeeds, unless GRPCIO_REQUIRED=1.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${GRPCIO_CACHE:-.cache/grpcio}"
version=1.85.1
python="$cache/bin/python"
if ! "$python" -c "import grpc_reflection, grpc_health, grpc_status" 2>/dev/null; then
  python3 -m venv "$cache"
  if ! "$python" -m pip install --quiet --only-binary :all: --disable-pip-version-check \
    "grpcio==$version" "grpcio-reflection==$version" "grpcio-health-checking==$version" \
    "grpcio-status==$version"; then
    echo 'grpcio: not run, because it cannot be installed from PyPI'
    [ "${GRPCIO_REQUIRED:-0}" = 0 ] || exit 1
    exit 0
  fi
fi
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
node test/interop/grpc-serve.ts >"$work/target" &
pid=$!
for _ in $(seq 200); do [ -s "$work/target" ] && break; sleep 0.1; done
timeout 120 "$python" test/interop/grpc-client.py "$(cat "$work/target")" "$pid"
