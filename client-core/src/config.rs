//! The configuration centre.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{connection::Connection, pool::Lines};

/// The configuration centre. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config {
    lines: Arc<Lines>,
}

impl Config {
    pub(crate) fn new(lines: &Arc<Lines>) -> Self {
        Self { lines: Arc::clone(lines) }
    }

    /// Stops what this object listens to, at the latest by `deadline`; later calls fail as closed. Called once,
    /// before the connections end.
    pub(crate) async fn close(&self, deadline: Instant) {
        let _ = (&self.lines, deadline);
    }
}

/// What is listened to on one connection, for all objects that use it.
#[derive(Debug)]
pub(crate) struct Listens {
    connection: Connection,
}

impl Listens {
    /// Nothing yet.
    pub(crate) fn new(connection: &Connection) -> Arc<Self> {
        Arc::new(Self { connection: connection.clone() })
    }
}
