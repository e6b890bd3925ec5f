//! What the ledger needs of a connection.

use std::{fmt, future::Future, sync::Arc, sync::Weak};

use nacre_proto::Request;
use tokio::sync::watch;

use super::Book;
use crate::{
    connection::{Call, Connection, PushHandler, Resource, State, Status},
    error::Error,
};

/// A connection, or what stands for it in a test.
pub(crate) trait Link: Clone + fmt::Debug + Send + Sync + 'static {
    fn watch(&self) -> watch::Receiver<Status>;

    /// Waits for a connection if need be, and tries again, within one deadline.
    fn call<Q: Request + Sync>(
        &self,
        request: &Q,
        resource: Resource<'_>,
    ) -> impl Future<Output = Result<Q::Response, Error>> + Send;

    /// Tries once, on the connection of this generation only.
    fn call_on<Q: Request + Sync>(
        &self,
        generation: u64,
        request: &Q,
        resource: Resource<'_>,
    ) -> impl Future<Output = Result<Q::Response, Error>> + Send;

    /// Lets the book have the pushes.
    fn listen(&self, book: &Arc<Book<Self>>);

    /// Counts something that was sent again.
    fn count_redone(&self);
}

/// The generation of the connection, and whether it is up.
pub(super) fn position(status: &Status) -> (u64, bool) {
    (status.generation, status.state == State::Connected)
}

impl Link for Connection {
    fn watch(&self) -> watch::Receiver<Status> {
        self.status()
    }

    async fn call<Q: Request + Sync>(&self, request: &Q, resource: Resource<'_>) -> Result<Q::Response, Error> {
        let timeout = self.options().naming.request_timeout;
        self.call_with(request, Call { resource, timeout, ..Call::default() }).await
    }

    async fn call_on<Q: Request + Sync>(
        &self,
        generation: u64,
        request: &Q,
        resource: Resource<'_>,
    ) -> Result<Q::Response, Error> {
        let timeout = self.options().naming.request_timeout;
        Connection::call_on(self, generation, request, Call { resource, timeout, ..Call::default() }).await
    }

    fn listen(&self, book: &Arc<Book<Self>>) {
        let weak: Weak<Book<Self>> = Arc::downgrade(book);
        let handler: Weak<dyn PushHandler> = weak;
        self.on_push(handler);
    }

    fn count_redone(&self) {
        self.counters().redone.add(1);
    }
}
