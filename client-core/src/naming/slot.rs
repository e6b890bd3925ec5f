//! One service of one object: the list that is shown, who uses it, and who is to be told.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;

use super::{
    cache::DiskCache,
    failover::Failover,
    ledger::Sink,
    model::{ServiceSnapshot, Source},
    subscription::Watcher,
};
use crate::{error::Error, names::ServiceKey, pool::Line};

/// What the slots of one object have in common.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) protect_empty: bool,
    pub(crate) disk: Option<Arc<DiskCache>>,
    pub(crate) failover: Option<Arc<Failover>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Slot {
    service: ServiceKey,
    around: Arc<Surroundings>,
    /// The newest list but for failover. Absent until one is known.
    live: ArcSwapOption<ServiceSnapshot>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    users: usize,
    /// A query keeps it, until the object is closed or unsubscribes.
    pinned: bool,
    closed: bool,
    refusal: Option<Error>,
    line: Option<Arc<Line>>,
    watchers: Vec<Weak<Watcher>>,
}

impl Slot {
    pub(crate) fn new(service: ServiceKey, around: Arc<Surroundings>) -> Arc<Self> {
        Arc::new(Self { service, around, live: ArcSwapOption::empty(), state: Mutex::default() })
    }

    pub(crate) fn service(&self) -> &ServiceKey {
        &self.service
    }

    /// The list that users see: that of the failover folder if it stands in, else the newest.
    pub(crate) fn shown(&self) -> Option<Arc<ServiceSnapshot>> {
        let failover = self.around.failover.as_ref().and_then(|failover| failover.get(&self.service));
        failover.or_else(|| self.live.load_full())
    }

    /// The newest list but for failover.
    pub(crate) fn live(&self) -> Option<Arc<ServiceSnapshot>> {
        self.live.load_full()
    }

    /// Counts a user in; false if it is closed.
    pub(crate) fn enter(&self) -> bool {
        let mut state = self.state.lock();
        state.users += usize::from(!state.closed);
        !state.closed
    }

    /// Counts a user out. True when nobody is left, and it has been closed.
    pub(crate) fn leave(&self) -> bool {
        let mut state = self.state.lock();
        state.users -= 1;
        self.close_if_unused(&mut state)
    }

    /// Keeps it without a user.
    pub(crate) fn pin(&self) {
        let mut state = self.state.lock();
        state.pinned = !state.closed;
    }

    /// Keeps it no longer. True when nobody is left, and it has been closed.
    pub(crate) fn unpin(&self) -> bool {
        let mut state = self.state.lock();
        state.pinned = false;
        self.close_if_unused(&mut state)
    }

    /// Whether it has users, or a query keeps it.
    pub(crate) fn is_used(&self) -> bool {
        let state = self.state.lock();
        !state.closed && (state.users > 0 || state.pinned)
    }

    fn close_if_unused(&self, state: &mut State) -> bool {
        let closes = state.users == 0 && !state.pinned && !state.closed;
        state.closed |= closes;
        closes
    }

    /// Ends it for all users. True the first time.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.state.lock();
        !std::mem::replace(&mut state.closed, true)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// The line on which it is subscribed.
    pub(crate) fn line(&self) -> Option<Arc<Line>> {
        self.state.lock().line.clone()
    }

    /// Notes the line, unless it is closed or has one.
    pub(crate) fn set_line(&self, line: &Arc<Line>) -> bool {
        let mut state = self.state.lock();
        let free = !state.closed && state.line.is_none();
        if free {
            state.line = Some(Arc::clone(line));
        }
        free
    }

    /// Takes the line out, to unsubscribe there, and tells the watchers of the end.
    pub(crate) fn take_line(&self) -> Option<Arc<Line>> {
        let (line, watchers) = {
            let mut state = self.state.lock();
            (state.line.take(), std::mem::take(&mut state.watchers))
        };
        watchers.iter().filter_map(Weak::upgrade).for_each(|watcher| watcher.wake());
        line
    }

    /// Why the server refused the subscription for good.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.state.lock().refusal.clone()
    }

    pub(crate) fn add_watcher(&self, watcher: &Arc<Watcher>) {
        let mut state = self.state.lock();
        state.watchers.retain(|watcher| watcher.strong_count() > 0);
        state.watchers.push(Arc::downgrade(watcher));
    }

    /// Shows the list of the cache on disk until the server is heard. False if a list is there already.
    pub(crate) fn fill_from_cache(&self, list: &Arc<ServiceSnapshot>) -> bool {
        let filled = self.live.compare_and_swap(&None::<Arc<ServiceSnapshot>>, Some(Arc::clone(list))).is_none();
        if filled {
            self.wake();
        }
        filled
    }

    /// Lets the watchers look.
    pub(crate) fn wake(&self) {
        let watchers: Vec<_> = self.state.lock().watchers.iter().filter_map(Weak::upgrade).collect();
        watchers.iter().for_each(|watcher| watcher.wake());
    }
}

impl Sink for Slot {
    fn take(&self, list: &Arc<ServiceSnapshot>) {
        {
            // Held while the list is put in place: two lists must not overtake each other here.
            let state = self.state.lock();
            let before = self.live.load();
            // Lists come in order from the ledger, but two tasks may bring them at the same time.
            let late =
                |before: &ServiceSnapshot| before.source() == Source::Server && before.revision() >= list.revision();
            let protected = self.around.protect_empty && !list.is_usable() && before.is_some();
            if state.closed || protected || before.as_deref().is_some_and(late) {
                return;
            }
            self.live.store(Some(Arc::clone(list)));
            if let Some(disk) = self.around.disk.as_ref().filter(|_| list.source() == Source::Server) {
                disk.put(list);
            }
        }
        self.wake();
    }

    fn refused(&self, error: &Error) {
        self.state.lock().refusal = Some(error.clone());
        self.wake();
    }
}

#[cfg(test)]
mod tests;
