//! The board on which changes are put up when they begin, and on which clients note when they have seen them.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::latency::Latency;

/// Who has not seen a change in this time has missed it.
pub(crate) const MISSED_AFTER: Duration = Duration::from_secs(5);

/// Changes and who has seen them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    complete: Notify,
}

#[derive(Debug)]
struct State {
    /// By topic: when each of its changes began.
    begun: Vec<Vec<Instant>>,
    /// By topic: how many clients are to see its changes.
    audience: Vec<usize>,
    seen: Seen,
}

/// How changes were seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// From the beginning of a change until a client has seen it.
    pub(crate) latency: Latency,
    /// How many times a change was to be seen.
    expected: u64,
    /// How many times one was seen, in time or later.
    noted: u64,
}

impl Seen {
    fn new() -> Self {
        Self { latency: Latency::new(), expected: 0, noted: 0 }
    }

    /// How many times a change was not seen in time.
    pub(crate) fn missed(&self) -> u64 {
        self.expected.saturating_sub(self.latency.count())
    }
}

impl Board {
    /// A board for as many topics as there are numbers of clients that look at them.
    pub(crate) fn new(audience: Vec<usize>) -> Self {
        let begun = vec![Vec::new(); audience.len()];
        let state = Mutex::new(State { begun, audience, seen: Seen::new() });
        Self(Arc::new(Shared { state, complete: Notify::new() }))
    }

    /// Puts up the next change of a topic; answers its number, which counts from 1.
    pub(crate) fn begin(&self, topic: usize, at: Instant) -> u64 {
        let mut state = self.0.state.lock();
        state.begun[topic].push(at);
        state.seen.expected += state.audience[topic] as u64;
        state.begun[topic].len() as u64
    }

    /// How many changes of a topic have begun.
    pub(crate) fn begun(&self, topic: usize) -> u64 {
        self.0.state.lock().begun.get(topic).map_or(0, |changes| changes.len() as u64)
    }

    /// A client that has seen the changes of a topic up to `before` sees them up to `now`; answers what it has seen.
    pub(crate) fn note(&self, topic: usize, before: u64, now: u64) -> u64 {
        let at = Instant::now();
        let mut state = self.0.state.lock();
        let State { begun, seen, .. } = &mut *state;
        let Some(changes) = begun.get(topic) else { return before };
        let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(changes.len());
        let (from, to) = (index(before), index(now));
        for since in changes.get(from..to).unwrap_or_default() {
            let time = at.saturating_duration_since(*since);
            if time <= MISSED_AFTER {
                seen.latency.record(time);
            }
            seen.noted += 1;
        }
        let complete = seen.noted >= seen.expected;
        drop(state);
        if complete {
            self.0.complete.notify_one();
        }
        before.max(to as u64)
    }

    /// Waits until everybody has seen everything, and no longer than until what began last is missed.
    pub(crate) async fn all_seen(&self) {
        let until = Instant::now() + MISSED_AFTER;
        loop {
            {
                let state = self.0.state.lock();
                if state.seen.noted >= state.seen.expected {
                    return;
                }
            }
            if timeout_at(until, self.0.complete.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Takes what was seen since the last call; what is seen later of it no longer counts.
    pub(crate) fn take(&self) -> Seen {
        std::mem::replace(&mut self.0.state.lock().seen, Seen::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_later_list_shows_the_changes_before_it_too() {
        let board = Board::new(vec![1]);
        board.begin(0, Instant::now());
        tokio::time::advance(Duration::from_millis(30)).await;
        assert_eq!(board.begin(0, Instant::now()), 2);
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(board.note(0, 0, 2), 2);
        // Once more, and what nobody has begun.
        assert_eq!(board.note(0, 2, 2), 2);
        assert_eq!(board.note(0, 2, 9), 2);
        assert_eq!(board.note(7, 0, 1), 0);
        board.all_seen().await;
        let seen = board.take();
        assert_eq!((seen.latency.count(), seen.missed()), (2, 0));
        assert!((seen.latency.longest_milliseconds() - 40.0).abs() < 0.1, "{}", seen.latency.longest_milliseconds());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_seen_too_late_is_missed() {
        let board = Board::new(vec![2]);
        board.begin(0, Instant::now());
        board.note(0, 0, 1);
        let begun = Instant::now();
        board.all_seen().await;
        assert_eq!(begun.elapsed(), MISSED_AFTER);
        tokio::time::advance(Duration::from_millis(1)).await;
        board.note(0, 0, 1);
        let seen = board.take();
        assert_eq!((seen.latency.count(), seen.missed()), (1, 1));
        assert_eq!(board.take().missed(), 0);
    }
}
