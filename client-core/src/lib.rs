//! Client of Nacre and of every server that speaks the Nacos 2.x protocol: service registry and configuration centre.
//!
//! ```no_run
//! use nacre_client::{Client, ServiceKey, naming::Instance};
//!
//! # async fn example() -> Result<(), nacre_client::Error> {
//! let client = Client::builder().server("127.0.0.1:8848").connect().await?;
//!
//! let key = client.config().key("DEFAULT_GROUP", "app.yaml")?;
//! client.config().publish(&key, "greeting: hello").await?;
//!
//! let orders = ServiceKey::new("DEFAULT_GROUP", "orders")?;
//! client.naming().register(&orders, Instance::new("10.0.0.11", 8080)).await?;
//!
//! client.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # One client
//!
//! A [`Client`] has one connection to one server of its list. It is cheap to clone, and so are the handles that it
//! gives: [`Client::naming`], [`Client::config`], [`Client::lock`]. The connection ends with [`Client::close`] or with
//! the last of them. Programs with several namespaces share connections through a [`Pool`].
//!
//! The crate is asynchronous and makes no runtime: a client is made inside a tokio runtime and runs its tasks there.
//! It reads no environment variable, installs nothing for the whole process and writes files only below
//! [`Options::directory`].
//!
//! # Servers
//!
//! [`Builder::servers`] takes addresses with or without scheme and port; [`Builder::endpoint`] an address server that
//! lists them. The gRPC port of a server is its main port plus 1000. Where that refuses, or says nothing for a second,
//! the main port is tried, which on a Nacre server speaks gRPC as well.
//!
//! # Outages
//!
//! A connection that is lost is replaced by one to the next server, without end, and everything that was registered,
//! subscribed or listened to is there again a moment later. Calls wait for the new connection within their deadline
//! ([`Builder::request_timeout`]), which covers all attempts. [`Client::status`] and [`Client::events`] tell how things
//! are.
//!
//! # Errors
//!
//! [`Error::kind`] says what class of failure it was, [`Error::code`] gives the number that Nacos uses for it, and
//! [`Error::is_retryable`] whether the same call may succeed later.
//!
//! # Security
//!
//! [`Builder::login`] exchanges user and password for a token and keeps it fresh; [`Builder::keys`] signs requests.
//! [`Builder::tls`] speaks TLS and checks the server's certificate, unless it is told not to.
//!
//! # What goes on inside
//!
//! Spans and events of the crate `tracing` under the target `nacre_client`, and [`Client::metrics`].

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
mod pattern;
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

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
