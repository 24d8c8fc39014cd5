#!/bin/bash
# Runs h2spec (a conformance suite for HTTP/2 and HPACK) against our server. Needs Go; the first run
# builds h2spec from the Go module proxy into a cache folder. Prints the count; fails below 145.
# Without Go it says so and succeeds, unless H2SPEC_REQUIRED=1.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${H2SPEC_CACHE:-.cache/h2spec}"
mkdir -p "$cache"
cache="$(cd "$cache" && pwd)"
binary="$cache/h2spec"

if [ ! -x "$binary" ]; then
  if ! command -v go >/dev/null; then
    echo "h2spec: not run, because Go is not installed (https://go.dev/dl/)"
    [ "${H2SPEC_REQUIRED:-0}" = 0 ] || exit 1
    exit 0
  fi
  mkdir -p "$cache/build"
  # 2.2.1 is the newest release that the proxy serves as a module.
  cat >"$cache/build/go.mod" <<'END'
module build

go 1.18

require (
	github.com/fatih/color v1.19.0
	github.com/spf13/cobra v1.10.2
	github.com/summerwind/h2spec v2.2.1+incompatible
	golang.org/x/net v0.20.0
)
END
  (cd "$cache/build" && GOFLAGS=-mod=mod GOBIN="$cache" timeout 300 go install github.com/summerwind/h2spec/cmd/h2spec)
fi

export PATH="$PWD/node_modules/.bin:$PATH"
exec node scripts/h2spec-run.ts "$binary"
