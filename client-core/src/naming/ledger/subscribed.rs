//! A subscription of one connection, counted by those who follow it, with the newest list that came for it.

use std::{
    fmt, ptr,
    sync::{Arc, Weak},
};

use tokio::sync::oneshot;

use super::entry::{self, Entry};
use crate::{
    error::Error,
    names::Namespace,
    naming::{diff, model::ServiceSnapshot},
};

/// Takes the lists of one service for one object. Called outside of locks, from the connection's tasks.
pub(crate) trait Sink: Send + Sync + fmt::Debug {
    /// The newest list; may be the one that it has.
    fn take(&self, list: &Arc<ServiceSnapshot>);

    /// The server refused the subscription; it is not tried again.
    fn refused(&self, error: &Error);
}

#[derive(Debug)]
pub(super) struct Subscribed {
    pub(super) namespace: Namespace,
    pub(super) entry: Entry<()>,
    sinks: Vec<Weak<dyn Sink>>,
    newest: Newest,
    last: Option<Arc<ServiceSnapshot>>,
    refusal: Option<Error>,
}

impl Subscribed {
    pub(super) fn new(namespace: Namespace) -> Self {
        let (entry, newest) = (Entry::new(), Newest::default());
        Self { namespace, entry, sinks: Vec::new(), newest, last: None, refusal: None }
    }

    /// Counts a sink in. False when others follow the service in another namespace.
    pub(super) fn enter(&mut self, namespace: &Namespace, sink: &Weak<dyn Sink>, generation: u64) -> bool {
        if self.namespace != *namespace {
            if !self.sinks.is_empty() || !self.entry.is_gone(generation) {
                return false;
            }
            *self = Self::new(namespace.clone());
        }
        self.sinks.push(Weak::clone(sink));
        self.refusal = None;
        if self.entry.content().is_none() {
            self.entry.want((), None);
        }
        true
    }

    /// Counts a sink out.
    pub(super) fn leave(&mut self, sink: &Weak<dyn Sink>) {
        self.sinks.retain(|other| !ptr::addr_eq(other.as_ptr(), sink.as_ptr()) && other.strong_count() > 0);
        if self.sinks.is_empty() {
            self.entry.want_nothing(None, &entry::taken_back());
            // Without the subscription nothing keeps it true.
            self.last = None;
            self.newest = Newest::default();
        }
    }

    /// Waits for the server's answer along with the others.
    pub(super) fn wait(&mut self, answer: oneshot::Sender<Result<(), Error>>) -> Result<(), Error> {
        match self.entry.join(answer) {
            Some(_) => Ok(()),
            None => Err(self.refusal.clone().unwrap_or_else(Error::closed)),
        }
    }

    pub(super) fn last(&self) -> Option<Arc<ServiceSnapshot>> {
        self.last.clone()
    }

    pub(super) fn sinks(&self) -> Vec<Arc<dyn Sink>> {
        self.sinks.iter().filter_map(Weak::upgrade).collect()
    }

    /// The server refused for good.
    pub(super) fn refuse(&mut self, error: &Error) -> Vec<Arc<dyn Sink>> {
        self.refusal = Some(error.clone());
        self.sinks()
    }

    /// Takes a list of the connection of this generation. None if it is older than what is there; otherwise what is
    /// to be shown, which is the list before if that is equal.
    pub(super) fn accept(&mut self, list: Arc<ServiceSnapshot>, generation: u64) -> Option<Arc<ServiceSnapshot>> {
        if self.sinks.is_empty() || !self.newest.admits(generation, list.last_ref_time()) {
            return None;
        }
        let kept = match self.last.take() {
            Some(last) if last.shows_same(&list) => last,
            _ => list,
        };
        self.last = Some(Arc::clone(&kept));
        Some(kept)
    }
}

/// The stamp of the newest list of a connection. Servers' clocks differ, so stamps count within one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Newest {
    generation: u64,
    last_ref_time: i64,
}

impl Newest {
    /// Whether a list is not older than those before, which it then replaces.
    pub(crate) fn admits(&mut self, generation: u64, last_ref_time: i64) -> bool {
        let fresh = Self { generation, last_ref_time };
        let newer = generation > self.generation;
        let as_new = generation == self.generation && last_ref_time >= self.last_ref_time;
        if newer || as_new {
            *self = fresh;
        }
        newer || as_new
    }
}

impl ServiceSnapshot {
    /// Whether a user would see no difference: same instances in the same order, same flags, same source.
    fn shows_same(&self, other: &Self) -> bool {
        diff::same(self.instances(), other.instances())
            && self.source() == other.source()
            && self.reach_protection_threshold() == other.reach_protection_threshold()
            && self.cache_time() == other.cache_time()
    }
}
