#!/usr/bin/env bash
# Generates, and tests with the tools that are there. Called by make uniffi, which names the server and the harness.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${CARGO_TARGET_DIR:-$root/target}/uniffi

"$here/generate.sh" swift "$out/swift" >/dev/null
"$here/swift/check.sh" "$out/swift"

if command -v ruby >/dev/null && ruby -e 'require "ffi"; require "minitest"' 2>/dev/null; then
    NACRE_LIBRARY=$("$here/generate.sh" ruby "$out/ruby")
    export NACRE_LIBRARY
    ruby -I "$out/ruby" -I "$here/ruby/lib" "$here/ruby/test/all.rb"
else
    echo "ruby: skipped, there is no ruby with the gems ffi and minitest"
fi

mvn -B -q -f "$root/java/pom.xml" -P uniffi -pl ../bindings/uniffi/kotlin -am verify
