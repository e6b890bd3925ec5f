#!/usr/bin/env bash
# Runs each fuzz target for SECONDS_EACH (60) seconds with libFuzzer, on the stable compiler. `make fuzz` calls it;
# arguments are parts of target names. The targets are tests named fuzz_...: `cargo test` runs them for a moment, too.
# A failure leaves its input below __fuzz__ beside the test, where `cargo test` tries it again from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
# Package, path of the test in it, folder of its seeds.
targets=(
    "nacre-proto fuzz_payload proto/tests/__fuzz__/payload"
    "nacre-proto fuzz_request_json proto/tests/__fuzz__/request_json"
    "nacre-gateway fuzz::fuzz_requests server/gateway/tests/grpc/__fuzz__/fuzz__requests"
    "nacre-gateway http::config::poll::tests::fuzz_listening_configs server/gateway/src/http/config/__fuzz__/http__config__poll__tests__listening_configs"
    "nacre-gateway http::config::archive::tests::fuzz_archive server/gateway/src/http/config/__fuzz__/http__config__archive__tests__archive"
    "nacre-server settings::nacos::tests::fuzz_properties server/app/src/settings/nacos/__fuzz__/settings__nacos__tests__properties"
    "nacre-consensus raft::fuzz::fuzz_log_entry server/consensus/src/raft/__fuzz__/raft__fuzz__log_entry"
    "nacre-consensus raft::fuzz::fuzz_vote_and_mark server/consensus/src/raft/__fuzz__/raft__fuzz__vote_and_mark"
    "nacre-consensus raft::fuzz::fuzz_snapshot server/consensus/src/raft/__fuzz__/raft__fuzz__snapshot"
)
command -v cargo-bolero >/dev/null ||
    cargo install --quiet --locked --version 0.13.5 --no-default-features --features libfuzzer cargo-bolero

build=$(realpath "${CARGO_TARGET_DIR:-target}")/fuzz
ran=0
failed=()
for target in "${targets[@]}"; do
    read -r package name folder <<<"$target"
    if [ $# -gt 0 ] && ! grep -qF "$(printf '%s\n' "$@")" <<<"$name"; then continue; fi
    ran=$((ran + 1))
    # What is found on the way stays out of the repository; seeds are read, not written.
    found=$build/corpus/$name
    mkdir -p "$found"
    # Without a sanitizer no nightly compiler is needed: what is looked for are panics, hangs and large memory.
    scripts/timed.sh "fuzz: ${name##*::}" cargo bolero test --package "$package" --engine libfuzzer \
        --sanitizer NONE --rustc-bootstrap --target-dir "$build" -T "${seconds}s" --timeout 20s \
        --corpus-dir "$found" --engine-args="$PWD/$folder/corpus" --engine-args=-rss_limit_mb=2048 \
        "$name" || failed+=("$name")
done
[ $ran -gt 0 ] || { echo "fuzz: no target has $* in its name" >&2; exit 1; }
[ ${#failed[@]} -eq 0 ] || { printf 'fuzz: failed: %s\n' "${failed[*]}" >&2; exit 1; }
