//! Figures of the config domain, for whoever shows them.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that is counted up, or up and down.
#[derive(Debug, Default)]
pub struct Figure(AtomicU64);

impl Figure {
    /// Its value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, amount: u64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }
}

/// Figures since the start; those that are no counters say so.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Publishes that counted.
    pub publishes: Figure,
    /// Removals that counted.
    pub removals: Figure,
    /// Changes that were refused.
    pub refused: Figure,
    /// Queries.
    pub queries: Figure,
    /// Queries whose content was not in memory.
    pub content_misses: Figure,
    /// Configs that connections listen to now, all connections together.
    pub listens: Figure,
    /// Long polls that are held now.
    pub polls: Figure,
    /// Notifications that connections took, repetitions included.
    pub notifies_sent: Figure,
    /// Notifications that were acknowledged.
    pub notifies_acked: Figure,
    /// Notifications that were refused, or not acknowledged in time.
    pub notifies_failed: Figure,
    /// Notifications that were sent again.
    pub notifies_retried: Figure,
}
