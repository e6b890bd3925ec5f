#!/usr/bin/env bash
# For Maven: writes the Kotlin sources and puts the library where JNA looks for it on the class path:
# generate.sh PROFILE SOURCES_FOLDER CLASSES_FOLDER.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=$("$here/../generate.sh" kotlin "$2" "$1")
case $(uname -s) in
Darwin) system=darwin ;;
MINGW* | MSYS*) system=win32 ;;
*) system=linux ;;
esac
case $(uname -m) in
x86_64) machine=x86-64 ;;
arm64) machine=aarch64 ;;
*) machine=$(uname -m) ;;
esac
folder=$3/$system-$machine
mkdir -p "$folder"
cmp -s "$library" "$folder/$(basename "$library")" || install -m 0755 "$library" "$folder/"
