//! The long-lived connection to one server at a time: its handle. What travels on it is the business of others.

mod state;

use std::{fmt, sync::Arc, sync::Weak, time::Duration};

use bytes::Bytes;
use nacre_proto::{Payload, Request};
use tokio::sync::watch;

pub(crate) use state::Abilities;
pub use state::{ServerGeneration, State, Status};

use crate::{error::Error, http::Http, metrics::Counters, options::Options};

/// A connection that finds, keeps and changes its server by itself. Cheap to clone; the end of the last handle, or
/// [`Connection::close`], ends its tasks.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Arc<Options>,
    status: watch::Sender<Status>,
    http: Http,
    counters: Arc<Counters>,
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
    pub(crate) fn open(options: Arc<Options>) -> Result<Self, Error> {
        let (status, _) = watch::channel(Status::new());
        let shared = Shared { options, status, http: Http {}, counters: Arc::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Sends with retries inside one deadline and waits for the answer. An answer that is no success is an error
    /// with its code. A connection that is not there is waited for until the deadline.
    pub(crate) async fn call<Q: Request>(&self, request: &Q, resource: Resource<'_>) -> Result<Q::Response, Error> {
        self.call_with(request, Call { resource, ..Call::default() }).await
    }

    /// As [`Connection::call`], with more headers and its own deadline.
    pub(crate) async fn call_with<Q: Request>(&self, request: &Q, call: Call<'_>) -> Result<Q::Response, Error> {
        let _ = (request, call);
        Err(Error::unreachable("not connected"))
    }

    /// Exactly one attempt on the connection of this generation; unreachable when it is another by now.
    pub(crate) async fn call_on<Q: Request>(
        &self,
        generation: u64,
        request: &Q,
        call: Call<'_>,
    ) -> Result<Q::Response, Error> {
        let _ = (generation, request, call);
        Err(Error::unreachable("not connected"))
    }

    /// How the connection is. The generation rises with each established connection; 0 was never connected.
    pub(crate) fn status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    /// Waits until the connection is established.
    pub(crate) async fn ready(&self, limit: Duration) -> Result<(), Error> {
        let _ = limit;
        Err(Error::unreachable("not connected"))
    }

    /// Adds a handler of pushes. Handlers are asked in turn; the first answer is sent.
    pub(crate) fn on_push(&self, handler: Weak<dyn PushHandler>) {
        let _ = handler;
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

    /// Ends the connection, at the latest after `limit`.
    pub(crate) async fn close(&self, limit: Duration) {
        let _ = limit;
    }
}
