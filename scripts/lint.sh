#!/usr/bin/env bash
# Runs the formatters and linters that are installed and names those that are not. Fails after all have run.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
skipped=()

check() {
    local name=$1
    shift
    scripts/timed.sh "$name" "$@" || failed+=("$name")
}

# optional TOOL NAME COMMAND... : the check when the tool is on PATH.
optional() {
    local tool=$1
    shift
    if command -v "$tool" >/dev/null 2>&1; then check "$@"; else skipped+=("$1 ($tool)"); fi
}

go_format() {
    local unformatted
    unformatted=$(gofmt -l tests/compat/go)
    [ -z "$unformatted" ] || { echo "not formatted: $unformatted" >&2; return 1; }
}

go_vet() { (cd tests/compat/go && go vet ./...); }

node_syntax() {
    local file
    for file in tests/compat/node/*.mjs; do node --check "$file" || return 1; done
}

# `check` runs external commands only, because timed.sh is one.
export -f go_format go_vet node_syntax

check rustfmt cargo fmt --all --check
check clippy cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
optional cargo-deny "cargo deny" cargo deny --log-level error check
optional cargo-shear "cargo shear" cargo shear
optional typos typos typos
optional shellcheck shellcheck shellcheck scripts/setup.sh scripts/lint.sh scripts/timed.sh scripts/build-jni.sh tests/fuzz.sh .ci/run examples/polyglot/check.sh python/check.sh node/check.sh bindings/uniffi/test.sh
optional gofmt gofmt bash -c go_format
optional go "go vet" bash -c go_vet
optional ruff ruff ruff check tests/compat
optional node "node syntax" bash -c node_syntax
check "python syntax" python3 -c 'import ast, pathlib
for path in pathlib.Path("tests/compat").glob("*/*.py"): ast.parse(path.read_text(), str(path))
ast.parse(open("tests/compat/run.py").read(), "run.py")'

[ ${#skipped[@]} -eq 0 ] || printf 'lint: skipped, not installed: %s\n' "$(IFS=,; echo "${skipped[*]}")"
[ ${#failed[@]} -eq 0 ] || { printf 'lint: failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2; exit 1; }
