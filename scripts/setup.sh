#!/usr/bin/env bash
# Installs what building and testing Nacre needs and this machine lacks. Written for Debian 12; asks nothing,
# and does nothing when everything is there. A tool already on PATH is never installed again.
set -euo pipefail

readonly MIN_RUST=89 # minor version of Rust 1.x, as in Cargo.toml's rust-version
packages=()

have() { command -v "$1" >/dev/null 2>&1; }

# need PACKAGE... : remembers the packages if the preceding test failed, see the calls below.
need() { packages+=("$@"); }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo -n "$@" || { echo "setup: sudo wants a password; run 'sudo make setup' once" >&2; exit 1; }
    else
        echo "setup: needs root or sudo to install: ${packages[*]}" >&2
        exit 1
    fi
}

has_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && return 0
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || compgen -G '/usr/lib/*/libclang*.so*' >/dev/null ||
        compgen -G '/usr/lib64/libclang*.so*' >/dev/null
}

rust_is_new_enough() {
    have cargo || return 1
    local minor
    minor=$(cargo --version 2>/dev/null | sed -nE 's/^cargo 1\.([0-9]+)\..*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge "$MIN_RUST" ]
}

have g++ && have make || need build-essential
has_libclang || need libclang-dev
have ccache || need ccache
have curl || need curl ca-certificates
have git || need git
have javac || need openjdk-17-jdk-headless
have mvn || need maven
have go || need golang-go
have node || need nodejs
have npm || need npm
have python3 || need python3
have ruby && ruby -e 'require "ffi"; require "minitest"' 2>/dev/null || need ruby ruby-ffi ruby-minitest
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || need python3-venv

if [ "${#packages[@]}" -gt 0 ]; then
    have apt-get || { echo "setup: no apt-get here; please install: ${packages[*]}" >&2; exit 1; }
    echo "setup: installing ${packages[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
fi

if ! rust_is_new_enough; then
    if have rustup; then
        echo "setup: updating the stable Rust toolchain"
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt </dev/null
        rustup default stable </dev/null
    else
        echo "setup: no Rust >= 1.$MIN_RUST on PATH; fetching rustup from https://sh.rustup.rs"
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y --no-modify-path --profile minimal --component clippy --component rustfmt
    fi
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    rust_is_new_enough || { echo "setup: still no Rust >= 1.$MIN_RUST; see https://rustup.rs" >&2; exit 1; }
fi

echo "setup: ready"
