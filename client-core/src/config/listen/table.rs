//! What is listened to on one connection, and what is to be asked next. Sends nothing and reads no clock.
//!
//! For each config: who listens, what the client holds, whether the server knows the listen, and whether a comparison
//! or a query is due. A listen is known to the server before the config is queried, so a change in between is pushed;
//! after each query the listen is sent again with the new md5, so the server itself says that nothing was missed.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque, hash_map::Entry as Place},
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use nacre_proto::config::{ConfigBatchListenRequest, ConfigListenContext};
use tokio::time::Instant;

use super::super::{
    key::tenant,
    raw::{RawConfig, Value, digest},
};
use crate::{
    error::{Error, ErrorKind},
    names::ConfigKey,
};

/// Longest pause before a request is repeated that failed on the way or for want of rights.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Pauses before a listen is repeated to which the server said "changed" and then gave what the client has. A server
/// may lag behind itself; after these pauses the matter rests until the next push or full comparison.
const DOUBTS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// How often the request to stop a listen is repeated.
const LEAVE_ATTEMPTS: u32 = 3;
/// Bytes around the names in a listen request.
const CONTEXT_BYTES: usize = 64;

/// Who is told the server's value.
pub(crate) trait Observer: Send + Sync + fmt::Debug {
    /// The value, and the number of the question that it answers. Numbers rise.
    fn server(&self, value: &Value, asked: u64);
}

/// How much one request carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) keys: usize,
    pub(crate) bytes: usize,
}

/// A request to begin, confirm or stop listens.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) keys: Vec<ConfigKey>,
    pub(crate) request: ConfigBatchListenRequest,
    /// Keys that were known to an earlier connection.
    pub(crate) redone: usize,
    asked: u64,
}

/// A question for a value.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) key: ConfigKey,
    asked: u64,
}

/// A value and who is to be told.
#[derive(Debug)]
pub(crate) struct Notice {
    observers: Vec<Arc<dyn Observer>>,
    value: Value,
    asked: u64,
}

impl Notice {
    /// Tells all. Not under the table's lock.
    pub(crate) fn tell(&self) {
        for observer in &self.observers {
            observer.server(&self.value, self.asked);
        }
    }
}

/// What a new listener finds.
#[derive(Debug)]
pub(crate) struct Attached {
    /// The newest value, if one is held, and its question.
    pub(crate) held: Option<(Value, u64)>,
    /// Answers to earlier questions are older than the listener's baseline.
    pub(crate) since: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: HashMap<ConfigKey, Slot>,
    /// How many of them have listeners.
    listened: usize,
    /// Number of the last question.
    asked: u64,
    generation: Option<u64>,
    listens: VecDeque<ConfigKey>,
    leaves: VecDeque<ConfigKey>,
    queries: VecDeque<ConfigKey>,
    later: BTreeMap<(Instant, u64), ConfigKey>,
    /// Parts of a batch that the server refused, each for a request of its own.
    cuts: VecDeque<VecDeque<ConfigKey>>,
}

#[derive(Debug, Default)]
struct Slot {
    observers: Vec<(Weak<dyn Observer>, usize)>,
    held: Held,
    /// The connection on which the server knows the listen.
    registered: Option<u64>,
    /// A comparison is due.
    check: bool,
    /// A query is due.
    query: bool,
    queued: Queued,
    /// A request for it is on its way.
    busy: bool,
    not_before: Option<Instant>,
    attempts: u32,
    /// What was sent in the last comparison, if the server said that it differs.
    differs: Option<String>,
    doubts: usize,
    trouble: Option<Error>,
    /// The server refuses this listen for what it is: it goes alone, not to harm others.
    alone: bool,
}

/// What a config needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Listen,
    Leave,
    Query,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Queued {
    #[default]
    No,
    /// In this queue; it may have old places in others, which count no more.
    In(Lane),
    /// Put off; the place in [`Table::later`].
    Later(Instant, u64),
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    /// What listeners say that they have.
    Md5(String),
    Value(Value, u64),
}

impl Held {
    fn digest(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Md5(md5) => md5,
            Self::Value(value, _) => digest(value),
        }
    }
}

fn is_same(observer: &Weak<dyn Observer>, other: &Weak<dyn Observer>) -> bool {
    std::ptr::addr_eq(observer.as_ptr(), other.as_ptr())
}

impl Slot {
    /// Whether a listener with this baseline makes a query necessary.
    fn wants(&self, baseline: Option<&str>) -> bool {
        match (&self.held, baseline) {
            (Held::Value(..), None) | (Held::Nothing, None) => false,
            (Held::Value(value, _), Some(baseline)) => digest(value) != baseline,
            (Held::Md5(md5), Some(baseline)) => md5 != baseline,
            (Held::Md5(_), None) => true,
            (Held::Nothing, Some(baseline)) => !baseline.is_empty(),
        }
    }

    fn notice(&self) -> Option<Notice> {
        let Held::Value(value, asked) = &self.held else { return None };
        let observers: Vec<_> = self.observers.iter().filter_map(|(observer, _)| observer.upgrade()).collect();
        (!observers.is_empty()).then(|| Notice { observers, value: value.clone(), asked: *asked })
    }

    /// Puts off what is due, longer with each failure.
    fn put_off(&mut self, error: Error, now: Instant) {
        let pause = match error.kind() {
            ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::Conflict | ErrorKind::OverLimit => {
                Duration::from_millis(50 << self.attempts.min(7)).min(LONGEST_PAUSE)
            }
            ErrorKind::Forbidden => LONGEST_PAUSE,
            // What is refused for what it is goes alone, so there may be many of them.
            _ => LONGEST_PAUSE * (1 << self.attempts.min(5)),
        };
        self.not_before = Some(now + pause);
        self.attempts += 1;
        self.trouble = Some(error);
    }

    fn well(&mut self) {
        self.attempts = 0;
        self.not_before = None;
        self.trouble = None;
        self.alone = false;
    }
}

impl Table {
    /// Adds a listener; `baseline` is the md5 of what it has.
    pub(crate) fn attach(&mut self, key: &ConfigKey, observer: Weak<dyn Observer>, baseline: Option<&str>) -> Attached {
        self.asked += 1;
        let since = self.asked;
        match self.slots.entry(key.clone()) {
            Place::Vacant(place) => {
                let held = baseline.map_or(Held::Nothing, |md5| Held::Md5(md5.to_owned()));
                place.insert(Slot { observers: vec![(observer, 1)], held, check: true, ..Slot::default() });
                self.listened += 1;
            }
            Place::Occupied(mut place) => {
                let slot = place.get_mut();
                if let (Held::Nothing, true, Some(md5)) = (&slot.held, slot.observers.is_empty(), baseline) {
                    slot.held = Held::Md5(md5.to_owned());
                }
                let wants = slot.wants(baseline);
                slot.query |= wants;
                self.listened += usize::from(slot.observers.is_empty());
                if wants || slot.observers.is_empty() {
                    hurry(slot, &mut self.later);
                }
                match slot.observers.iter_mut().find(|(other, _)| is_same(other, &observer)) {
                    Some((_, count)) => *count += 1,
                    None => slot.observers.push((observer, 1)),
                }
            }
        }
        self.enqueue(key);
        let held = match &self.slots[key].held {
            Held::Value(value, asked) => Some((value.clone(), *asked)),
            _ => None,
        };
        Attached { held, since }
    }

    /// Takes a listener away.
    pub(crate) fn detach(&mut self, key: &ConfigKey, observer: &Weak<dyn Observer>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if let Some(index) = slot.observers.iter().position(|(other, _)| is_same(other, observer)) {
            slot.observers[index].1 -= 1;
            if slot.observers[index].1 == 0 {
                slot.observers.swap_remove(index);
                if slot.observers.is_empty() {
                    self.listened -= 1;
                    slot.attempts = 0;
                    hurry(slot, &mut self.later);
                }
            }
        }
        self.enqueue(key);
    }

    /// A value is wanted where so far an md5 was enough, or it may be old.
    pub(crate) fn want(&mut self, key: &ConfigKey) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.query = true;
            self.enqueue(key);
        }
    }

    /// The server says that a config changed.
    pub(crate) fn pushed(&mut self, key: &ConfigKey) {
        if let Some(slot) = self.slots.get_mut(key).filter(|slot| !slot.observers.is_empty()) {
            slot.query = true;
            slot.differs = None;
            slot.doubts = 0;
            hurry(slot, &mut self.later);
            self.enqueue(key);
        }
    }

    /// A connection is there, or none. Requests of another one are over.
    pub(crate) fn connected(&mut self, generation: Option<u64>) {
        self.generation = generation;
        self.listens.clear();
        self.leaves.clear();
        self.queries.clear();
        self.later.clear();
        self.cuts.clear();
        let keys: Vec<ConfigKey> = self.slots.keys().cloned().collect();
        for key in keys {
            if let Some(slot) = self.slots.get_mut(&key) {
                (slot.busy, slot.queued, slot.not_before, slot.attempts) = (false, Queued::No, None, 0);
            }
            self.enqueue(&key);
        }
    }

    /// Compares all with the server.
    pub(crate) fn check_all(&mut self) {
        let keys: Vec<ConfigKey> = self.slots.keys().cloned().collect();
        for key in keys {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.check = true;
            }
            self.enqueue(&key);
        }
    }

    /// When something that was put off is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    /// Makes due what was put off until now.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let key = first.remove();
            if let Some(slot) = self.slots.get_mut(&key) {
                (slot.queued, slot.not_before) = (Queued::No, None);
            }
            self.enqueue(&key);
        }
    }

    /// How many configs somebody listens to.
    pub(crate) fn count(&self) -> usize {
        self.listened
    }

    /// Whether nothing is left of a listen without listeners.
    pub(crate) fn is_settled(&self, key: &ConfigKey) -> bool {
        self.slots.get(key).is_none_or(|slot| !slot.observers.is_empty())
    }

    /// What is held of a config that somebody listens to.
    pub(crate) fn held(&self, key: &ConfigKey) -> Option<Arc<RawConfig>> {
        match &self.slots.get(key)?.held {
            Held::Value(value, _) => value.clone(),
            _ => None,
        }
    }

    /// The md5 of what is held, `None` when nobody listens.
    pub(crate) fn held_md5(&self, key: &ConfigKey) -> Option<&str> {
        self.slots.get(key).map(|slot| slot.held.digest())
    }

    /// Why the last request for a config failed.
    pub(crate) fn trouble(&self, key: &ConfigKey) -> Option<Error> {
        self.slots.get(key)?.trouble.clone()
    }

    /// Puts a key into the queue of what it needs next.
    fn enqueue(&mut self, key: &ConfigKey) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if slot.busy || matches!(slot.queued, Queued::Later(..)) {
            return;
        }
        let known = self.generation.is_some() && slot.registered == self.generation;
        if slot.observers.is_empty() && !known {
            self.slots.remove(key);
            return;
        }
        if self.generation.is_none() {
            return;
        }
        let lane = if slot.observers.is_empty() {
            Lane::Leave
        } else if known && slot.query {
            Lane::Query
        } else if !known || slot.check {
            Lane::Listen
        } else {
            slot.queued = Queued::No;
            return;
        };
        if let Some(at) = slot.not_before {
            self.asked += 1;
            slot.queued = Queued::Later(at, self.asked);
            self.later.insert((at, self.asked), key.clone());
        } else if slot.queued != Queued::In(lane) {
            slot.queued = Queued::In(lane);
            self.queue(lane).push_back(key.clone());
        }
    }

    fn queue(&mut self, lane: Lane) -> &mut VecDeque<ConfigKey> {
        match lane {
            Lane::Listen => &mut self.listens,
            Lane::Leave => &mut self.leaves,
            Lane::Query => &mut self.queries,
        }
    }
}

/// Forgets that something was put off.
fn hurry(slot: &mut Slot, later: &mut BTreeMap<(Instant, u64), ConfigKey>) {
    slot.not_before = None;
    if let Queued::Later(at, number) = slot.queued {
        later.remove(&(at, number));
        slot.queued = Queued::No;
    }
}

mod ask;

#[cfg(test)]
mod tests;
