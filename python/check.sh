#!/usr/bin/env bash
# Builds and installs the Python client into an environment of its own, checks it and runs its tests. `make python`
# calls it; arguments go to pytest. NACRE_BUILT names a folder in which the library is already, as after a build of the
# whole workspace; then the package is used where it lies, as in an editable install.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
: "${NACRE_SERVER:=$CARGO_TARGET_DIR/debug/nacre}" "${NACRE_HARNESS:=$CARGO_TARGET_DIR/debug/nacre-harness}"
export NACRE_SERVER NACRE_HARNESS
# The same compiler as the Makefile chooses: another one would compile the C parts again.
if command -v ccache >/dev/null; then
    export CC=${CC:-ccache gcc} CXX=${CXX:-ccache g++}
fi

environment=$CARGO_TARGET_DIR/python
bin=$environment/bin
export PATH=$bin:$PATH
if ! cmp -s requirements-dev.txt "$environment/requirements-dev.txt"; then
    rm -rf "$environment"
    "$root/scripts/timed.sh" "python: environment" python3 -m venv "$environment"
    "$root/scripts/timed.sh" "python: requirements" \
        "$bin/pip" install -q --disable-pip-version-check -r requirements-dev.txt
    cp requirements-dev.txt "$environment/"
fi

link() {
    local packages
    packages=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    local library=libnacre_pyo3.so
    [ "$(uname -s)" != Darwin ] || library=libnacre_pyo3.dylib
    # Not over the file in place: a process that has it open would crash.
    cp "$NACRE_BUILT/$library" src/nacre/_native.new
    mv src/nacre/_native.new src/nacre/_native.abi3.so
    echo "$PWD/src" >"$packages/nacre-client.pth"
    "$bin/maturin" pep517 write-dist-info --metadata-directory "$packages" >/dev/null
}
build() {
    if [ -n "${NACRE_BUILT:-}" ]; then
        link
        return
    fi
    rm -f src/nacre/_native.abi3.so
    # As a user does it, but with the profile that the other crates are compiled with.
    MATURIN_PEP517_ARGS="--profile dev --features testing --locked" "$bin/pip" install -q --disable-pip-version-check \
        --no-build-isolation --no-deps --force-reinstall .
}
lint() {
    "$bin/ruff" check -q . && "$bin/ruff" format -q --check . && "$bin/mypy" --no-error-summary &&
        "$bin/python" -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist stubtest-allowed.txt \
            --ignore-unused-allowlist nacre
}
pages() {
    "$bin/mkdocs" build -q --strict -d "$CARGO_TARGET_DIR/python-pages"
}
timed() {
    local begun=$SECONDS
    "$1"
    printf '== %-24s %3d min %02d s\n' "python: $1" $(((SECONDS - begun) / 60)) $(((SECONDS - begun) % 60))
}

timed build
timed lint
timed pages
"$root/scripts/timed.sh" "python: tests" "$bin/python" -m pytest "$@"
