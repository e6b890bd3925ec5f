//! The doors: gRPC and HTTP, translated to the domains.

pub mod check;
pub mod http;
pub mod metrics;
