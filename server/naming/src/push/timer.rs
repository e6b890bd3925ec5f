//! The tasks that keep time for mailboxes: first pushes, missing answers, streams that take nothing.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::{Hub, mailbox::Reason};

/// How exact the times of answers and stalls are.
const LOOK: Duration = Duration::from_millis(100);
/// Mailboxes looked at before other tasks get their turn.
const AT_ONCE: usize = 256;

impl Hub {
    /// Gives each new subscription its first push, for ever.
    pub(crate) async fn push_first(&self) {
        loop {
            let next = self.first.lock().front().map(|(when, ..)| *when);
            match next {
                None => self.subscribed.notified().await,
                Some(when) => {
                    sleep_until(when).await;
                    let due = self.first.lock().pop_front();
                    let Some((_, mailbox, key)) = due else { continue };
                    if let Some(mailbox) = mailbox.upgrade() {
                        mailbox.put(self, &key, Reason::First, None);
                    }
                }
            }
        }
    }

    /// Looks after mailboxes with something that can run out of time, for ever.
    pub(crate) async fn watch_mailboxes(&self) {
        loop {
            let mailboxes = std::mem::take(&mut *self.watched.lock());
            if mailboxes.is_empty() {
                self.watch.notified().await;
                sleep(LOOK).await;
                continue;
            }
            let mut kept = Vec::new();
            for (looked, mailbox) in mailboxes.into_iter().enumerate() {
                if looked > 0 && looked % AT_ONCE == 0 {
                    tokio::task::yield_now().await;
                }
                if mailbox.check(self, Instant::now()) {
                    kept.push(mailbox);
                }
            }
            if !kept.is_empty() {
                self.watched.lock().append(&mut kept);
                sleep(LOOK).await;
            }
        }
    }
}
