#!/usr/bin/env bash
# title: XML-RPC by Perl's RPC::XML, which insists on the specification's fault
# needs: librpc-xml-perl
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
node test/interop/xmlrpc-serve.ts '{"faultDetails":"text"}' >"$work/url" &
pid=$!
for _ in $(seq 200); do [ -s "$work/url" ] && break; sleep 0.1; done
timeout 60 perl test/interop/xmlrpc-client.pl "$(cat "$work/url")"
