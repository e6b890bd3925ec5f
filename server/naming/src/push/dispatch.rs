//! The one task that tells mailboxes which services changed.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{Hub, Times, Topic, mailbox::Reason};

/// Mailboxes told before other tasks get their turn.
const AT_ONCE: usize = 256;
/// Pushes per second that the window need not grow for.
const CALM: f64 = 10_000.0;
/// Over this time the rate is measured.
const MEASURE: Duration = Duration::from_millis(100);

/// How many pushes go out, all services together.
struct Load {
    since: Instant,
    count: usize,
    rate: f64,
}

impl Load {
    fn note(&mut self, pushes: usize) {
        let elapsed = self.since.elapsed();
        if elapsed >= MEASURE {
            self.rate = self.count as f64 / elapsed.as_secs_f64();
            self.since = Instant::now();
            self.count = 0;
        }
        self.count += pushes;
    }

    fn window(&self, times: &Times) -> Duration {
        let factor = (self.rate / CALM).clamp(1.0, 1_000.0);
        times.window.mul_f64(factor).min(times.window_max)
    }
}

impl Hub {
    /// Tells mailboxes of changes, for ever.
    pub(crate) async fn dispatch(&self) {
        // Topics whose window is still open; each at most once.
        let mut later: BTreeMap<(Instant, u64), Arc<Topic>> = BTreeMap::new();
        let mut count = 0;
        let mut load = Load { since: Instant::now(), count: 0, rate: 0.0 };
        loop {
            let changed = std::mem::take(&mut *self.queue.lock());
            for topic in changed {
                let open_until = topic.timing.lock().window_end.filter(|end| *end > Instant::now());
                match open_until {
                    Some(end) => {
                        count += 1;
                        later.insert((end, count), topic);
                    }
                    None => self.fan_out(&topic, &mut load).await,
                }
            }
            while let Some(entry) = later.first_entry().filter(|entry| entry.key().0 <= Instant::now()) {
                let topic = entry.remove();
                self.fan_out(&topic, &mut load).await;
            }
            match later.keys().next() {
                None => self.queued.notified().await,
                Some((when, _)) => {
                    let _ = timeout_at(*when, self.queued.notified()).await;
                }
            }
        }
    }

    async fn fan_out(&self, topic: &Topic, load: &mut Load) {
        // Before the mailboxes are told: what changes from here on is another fan-out's.
        topic.dirty.store(false, Ordering::Release);
        let members = topic.list();
        load.note(members.len());
        let changed_at = {
            let mut timing = topic.timing.lock();
            timing.window_end = Some(Instant::now() + load.window(&self.times));
            timing.changed_at.take()
        };
        for (told, mailbox) in members.iter().enumerate() {
            if told > 0 && told % AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
            mailbox.put(self, &topic.key, Reason::Changed, changed_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_window_grows_under_storm_and_shrinks_after() {
        let hub = Hub::new(&crate::Settings::default());
        let mut load = Load { since: Instant::now(), count: 0, rate: 0.0 };
        load.note(10_000);
        assert_eq!(load.window(&hub.times), Duration::from_millis(20), "one large fan-out is no storm");
        tokio::time::advance(MEASURE).await;
        load.note(2_500);
        assert_eq!(load.window(&hub.times), Duration::from_millis(200));
        tokio::time::advance(MEASURE).await;
        load.note(1);
        assert_eq!(load.window(&hub.times), Duration::from_millis(50));
        tokio::time::advance(MEASURE).await;
        load.note(1);
        assert_eq!(load.window(&hub.times), Duration::from_millis(20));
    }
}
