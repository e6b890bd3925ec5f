//! Looks after the files of what is listened to: failover files that come and go, and snapshots for the time until a
//! server answers.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{entry::Entry, failover::Failover, snapshot::Snapshots};
use crate::error::ErrorKind;

/// How long the first look for a failover file may hold back what the server says.
const FIRST_LOOK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Keeper {
    inbox: Arc<Inbox>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Inbox {
    /// Holds no more than the entries of one object.
    entries: Mutex<Vec<Weak<Entry>>>,
    bell: Notify,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a keeper works with.
#[derive(Debug)]
pub(crate) struct Duties {
    pub(crate) failover: Failover,
    pub(crate) snapshots: Option<Snapshots>,
    /// Time between two looks at the failover files.
    pub(crate) refresh: Duration,
    /// Time that the server has to answer before a snapshot takes its place.
    pub(crate) patience: Duration,
}

impl Keeper {
    pub(crate) fn start(duties: Duties, runtime: &Handle) -> Self {
        let inbox = Arc::new(Inbox::default());
        let task = runtime.spawn(keep(duties, Arc::clone(&inbox)));
        Self { inbox, task }
    }

    /// Takes a new entry under its care.
    pub(crate) fn add(&self, entry: &Arc<Entry>) {
        self.inbox.entries.lock().push(Arc::downgrade(entry));
        self.inbox.bell.notify_one();
    }
}

async fn keep(duties: Duties, inbox: Arc<Inbox>) {
    let mut entries: Vec<Weak<Entry>> = Vec::new();
    let mut waiting: VecDeque<(Instant, Weak<Entry>)> = VecDeque::new();
    let mut tick = interval(duties.refresh.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        let next = waiting.front().map(|(at, _)| *at);
        tokio::select! {
            () = inbox.bell.notified() => {
                let new = std::mem::take(&mut *inbox.entries.lock());
                let _ = timeout(FIRST_LOOK, look(&duties.failover, &new, true)).await;
                for entry in new.iter().filter_map(Weak::upgrade) {
                    entry.begin();
                }
                let at = Instant::now() + duties.patience;
                waiting.extend(new.iter().cloned().map(|entry| (at, entry)));
                entries.extend(new);
            }
            _ = tick.tick() => {
                duties.failover.rescan().await;
                entries.retain(|entry| entry.strong_count() > 0);
                look(&duties.failover, &entries, false).await;
            }
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                if let Some(entry) = waiting.pop_front().and_then(|(_, entry)| entry.upgrade()) {
                    fall_back(&duties, &entry).await;
                }
            }
        }
    }
}

async fn look(failover: &Failover, entries: &[Weak<Entry>], fresh: bool) {
    for entry in entries.iter().filter_map(Weak::upgrade) {
        let found = if fresh { failover.find(entry.key()).await } else { failover.lookup(entry.key()).await };
        entry.set_failover(found);
    }
}

/// Whoever may not read a config does not get an old copy either.
async fn fall_back(duties: &Duties, entry: &Arc<Entry>) {
    let forbidden = entry.listens().trouble(entry.key()).is_some_and(|error| error.kind() == ErrorKind::Forbidden);
    if entry.is_known() || forbidden {
        return;
    }
    let Some(snapshots) = &duties.snapshots else { return };
    if let Some(config) = snapshots.load(entry.key()).await {
        entry.set_snapshot(config);
    }
}

#[cfg(test)]
mod tests;
