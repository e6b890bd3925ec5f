//! The hybrid logical clock of a group: wall time that never goes back.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Clock {
    last: AtomicU64,
}

impl Clock {
    /// A clock that stands above `stamp`.
    pub(crate) fn above(stamp: u64) -> Self {
        Self { last: AtomicU64::new(stamp.saturating_add(1)) }
    }

    /// The present time in milliseconds since the epoch; never below an earlier answer.
    pub(crate) fn now(&self) -> u64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
        self.last.fetch_max(wall, Ordering::Relaxed).max(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back() {
        let future = 1 << 50;
        let clock = Clock::above(future);
        assert_eq!(clock.now(), future + 1);
        assert!(Clock::above(0).now() > 1_700_000_000_000);
    }
}
