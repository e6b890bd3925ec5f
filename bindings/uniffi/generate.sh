#!/usr/bin/env bash
# Builds the library and writes the sources of one language: generate.sh LANGUAGE OUTPUT_FOLDER [CARGO_PROFILE].
# Prints the path of the library. NACRE_BUILT names a folder in which library and generator are already, as after a
# build of the whole workspace: built alone, much would be compiled again with other features.
set -euo pipefail
language=$1 output=$2 profile=${3:-dev}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# The same compiler as the Makefile chooses: another one would compile the C parts again.
if command -v ccache >/dev/null; then
    export CC=${CC:-ccache gcc} CXX=${CXX:-ccache g++}
fi
if [ -n "${NACRE_BUILT:-}" ]; then
    built=$NACRE_BUILT generator=$NACRE_BUILT
else
    cargo build --locked --quiet --manifest-path "$root/Cargo.toml" -p nacre-uniffi --profile "$profile" >&2
    cargo build --locked --quiet --manifest-path "$root/Cargo.toml" -p nacre-uniffi-bindgen >&2
    built=$target/$([ "$profile" = dev ] && echo debug || echo "$profile") generator=$target/debug
fi

case $(uname -s) in
Darwin) name=libnacre_uniffi.dylib ;;
MINGW* | MSYS*) name=nacre_uniffi.dll ;;
*) name=libnacre_uniffi.so ;;
esac
library=$built/$name

# Sources are replaced only when they changed, so that compilers need not run again.
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
(cd "$root" && "$generator/nacre-uniffi-bindgen" generate --no-format --language "$language" --out-dir "$fresh" \
    --crate nacre_uniffi "$library" >&2)
mkdir -p "$output"
(cd "$fresh" && find . -type f) | while read -r file; do
    cmp -s "$fresh/$file" "$output/$file" || install -D -m 0644 "$fresh/$file" "$output/$file"
done
echo "$library"
