//! Starts server binaries for tests and speaks raw gRPC and HTTP to them.

pub mod grpc;
pub mod http;
pub mod server;

pub use server::{Options, Server};
