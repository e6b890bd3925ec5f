//! The connection: servers, outages, closing, TLS, logins, the pool. Against a real server, and where that cannot be
//! had, against a scripted one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auth;
mod close;
mod crowd;
mod lock;
mod outage;
mod pool;
mod servers;
mod support;
mod tls;
