#!/usr/bin/env bash
# Compares the public declarations of generated Swift with shape.txt: check.sh FOLDER [--write].
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
generated=$1/NacreUniffi.swift
for file in NacreUniffi.swift NacreUniffiFFI.h NacreUniffiFFI.modulemap; do
    [ -s "$1/$file" ] || { echo "swift: $file was not generated" >&2; exit 1; }
done
shape() {
    # Without what is UniFFI's own.
    grep -E '^ *(public|open|case) ?' "$generated" | grep -E '(class|struct|enum|protocol|func|var|let|init|case) ?' |
        grep -vE 'Ffi|uniffi|Uniffi|unsafe|func (==|hash|read|write|lift|lower)|case (\.|let |[0-9]|nil)|static|CALL_|apiChecksum|contractVersion|bufferOver|incomplete|case (unexpected|rustPanic|ok)' |
        sed -E 's/^ +//; s/ *\{.*$//' | LC_ALL=C sort
}
if [ "${2:-}" = --write ]; then
    shape >"$here/shape.txt"
fi
if ! diff -u "$here/shape.txt" <(shape); then
    echo "swift: what is generated differs from shape.txt; if it is meant to, write it anew: $0 $1 --write" >&2
    exit 1
fi
# What is written by hand uses what is there.
for word in ServiceChange InstanceSelector ConfigChange ClientEvent; do
    grep -q "^public \(struct\|enum\) $word" "$here/shape.txt" || { echo "swift: no $word is generated" >&2; exit 1; }
done
echo "swift: $(wc -l <"$here/shape.txt") public declarations as expected"
