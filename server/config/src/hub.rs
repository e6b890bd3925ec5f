//! Who waits for changes of which config, and how they are told.
//!
//! Apply only marks a config as changed, and only if somebody waits for it. A task of its own then
//! tells the waiting ones, a few hundred at a time, so that neither apply nor the doors wait for it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    key::ConfigKey,
    listener::{Mailbox, Notice, Notices},
    poll::Waiter,
};

/// How many are told before other tasks get a turn.
const TOLD_AT_ONCE: usize = 256;

/// How a listener spells the namespace; `None` when it leaves it out.
pub(crate) type Tenant = Option<Arc<str>>;

/// Names one interest in one config: who, and by which spelling of the namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Interest {
    pub(crate) of: u64,
    pub(crate) tenant: Tenant,
}

/// Somebody who waits.
#[derive(Clone)]
pub(crate) enum Waiting {
    Connection(Arc<Mailbox>),
    Poll(Arc<Waiter>),
}

#[derive(Default)]
struct Topic {
    waiting: HashMap<Interest, Waiting>,
    is_queued: bool,
}

#[derive(Default)]
struct State {
    topics: HashMap<ConfigKey, Topic>,
    /// Changed configs, each once: never more than there are topics.
    queue: VecDeque<ConfigKey>,
}

/// All who wait.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    wake: Notify,
}

impl Hub {
    /// Notes that what is served for a config changed.
    pub(crate) fn changed(&self, key: &ConfigKey) {
        let mut state = self.state.lock();
        let State { topics, queue } = &mut *state;
        let Some(topic) = topics.get_mut(key) else { return };
        if !std::mem::replace(&mut topic.is_queued, true) {
            queue.push_back(key.clone());
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Notes that anything may have changed.
    pub(crate) fn all_changed(&self) {
        let mut state = self.state.lock();
        let State { topics, queue } = &mut *state;
        for (key, topic) in topics {
            if !std::mem::replace(&mut topic.is_queued, true) {
                queue.push_back(key.clone());
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    pub(crate) fn add(&self, key: &ConfigKey, interest: Interest, waiting: Waiting) {
        let mut state = self.state.lock();
        state.topics.entry(key.clone()).or_default().waiting.insert(interest, waiting);
    }

    pub(crate) fn remove(&self, key: &ConfigKey, interest: &Interest) {
        let mut state = self.state.lock();
        let Some(topic) = state.topics.get_mut(key) else { return };
        let removed = topic.waiting.remove(interest);
        let is_abandoned = topic.waiting.is_empty();
        if topic.waiting.capacity() > 64 && topic.waiting.len() * 4 < topic.waiting.capacity() {
            topic.waiting.shrink_to_fit();
        }
        if is_abandoned {
            let topic = state.topics.remove(key);
            if topic.is_some_and(|topic| topic.is_queued) {
                state.queue.retain(|queued| queued != key);
            }
        }
        drop(state);
        drop(removed);
    }

    /// Who waits for a config.
    pub(crate) fn waiting(&self, key: &ConfigKey) -> Vec<(Tenant, Waiting)> {
        let state = self.state.lock();
        let waiting = state.topics.get(key).into_iter().flat_map(|topic| &topic.waiting);
        waiting.map(|(interest, waiting)| (interest.tenant.clone(), waiting.clone())).collect()
    }

    /// All configs that somebody waits for.
    pub(crate) fn keys(&self) -> Vec<ConfigKey> {
        self.state.lock().topics.keys().cloned().collect()
    }

    /// Takes the next changed config with all who wait for it.
    fn next(&self) -> Option<(ConfigKey, Vec<(Tenant, Waiting)>)> {
        let mut state = self.state.lock();
        let State { topics, queue } = &mut *state;
        loop {
            let key = queue.pop_front()?;
            let Some(topic) = topics.get_mut(&key) else { continue };
            topic.is_queued = false;
            let waiting = topic.waiting.iter().map(|(interest, waiting)| (interest.tenant.clone(), waiting.clone()));
            return Some((key, waiting.collect()));
        }
    }

    /// Tells all who wait about every change, for ever.
    pub(crate) async fn run(self: Arc<Self>, notices: Arc<Notices>) {
        loop {
            self.wake.notified().await;
            while let Some((key, waiting)) = self.next() {
                tell(&key, waiting, &notices).await;
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.state.lock().topics.len()
    }
}

async fn tell(key: &ConfigKey, waiting: Vec<(Tenant, Waiting)>, notices: &Notices) {
    // One frame per spelling, shared by all that use it.
    let mut frames: HashMap<Tenant, Arc<Notice>> = HashMap::new();
    for (number, (tenant, waiting)) in waiting.into_iter().enumerate() {
        if number > 0 && number % TOLD_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
        match waiting {
            Waiting::Poll(waiter) => waiter.changed(key),
            Waiting::Connection(mailbox) => {
                let notice = match frames.get(&tenant) {
                    Some(notice) => notice.clone(),
                    None => {
                        let notice = Arc::new(notices.encode(key, tenant.as_deref()));
                        frames.insert(tenant.clone(), notice.clone());
                        notice
                    }
                };
                mailbox.put(key, &tenant, notice);
            }
        }
    }
}
