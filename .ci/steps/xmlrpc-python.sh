#!/usr/bin/env bash
# title: XML-RPC by Python's xmlrpc.client
# needs: python3
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
node test/interop/xmlrpc-serve.ts >"$work/url" &
pid=$!
for _ in $(seq 200); do [ -s "$work/url" ] && break; sleep 0.1; done
timeout 60 python3 test/interop/xmlrpc-client.py "$(cat "$work/url")"
