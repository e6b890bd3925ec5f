//! Starts server binaries for tests, speaks raw gRPC and HTTP to them, and puts faults between them and their clients.

pub mod captured;
pub mod grpc;
pub mod http;
pub mod proxy;
pub mod serve;
pub mod server;
pub mod stub;

pub use proxy::Proxy;
pub use server::{Options, Server};
pub use stub::Stub;
