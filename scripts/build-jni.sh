#!/usr/bin/env bash
# Builds the native library of the Java client and puts it where its loader looks:
# build-jni.sh PROFILE PLATFORM OUTPUT_FOLDER [CARGO_ARGUMENT...]
# NACRE_BUILT names a folder in which the library is already, as after a build of the whole workspace.
set -euo pipefail
profile=$1 platform=$2 output=$3
shift 3
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# The same compiler as the Makefile chooses: another one would compile the C parts again.
if command -v ccache >/dev/null; then
    export CC=${CC:-ccache gcc} CXX=${CXX:-ccache g++}
fi
built=${NACRE_BUILT:-}
if [ -z "$built" ]; then
    cargo build --locked --quiet --manifest-path "$root/Cargo.toml" -p nacre-jni --profile "$profile" "$@"
    built=$target/$([ "$profile" = dev ] && echo debug || echo "$profile")
fi

case $platform in
windows-*) name=nacre_jni.dll ;;
osx-*) name=libnacre_jni.dylib ;;
*) name=libnacre_jni.so ;;
esac
library=$built/$name
folder=$output/META-INF/native/$platform
mkdir -p "$folder"
# Only when it changed, so that jars need not be packed again.
cmp -s "$library" "$folder/$name" || install -m 0755 "$library" "$folder/$name"
