//! Replays captured scenarios against a running server, and holds what the end-to-end tests share.

pub mod grpc;
pub mod http;
pub mod json;
pub mod report;
