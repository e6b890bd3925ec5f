#!/usr/bin/env bash
# Measures the package as users get it beside the package nacos. Needs NACRE_SERVER (a release build) and NACRE_HARNESS.
set -euo pipefail
cd "$(dirname "$0")/.."
npm ci --no-audit --no-fund --loglevel=error
npm run --silent build -- --profile dist
node bench/bench.mjs "$@"
