#!/usr/bin/env bash
# title: Redocly accepts the exported OpenAPI document
set -euo pipefail
sh scripts/redocly.sh
