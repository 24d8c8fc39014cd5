#!/usr/bin/env bash
# title: MCP: the official conformance suite, every revision that is spoken
set -euo pipefail
cd "$(dirname "$0")/../.."
# Its versions with the suite of 2026-07-28 are alphas: pinned, and not among our dependencies.
suite="${MCP_CONFORMANCE_CACHE:-.cache/mcp-conformance}"
version=0.2.0-alpha.12
mkdir -p "$suite"
[ -f "$suite/package.json" ] || echo '{"private":true}' >"$suite/package.json"
grep -qs "\"version\": \"$version\"" "$suite/node_modules/@modelcontextprotocol/conformance/package.json" ||
  npm install --prefix "$suite" --no-audit --no-fund --silent --ignore-scripts "@modelcontextprotocol/conformance@$version"
exec node scripts/mcp-conformance.ts "$suite"
