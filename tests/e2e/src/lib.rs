//! Replays captured scenarios against a running server, and holds what the end-to-end tests share.

pub mod grpc;
pub mod http;
pub mod json;
pub mod ledger;
pub mod nacos;
pub mod report;

/// Whether the long loops are wanted (`NACRE_TEST_LONG`), as `make test-long` does.
pub fn long() -> bool {
    std::env::var_os("NACRE_TEST_LONG").is_some_and(|value| !value.is_empty() && value != "0")
}
