#!/usr/bin/env bash
# title: h2spec: at least 145 of its 146 cases against the shared port
set -euo pipefail
cd "$(dirname "$0")/../.."
exec scripts/h2spec.sh
