#!/usr/bin/env bash
# Measures the Python client beside nacos-sdk-python: release builds, one server, one machine, in turns.
# `make bench-python` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(cd .. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
server=${NACRE_SERVER:-$CARGO_TARGET_DIR/release/nacre}
if command -v ccache >/dev/null; then
    export CC=${CC:-ccache gcc} CXX=${CXX:-ccache g++}
fi

environment=$CARGO_TARGET_DIR/python-bench
if ! cmp -s requirements-dev.txt "$environment/requirements-dev.txt"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install -q --disable-pip-version-check -r requirements-dev.txt
    cp requirements-dev.txt "$environment/"
fi
export PATH=$environment/bin:$PATH
rm -rf "$CARGO_TARGET_DIR/wheels-bench"
MATURIN_PEP517_ARGS="--profile dist --locked" pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps \
    -w "$CARGO_TARGET_DIR/wheels-bench" .
wheel=$(echo "$CARGO_TARGET_DIR"/wheels-bench/*.whl)
pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheel"

folder=$(mktemp -d)
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$server" server --data-dir "$folder/data" --bind 127.0.0.1 --port "$port" --set auth.enabled=false \
    >"$folder/out" 2>"$folder/log" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 200); do grep -q "nacre ready" "$folder/out" && break || sleep 0.1; done

printf 'wheel: %.2f MB\n' "$(($(stat -c %s "$wheel") / 10000))e-2"
for what in calls latency memory start; do
    for round in 1 2 3; do
        for which in nacre official; do
            printf '%-8s %-9s %s\n' "$what" "$which" "$(python bench/bench.py "$what" "$which" "127.0.0.1:$port")"
        done
    done
done
