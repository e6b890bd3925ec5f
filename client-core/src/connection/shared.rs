//! What the tasks and the handles of one connection have in common.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use nacre_proto::{Payload, code, internal::ErrorResponse};
use parking_lot::RwLock;
use tokio::{
    sync::{Notify, broadcast, watch},
    time::Instant,
};
use tracing::{info, warn};

use super::{PushHandler, State, Status, dial::Dialer, handshake::Established, transport::Requests};
use crate::{
    auth::Auth,
    error::Error,
    event::Event,
    http::Http,
    metrics::Counters,
    options::Options,
    servers::{Server, Servers},
};

/// State of a connection.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Arc<Options>,
    pub(super) servers: Arc<Servers>,
    pub(super) auth: Arc<Auth>,
    pub(super) http: Http,
    pub(super) dialer: Dialer,
    pub(super) counters: Arc<Counters>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) status: watch::Sender<Status>,
    /// What requests are sent on.
    pub(super) live: ArcSwapOption<Live>,
    pub(super) handlers: RwLock<Vec<Weak<dyn PushHandler>>>,
    /// A request failed in a way that makes the connection doubtful.
    pub(super) doubt: Notify,
    /// The newest generation of which the server says that it does not know it.
    pub(super) unregistered: AtomicU64,
    pub(super) closing: watch::Sender<bool>,
}

/// The connection that is established.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) generation: u64,
    pub(super) requests: Requests,
    pub(super) client_ip: Box<str>,
    pub(super) server: Server,
    begin: Instant,
    /// Milliseconds from the begin to the last sign of life.
    active: AtomicU64,
}

impl Live {
    pub(super) fn new(generation: u64, established: &Established) -> Self {
        Self {
            generation,
            requests: established.transport.requests().clone(),
            client_ip: established.client_ip.clone(),
            server: established.server.clone(),
            begin: Instant::now(),
            active: AtomicU64::new(0),
        }
    }

    /// The server gave a sign of life.
    pub(super) fn touch(&self) {
        let elapsed = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active.store(elapsed, Ordering::Relaxed);
    }

    /// When the server gave its last sign of life.
    pub(super) fn last_active(&self) -> Instant {
        self.begin + Duration::from_millis(self.active.load(Ordering::Relaxed))
    }
}

impl Shared {
    /// A new connection takes over.
    pub(super) fn connected(&self, live: &Arc<Live>, established: &Established) {
        self.live.store(Some(Arc::clone(live)));
        self.counters.connections.add(1);
        let (generation, local) = (live.generation, established.local);
        let server = established.server.authority();
        info!(%server, %local, generation, kind = ?established.server_generation, "connected");
        self.status.send_modify(|status| {
            *status = Status {
                state: State::Connected,
                since: SystemTime::now(),
                server: Some(server.clone()),
                last_error: None,
                local_address: Some(local),
                server_generation: established.server_generation,
                generation,
                abilities: established.abilities,
            };
        });
        self.tell(Event::Connected { server, local_address: local, generation });
    }

    /// The connection ended and there is no other yet.
    pub(super) fn disconnected(&self, error: Error) {
        self.live.store(None);
        warn!(%error, "connection lost");
        self.status.send_modify(|status| {
            status.state = State::Reconnecting;
            status.since = SystemTime::now();
            status.last_error = Some(error.clone());
        });
        self.tell(Event::Disconnected { error });
    }

    /// An attempt to connect failed.
    pub(super) fn attempt_failed(&self, error: Error) {
        self.counters.failed_connections.add(1);
        self.status.send_if_modified(|status| {
            let connected = status.state == State::Connected;
            if !connected {
                status.last_error = Some(error);
            }
            !connected
        });
    }

    /// No more connections.
    pub(super) fn closed(&self) {
        self.live.store(None);
        self.status.send_if_modified(|status| {
            let open = status.state != State::Closed;
            if open {
                status.state = State::Closed;
                status.since = SystemTime::now();
            }
            open
        });
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    /// Looks into the answer of a request: the server may have forgotten the connection.
    pub(super) fn note_refusal(&self, live: &Live, answer: &Payload, error: &Error) -> bool {
        let unregistered =
            error.code() == code::UNREGISTERED && answer.kind() == <ErrorResponse as nacre_proto::Message>::TYPE;
        if unregistered {
            self.unregistered.fetch_max(live.generation, Ordering::Relaxed);
            self.doubt.notify_one();
        }
        unregistered
    }

    pub(super) fn is_unregistered(&self, live: &Live) -> bool {
        self.unregistered.load(Ordering::Relaxed) == live.generation
    }
}
