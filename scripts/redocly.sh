#!/bin/sh
# Lints the OpenAPI document of a contract with Redocly's rules, which are stricter than the
# specification's schema. It downloads the linter: for CI, not for npm run check.
# usage: scripts/redocly.sh [contract file, default examples/parcels/contract.ts]
set -eu
cd "$(dirname "$0")/.."
document=$(mktemp -d)/openapi.json
node src/cli/main.ts contract export --format openapi "${1:-examples/parcels/contract.ts}" >"$document"
npx --yes @redocly/cli@2.77.0 lint --extends=spec "$document"
