//! Long polls: requests that are held until a config changes or their time is over.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{
    error::Error,
    hub::{Interest, Waiting},
    key::ConfigKey,
    listener::{Shared, differing},
    rule::Labels,
};

/// One config of a long poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollKey {
    /// Which config.
    pub key: ConfigKey,
    /// md5 of what the client holds: empty for nothing, `None` if it does not say.
    pub md5: Option<String>,
}

/// What changed while a poll was held.
#[derive(Default)]
pub(crate) struct Waiter {
    /// Who polls; while a poll is held, its caller has what these choose.
    pub(crate) labels: Labels,
    /// Never more than the poll has keys.
    changed: Mutex<BTreeSet<ConfigKey>>,
    wake: Notify,
}

impl Waiter {
    pub(crate) fn changed(&self, key: &ConfigKey) {
        self.changed.lock().insert(key.clone());
        self.wake.notify_one();
    }

    fn take(&self) -> BTreeSet<ConfigKey> {
        std::mem::take(&mut *self.changed.lock())
    }
}

/// A poll's interests; dropping it ends them.
struct Held<'a> {
    shared: &'a Shared,
    keys: &'a [PollKey],
    interest: Interest,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for key in self.keys {
            self.shared.hub.remove(&key.key, &self.interest);
        }
        self.shared.metrics.polls.subtract(1);
    }
}

/// The positions of the configs that differ from what the client holds.
pub(crate) fn compare(shared: &Shared, keys: &[PollKey], labels: &Labels) -> Vec<usize> {
    differing(&shared.machine, keys.iter().map(|held| (&held.key, held.md5.as_deref())), labels)
}

/// Waits until a config differs from what the client holds, at most for `limit`.
pub(crate) async fn poll(
    shared: &Shared,
    keys: &[PollKey],
    labels: &Labels,
    limit: Duration,
) -> Result<Vec<usize>, Error> {
    let most = shared.settings.max_listens_per_connection;
    if keys.len() > most {
        return Err(Error::TooManyListens { limit: most });
    }
    let until = Instant::now() + limit;
    let differing = compare(shared, keys, labels);
    if !differing.is_empty() || limit.is_zero() {
        return Ok(differing);
    }
    if shared.metrics.polls.get() >= shared.settings.max_long_polls as u64 {
        return Err(Error::TooManyPolls { limit: shared.settings.max_long_polls });
    }

    let waiter = Arc::new(Waiter { labels: labels.clone(), ..Waiter::default() });
    let of = shared.last_listener.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    shared.metrics.polls.add(1);
    let held = Held { shared, keys, interest: Interest { of, tenant: None } };
    for key in keys {
        shared.hub.add(&key.key, held.interest.clone(), Waiting::Poll(waiter.clone()));
    }
    // What changed before the interests stood.
    let mut differing = compare(shared, keys, labels);
    while differing.is_empty() {
        if timeout_at(until, waiter.wake.notified()).await.is_err() {
            break;
        }
        let changed = waiter.take();
        // A change may leave what this caller is served as it was.
        differing = compare(shared, keys, labels);
        differing.retain(|position| changed.contains(&keys[*position].key));
    }
    Ok(differing)
}

#[cfg(test)]
mod tests;
