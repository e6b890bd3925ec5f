//! The client for Kotlin, Swift and Ruby.
//!
//! UniFFI makes the sources of each language of what is exported here. Calls are `async fn`s that run on the threads of
//! [`nacre_bindings::Runtime`]; who follows something asks its watch for the next value, so no thread of the engine
//! calls into the host.

mod client;
mod config;
mod error;
mod model;
mod naming;
mod options;
mod watch;
mod work;

pub use client::{Client, Lock};
pub use config::Config;
pub use error::NacreError;
pub use naming::{Maintenance, Naming};
pub use options::ClientOptions;

uniffi::setup_scaffolding!("nacre");

/// The version of the engine, e.g. `0.1.0`.
#[uniffi::export]
fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
