//! The mailbox of one listener: it holds the newest value and knows what the listener has seen.
//!
//! A slow listener costs one value. Whether something is to be told is decided when it is taken, against what this
//! listener took last, so values that came and went in between are skipped and the last one never is.

use std::{
    fmt,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{runtime::Handle, task::AbortHandle, time::sleep};

use super::raw::{Value, digest};

/// Pauses before a value is offered again to a listener that failed; the last one repeats.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(5)];

/// What a mailbox can hold.
pub(crate) trait Offered: Clone + Send + 'static {
    /// Tells whether two values are the same for a listener.
    fn digest(&self) -> &str;
}

impl Offered for Value {
    fn digest(&self) -> &str {
        digest(self)
    }
}

/// Called when there is something to take.
pub(crate) type Callback = Arc<dyn Fn() + Send + Sync>;

/// Where an offered value stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// The answer to the server's question of this number.
    Asked(u64),
    /// A file of an operator: always counts.
    Failover,
    /// A file of an earlier run: only for who has no baseline.
    Snapshot,
}

pub(crate) struct Outlet<V = Value> {
    state: Mutex<State<V>>,
    runtime: Handle,
}

struct State<V> {
    newest: Option<V>,
    /// What the listener has: its baseline, or what it took last.
    seen: Option<String>,
    /// What it had before it took something, in case it fails.
    before: Option<Option<String>>,
    /// Answers to earlier questions are older than the baseline.
    since: u64,
    has_baseline: bool,
    /// Whether the callback was called for what waits.
    signalled: bool,
    on_ready: Option<Callback>,
    waker: Option<Waker>,
    failures: usize,
    failed: bool,
    /// The pause after a failure.
    pause: Option<AbortHandle>,
    closed: bool,
}

impl<V: Offered> fmt::Debug for Outlet<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Outlet").field("seen", &state.seen).field("due", &state.is_due()).finish_non_exhaustive()
    }
}

impl<V> Drop for Outlet<V> {
    fn drop(&mut self) {
        if let Some(pause) = self.state.get_mut().pause.take() {
            pause.abort();
        }
    }
}

impl<V: Offered> State<V> {
    fn is_due(&self) -> bool {
        let differs = self.newest.as_ref().is_some_and(|newest| self.seen.as_deref() != Some(newest.digest()));
        differs && self.pause.is_none() && !self.closed
    }

    fn end_pause(&mut self) {
        if let Some(pause) = self.pause.take() {
            pause.abort();
        }
    }

    /// Wakes who waits; answers the callback, to be called without the lock.
    fn signal(&mut self) -> Option<Callback> {
        if !self.is_due() {
            return None;
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        let first = !std::mem::replace(&mut self.signalled, true);
        self.on_ready.clone().filter(|_| first)
    }
}

impl<V: Offered> Outlet<V> {
    /// The mailbox of a listener who has the value with this md5; `None` wants to be told whatever there is.
    pub(crate) fn new(baseline: Option<&str>, runtime: Handle) -> Self {
        let state = State {
            newest: None,
            seen: baseline.map(str::to_owned),
            before: None,
            since: 0,
            has_baseline: baseline.is_some(),
            signalled: false,
            on_ready: None,
            waker: None,
            failures: 0,
            failed: false,
            pause: None,
            closed: false,
        };
        Self { state: Mutex::new(state), runtime }
    }

    /// The listener knows this value already.
    pub(crate) fn know(&self, value: V) {
        self.state.lock().newest = Some(value);
    }

    /// Answers to earlier questions than this one do not count.
    pub(crate) fn begin(&self, since: u64) {
        let mut state = self.state.lock();
        if state.has_baseline {
            state.since = since;
        }
    }

    /// Takes a value in; answers a callback that is to be called once no lock is held.
    pub(crate) fn offer(&self, value: &V, age: Age) -> Option<Callback> {
        let mut state = self.state.lock();
        let counts = match age {
            Age::Asked(number) => number >= state.since,
            Age::Failover => true,
            Age::Snapshot => !state.has_baseline,
        };
        if !counts || state.closed {
            return None;
        }
        if state.newest.as_ref().is_none_or(|newest| newest.digest() != value.digest()) {
            state.end_pause();
        }
        state.newest = Some(value.clone());
        state.signal()
    }

    /// The newest value, `None` while none is known.
    pub(crate) fn newest(&self) -> Option<V> {
        self.state.lock().newest.clone()
    }

    /// Whether there is something to take.
    pub(crate) fn is_due(&self) -> bool {
        self.state.lock().is_due()
    }

    /// Ready with true when there is something to take, with false when nothing will come any more.
    pub(crate) fn poll_due(&self, context: &Context<'_>) -> Poll<bool> {
        let mut state = self.state.lock();
        if state.closed {
            return Poll::Ready(false);
        }
        if state.is_due() {
            return Poll::Ready(true);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Takes the newest value, if the listener does not have it.
    pub(crate) fn take(&self) -> Option<V> {
        let mut state = self.state.lock();
        state.signalled = false;
        if !state.is_due() {
            return None;
        }
        if !std::mem::replace(&mut state.failed, false) {
            state.failures = 0;
        }
        let value = state.newest.clone()?;
        let seen = Some(value.digest().to_owned());
        state.before = Some(std::mem::replace(&mut state.seen, seen));
        Some(value)
    }

    /// The listener failed with what it took last: it is offered again, later with each failure.
    pub(crate) fn failed(self: &Arc<Self>) {
        let callback = {
            let mut state = self.state.lock();
            let Some(before) = state.before.take().filter(|_| !state.closed) else { return };
            let newest = state.newest.as_ref().map(|newest| newest.digest().to_owned());
            let changed = newest != state.seen;
            state.failed = true;
            state.seen = before;
            let pause = PAUSES[state.failures.min(PAUSES.len() - 1)];
            state.failures += 1;
            if !changed {
                let outlet = Arc::downgrade(self);
                state.pause = Some(self.runtime.spawn(offer_again(outlet, pause)).abort_handle());
            }
            state.signal()
        };
        call(callback);
    }

    /// Called whenever something is to be taken, once until it is taken; and at once if something is.
    pub(crate) fn on_ready(&self, callback: Callback) {
        let callback = {
            let mut state = self.state.lock();
            state.on_ready = Some(callback);
            state.signalled = false;
            state.signal()
        };
        call(callback);
    }

    /// Nothing will come any more.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.on_ready = None;
        state.end_pause();
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

async fn offer_again<V: Offered>(outlet: Weak<Outlet<V>>, pause: Duration) {
    sleep(pause).await;
    if let Some(outlet) = outlet.upgrade() {
        let callback = {
            let mut state = outlet.state.lock();
            state.pause = None;
            state.signal()
        };
        call(callback);
    }
}

pub(crate) fn call(callback: Option<Callback>) {
    if let Some(callback) = callback {
        callback();
    }
}

#[cfg(test)]
mod tests;
