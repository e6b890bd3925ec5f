//! How long to wait between attempts to connect.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

const FIRST: Duration = Duration::from_millis(100);
/// Longest pause in the first minute while servers refuse at once: one that restarts is found soon.
const REFUSED_LIMIT: Duration = Duration::from_millis(250);
const LIMIT: Duration = Duration::from_secs(5);
const FIRST_MINUTE: Duration = Duration::from_secs(60);
const REFUSED_GROWTH: f64 = 1.5;
const SILENT_GROWTH: f64 = 2.0;
/// Clients that lost the same server do not come back at the same moment.
const JITTER: f64 = 0.2;

/// The pauses of one outage.
#[derive(Debug)]
pub(super) struct Backoff {
    since: Instant,
    pause: Duration,
}

impl Backoff {
    /// An outage begins.
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), pause: Duration::ZERO }
    }

    /// The pause after an attempt that failed in this way.
    pub(super) fn next(&mut self, error: &Error) -> Duration {
        self.grow(error.kind() == ErrorKind::Timeout).mul_f64(rand::random_range(1.0 - JITTER..=1.0 + JITTER))
    }

    fn grow(&mut self, silent: bool) -> Duration {
        let (growth, limit) = match silent {
            true => (SILENT_GROWTH, LIMIT),
            false if self.since.elapsed() < FIRST_MINUTE => (REFUSED_GROWTH, REFUSED_LIMIT),
            false => (REFUSED_GROWTH, LIMIT),
        };
        self.pause = if self.pause.is_zero() { FIRST } else { self.pause.mul_f64(growth) }.min(limit);
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(backoff: &mut Backoff, silent: bool, count: usize) -> Vec<u128> {
        (0..count).map(|_| backoff.grow(silent).as_millis()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_stay_short_for_a_minute_and_grow_then() {
        let mut backoff = Backoff::new();
        assert_eq!(millis(&mut backoff, false, 5), [100, 150, 225, 250, 250]);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(millis(&mut backoff, false, 2), [250, 250]);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(millis(&mut backoff, false, 10), [375, 562, 843, 1265, 1898, 2847, 4271, 5000, 5000, 5000]);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_grows_to_five_seconds_at_once() {
        let mut backoff = Backoff::new();
        assert_eq!(millis(&mut backoff, true, 8), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(millis(&mut backoff, false, 1), [250], "a server that answers again is asked often");
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_differ_by_a_fifth_either_way() {
        let error = Error::unreachable("refused");
        let pauses: Vec<Duration> = (0..500).map(|_| Backoff::new().next(&error)).collect();
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*least >= Duration::from_millis(80) && *least < Duration::from_millis(85), "{least:?}");
        assert!(*most <= Duration::from_millis(120) && *most > Duration::from_millis(115), "{most:?}");
    }
}
