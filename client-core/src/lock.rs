//! Locks of 3.x servers.

use std::{sync::Arc, time::Duration};

use nacre_proto::lock::{ACQUIRE, LockInstance, LockOperationRequest, RELEASE, TYPE};
use tokio::time::Instant;

use crate::{
    connection::{Call, Resource, Retry},
    error::Error,
    pool::Lines,
};

/// Longest lease that servers give.
const LONGEST_LEASE: Duration = Duration::from_secs(1800);

/// Takes and releases locks on servers that offer them (3.x). Cheap to clone.
///
/// A lock belongs to nobody: any client can release it, it outlives the connection that took it, and it cannot be
/// taken twice. It ends when it is released or when its lease is over.
#[derive(Clone, Debug)]
pub struct Lock {
    lines: Arc<Lines>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockRequest {
    /// The name.
    pub key: String,
    /// Time after which the server releases it, at most 30 min. Default: what the server says, usually 30 s.
    pub lease: Option<Duration>,
}

impl LockRequest {
    /// A lock with the server's lease.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), lease: None }
    }

    /// Sets the lease.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }
}

impl Lock {
    pub(crate) fn new(lines: Arc<Lines>) -> Self {
        Self { lines }
    }

    /// Takes a lock if it is free; tells whether it did.
    ///
    /// A request whose answer was lost is not repeated, because the lock could have been taken by it.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when the server has no locks;
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for a blank key or a lease above 30 min.
    pub async fn acquire(&self, lock: &LockRequest) -> Result<bool, Error> {
        self.operate(ACQUIRE, lock).await
    }

    /// Releases a lock; tells whether it was taken.
    ///
    /// # Errors
    /// As [`Lock::acquire`].
    pub async fn release(&self, lock: &LockRequest) -> Result<bool, Error> {
        self.operate(RELEASE, lock).await
    }

    async fn operate(&self, operation: &str, lock: &LockRequest) -> Result<bool, Error> {
        if lock.key.trim().is_empty() {
            return Err(Error::invalid("the key of a lock must not be blank"));
        }
        let lease = lock.lease.unwrap_or_default();
        if lease > LONGEST_LEASE {
            return Err(Error::invalid("the lease of a lock is at most 30 minutes"));
        }
        self.lines.check_open()?;
        let connection = self.lines.main().connection();
        let limit = self.lines.options().request_timeout;
        let begin = Instant::now();
        connection.ready(limit).await?;
        if !connection.status().borrow().abilities.lock {
            return Err(Error::unsupported("the server has no locks"));
        }
        // A negative time is the server's own lease.
        let expired_time = lock.lease.map_or(-1, |lease| i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let instance = LockInstance {
            key: Some(lock.key.clone()),
            expired_time: Some(expired_time),
            lock_type: Some(TYPE.to_owned()),
        };
        let request = LockOperationRequest {
            lock_instance: Some(instance),
            operation: Some(operation.to_owned()),
            ..LockOperationRequest::default()
        };
        let timeout = Some(limit.saturating_sub(begin.elapsed()));
        let call = Call { resource: Resource::Lock, timeout, retry: Retry::IfNotSent, ..Call::default() };
        Ok(connection.call_with(&request, call).await?.result)
    }
}
