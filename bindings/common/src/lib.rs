//! What all language bindings of the client share. Knows no foreign language.
//!
//! An [`Engine`] has clients and subscriptions, which the host names by keys of a [`table`]. Calls go in with an id of
//! the host's choosing ([`Engine::submit`]); answers, events and lines of the log come out of one [`queue`], which a
//! thread of the host drains ([`Engine::poll`]). No thread of the engine calls into the host. What crosses is encoded
//! as [`wire`] says.

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod client;
mod engine;
mod failure;
pub mod log;
mod model;
pub mod op;
mod options;
pub mod queue;
mod run;
mod runtime;
mod subscription;
/// What the queue locks with.
mod sync {
    pub(crate) use std::sync::{Condvar, Mutex};
}
pub mod table;
pub mod wire;

pub use engine::{Engine, Polled};
pub use failure::{Failure, Kind};
pub use runtime::Runtime;

/// The version of the engine and the number of the encoding, e.g. `0.1.0/1`. A host compares it with its own.
#[must_use]
pub fn version() -> &'static str {
    concat!(env!("CARGO_PKG_VERSION"), "/1")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_ends_with_the_number_of_the_encoding() {
        assert_eq!(super::version(), format!("{}/{}", env!("CARGO_PKG_VERSION"), super::wire::FORMAT));
    }
}
