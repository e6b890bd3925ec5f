//! Watches of patterns: which configs there are, told by servers that offer it (3.x).
//!
//! The patterns of one connection are kept here for all objects that use it; one task tells the server about them,
//! one request at a time.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use nacre_proto::{
    Message, Payload,
    config::fuzzy::{
        CANCEL_WATCH, ConfigFuzzyWatchChangeNotifyRequest, ConfigFuzzyWatchChangeNotifyResponse,
        ConfigFuzzyWatchRequest, ConfigFuzzyWatchSyncRequest, ConfigFuzzyWatchSyncResponse, DELETE_CONFIG, FINISH_INIT,
        WATCH,
    },
};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{
    key::{from_joined, joined},
    outlet::{Age, Callback, Offered, Outlet, call},
    request::Remote,
};
use crate::{
    connection::{Connection, PushHandler, State as Link},
    error::{Error, ErrorKind},
    names::ConfigKey,
};

mod pattern;
mod watch;

pub(crate) use pattern::Pattern;
pub use watch::{ConfigSetChange, ConfigSetWatch};

/// Pause after a refusal for too many patterns or matches.
const OVER_LIMIT_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A set of keys, as mailboxes hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Arc<BTreeSet<ConfigKey>>,
    /// Rises with each change.
    revision: String,
}

impl Offered for KeySet {
    fn digest(&self) -> &str {
        &self.revision
    }
}

/// The patterns that are watched on one connection.
#[derive(Debug)]
pub(crate) struct Patterns {
    shared: Arc<Shared>,
    runtime: Handle,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    remote: Arc<dyn Remote>,
    watched: Mutex<HashMap<Pattern, Watched>>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Watched {
    keys: BTreeSet<ConfigKey>,
    revision: u64,
    /// The first list is complete.
    complete: bool,
    outlets: Vec<Arc<Outlet<KeySet>>>,
    /// The connection on which the server knows the pattern.
    registered: Option<u64>,
    not_before: Option<Instant>,
    attempts: u32,
    trouble: Option<Error>,
}

impl Watched {
    fn set(&self) -> KeySet {
        KeySet { keys: Arc::new(self.keys.clone()), revision: self.revision.to_string() }
    }

    fn offer(&self) -> Vec<Callback> {
        if !self.complete || self.outlets.is_empty() {
            return Vec::new();
        }
        let set = self.set();
        self.outlets.iter().filter_map(|outlet| outlet.offer(&set, Age::Failover)).collect()
    }

    fn apply(&mut self, key: ConfigKey, change: Option<&str>) {
        let changed = if change == Some(DELETE_CONFIG) { self.keys.remove(&key) } else { self.keys.insert(key) };
        self.revision += u64::from(changed);
    }
}

impl Drop for Patterns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Patterns {
    pub(crate) fn new(remote: Arc<dyn Remote>, full_sync: Duration, runtime: &Handle) -> Self {
        let shared = Arc::new(Shared { remote, watched: Mutex::default(), bell: Notify::new() });
        let task = runtime.spawn(run(Arc::clone(&shared), full_sync));
        Self { shared, runtime: runtime.clone(), task }
    }

    pub(crate) fn handle_pushes(&self, connection: &Connection) {
        connection.on_push(Arc::downgrade(&self.shared) as Weak<dyn PushHandler>);
    }

    /// Adds a watcher.
    pub(crate) fn attach(&self, pattern: &Pattern) -> Arc<Outlet<KeySet>> {
        let outlet = Arc::new(Outlet::new(None, self.runtime.clone()));
        let mut watched = self.shared.watched.lock();
        let watched = watched.entry(pattern.clone()).or_default();
        if watched.complete {
            outlet.offer(&watched.set(), Age::Failover);
        }
        watched.outlets.push(Arc::clone(&outlet));
        self.shared.bell.notify_one();
        outlet
    }

    /// Takes a watcher away; the server is told when it was the last one.
    pub(crate) fn detach(&self, pattern: &Pattern, outlet: &Arc<Outlet<KeySet>>) {
        outlet.close();
        if let Some(watched) = self.shared.watched.lock().get_mut(pattern) {
            watched.outlets.retain(|other| !Arc::ptr_eq(other, outlet));
            if watched.outlets.is_empty() {
                watched.not_before = None;
            }
        }
        self.shared.bell.notify_one();
    }

    /// Why the server refused a pattern the last time, while that is so.
    pub(crate) fn trouble(&self, pattern: &Pattern) -> Option<Error> {
        self.shared.watched.lock().get(pattern)?.trouble.clone()
    }
}

impl Shared {
    /// Changes some patterns and tells their watchers, outside the lock.
    fn change(&self, matches: impl Fn(&Pattern) -> bool, change: impl Fn(&mut Watched)) {
        let mut callbacks = Vec::new();
        for (_, watched) in self.watched.lock().iter_mut().filter(|(pattern, _)| matches(pattern)) {
            change(watched);
            callbacks.extend(watched.offer());
        }
        for callback in callbacks {
            call(Some(callback));
        }
    }
}

impl PushHandler for Shared {
    fn push(&self, push: &Payload) -> Option<Bytes> {
        match push.kind() {
            ConfigFuzzyWatchSyncRequest::TYPE => {
                let push = ConfigFuzzyWatchSyncRequest::from_json(push.json()).ok()??;
                let text = push.group_key_pattern.unwrap_or_default();
                let finished = push.sync_type.as_deref() == Some(FINISH_INIT);
                let contexts = push.contexts.unwrap_or_default();
                self.change(
                    |pattern| pattern.to_string() == text,
                    |watched| {
                        for context in &contexts {
                            if let Some(key) = context.group_key.as_deref().and_then(from_joined) {
                                watched.apply(key, context.changed_type.as_deref());
                            }
                        }
                        watched.complete |= finished;
                    },
                );
                let answer = ConfigFuzzyWatchSyncResponse { request_id: push.request_id, ..Default::default() };
                Some(answer.to_frame())
            }
            ConfigFuzzyWatchChangeNotifyRequest::TYPE => {
                let push = ConfigFuzzyWatchChangeNotifyRequest::from_json(push.json()).ok()??;
                if let Some(key) = push.group_key.as_deref().and_then(from_joined) {
                    self.change(
                        |pattern| pattern.matches(&key),
                        |watched| watched.apply(key.clone(), push.change_type.as_deref()),
                    );
                }
                let answer = ConfigFuzzyWatchChangeNotifyResponse { request_id: push.request_id, ..Default::default() };
                Some(answer.to_frame())
            }
            _ => None,
        }
    }
}

/// What is to be told to the server next.
struct Step {
    pattern: Pattern,
    request: ConfigFuzzyWatchRequest,
    cancel: bool,
}

async fn run(shared: Arc<Shared>, full_sync: Duration) {
    let mut status = shared.remote.status();
    let mut next_sync = Instant::now() + full_sync;
    loop {
        let generation = {
            let status = status.borrow_and_update();
            let offered = status.state == Link::Connected && status.abilities.fuzzy_watch;
            offered.then_some(status.generation)
        };
        let now = Instant::now();
        if now >= next_sync {
            next_sync = now + full_sync;
            shared.watched.lock().values_mut().for_each(|watched| watched.registered = None);
        }
        let (step, next) = shared.next(generation, now);
        if let (Some(step), Some(generation)) = (step, generation) {
            let result = shared.remote.fuzzy(generation, &step.request).await;
            shared.told(&step, generation, result.err(), Instant::now());
            continue;
        }
        tokio::select! {
            () = shared.bell.notified() => {}
            changed = status.changed() => if changed.is_err() { return },
            () = sleep_until(next.map_or(next_sync, |next| next.min(next_sync))) => {}
        }
    }
}

impl Shared {
    /// The next request, or when there will be one.
    fn next(&self, generation: Option<u64>, now: Instant) -> (Option<Step>, Option<Instant>) {
        let mut watched = self.watched.lock();
        // What the server does not know needs no request to be forgotten.
        watched.retain(|_, watched| {
            !watched.outlets.is_empty() || generation.is_some() && watched.registered == generation
        });
        if generation.is_none() {
            return (None, None);
        }
        let mut next = None;
        for (pattern, watched) in watched.iter() {
            let cancel = watched.outlets.is_empty();
            if !cancel && watched.registered == generation {
                continue;
            }
            match watched.not_before.filter(|at| *at > now) {
                Some(at) => next = Some(next.map_or(at, |next: Instant| next.min(at))),
                None => return (Some(step(pattern, watched, cancel)), None),
            }
        }
        (None, next)
    }

    fn told(&self, step: &Step, generation: u64, error: Option<Error>, now: Instant) {
        let mut watched = self.watched.lock();
        let Some(found) = watched.get_mut(&step.pattern) else { return };
        match error {
            None if step.cancel => {
                found.registered = None;
                // A watcher that came meanwhile begins anew.
                if found.outlets.is_empty() {
                    watched.remove(&step.pattern);
                }
            }
            None => {
                found.registered = Some(generation);
                (found.attempts, found.not_before, found.trouble) = (0, None, None);
            }
            Some(_) if step.cancel => found.registered = None,
            Some(error) => {
                let pause = match error.kind() {
                    ErrorKind::OverLimit => OVER_LIMIT_PAUSE,
                    ErrorKind::Unreachable | ErrorKind::Timeout => Duration::from_millis(50 << found.attempts.min(6)),
                    _ => LONGEST_PAUSE,
                };
                tracing::debug!(pattern = %step.pattern, %error, "a pattern of configs cannot be watched");
                found.not_before = Some(now + pause);
                found.attempts += 1;
                found.trouble = Some(error);
            }
        }
    }
}

fn step(pattern: &Pattern, watched: &Watched, cancel: bool) -> Step {
    let known = watched.keys.iter().map(|key| joined(key, key.namespace().as_str())).collect();
    let request = ConfigFuzzyWatchRequest {
        group_key_pattern: Some(pattern.to_string()),
        received_group_keys: Some(known),
        watch_type: Some(if cancel { CANCEL_WATCH } else { WATCH }.to_owned()),
        initializing: !watched.complete,
        ..ConfigFuzzyWatchRequest::default()
    };
    Step { pattern: pattern.clone(), request, cancel }
}

#[cfg(test)]
mod tests;
