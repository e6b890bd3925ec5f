//! Load on a server that speaks the Nacos 2.x protocol, and how it bears it.
//!
//! A [`Bench`] measures [`Scenario`]s of a [`Target`] and answers [`Row`]s. It knows a server by its address only, and
//! by its process if that is on the same machine; it neither starts nor stops one.

#![deny(missing_docs)]

mod author;
mod bench;
mod board;
mod compare;
mod connection;
mod disk;
mod endpoint;
mod error;
mod fleet;
mod latency;
mod load;
mod pace;
mod process;
mod progress;
mod push;
mod report;
mod scenario;
mod wire;

pub use bench::{Bench, Settings, Target};
pub use compare::{Comparison, Ratio};
pub use disk::disk;
pub use error::{Error, ErrorKind, Result};
pub use process::Process;
pub use report::{Row, Unit, table};
pub use scenario::Scenario;
