//! How a connection is: for users, and for what is to be redone.

use std::{net::SocketAddr, time::SystemTime};

use nacre_proto::json::AbilityMap;

use crate::error::Error;

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The first connection is being made.
    Connecting,
    /// Requests can be sent.
    Connected,
    /// The connection was lost and another is being made.
    Reconnecting,
    /// The client was closed.
    Closed,
}

/// What kind of server is connected, as far as it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ServerGeneration {
    /// Never connected.
    #[default]
    Unknown,
    /// Before 2.3: no abilities are negotiated.
    Old,
    /// 2.3 to 2.5.
    Two,
    /// 3.0 and later.
    Three,
}

/// How a connection is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whether there is a connection.
    pub state: State,
    /// Since when it is so.
    pub since: SystemTime,
    /// `host:port` of the server, or of the last one.
    pub server: Option<String>,
    /// Why the last attempt failed or the last connection ended; `None` while nothing has failed since the connection
    /// was made.
    pub last_error: Option<Error>,
    /// Own address of the socket that reached the server.
    pub local_address: Option<SocketAddr>,
    /// What kind of server it is.
    pub server_generation: ServerGeneration,
    /// Rises with each connection; 0 before the first.
    pub generation: u64,
    pub(crate) abilities: Abilities,
}

impl Status {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Connecting,
            since: SystemTime::now(),
            server: None,
            last_error: None,
            local_address: None,
            server_generation: ServerGeneration::Unknown,
            generation: 0,
            abilities: Abilities::default(),
        }
    }
}

/// What the server offers beyond the first 2.x version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// Persistent instances over gRPC.
    pub(crate) persistent_instances: bool,
    /// Watches of patterns.
    pub(crate) fuzzy_watch: bool,
    /// Locks.
    pub(crate) lock: bool,
}

impl Abilities {
    pub(crate) fn read(table: &AbilityMap) -> Self {
        let has = |key: &str| table.get(key) == Some(&true);
        Self {
            persistent_instances: has(nacre_proto::internal::PERSISTENT_INSTANCE_BY_GRPC),
            fuzzy_watch: has("fuzzyWatch"),
            lock: has("lock"),
        }
    }
}
