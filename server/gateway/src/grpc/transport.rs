//! One TCP connection as the gRPC door sees it: before its setup only an id, then a client.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::client::Client;

/// A TCP connection. Its id is known before the client introduces itself.
pub(crate) struct Transport {
    id: Arc<str>,
    peer: SocketAddr,
    client: OnceLock<Arc<Client>>,
    is_ending: AtomicBool,
    /// Wakes the connection's task, the only one that waits, to look again.
    changed: Notify,
}

impl Transport {
    pub(super) fn new(id: Arc<str>, peer: SocketAddr) -> Self {
        Self { id, peer, client: OnceLock::new(), is_ending: AtomicBool::new(false), changed: Notify::new() }
    }

    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The client, once it introduced itself.
    pub(super) fn client(&self) -> Option<&Arc<Client>> {
        self.client.get()
    }

    /// Sets the client; the first one stays.
    pub(super) fn set_client(&self, client: Arc<Client>) {
        if self.client.set(client).is_ok() {
            self.changed.notify_one();
        }
    }

    /// Asks the connection's task to end it.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
        self.changed.notify_one();
        if let Some(client) = self.client() {
            client.wake();
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// Returns when the connection is to be ended.
    pub(crate) async fn ending(&self) {
        loop {
            if self.is_ending() {
                return;
            }
            let Some(session) = self.client().and_then(|client| client.session()) else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = session.stalled() => {
                    tracing::info!(connection = %self.id, "client takes no pushes");
                    return;
                }
                () = self.changed.notified() => {}
            }
        }
    }
}
