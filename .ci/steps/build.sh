#!/usr/bin/env bash
# title: the package, built, packed and installed elsewhere, runs
set -euo pipefail
npm run --silent build
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" >/dev/null
if tar -tzf "$work"/polywire-*.tgz | grep -E '\.test(-support)?\.'; then
  echo 'the package holds tests' >&2
  exit 1
fi
cp -r examples "$work/examples"
cd "$work"
echo '{"name":"consumer","private":true,"type":"module"}' >package.json
npm install --silent --omit=dev ./polywire-*.tgz zod >/dev/null
sed -i "s/'#polywire'/'polywire'/" examples/hello.ts
node node_modules/polywire/dist/cli/main.js up examples/hello.ts --port 0 --json >up.json &
pid=$!
for _ in $(seq 100); do [ -s up.json ] && break; sleep 0.1; done
url=$(node -p 'JSON.parse(require("fs").readFileSync("up.json","utf8")).url')
curl -fsS "$url/healthz"
echo
