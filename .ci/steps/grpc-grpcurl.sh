#!/usr/bin/env bash
# title: gRPC: grpcurl finds and calls the example by reflection
# Needs Go; the first run builds grpcurl from the Go module proxy into a cache folder. Without Go it
# says so and succeeds, unless GRPCURL_REQUIRED=1.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${GRPCURL_CACHE:-.cache/grpcurl}"
mkdir -p "$cache"
cache="$(cd "$cache" && pwd)"
if [ ! -x "$cache/grpcurl" ]; then
  if ! command -v go >/dev/null; then
    echo "grpcurl: not run, because Go is not installed (https://go.dev/dl/)"
    [ "${GRPCURL_REQUIRED:-0}" = 0 ] || exit 1
    exit 0
  fi
  GOBIN="$cache" CGO_ENABLED=0 timeout 600 go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
fi
export PATH="$PWD/node_modules/.bin:$PATH"
exec node scripts/grpcurl-run.ts "$cache/grpcurl"
