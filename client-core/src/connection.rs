//! The long-lived connection to one server at a time: its handle. What travels on it is the business of others.

mod actor;
mod backoff;
mod call;
pub(crate) mod dial;
mod frames;
mod handshake;
mod push;
mod session;
mod shared;
mod state;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod tls;
mod transport;

use std::{
    fmt,
    sync::{Arc, Weak, atomic::AtomicU64},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use nacre_proto::{Payload, Request};
use parking_lot::{Mutex, RwLock};
use tokio::{
    runtime::Handle,
    sync::{Notify, broadcast, watch},
    time::{Instant, timeout, timeout_at},
};

pub use state::{ServerGeneration, State, Status};

use crate::{
    auth::{Auth, LoginTask},
    error::Error,
    event::Event,
    http::{Http, Web},
    metrics::Counters,
    options::{Options, ServerSource},
    servers::{AddressServer, Servers},
    task::Task,
};
use dial::Dialer;
use shared::Shared;

/// Events that wait for a slow watcher before the oldest are forgotten.
const EVENTS: usize = 64;

/// A connection that finds, keeps and changes its server by itself. Cheap to clone; the end of the last handle, or
/// [`Connection::close`], ends its tasks.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

/// Owns the tasks.
#[derive(Debug)]
struct Guard {
    shared: Arc<Shared>,
    actor: Mutex<Option<Task>>,
    others: Mutex<Vec<Task>>,
}

/// What a request is about; chooses the headers of its signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// Nothing that is protected.
    #[default]
    None,
    /// A service; a blank name stands for all of the group.
    Naming { namespace: &'a str, group: &'a str, service: &'a str },
    /// A config.
    Config { namespace: &'a str, group: &'a str, data_id: &'a str },
    /// Several configs.
    ConfigBatch,
    /// A lock.
    Lock,
}

/// Whether a request that may have reached the server is sent again after a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It does no harm when the server gets it twice.
    #[default]
    Always,
    /// Only when the server surely did not take it (compare-and-set, locks).
    IfNotSent,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call<'a> {
    pub(crate) resource: Resource<'a>,
    /// Headers beside those of the credentials.
    pub(crate) headers: &'a [(&'a str, String)],
    /// Deadline of all attempts; `None` is [`Options::request_timeout`].
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Retry,
}

/// Takes pushes of the server.
pub(crate) trait PushHandler: Send + Sync + fmt::Debug {
    /// Takes a push and gives the frame that answers it (see [`nacre_proto::Message::to_frame`]), or `None` when the
    /// push is another handler's. Must not block.
    fn push(&self, push: &Payload) -> Option<Bytes>;
}

impl Connection {
    /// Begins to connect. Needs a tokio runtime, in which the tasks run.
    pub(crate) fn open(options: Arc<Options>) -> Result<Self, Error> {
        Self::open_with(options, Dialer::default())
    }

    fn open_with(options: Arc<Options>, dialer: Dialer) -> Result<Self, Error> {
        if Handle::try_current().is_err() {
            return Err(Error::internal("a client can only be made inside a tokio runtime"));
        }
        let servers = Arc::new(Servers::new(&options)?);
        let web = Web::new(&options, dialer.clone())?;
        let auth = Arc::new(Auth::new(&options, &web)?);
        let http = Http::new(Arc::clone(&options), Arc::clone(&servers), Arc::clone(&auth), web.clone());
        let (events, _) = broadcast::channel(EVENTS);
        let (status, _) = watch::channel(Status::new());
        let (closing, _) = watch::channel(false);
        let shared = Arc::new(Shared {
            options,
            servers,
            auth,
            http,
            dialer,
            counters: Arc::default(),
            events,
            status,
            live: ArcSwapOption::empty(),
            handlers: RwLock::default(),
            doubt: Notify::new(),
            unregistered: AtomicU64::new(0),
            closing,
        });
        let others = Self::helpers(&shared, &web);
        let actor = Task::spawn(actor::run(Arc::clone(&shared)));
        let guard = Guard { shared: Arc::clone(&shared), actor: Mutex::new(Some(actor)), others: Mutex::new(others) };
        Ok(Self { shared, guard: Arc::new(guard) })
    }

    /// The tasks beside the connection itself.
    fn helpers(shared: &Arc<Shared>, web: &Web) -> Vec<Task> {
        let login = shared.auth.tokens().map(|tokens| {
            let login = LoginTask {
                tokens: Arc::clone(tokens),
                web: web.clone(),
                servers: Arc::clone(&shared.servers),
                options: Arc::clone(&shared.options),
                counters: Arc::clone(&shared.counters),
                events: shared.events.clone(),
                status: shared.status.subscribe(),
            };
            Task::spawn(login.run())
        });
        let addresses = match &shared.options.servers {
            ServerSource::Fixed(_) => None,
            ServerSource::Endpoint(endpoint) => {
                let address_server = AddressServer {
                    endpoint: endpoint.clone(),
                    servers: Arc::clone(&shared.servers),
                    web: web.clone(),
                    options: Arc::clone(&shared.options),
                    events: shared.events.clone(),
                };
                Some(Task::spawn(address_server.run()))
            }
        };
        login.into_iter().chain(addresses).collect()
    }

    /// Sends with retries inside one deadline and waits for the answer. An answer that is no success is an error
    /// with its code. A connection that is not there is waited for until the deadline.
    pub(crate) async fn call_with<Q: Request>(&self, request: &Q, call: Call<'_>) -> Result<Q::Response, Error> {
        self.perform(request, call, None).await
    }

    /// Exactly one attempt on the connection of this generation; unreachable when it is another by now.
    pub(crate) async fn call_on<Q: Request>(
        &self,
        generation: u64,
        request: &Q,
        call: Call<'_>,
    ) -> Result<Q::Response, Error> {
        self.perform(request, call, Some(generation)).await
    }

    /// How the connection is. The generation rises with each established connection; 0 was never connected.
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    /// Waits until the connection is established.
    pub(crate) async fn ready(&self, limit: Duration) -> Result<(), Error> {
        let mut status = self.shared.status.subscribe();
        let settled = |status: &Status| matches!(status.state, State::Connected | State::Closed);
        match timeout(limit, status.wait_for(settled)).await {
            Ok(Ok(status)) if status.state == State::Connected => Ok(()),
            Ok(_) => Err(Error::closed()),
            Err(_) => Err(self.not_connected(limit)),
        }
    }

    /// Adds a handler of pushes. Handlers are asked in turn; the first answer is sent.
    pub(crate) fn on_push(&self, handler: Weak<dyn PushHandler>) {
        let mut handlers = self.shared.handlers.write();
        handlers.retain(|handler| handler.strong_count() > 0);
        handlers.push(handler);
    }

    /// HTTP requests to the servers of the list.
    pub(crate) fn http(&self) -> &Http {
        &self.shared.http
    }

    /// Settings of the connection. Those of the object that calls may differ when connections are shared.
    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// What this connection counts.
    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// What happens to this connection from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// `host:port` of all servers, as the list has them now.
    pub(crate) fn servers(&self) -> Vec<String> {
        self.shared.servers.all().iter().map(|server| server.authority()).collect()
    }

    /// Ends the connection, at the latest after `limit`. Requests that wait fail as closed.
    pub(crate) async fn close(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        self.shared.closing.send_replace(true);
        self.guard.others.lock().clear();
        let actor = self.guard.actor.lock().take();
        if let Some(mut actor) = actor {
            // What is not done by then is aborted.
            let _ = timeout_at(deadline, actor.ended()).await;
        }
        self.shared.closed();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Who still watches the status learns that nothing more will happen.
        self.shared.closed();
    }
}

#[cfg(test)]
mod tests;
