//! One config that a client object listens to: what the server, a failover file and a snapshot say of it, and who is
//! told.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::{
    listen::{Listens, Observer},
    outlet::{Age, Callback, Outlet, call},
    raw::{RawConfig, Value, digest},
    snapshot::Snapshots,
};
use crate::names::ConfigKey;

#[derive(Debug)]
pub(crate) struct Entry {
    key: ConfigKey,
    listens: Arc<Listens>,
    snapshots: Option<Snapshots>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    server: Option<(Value, u64)>,
    failover: Option<Arc<RawConfig>>,
    snapshot: Option<Arc<RawConfig>>,
    outlets: Vec<Arc<Outlet>>,
    /// Nothing is told before it is known whether there is a failover file.
    waiting: bool,
}

impl State {
    /// The value that counts: failover file, server, snapshot.
    fn effective(&self) -> Option<(Value, Age)> {
        if self.waiting {
            return None;
        }
        if let Some(config) = &self.failover {
            return Some((Some(Arc::clone(config)), Age::Failover));
        }
        if let Some((value, asked)) = &self.server {
            return Some((value.clone(), Age::Asked(*asked)));
        }
        self.snapshot.as_ref().map(|config| (Some(Arc::clone(config)), Age::Snapshot))
    }

    fn offer(&self) -> Vec<Callback> {
        let Some((value, age)) = self.effective() else { return Vec::new() };
        self.outlets.iter().filter_map(|outlet| outlet.offer(&value, age)).collect()
    }
}

impl Observer for Entry {
    fn server(&self, value: &Value, asked: u64) {
        if let Some(snapshots) = &self.snapshots {
            drop(snapshots.store(&self.key, value));
        }
        self.change(|state| {
            if state.server.as_ref().is_none_or(|(_, known)| *known <= asked) {
                state.server = Some((value.clone(), asked));
            }
        });
    }
}

impl Entry {
    /// Nothing is known. `waiting`: nothing is told until [`Entry::set_failover`] was called.
    pub(crate) fn new(key: ConfigKey, listens: Arc<Listens>, snapshots: Option<Snapshots>, waiting: bool) -> Arc<Self> {
        let state = Mutex::new(State { waiting, ..State::default() });
        Arc::new(Self { key, listens, snapshots, state })
    }

    pub(crate) fn key(&self) -> &ConfigKey {
        &self.key
    }

    pub(crate) fn listens(&self) -> &Arc<Listens> {
        &self.listens
    }

    /// Adds a listener who has the value with the md5 `baseline`; `known` is that value, where it is at hand.
    pub(crate) fn attach(self: &Arc<Self>, baseline: Option<&str>, known: Option<Value>) -> Arc<Outlet> {
        let outlet = Arc::new(Outlet::new(baseline, self.listens.runtime().clone()));
        if let Some(known) = known {
            outlet.know(known);
        }
        let attached = self.listens.attach(&self.key, self.observer(), baseline);
        let agrees = attached.held.as_ref().is_some_and(|(value, _)| Some(digest(value)) == baseline);
        if !agrees {
            outlet.begin(attached.since);
        }
        self.change(|state| {
            if let Some((value, asked)) = attached.held
                && state.server.as_ref().is_none_or(|(_, known)| *known <= asked)
            {
                state.server = Some((value, asked));
            }
            state.outlets.push(Arc::clone(&outlet));
        });
        outlet
    }

    /// Takes a listener away; tells whether it was the last one.
    pub(crate) fn detach(self: &Arc<Self>, outlet: &Arc<Outlet>) -> bool {
        let mut state = self.state.lock();
        let count = state.outlets.len();
        state.outlets.retain(|other| !Arc::ptr_eq(other, outlet));
        let (removed, last) = (state.outlets.len() < count, state.outlets.is_empty());
        drop(state);
        outlet.close();
        if removed {
            self.listens.detach(&self.key, &self.observer());
        }
        last
    }

    /// Ends all listeners.
    pub(crate) fn close(self: &Arc<Self>) {
        let outlets = std::mem::take(&mut self.state.lock().outlets);
        for outlet in outlets {
            outlet.close();
            self.listens.detach(&self.key, &self.observer());
        }
    }

    /// A failover file appeared, changed or disappeared.
    pub(crate) fn set_failover(&self, config: Option<Arc<RawConfig>>) {
        let wanted = {
            let mut state = self.state.lock();
            if state.failover == config && !state.waiting {
                return;
            }
            let ended = config.is_none() && state.failover.is_some();
            state.waiting = false;
            state.failover = config;
            // With a baseline only the md5 of the server's value may be known, and now the value is needed.
            ended && state.server.is_none()
        };
        if wanted {
            self.listens.want(&self.key);
        }
        self.change(|_| {});
    }

    /// Tells what is known, whether or not the failover files were seen.
    pub(crate) fn begin(&self) {
        self.change(|state| state.waiting = false);
    }

    /// What an earlier run left, for the time until the server answers.
    pub(crate) fn set_snapshot(&self, config: Arc<RawConfig>) {
        self.change(|state| state.snapshot = Some(config));
    }

    /// Whether the server or a failover file has said something.
    pub(crate) fn is_known(&self) -> bool {
        let state = self.state.lock();
        state.server.is_some() || state.failover.is_some()
    }

    fn observer(self: &Arc<Self>) -> Weak<dyn Observer> {
        let entry: Arc<dyn Observer> = Arc::<Self>::clone(self);
        Arc::downgrade(&entry)
    }

    /// Changes what is known and offers it, in the order of the changes. Callbacks run without the lock.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let callbacks = {
            let mut state = self.state.lock();
            change(&mut state);
            state.offer()
        };
        for callback in callbacks {
            call(Some(callback));
        }
    }
}
