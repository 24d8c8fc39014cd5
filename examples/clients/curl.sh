#!/usr/bin/env bash
# One parcel from the sender to the door, with nothing but curl:
#
#     bash examples/clients/curl.sh http://127.0.0.1:7070
set -euo pipefail
hub=${1:-http://127.0.0.1:7070}

# REST: register. The answer is JSON; the tracking number is cut out of it.
parcel=$(curl -sf "$hub/parcels" --json '{
  "recipient": { "name": "Ada Muster", "street": "Marktgasse 1", "city": "Bern", "country": "CH" },
  "weightGrams": 1200 }')
id=$(grep -o '[A-Z]\{2\}[0-9]\{9\}[A-Z]\{2\}' <<<"$parcel" | head -n 1)
echo "registered $id"

# Server-sent events: follow it in the background. The stream ends when the parcel is delivered.
curl -sfN "$hub/parcels/$id/watch" &

# REST: a command with the number in the path.
curl -sf "$hub/parcels/$id/moves" --json '{ "to": "collected", "place": "van 7" }' >/dev/null

# JSON-RPC over HTTP: the same command, as two calls in one batch.
curl -sf "$hub/rpc" --json '[
  { "jsonrpc": "2.0", "id": 1, "method": "parcels.move", "params": { "id": "'"$id"'", "to": "arrived", "place": "depot Bern" } },
  { "jsonrpc": "2.0", "id": 2, "method": "parcels.get", "params": { "id": "'"$id"'" } }]' >/dev/null

# A declared error: HTTP status 400 and a problem document with its name and data.
curl -s "$hub/parcels/$id/moves" --json '{ "to": "delivered", "place": "too early" }'
echo

# A client stream, newline by newline; the answer says what was accepted.
curl -sf "$hub/parcels/scanBatch" -H 'content-type: application/x-ndjson' --data-binary '
{ "id": "'"$id"'", "to": "loaded", "place": "van 9" }
{ "id": "'"$id"'", "to": "delivered", "place": "Marktgasse 1" }'
echo

wait
