//! An open loop: requests begin when they are due, whether those before were answered or not.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

/// The shortest sleep; what falls due meanwhile is begun together, later than it was due, and counts as late.
const SHORTEST: Duration = Duration::from_micros(100);

/// Calls `begin` with the number of each request and the instant at which it is due, `rate` times a second.
///
/// A thread of its own keeps the time: the timers of the runtime are coarser than what is measured.
pub(crate) async fn open_loop(
    rate: u32,
    since: Instant,
    time: Duration,
    mut begin: impl FnMut(u64, Instant) + Send + 'static,
) {
    let runtime = Handle::current();
    let keeper = tokio::task::spawn_blocking(move || {
        let _entered = runtime.enter();
        let count = (f64::from(rate) * time.as_secs_f64()).round() as u64;
        for number in 0..count {
            let due = since + Duration::from_secs_f64(number as f64 / f64::from(rate));
            sleep_until(due);
            begin(number, due);
        }
    });
    // It only fails when `begin` panics, and then nothing was measured.
    let _ = keeper.await;
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own")]
fn sleep_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left.max(SHORTEST));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn requests_are_due_at_equal_distances() {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let since = Instant::now();
        let list = Arc::clone(&begun);
        open_loop(200, since, Duration::from_millis(100), move |number, due| {
            assert!(Instant::now() >= due);
            list.lock().push((number, due - since));
        })
        .await;
        let begun = begun.lock();
        assert_eq!(begun.len(), 20);
        assert_eq!(begun[19].0, 19);
        assert_eq!(begun[10].1, Duration::from_millis(50));
    }
}
