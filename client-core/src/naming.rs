//! The service registry.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    connection::Connection,
    names::{Namespace, ServiceKey},
    pool::{Lines, Owner},
};

/// The service registry. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Naming {
    lines: Arc<Lines>,
}

impl Naming {
    pub(crate) fn new(lines: &Arc<Lines>) -> Self {
        Self { lines: Arc::clone(lines) }
    }

    /// Takes back what this object registered and subscribed, at the latest by `deadline`; later calls fail as
    /// closed. Called once, before the connections end.
    pub(crate) async fn close(&self, deadline: Instant) {
        let _ = (&self.lines, deadline);
    }
}

/// What is registered and subscribed on one connection, for all objects that use it. Owns the task that does it
/// again after each new connection.
#[derive(Debug)]
pub(crate) struct Ledger {
    connection: Connection,
}

impl Ledger {
    /// An empty ledger.
    pub(crate) fn new(connection: &Connection) -> Arc<Self> {
        Arc::new(Self { connection: connection.clone() })
    }

    /// Reserves the publication of a service on this connection; false when another owner has it.
    pub(crate) fn claim(&self, namespace: &Namespace, service: &ServiceKey, owner: Owner) -> bool {
        let _ = (&self.connection, namespace, service, owner);
        true
    }
}
