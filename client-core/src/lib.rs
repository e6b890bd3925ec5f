//! Client of Nacre and of every server that speaks the Nacos 2.x protocol.

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod auth;
mod client;
pub mod config;
mod connection;
mod error;
mod event;
mod http;
mod lock;
mod metrics;
pub mod names;
pub mod naming;
pub mod options;
mod pool;
mod servers;
mod task;

pub use client::Client;
pub use config::Config;
pub use connection::{ServerGeneration, State, Status};
pub use error::{Error, ErrorKind};
pub use event::{Event, Events};
pub use lock::{Lock, LockRequest};
pub use metrics::Metrics;
pub use names::{ConfigKey, Group, Namespace, ServiceKey};
pub use naming::Naming;
pub use options::{Builder, Options};
pub use pool::Pool;
