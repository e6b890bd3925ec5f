//! What waits for the host: answers, each once, and events, of which there is at most one per subscription.
//!
//! An event is the key of a subscription. Once it was drained there is no other until [`Queue::done`]; what happens
//! meanwhile becomes one event after that. So the queue is bounded by calls in flight and by subscriptions, and a slow
//! listener costs one place. Knows neither clients nor values, and locks what `crate::sync` says, which in a test is a
//! scheduler that tries many orders.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use crate::sync::{Condvar, Mutex};

/// Something for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<A> {
    /// What came of a call.
    Answer(A),
    /// A subscription has something to take.
    Event(u64),
}

/// What a host drains.
#[derive(Debug)]
pub struct Queue<A> {
    state: Mutex<State<A>>,
    bell: Condvar,
}

/// Tells a host without a waiting thread that there is something.
type Ready = dyn Fn() + Send + Sync;

struct Waker {
    ready: Arc<Ready>,
    /// Whether it is to be called for the next thing: once per drain that gave nothing.
    owed: bool,
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").field("owed", &self.owed).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct State<A> {
    answers: VecDeque<A>,
    events: VecDeque<u64>,
    phases: HashMap<u64, Phase>,
    /// Whether the one who drains waits for the bell.
    waiting: bool,
    waker: Option<Waker>,
    woken: bool,
    ended: bool,
}

/// Where a subscription's event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody may be told yet; whether there is something.
    Unarmed {
        pending: bool,
    },
    Idle,
    Queued,
    /// The host deals with one; whether there is more.
    Busy {
        more: bool,
    },
}

impl<A> Default for Queue<A> {
    fn default() -> Self {
        let state = State {
            answers: VecDeque::new(),
            events: VecDeque::new(),
            phases: HashMap::new(),
            waiting: false,
            waker: None,
            woken: false,
            ended: false,
        };
        Self { state: Mutex::new(state), bell: Condvar::new() }
    }
}

impl<A> Queue<A> {
    /// Lets the state change, then rings if someone waits for that.
    fn change(&self, change: impl FnOnce(&mut State<A>)) {
        let (ring, ready) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state);
            let news = state.has_news();
            let ring = state.waiting && news;
            // Who was rung for needs no second bell.
            state.waiting &= !ring;
            let waker = state.waker.as_mut().filter(|waker| waker.owed && news);
            let ready = waker.map(|waker| {
                waker.owed = false;
                Arc::clone(&waker.ready)
            });
            (ring, ready)
        };
        if ring {
            self.bell.notify_one();
        }
        if let Some(ready) = ready {
            ready();
        }
    }

    /// Calls this, on any thread, when there is something after a [`Queue::drain`] that gave nothing, and now if there
    /// is something already: for a host that does not wait in `drain`. It must be short.
    pub fn on_ready(&self, ready: Arc<Ready>) {
        self.change(|state| state.waker = Some(Waker { ready, owed: true }));
    }

    /// Calls no more what [`Queue::on_ready`] said. A call may still be under way.
    pub fn forget_ready(&self) {
        self.change(|state| state.waker = None);
    }

    /// Adds an answer.
    pub fn answer(&self, answer: A) {
        self.change(|state| state.answers.push_back(answer));
    }

    /// Takes in a subscription, of which nothing is told before [`Queue::arm`].
    pub fn add(&self, subscription: u64) {
        self.change(|state| {
            state.phases.insert(subscription, Phase::Unarmed { pending: false });
        });
    }

    /// Lets a subscription's events out.
    pub fn arm(&self, subscription: u64) {
        self.change(|state| {
            let Some(phase) = state.phases.get_mut(&subscription) else { return };
            match *phase {
                Phase::Unarmed { pending: true } => {
                    *phase = Phase::Queued;
                    state.events.push_back(subscription);
                }
                Phase::Unarmed { pending: false } => *phase = Phase::Idle,
                _ => {}
            }
        });
    }

    /// Says that a subscription may have something to take.
    pub fn notify(&self, subscription: u64) {
        self.change(|state| {
            let Some(phase) = state.phases.get_mut(&subscription) else { return };
            match phase {
                Phase::Unarmed { pending } => *pending = true,
                Phase::Idle => {
                    *phase = Phase::Queued;
                    state.events.push_back(subscription);
                }
                Phase::Queued => {}
                Phase::Busy { more } => *more = true,
            }
        });
    }

    /// Says that the host has dealt with an event.
    pub fn done(&self, subscription: u64) {
        self.change(|state| {
            let Some(phase) = state.phases.get_mut(&subscription) else { return };
            match *phase {
                Phase::Busy { more: true } => {
                    *phase = Phase::Queued;
                    state.events.push_back(subscription);
                }
                Phase::Busy { more: false } => *phase = Phase::Idle,
                _ => {}
            }
        });
    }

    /// Forgets a subscription; no event of it is drained from then on.
    pub fn remove(&self, subscription: u64) {
        self.change(|state| {
            if state.phases.remove(&subscription) == Some(Phase::Queued) {
                state.events.retain(|other| *other != subscription);
            }
        });
    }

    /// Has the next or present [`Queue::drain`] end, also without anything.
    pub fn wake(&self) {
        self.change(|state| state.woken = true);
    }

    /// Has all further [`Queue::drain`]s give what is left, then `None`.
    pub fn end(&self) {
        self.change(|state| state.ended = true);
    }

    /// Waits, at most so long, for something and takes out at most `most`. Empty after the time or
    /// [`Queue::wake`]; `None` after the end. One thread drains at a time.
    #[allow(clippy::disallowed_methods, reason = "a thread of the host waits here, not a task")]
    pub fn drain(&self, most: usize, limit: Duration) -> Option<Vec<Item<A>>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.has_news() && !limit.is_zero() {
            let deadline = Instant::now() + limit;
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                state.waiting = true;
                state = self.bell.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                if state.has_news() {
                    break;
                }
            }
        }
        state.waiting = false;
        state.woken = false;
        let items = state.take(most);
        if let Some(waker) = state.waker.as_mut() {
            waker.owed = items.is_empty();
        }
        if items.is_empty() && state.ended { None } else { Some(items) }
    }
}

impl<A> State<A> {
    fn has_news(&self) -> bool {
        !self.answers.is_empty() || !self.events.is_empty() || self.woken || self.ended
    }

    fn take(&mut self, most: usize) -> Vec<Item<A>> {
        // Answers first: they are waited for. They cannot starve the events, because who waits calls again only after
        // its answer, and what was not taken here comes with the next drain in the same order.
        let answers = self.answers.len().min(most.saturating_sub(usize::from(!self.events.is_empty())));
        let events = self.events.len().min(most - answers);
        let mut items = Vec::with_capacity(answers + events);
        items.extend(self.answers.drain(..answers).map(Item::Answer));
        for subscription in self.events.drain(..events) {
            self.phases.insert(subscription, Phase::Busy { more: false });
            items.push(Item::Event(subscription));
        }
        items
    }
}
