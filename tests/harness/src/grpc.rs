//! A raw client of the two gRPC services: it sends what it is told, right or wrong, and hides nothing.

mod client;
mod gate;
mod message;
mod transport;

pub use client::{AckPolicy, Client, Observer, Reply, default_setup};
pub use message::Message;
pub use transport::{CallError, Inbound, Outbound, RawReply, Transport, TransportOptions};
