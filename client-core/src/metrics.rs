//! Counters.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a client has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Requests that were answered: with success, or that there is no such thing.
    pub calls: u64,
    /// Requests that failed in the end.
    pub failed_calls: u64,
    /// Further attempts of requests.
    pub retries: u64,
    /// Pushes that arrived.
    pub pushes: u64,
    /// Connections that were made.
    pub connections: u64,
    /// Attempts to connect that failed.
    pub failed_connections: u64,
    /// Tokens that were fetched.
    pub logins: u64,
    /// Registrations and subscriptions that were sent again.
    pub redone: u64,
    /// Services that are held in memory.
    pub services: u64,
    /// Configs that are listened to.
    pub listened_configs: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: Counter,
    pub(crate) failed_calls: Counter,
    pub(crate) retries: Counter,
    pub(crate) pushes: Counter,
    pub(crate) connections: Counter,
    pub(crate) failed_connections: Counter,
    pub(crate) logins: Counter,
    pub(crate) redone: Counter,
}

impl Counters {
    pub(crate) fn add_to(&self, sum: &mut Metrics) {
        sum.calls += self.calls.get();
        sum.failed_calls += self.failed_calls.get();
        sum.retries += self.retries.get();
        sum.pushes += self.pushes.get();
        sum.connections += self.connections.get();
        sum.failed_connections += self.failed_connections.get();
        sum.logins += self.logins.get();
        sum.redone += self.redone.get();
    }
}
