#!/usr/bin/env bash
# Builds, checks and tests the package. Needs NACRE_SERVER and NACRE_HARNESS; CARGO_TARGET_DIR is where cargo builds.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --loglevel=error
npm run --silent build -- --testing
npm run --silent lint
npm run --silent docs
npm run --silent test
