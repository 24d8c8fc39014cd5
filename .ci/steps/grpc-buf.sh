#!/usr/bin/env bash
# title: buf compiles the exported .proto, guards its field numbers, and calls in three protocols
# buf comes from npm into a cache folder: it is 93 MB, and not among our dependencies.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${BUF_CACHE:-.cache/buf}"
version=1.75.0
mkdir -p "$cache"
[ -f "$cache/package.json" ] || echo '{"private":true}' >"$cache/package.json"
grep -qs "\"version\": \"$version\"" "$cache/node_modules/@bufbuild/buf/package.json" ||
  npm install --prefix "$cache" --no-audit --no-fund --silent --ignore-scripts "@bufbuild/buf@$version"
exec node test/interop/grpc-buf.ts "$(realpath "$cache")/node_modules/.bin/buf"
