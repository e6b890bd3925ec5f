//! What waits for one connection: names of services, each at most once, and the pushes that the
//! client has not acknowledged.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{Figures, Hub};
use crate::{model::ServiceKey, registry::Registry, session::Client, view::Filter};

/// Why a service is in a mailbox. The later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// It changed; nothing to do if the client was sent that revision.
    Changed,
    /// It was subscribed to a moment ago: sent in any case.
    First,
    /// The client did not take it: sent again.
    Retry,
}

#[derive(Debug)]
struct Subscription {
    filter: Filter,
    waiting: Option<Reason>,
    changed_at: Option<Instant>,
    /// The last push: its request id and revision.
    sent: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
struct Contents {
    subscriptions: HashMap<ServiceKey, Subscription>,
    /// Services to be sent, oldest first.
    ready: VecDeque<ServiceKey>,
    /// Pushes without an answer: when they were sent, and for what. At most one per subscription.
    unanswered: HashMap<u64, (Instant, ServiceKey)>,
    /// Pushes to be repeated. At most one per subscription.
    repeats: HashMap<ServiceKey, Instant>,
    /// Since when the stream has taken nothing although something waits.
    blocked_since: Option<Instant>,
    /// Whether the hub's timer knows this mailbox.
    watched: bool,
    closed: bool,
}

impl Contents {
    fn needs_timer(&self) -> bool {
        self.blocked_since.is_some() || !self.unanswered.is_empty() || !self.repeats.is_empty()
    }

    /// Marks `key` as waiting; answers whether it did not wait before.
    fn add(&mut self, key: &ServiceKey, reason: Reason, changed_at: Option<Instant>) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(key) else { return false };
        if subscription.changed_at.is_none() {
            subscription.changed_at = changed_at;
        }
        let new = subscription.waiting.is_none();
        subscription.waiting = subscription.waiting.max(Some(reason));
        if new {
            self.ready.push_back(key.clone());
            self.blocked_since.get_or_insert_with(Instant::now);
        }
        new
    }

    /// Forgets what was sent and waits for a service.
    fn forget(&mut self, key: &ServiceKey) {
        if let Some((id, _)) = self.subscriptions.get_mut(key).and_then(|subscription| subscription.sent.take()) {
            self.unanswered.remove(&id);
        }
        self.repeats.remove(key);
    }
}

/// The pushes of one connection.
#[derive(Debug)]
pub(crate) struct Mailbox {
    id: u64,
    client: Arc<Client>,
    contents: Mutex<Contents>,
    reader: AtomicWaker,
    stalled: AtomicBool,
    stall: Notify,
}

impl Mailbox {
    pub(crate) fn new(id: u64, client: Arc<Client>) -> Self {
        Self {
            id,
            client,
            contents: Mutex::default(),
            reader: AtomicWaker::new(),
            stalled: AtomicBool::new(false),
            stall: Notify::new(),
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The clusters of a subscription as subscribed.
    pub(crate) fn clusters(&self, key: &ServiceKey) -> Option<String> {
        let contents = self.contents.lock();
        contents.subscriptions.get(key)?.filter.clusters().map(Into::into)
    }

    /// Enters a subscription, or gives it another filter. Answers `false` when closed.
    pub(crate) fn subscribe(self: &Arc<Self>, hub: &Hub, key: &ServiceKey, filter: Filter) -> bool {
        let mut contents = self.contents.lock();
        if contents.closed {
            return false;
        }
        match contents.subscriptions.get_mut(key) {
            Some(known) => {
                if known.filter != filter {
                    known.filter = filter;
                    contents.forget(key);
                }
            }
            None => {
                let subscription = Subscription { filter, waiting: None, changed_at: None, sent: None };
                contents.subscriptions.insert(key.clone(), subscription);
                // Still under the lock, so that a close cannot come between and leave it entered.
                hub.enter(key, self);
            }
        }
        true
    }

    /// Ends a subscription. Answers `false` when closed.
    pub(crate) fn unsubscribe(&self, hub: &Hub, key: &ServiceKey) -> bool {
        let mut contents = self.contents.lock();
        if contents.closed {
            return false;
        }
        contents.forget(key);
        if let Some(subscription) = contents.subscriptions.remove(key) {
            if subscription.waiting.is_some() {
                hub.figures.pending_less(1);
                contents.ready.retain(|waiting| waiting != key);
                if contents.ready.is_empty() {
                    contents.blocked_since = None;
                }
            }
            hub.leave(key, self.id);
        }
        true
    }

    /// Ends everything; the reader learns it.
    pub(crate) fn close(&self, hub: &Hub) {
        let mut contents = self.contents.lock();
        if contents.closed {
            return;
        }
        hub.figures.pending_less(contents.ready.len());
        let subscriptions = std::mem::take(&mut contents.subscriptions);
        *contents = Contents { closed: true, watched: contents.watched, ..Contents::default() };
        for key in subscriptions.keys() {
            hub.leave(key, self.id);
        }
        drop(contents);
        self.reader.wake();
    }

    /// Puts a service in, if it is still subscribed to.
    pub(super) fn put(self: &Arc<Self>, hub: &Hub, key: &ServiceKey, reason: Reason, changed_at: Option<Instant>) {
        let mut contents = self.contents.lock();
        if !contents.add(key, reason, changed_at) {
            return;
        }
        Figures::count(&hub.figures.pending);
        self.watch(hub, &mut contents);
        drop(contents);
        self.reader.wake();
    }

    fn watch(self: &Arc<Self>, hub: &Hub, contents: &mut Contents) {
        if !contents.watched && contents.needs_timer() {
            contents.watched = true;
            hub.watched.lock().push(self.clone());
            hub.watch.notify_one();
        }
    }

    /// The next push that the stream is to take.
    pub(crate) fn poll(self: &Arc<Self>, registry: &Registry, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.reader.register(context.waker());
        loop {
            let Some(letter) = self.next(&registry.hub) else {
                return if self.contents.lock().closed { Poll::Ready(None) } else { Poll::Pending };
            };
            if let Some(bytes) = self.seal(registry, &letter) {
                return Poll::Ready(Some(bytes));
            }
        }
    }

    fn next(&self, hub: &Hub) -> Option<Letter> {
        let mut contents = self.contents.lock();
        let key = contents.ready.pop_front()?;
        hub.figures.pending_less(1);
        contents.blocked_since = (!contents.ready.is_empty()).then(Instant::now);
        let subscription = contents.subscriptions.get_mut(&key).expect("what is ready is subscribed to");
        Some(Letter {
            filter: subscription.filter.clone(),
            reason: subscription.waiting.take().unwrap_or(Reason::Changed),
            changed_at: subscription.changed_at.take(),
            sent: subscription.sent,
            key,
        })
    }

    /// Makes the frame from the current state; nothing when the client has it already, or when it
    /// ceased to want it meanwhile.
    fn seal(self: &Arc<Self>, registry: &Registry, letter: &Letter) -> Option<Bytes> {
        let view = registry.view(&letter.key);
        let (last_id, last_revision) = letter.sent.unzip();
        if letter.reason == Reason::Changed && last_revision == Some(view.revision()) {
            return None;
        }
        let mut frame = view.frame(&letter.filter, &registry.press);
        if letter.reason == Reason::Retry || last_id == Some(frame.request_id) {
            frame = view.frame_anew(&letter.filter, &registry.press);
        }
        let mut contents = self.contents.lock();
        let subscription = contents.subscriptions.get_mut(&letter.key)?;
        if subscription.filter != letter.filter {
            return None;
        }
        contents.forget(&letter.key);
        let subscription = contents.subscriptions.get_mut(&letter.key)?;
        subscription.sent = Some((frame.request_id, view.revision()));
        contents.unanswered.insert(frame.request_id, (Instant::now(), letter.key.clone()));
        self.watch(&registry.hub, &mut contents);
        let figures = &registry.hub.figures;
        Figures::count(&figures.sent);
        if letter.reason == Reason::Retry {
            Figures::count(&figures.retried);
        }
        if let Some(changed_at) = letter.changed_at {
            figures.took(changed_at.elapsed());
        }
        Some(frame.bytes)
    }

    /// The client answered a push.
    pub(crate) fn acked(self: &Arc<Self>, hub: &Hub, request_id: u64, ok: bool) -> bool {
        let mut contents = self.contents.lock();
        let Some((_, key)) = contents.unanswered.remove(&request_id) else { return false };
        if ok {
            Figures::count(&hub.figures.acked);
        } else {
            Figures::count(&hub.figures.failed);
            contents.repeats.insert(key, Instant::now() + hub.times.retry);
            self.watch(hub, &mut contents);
        }
        true
    }

    /// Looks for what ran out of time. Answers whether to look again.
    pub(super) fn check(self: &Arc<Self>, hub: &Hub, now: Instant) -> bool {
        let mut contents = self.contents.lock();
        let times = &hub.times;
        let unanswered = contents.unanswered.extract_if(|_, (sent_at, _)| *sent_at + times.ack <= now);
        let lost: Vec<(Instant, ServiceKey)> = unanswered.map(|(_, lost)| lost).collect();
        for (sent_at, key) in lost {
            Figures::count(&hub.figures.timed_out);
            contents.repeats.insert(key, sent_at + times.ack + times.retry);
        }
        let due: Vec<ServiceKey> = contents.repeats.extract_if(|_, when| *when <= now).map(|(key, _)| key).collect();
        let mut added = false;
        for key in due {
            if contents.add(&key, Reason::Retry, None) {
                Figures::count(&hub.figures.pending);
                added = true;
            }
        }
        if contents.blocked_since.is_some_and(|since| since + times.stall <= now)
            && !self.stalled.swap(true, Ordering::AcqRel)
        {
            Figures::count(&hub.figures.stalled);
            self.stall.notify_waiters();
        }
        contents.watched = contents.needs_timer() && !contents.closed;
        let again = contents.watched;
        drop(contents);
        if added {
            self.reader.wake();
        }
        again
    }

    /// Ends when the stream has taken nothing for too long.
    pub(crate) async fn stalled(&self) {
        let stalled = self.stall.notified();
        tokio::pin!(stalled);
        stalled.as_mut().enable();
        if !self.stalled.load(Ordering::Acquire) {
            stalled.await;
        }
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let contents = self.contents.lock();
        (contents.ready.len(), contents.unanswered.len(), contents.repeats.len())
    }
}

/// A service taken out of the mailbox, to be made into a frame.
struct Letter {
    key: ServiceKey,
    filter: Filter,
    reason: Reason,
    changed_at: Option<Instant>,
    sent: Option<(u64, u64)>,
}
