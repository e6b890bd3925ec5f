//! From a changed service to the mailboxes of its subscribers: the first change goes out at once,
//! what follows within the window is merged.
//!
//! Here only names of services travel. What is sent is made when a connection has room for it.

mod dispatch;
mod mailbox;
mod timer;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

pub(crate) use mailbox::Mailbox;

use crate::{Settings, model::ServiceKey, settings::millis, shard::ChangeSink, stats::PushStats};

/// The subscribers of one service, and where its push window stands.
#[derive(Debug)]
pub(crate) struct Topic {
    key: ServiceKey,
    members: Mutex<Members>,
    /// Changed since the last fan-out, and known to the dispatcher.
    dirty: AtomicBool,
    timing: Mutex<Timing>,
}

#[derive(Debug, Default)]
struct Members {
    by_id: HashMap<u64, Arc<Mailbox>>,
    /// The same as a list, made when a fan-out needs it.
    list: Option<Arc<[Arc<Mailbox>]>>,
}

#[derive(Debug, Default)]
struct Timing {
    /// First change that no fan-out has told.
    changed_at: Option<Instant>,
    /// Until then further changes wait.
    window_end: Option<Instant>,
}

impl Topic {
    fn new(key: ServiceKey) -> Self {
        Self { key, members: Mutex::default(), dirty: AtomicBool::new(false), timing: Mutex::default() }
    }

    fn list(&self) -> Arc<[Arc<Mailbox>]> {
        let mut members = self.members.lock();
        if let Some(list) = &members.list {
            return list.clone();
        }
        let list: Arc<[Arc<Mailbox>]> = members.by_id.values().cloned().collect();
        members.list = Some(list.clone());
        list
    }
}

/// What happened to pushes; see [`PushStats`].
#[derive(Debug, Default)]
pub(crate) struct Figures {
    sent: AtomicU64,
    acked: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    retried: AtomicU64,
    pending: AtomicU64,
    stalled: AtomicU64,
    measured: AtomicU64,
    latency_sum: AtomicU64,
    latency_max: AtomicU64,
}

impl Figures {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn pending_less(&self, count: usize) {
        self.pending.fetch_sub(count as u64, Ordering::Relaxed);
    }

    fn took(&self, latency: Duration) {
        let micros = latency.as_micros() as u64;
        Self::count(&self.measured);
        self.latency_sum.fetch_add(micros, Ordering::Relaxed);
        self.latency_max.fetch_max(micros, Ordering::Relaxed);
    }
}

/// How long pushes wait for what.
#[derive(Clone, Copy, Debug)]
struct Times {
    window: Duration,
    window_max: Duration,
    first_push: Duration,
    ack: Duration,
    retry: Duration,
    stall: Duration,
}

/// All subscriptions of this node, and the way from a change to their mailboxes.
#[derive(Debug)]
pub(crate) struct Hub {
    topics: DashMap<ServiceKey, Arc<Topic>>,
    /// Changed topics; each at most once, so it is bounded by their number.
    queue: Mutex<Vec<Arc<Topic>>>,
    queued: Notify,
    /// Mailboxes with something that can run out of time; each at most once.
    watched: Mutex<Vec<Arc<Mailbox>>>,
    watch: Notify,
    /// Subscriptions that get their first push, oldest first.
    first: Mutex<VecDeque<(Instant, Weak<Mailbox>, ServiceKey)>>,
    subscribed: Notify,
    times: Times,
    pub(crate) figures: Figures,
    subscriptions: AtomicU64,
    /// A door that pushes in its own way.
    pub(crate) watcher: Watcher,
}

/// Somebody outside of this crate who is told of every change, at most one.
#[derive(Default)]
pub(crate) struct Watcher(pub(crate) OnceLock<Arc<dyn ChangeSink>>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watcher").field(&self.0.get().is_some()).finish()
    }
}

impl Hub {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            topics: DashMap::new(),
            queue: Mutex::default(),
            queued: Notify::new(),
            watched: Mutex::default(),
            watch: Notify::new(),
            first: Mutex::default(),
            subscribed: Notify::new(),
            times: Times {
                window: millis(settings.push_window),
                window_max: millis(settings.push_window_max.max(settings.push_window)),
                first_push: millis(settings.first_push_delay),
                ack: millis(settings.push_timeout),
                retry: millis(settings.push_retry_delay),
                stall: millis(settings.stall_timeout),
            },
            figures: Figures::default(),
            subscriptions: AtomicU64::new(0),
            watcher: Watcher::default(),
        }
    }

    /// Enters a subscriber; from now on it is told of changes. Its first push is timed.
    fn enter(&self, key: &ServiceKey, mailbox: &Arc<Mailbox>) {
        {
            let topic = self.topics.entry(key.clone()).or_insert_with(|| Arc::new(Topic::new(key.clone())));
            // Under the entry's lock, so that the topic cannot be removed as empty meanwhile.
            let mut members = topic.members.lock();
            members.by_id.insert(mailbox.id(), mailbox.clone());
            members.list = None;
        }
        Figures::count(&self.subscriptions);
        self.first.lock().push_back((Instant::now() + self.times.first_push, Arc::downgrade(mailbox), key.clone()));
        self.subscribed.notify_one();
    }

    fn leave(&self, key: &ServiceKey, mailbox: u64) {
        let removed = self.topics.get(key).is_some_and(|topic| {
            let mut members = topic.members.lock();
            members.list = None;
            members.by_id.remove(&mailbox).is_some()
        });
        if removed {
            self.subscriptions.fetch_sub(1, Ordering::Relaxed);
        }
        self.topics.remove_if(key, |_, topic| topic.members.lock().by_id.is_empty());
    }

    pub(crate) fn subscriptions(&self) -> u64 {
        self.subscriptions.load(Ordering::Relaxed)
    }

    /// The subscribers of the services that `matches` picks.
    pub(crate) fn subscribers(&self, matches: impl Fn(&ServiceKey) -> bool) -> Vec<(ServiceKey, Arc<Mailbox>)> {
        let topics: Vec<Arc<Topic>> =
            self.topics.iter().filter(|entry| matches(entry.key())).map(|entry| entry.value().clone()).collect();
        let members = topics.iter().flat_map(|topic| {
            let list = topic.list();
            (0..list.len()).map(move |index| (topic.key.clone(), list[index].clone()))
        });
        members.collect()
    }

    pub(crate) fn stats(&self) -> PushStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let figures = &self.figures;
        PushStats {
            sent: read(&figures.sent),
            acked: read(&figures.acked),
            failed: read(&figures.failed),
            timed_out: read(&figures.timed_out),
            retried: read(&figures.retried),
            pending: read(&figures.pending),
            stalled: read(&figures.stalled),
            measured: read(&figures.measured),
            latency_sum_micros: read(&figures.latency_sum),
            latency_max_micros: read(&figures.latency_max),
        }
    }
}

impl ChangeSink for Hub {
    fn changed(&self, service: &ServiceKey) {
        if let Some(watcher) = self.watcher.0.get() {
            watcher.changed(service);
        }
        let Some(topic) = self.topics.get(service).map(|entry| entry.value().clone()) else { return };
        topic.timing.lock().changed_at.get_or_insert_with(Instant::now);
        if !topic.dirty.swap(true, Ordering::AcqRel) {
            self.queue.lock().push(topic);
            self.queued.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
