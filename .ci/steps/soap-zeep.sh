#!/usr/bin/env bash
# title: zeep (Python) makes its client from the WSDL and calls in SOAP 1.1 and 1.2
# needs: python3-zeep
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
servers=()
# shellcheck disable=SC2317
finish() {
  kill "${servers[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

serve() { # output file, arguments...
  node test/interop/soap-server.ts "${@:2}" >"$1" &
  servers+=($!)
  for _ in $(seq 100); do
    if [ -s "$1" ]; then return; fi
    sleep 0.2
  done
  echo "the server did not start" >&2
  return 1
}

serve "$work/open"
serve "$work/secured" secured
node src/cli/main.ts contract export examples/parcels/contract.ts --format wsdl >"$work/parcels.wsdl"
timeout 120 /usr/bin/python3 test/interop/soap-zeep.py "$(cat "$work/open")" "$(cat "$work/secured")" \
  "$work/parcels.wsdl"
