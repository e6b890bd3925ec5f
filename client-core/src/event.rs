//! What happens to a client's connections, for those who want to watch.

use std::net::SocketAddr;

use tokio::sync::{broadcast, watch};

use crate::{
    connection::{State, Status},
    error::Error,
};

/// Something that happened to a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A connection is established.
    Connected {
        /// `host:port` of the server.
        server: String,
        /// Own address of the socket.
        local_address: SocketAddr,
        /// Rises with each connection.
        generation: u64,
    },
    /// A connection ended without one to take its place.
    Disconnected {
        /// Why.
        error: Error,
    },
    /// The server asked the client to go elsewhere.
    Reset {
        /// `host:port` that the server recommends.
        target: Option<String>,
    },
    /// The list of servers changed.
    ServersChanged {
        /// How many there are now.
        count: usize,
    },
    /// The login failed; requests go without a token.
    LoginFailed {
        /// Why.
        error: Error,
    },
}

/// The events of a client, see [`Client::events`](crate::Client::events).
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
    status: watch::Receiver<Status>,
}

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Event>, status: watch::Receiver<Status>) -> Self {
        Self { receiver, status }
    }

    /// The next event; `None` when the client is closed. Who is slow misses the oldest ones.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                biased;
                received = self.receiver.recv() => received,
                _ = self.status.wait_for(|status| status.state == State::Closed) => return None,
            };
            match received {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
