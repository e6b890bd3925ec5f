//! The accept loop: connections of both ports, HTTP/1.1 and HTTP/2 alike.
//!
//! A connection's task is its life: when it ends, so do the sessions behind it. It knows no
//! requests; it hands them to the gRPC door or to the HTTP door by their content type.

mod body;
mod connection;
mod cork;
mod places;
mod rate;
mod settings;
mod socket;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::body::Body;
use self::places::Places;
pub(crate) use self::rate::Rate;
pub use self::settings::Settings;
pub(crate) use self::socket::Bound;
pub use self::socket::any_address;
pub(crate) use self::tls::Tls;
pub use self::tls::{Mode as TlsMode, Secret as TlsSecret, Settings as TlsSettings};
use crate::grpc::Door;

/// How long to wait after the system had no resources for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Listener {
    shared: Arc<Shared>,
}

struct Shared {
    grpc: Arc<Door>,
    http: Router,
    settings: Settings,
    tls: Option<Arc<Tls>>,
    places: Places,
    tasks: TaskTracker,
    /// No new connections; open ones end when their requests have.
    stop: CancellationToken,
    /// Open connections end now.
    abort: CancellationToken,
}

impl Listener {
    pub(crate) fn new(grpc: Arc<Door>, http: Router, settings: Settings, tls: Option<Arc<Tls>>) -> Self {
        let places = Places::new(settings.max_connections, settings.max_connections_per_ip);
        let shared = Shared {
            grpc,
            http,
            settings,
            tls,
            places,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
        };
        let listener = Self { shared: Arc::new(shared) };
        listener.watch_certificates();
        listener
    }

    fn watch_certificates(&self) {
        let Some(tls) = self.shared.tls.clone() else { return };
        let stop = self.shared.stop.clone();
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = tls.watch() => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Takes connections until [`Listener::drain`]. With `http`, requests that are not gRPC go to
    /// the HTTP door.
    pub(crate) fn serve(&self, listeners: Vec<TcpListener>, http: bool) {
        for listener in listeners {
            let shared = Arc::clone(&self.shared);
            self.shared.tasks.spawn(async move { shared.accept(listener, http).await });
        }
    }

    /// Takes no more connections, lets open requests end, and closes what is left after a while.
    pub(crate) async fn drain(&self) {
        let Shared { tasks, stop, abort, settings, .. } = &*self.shared;
        stop.cancel();
        tasks.close();
        if tokio::time::timeout(settings.drain(), tasks.wait()).await.is_err() {
            abort.cancel();
            tasks.wait().await;
        }
    }
}

impl Listener {
    /// Closes everything at once.
    pub(crate) fn abort(&self) {
        self.shared.stop.cancel();
        self.shared.abort.cancel();
    }
}

impl Shared {
    async fn accept(self: Arc<Self>, listener: TcpListener, http: bool) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The peer may have gone already; or there are too many open files.
                    tracing::debug!(%error, "cannot accept connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let peer = std::net::SocketAddr::new(peer.ip().to_canonical(), peer.port());
            let place = match self.places.take(peer.ip()) {
                Ok(place) => place,
                Err(limit) => {
                    self.grpc.metrics().struck(limit);
                    tracing::debug!(%peer, ?limit, "too many connections");
                    continue;
                }
            };
            if let Err(error) = socket::prepare(&stream, &self.settings) {
                tracing::debug!(%peer, %error, "cannot prepare connection");
                continue;
            }
            let shared = Arc::clone(&self);
            self.tasks.spawn(async move {
                connection::serve(&shared, stream, peer, http).await;
                drop(place);
            });
        }
    }
}
