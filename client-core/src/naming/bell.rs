//! Telling whoever waits for something that it may be there.

use std::{fmt, sync::Arc, task::Waker};

use parking_lot::Mutex;

/// Called when there may be something to take.
pub type Ready = Arc<dyn Fn() + Send + Sync>;

/// Wakes tasks and calls a function.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// One per waiting task, and few tasks wait for one thing.
    waiting: Vec<Waker>,
    ready: Option<Ready>,
}

impl Bell {
    /// Wakes the task at the next ring.
    pub(crate) fn wait(&self, waker: &Waker) {
        let mut state = self.state.lock();
        if !state.waiting.iter().any(|other| other.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
    }

    /// Calls this function at each ring, in place of the one before.
    pub(crate) fn on_ring(&self, ready: Ready) {
        self.state.lock().ready = Some(ready);
    }

    /// Called outside of locks.
    pub(crate) fn ring(&self) {
        let (waiting, ready) = {
            let mut state = self.state.lock();
            (std::mem::take(&mut state.waiting), state.ready.clone())
        };
        waiting.into_iter().for_each(Waker::wake);
        if let Some(ready) = ready {
            ready();
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bell")
    }
}
