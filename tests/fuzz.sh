#!/usr/bin/env bash
# Runs each fuzz target for SECONDS_EACH (60) seconds with libFuzzer, on the stable compiler. `make fuzz` calls it;
# arguments are parts of target names. The targets are tests named fuzz_...: `cargo test` runs them for a moment, too.
# A failure leaves its input below __fuzz__ beside the test, where `cargo test` tries it again from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
# Package, which of its test programs, path of the test in it, folder of its seeds.
targets=(
    "nacre-proto --test=fuzz fuzz_payload proto/tests/__fuzz__/payload"
    "nacre-proto --test=fuzz fuzz_request_json proto/tests/__fuzz__/request_json"
    "nacre-gateway --test=grpc fuzz::fuzz_requests server/gateway/tests/grpc/__fuzz__/fuzz__requests"
    "nacre-gateway --lib http::config::poll::tests::fuzz_listening_configs server/gateway/src/http/config/__fuzz__/http__config__poll__tests__listening_configs"
    "nacre-gateway --lib http::config::archive::tests::fuzz_archive server/gateway/src/http/config/__fuzz__/http__config__archive__tests__archive"
    "nacre-server --bin=nacre settings::nacos::tests::fuzz_properties server/app/src/settings/nacos/__fuzz__/settings__nacos__tests__properties"
    "nacre-consensus --lib raft::fuzz::fuzz_log_entry server/consensus/src/raft/__fuzz__/raft__fuzz__log_entry"
    "nacre-consensus --lib raft::fuzz::fuzz_vote_and_mark server/consensus/src/raft/__fuzz__/raft__fuzz__vote_and_mark"
    "nacre-consensus --lib raft::fuzz::fuzz_snapshot server/consensus/src/raft/__fuzz__/raft__fuzz__snapshot"
)
# What `cargo bolero test` sets. That builds every test program of a package, and those without a fuzz target do not
# link with instrumented code; here only the one is built.
export BOLERO_FUZZER=libfuzzer BOLERO_LIBTEST_HARNESS=1 RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cllvm-args=-sanitizer-coverage-stack-depth"
RUSTFLAGS=$(tr -s '\n ' ' ' <<<"$RUSTFLAGS")
host=$(rustc -vV | sed -n 's/^host: //p')

build=$(realpath "${CARGO_TARGET_DIR:-target}")/fuzz
ran=0
failed=()
for target in "${targets[@]}"; do
    read -r package program name folder <<<"$target"
    if [ $# -gt 0 ] && ! grep -qF "$(printf '%s\n' "$@")" <<<"$name"; then continue; fi
    ran=$((ran + 1))
    # What is found on the way stays out of the repository; seeds are read, not written.
    found=$build/corpus/$name
    mkdir -p "$found"
    crashes=$PWD/$folder/crashes
    mkdir -p "$crashes"
    # Without a sanitizer no nightly compiler is needed: what is looked for are panics, hangs and large memory.
    BOLERO_TEST_NAME=$name BOLERO_LIBFUZZER_ARGS="$found $crashes $PWD/$folder/corpus -artifact_prefix=$crashes/ \
-timeout=20 -max_total_time=$seconds -rss_limit_mb=2048" \
        scripts/timed.sh "fuzz: ${name##*::}" cargo test --locked --profile fuzz --target "$host" --target-dir "$build" \
        --package "$package" "$program" -- "$name" --exact --nocapture --test-threads 1 || failed+=("$name")
    rmdir --ignore-fail-on-non-empty "$crashes"
done
[ $ran -gt 0 ] || { echo "fuzz: no target has $* in its name" >&2; exit 1; }
[ ${#failed[@]} -eq 0 ] || { printf 'fuzz: failed: %s\n' "${failed[*]}" >&2; exit 1; }
