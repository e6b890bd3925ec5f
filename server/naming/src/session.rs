//! One connected client: what it published, what it subscribed to, and the pushes that wait for it.

use std::task::{Context, Poll};

use bytes::Bytes;

use crate::{
    Error,
    model::{Address, NewInstance, ServiceKey},
};

/// Who is connected.
#[derive(Clone, Debug)]
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

/// The naming side of one connection. Dropping it closes it with [`CloseReason::Ended`].
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Publishes one instance of a service; it replaces what this session published there.
    /// Answers when the instance is durable and visible.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::KindMismatch`], [`Error::ClientGone`], and what a
    /// write can fail with.
    pub async fn register(&self, service: &ServiceKey, instance: NewInstance) -> Result<(), Error> {
        let _ = (service, instance);
        todo!()
    }

    /// Publishes a list of instances of a service, possibly empty; it replaces what this session
    /// published there.
    ///
    /// # Errors
    /// As [`Session::register`].
    pub async fn register_batch(&self, service: &ServiceKey, instances: Vec<NewInstance>) -> Result<(), Error> {
        let _ = (service, instances);
        todo!()
    }

    /// Removes all that this session published for a service. `address` is what the request
    /// names: it matters only to instances that an earlier connection left behind.
    ///
    /// # Errors
    /// [`Error::ClientGone`], and what a write can fail with. An unknown service is no error.
    pub async fn deregister(&self, service: &ServiceKey, address: Option<Address>) -> Result<(), Error> {
        let _ = (service, address);
        todo!()
    }

    /// Subscribes to a service, or changes the clusters of a subscription. Answers the encoded
    /// list. Works for unknown services, too.
    ///
    /// # Errors
    /// [`Error::ClientGone`].
    pub fn subscribe(&self, service: &ServiceKey, clusters: Option<&str>) -> Result<Bytes, Error> {
        let _ = (service, clusters);
        todo!()
    }

    /// Ends a subscription, whatever clusters it had. Answers the encoded list for `clusters`.
    ///
    /// # Errors
    /// [`Error::ClientGone`].
    pub fn unsubscribe(&self, service: &ServiceKey, clusters: Option<&str>) -> Result<Bytes, Error> {
        let _ = (service, clusters);
        todo!()
    }

    /// The next push for the client's stream: a complete gRPC frame. Call it when the stream has
    /// room. `None` when the session is closed. One task may poll at a time.
    pub fn poll_push(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let _ = context;
        todo!()
    }

    /// The client answered a push. Answers whether the id belongs to a naming push of this
    /// session that still waited.
    pub fn acked(&self, request_id: u64, ok: bool) -> bool {
        let _ = (request_id, ok);
        todo!()
    }

    /// Ends when a push waited too long for the stream to take it; the connection is to be ended then.
    pub async fn stalled(&self) {
        todo!()
    }

    /// Ends the session. Later calls do nothing. The removal of its instances goes on by itself.
    pub fn close(&self, reason: CloseReason) {
        let _ = reason;
        todo!()
    }
}
