#!/usr/bin/env bash
# timed.sh NAME COMMAND... : runs the command and prints how long it took.
set -uo pipefail

name=$1
shift
start=$SECONDS
"$@" </dev/null
code=$?
took=$((SECONDS - start))
printf '== %-24s %3d min %02d s%s\n' "$name" $((took / 60)) $((took % 60)) "$([ $code -eq 0 ] || echo "  FAILED ($code)")"
exit $code
