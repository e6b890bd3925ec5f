//! The handle of a watched pattern.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use parking_lot::Mutex;

use super::{KeySet, Pattern};
use crate::{Config, config::outlet::Outlet, error::Error, names::ConfigKey};

/// What changed among the configs of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigSetChange {
    /// All that match now.
    pub keys: Arc<BTreeSet<ConfigKey>>,
    /// Those that were not there when this watch gave its last change.
    pub added: Vec<ConfigKey>,
    /// Those that were there and are gone.
    pub removed: Vec<ConfigKey>,
}

/// A watch of the configs that match a pattern. Its first item is all that are there, even if there are none; then
/// come changes, always up to the newest state. It ends when the client is closed. Contents are not told.
#[derive(Debug)]
pub struct ConfigSetWatch {
    config: Config,
    pattern: Pattern,
    outlet: Arc<Outlet<KeySet>>,
    seen: Mutex<Seen>,
}

/// What this watch gave, and before that.
#[derive(Debug, Default)]
struct Seen {
    last: Option<Arc<BTreeSet<ConfigKey>>>,
    before: Option<Option<Arc<BTreeSet<ConfigKey>>>>,
}

impl ConfigSetWatch {
    pub(crate) fn new(config: Config, pattern: Pattern, outlet: Arc<Outlet<KeySet>>) -> Self {
        Self { config, pattern, outlet, seen: Mutex::default() }
    }

    /// The configs that match, from memory; `None` while the server has not told them all.
    #[must_use]
    pub fn current(&self) -> Option<Arc<BTreeSet<ConfigKey>>> {
        self.outlet.newest().map(|set| set.keys)
    }

    /// Why the server refused the pattern the last time, while that is so.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.config.listens().patterns().trouble(&self.pattern)
    }

    /// Waits until there is something to take; false when the client was closed.
    pub async fn changed(&mut self) -> bool {
        poll_fn(|context| self.outlet.poll_due(context)).await
    }

    /// Takes what changed since the last time, if anything did.
    #[must_use]
    pub fn take_newest(&self) -> Option<ConfigSetChange> {
        let mut seen = self.seen.lock();
        let keys = self.outlet.take()?.keys;
        let first = seen.last.is_none();
        let last = seen.last.clone().unwrap_or_default();
        let change = ConfigSetChange {
            added: keys.difference(&last).cloned().collect(),
            removed: last.difference(&keys).cloned().collect(),
            keys: Arc::clone(&keys),
        };
        seen.before = Some(seen.last.replace(keys));
        (first || !change.added.is_empty() || !change.removed.is_empty()).then_some(change)
    }

    /// Says that the change taken last could not be used. It is offered again after 1 s, later with each failure up
    /// to 5 s, or with the next change.
    pub fn failed(&self) {
        {
            let mut seen = self.seen.lock();
            let Some(before) = seen.before.take() else { return };
            seen.last = before;
        }
        self.outlet.failed();
    }

    /// Has `callback` called when there is something to take: once until it is taken, and at once if there is
    /// something now. It must not block.
    pub fn on_ready(&self, callback: Arc<dyn Fn() + Send + Sync>) {
        self.outlet.on_ready(callback);
    }

    /// The next change; `None` when the client was closed.
    pub async fn next(&mut self) -> Option<ConfigSetChange> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for ConfigSetWatch {
    type Item = ConfigSetChange;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !ready!(self.outlet.poll_due(context)) {
                return Poll::Ready(None);
            }
            if let Some(change) = self.take_newest() {
                return Poll::Ready(Some(change));
            }
        }
    }
}

impl Drop for ConfigSetWatch {
    fn drop(&mut self) {
        self.config.listens().patterns().detach(&self.pattern, &self.outlet);
    }
}
