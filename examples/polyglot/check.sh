#!/usr/bin/env bash
# Runs the example with the clients that `make java`, `make node` and `make python` have built in this checkout.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Node: the package as npm would install it, without what only its developers need.
mkdir -p "$work/node_modules/nacre-client"
cp -r "$root"/node/{package.json,dist,native} "$work/node_modules/nacre-client/"

# Java: the jars of the client and of this machine's library.
slf4j=$(find "$HOME/.m2/repository/org/slf4j/slf4j-api" -name 'slf4j-api-1.7*.jar' | tail -n 1)
jars=$(printf '%s:' "$root"/java/nacre-client/target/nacre-client-[0-9]*.jar)$slf4j
javac --release 17 -d "$work/classes" -cp "$jars" "$here/java/src/main/java/example/Service.java"

"$target/python/bin/python" "$here/run.py" --nacre "${NACRE_SERVER:-$target/debug/nacre}" \
    --python "$target/python/bin/python" --node "$work" --java "$work/classes:$jars"
