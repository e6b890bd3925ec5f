//! One connected client: what it published, what it subscribed to, and the pushes that wait for it.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, future::Shared};
use parking_lot::Mutex;

use crate::{
    Error, IdPolicy, Registration,
    batch::Outcome,
    grace::Places,
    instance_id::check_instance,
    model::{Address, Instance, NewInstance, ServiceKey},
    push::Mailbox,
    registry::{Registry, refused},
    shard::{Operation, Owner},
    view::Filter,
};

/// Who is connected.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The connection's id, unique on this server.
    pub connection: String,
    /// The address the client gave for itself.
    pub ip: String,
    /// Port of the connection's far end; 0 when unknown.
    pub port: u16,
    /// The client's name and version.
    pub agent: String,
    /// The application's name.
    pub app: String,
}

/// Why a connection ended; decides what happens to its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client closed it, or it failed: its instances go at once.
    Ended,
    /// This server stops: its instances stay until the next start's grace is over.
    ServerStopping,
    /// The client was told to go elsewhere: its instances stay for the grace.
    AfterReset,
}

/// Now, in milliseconds since the epoch; only shown to operators.
pub(crate) fn epoch_millis() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A write that several requests may wait for.
type Write = Shared<Pin<Box<dyn Future<Output = Outcome> + Send>>>;

#[derive(Clone, Debug, PartialEq)]
enum Request {
    Publish(Arc<[Arc<Instance>]>),
    Withdraw(Option<Address>),
    /// It failed, so what counts is what was there before, or nobody knows.
    Failed,
}

/// The last request taken for a service.
struct Taken {
    request: Request,
    /// `None` once it was done.
    write: Option<Write>,
    /// Whether the session may have owned something before it.
    owned_before: bool,
}

#[derive(Default)]
struct Published {
    taken: HashMap<ServiceKey, Taken>,
    /// Shards in which this session may own something.
    places: Places,
    closed: bool,
}

/// The naming side of one connection. Dropping it closes it with [`CloseReason::Ended`].
pub struct Session {
    registry: Arc<Registry>,
    owner: Owner,
    mailbox: Arc<Mailbox>,
    published: Mutex<Published>,
}

impl Session {
    pub(crate) fn open(registry: Arc<Registry>, client: Client) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        registry.sessions.fetch_add(1, Ordering::Relaxed);
        let owner = Owner::Connection { incarnation: registry.me, id: client.connection.as_str().into() };
        let client = Arc::new(client);
        registry.clients.insert(client.connection.clone(), (client.clone(), epoch_millis()));
        let mailbox = Arc::new(Mailbox::new(COUNT.fetch_add(1, Ordering::Relaxed), client));
        Self { registry, owner, mailbox, published: Mutex::default() }
    }

    /// Who is connected.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        self.mailbox.client()
    }

    /// Publishes one instance of a service; it replaces what this session published there.
    /// Answers when the instance is durable and visible.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::KindMismatch`], [`Error::ClientGone`], and what a
    /// write can fail with.
    pub async fn register(&self, service: &ServiceKey, instance: NewInstance) -> Result<(), Error> {
        check_instance(&instance)?;
        let instance = self.registry.ids.complete(service, instance, IdPolicy::Generate)?;
        self.publish(service, [instance].into(), Registration::Ephemeral).await
    }

    /// Publishes a list of instances of a service, possibly empty; it replaces what this session
    /// published there.
    ///
    /// # Errors
    /// As [`Session::register`].
    pub async fn register_batch(&self, service: &ServiceKey, instances: Vec<NewInstance>) -> Result<(), Error> {
        let complete = |instance| self.registry.ids.complete(service, instance, IdPolicy::Generate);
        let instances: Result<Arc<[Arc<Instance>]>, Error> = instances.into_iter().map(complete).collect();
        self.publish(service, instances?, Registration::Batch).await
    }

    async fn publish(
        &self,
        service: &ServiceKey,
        instances: Arc<[Arc<Instance>]>,
        tried: Registration,
    ) -> Result<(), Error> {
        let operation = Operation::Publish {
            service: service.clone(),
            owner: self.owner.clone(),
            holder: self.registry.me,
            instances: instances.clone(),
        };
        // An empty list is written every time: its service may have been removed by an operator.
        let repeatable = !instances.is_empty();
        let write = self.take(service, Request::Publish(instances), operation, repeatable)?;
        self.finish(service, write, tried).await
    }

    /// Removes all that this session published for a service. `address` is what the request
    /// names: it matters only to instances that an earlier connection left behind.
    ///
    /// # Errors
    /// [`Error::ClientGone`], and what a write can fail with. An unknown service is no error.
    pub async fn deregister(&self, service: &ServiceKey, address: Option<Address>) -> Result<(), Error> {
        {
            let published = self.published.lock();
            let left_behind = address
                .as_ref()
                .is_some_and(|address| self.registry.shard(service).machine.has_in_grace(service, address));
            if !published.closed && !published.taken.contains_key(service) && !left_behind {
                return Ok(());
            }
        }
        let operation =
            Operation::Withdraw { service: service.clone(), owner: self.owner.clone(), address: address.clone() };
        let write = self.take(service, Request::Withdraw(address), operation, true)?;
        self.finish(service, write, Registration::Ephemeral).await
    }

    /// Takes a request in order. One that equals the last is answered together with it.
    fn take(
        &self,
        service: &ServiceKey,
        request: Request,
        operation: Operation,
        repeatable: bool,
    ) -> Result<Option<Write>, Error> {
        let mut published = self.published.lock();
        if published.closed {
            return Err(self.gone());
        }
        if let Some(last) = published.taken.get(service).filter(|last| repeatable && last.request == request) {
            return Ok(last.write.clone());
        }
        let place = self.registry.place(service) as u16;
        if !published.places.contains(&place) {
            published.places.push(place);
        }
        let write = self.registry.shard(service).batcher.submit(operation)?.boxed().shared();
        let owned_before = published.taken.contains_key(service);
        let taken = Taken { request, write: Some(write.clone()), owned_before };
        published.taken.insert(service.clone(), taken);
        Ok(Some(write))
    }

    /// Waits for a write, and remembers what became of it if it is still the last one.
    async fn finish(&self, service: &ServiceKey, write: Option<Write>, tried: Registration) -> Result<(), Error> {
        let Some(write) = write else { return Ok(()) };
        let outcome = write.clone().await;
        let mut published = self.published.lock();
        let last = published.taken.get_mut(service);
        if let Some(last) = last.filter(|last| last.write.as_ref().is_some_and(|last| last.ptr_eq(&write))) {
            last.write = None;
            let done = matches!(outcome, Ok(Ok(())));
            let nothing_written =
                matches!(outcome, Ok(Err(_)) | Err(Error::StorageFull { .. } | Error::TooLarge { .. }));
            match &last.request {
                Request::Publish(_) if done => {}
                Request::Publish(_) if nothing_written && !last.owned_before => {
                    published.taken.remove(service);
                }
                Request::Withdraw(_) if done => {
                    published.taken.remove(service);
                }
                _ => last.request = Request::Failed,
            }
        }
        drop(published);
        outcome?.map_err(|refusal| refused(refusal, service, tried))
    }

    /// Subscribes to a service, or changes the clusters of a subscription. Answers the encoded
    /// list. Works for unknown services, too.
    ///
    /// # Errors
    /// [`Error::ClientGone`].
    pub fn subscribe(&self, service: &ServiceKey, clusters: Option<&str>) -> Result<Bytes, Error> {
        let filter = Filter::clusters_of(clusters);
        // Entered before the list is read: a change is either in the list or pushed later.
        if !self.mailbox.subscribe(&self.registry.hub, service, filter.clone()) {
            return Err(self.gone());
        }
        Ok(self.registry.view(service).info(&filter, &self.registry.press))
    }

    /// Ends a subscription, whatever clusters it had. Answers the encoded list for `clusters`.
    ///
    /// # Errors
    /// [`Error::ClientGone`].
    pub fn unsubscribe(&self, service: &ServiceKey, clusters: Option<&str>) -> Result<Bytes, Error> {
        if !self.mailbox.unsubscribe(&self.registry.hub, service) {
            return Err(self.gone());
        }
        Ok(self.registry.view(service).info(&Filter::clusters_of(clusters), &self.registry.press))
    }

    /// The next push for the client's stream: a complete gRPC frame. Call it when the stream has
    /// room. `None` when the session is closed. One task may poll at a time.
    pub fn poll_push(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.mailbox.poll(&self.registry, context)
    }

    /// The client answered a push. Answers whether the id belongs to a naming push of this
    /// session that still waited.
    pub fn acked(&self, request_id: u64, ok: bool) -> bool {
        self.mailbox.acked(&self.registry.hub, request_id, ok)
    }

    /// Ends when a push waited too long for the stream to take it; the connection is to be ended then.
    pub async fn stalled(&self) {
        self.mailbox.stalled().await;
    }

    /// Ends the session. Later calls do nothing. The removal of its instances goes on by itself.
    pub fn close(&self, reason: CloseReason) {
        let places = {
            let mut published = self.published.lock();
            if published.closed {
                return;
            }
            published.closed = true;
            published.taken = HashMap::new();
            std::mem::take(&mut published.places)
        };
        self.registry.sessions.fetch_sub(1, Ordering::Relaxed);
        self.registry.clients.remove_if(&self.client().connection, |_, (client, _)| Arc::ptr_eq(client, self.client()));
        self.mailbox.close(&self.registry.hub);
        if self.registry.is_stopping() || reason == CloseReason::ServerStopping || places.is_empty() {
            return;
        }
        match reason {
            CloseReason::AfterReset => self.registry.detach(&self.owner, places),
            _ => {
                for place in places {
                    let leave = Operation::Leave { owner: self.owner.clone() };
                    self.registry.shards[usize::from(place)].batcher.enqueue(leave);
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn mailbox_for_tests(&self) -> &Mailbox {
        &self.mailbox
    }

    fn gone(&self) -> Error {
        Error::ClientGone { connection: self.client().connection.clone() }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close(CloseReason::Ended);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("client", self.client()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
