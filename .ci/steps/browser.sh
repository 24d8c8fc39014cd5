#!/usr/bin/env bash
# title: pages in a real Chromium
# needs: chromium
set -euo pipefail
node --test test/browser/*.browser.ts
