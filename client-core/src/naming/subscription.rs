//! Following a service: as a stream, by a function, or by looking when told.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_core::Stream;
use parking_lot::Mutex;

use super::{
    bell::{Bell, Ready},
    diff::diff,
    holder::Use,
    model::{Instance, ServiceChange, ServiceSnapshot},
    select::Selector,
    slot::Slot,
    tasks::Tasks,
};
use crate::{error::Error, names::ServiceKey};

/// Who is told of the changes of a slot.
pub(crate) struct Watcher {
    slot: Arc<Slot>,
    selector: Selector,
    /// Set with each new list, taken by who looks.
    fresh: AtomicBool,
    seen: Mutex<Option<Seen>>,
    bell: Bell,
}

/// A list, and those of its instances that a subscription shows.
type Shown = (Arc<ServiceSnapshot>, Arc<[Arc<Instance>]>);

/// What was shown last.
struct Seen {
    revision: u64,
    instances: Arc<[Arc<Instance>]>,
}

impl Watcher {
    /// Called outside of locks; may run in the connection's task.
    pub(crate) fn wake(&self) {
        self.fresh.store(true, Ordering::Release);
        self.bell.ring();
    }

    /// The change since the last one, if there is any; it then counts as seen.
    fn take(&self) -> Option<ServiceChange> {
        if self.slot.is_closed() {
            return None;
        }
        // Before the list is read: a list that comes meanwhile sets it again.
        self.fresh.store(false, Ordering::Release);
        let mut seen = self.seen.lock();
        let (service, instances) = self.unseen(seen.as_ref())?;
        let revision = service.revision();
        let before = seen.replace(Seen { revision, instances: Arc::clone(&instances) });
        let changed = match &before {
            Some(before) => diff(&before.instances, &instances),
            None => diff(&[], &instances),
        };
        if before.is_some() && changed.is_empty() {
            return None;
        }
        let (added, removed, modified) = (changed.added, changed.removed, changed.modified);
        Some(ServiceChange { service, instances, added, removed, modified })
    }

    /// Whether [`Watcher::take`] would find a change.
    fn has_change(&self) -> bool {
        if self.slot.is_closed() || !self.fresh.load(Ordering::Acquire) {
            return false;
        }
        let mut seen = self.seen.lock();
        let Some((service, instances)) = self.unseen(seen.as_ref()) else { return false };
        match &*seen {
            Some(before) if diff(&before.instances, &instances).is_empty() => {
                *seen = Some(Seen { revision: service.revision(), instances });
                false
            }
            _ => true,
        }
    }

    /// The present list, unless it is the one that was seen.
    fn unseen(&self, seen: Option<&Seen>) -> Option<Shown> {
        let service = self.slot.shown()?;
        if seen.is_some_and(|seen| seen.revision == service.revision()) {
            return None;
        }
        let instances = self.selector.apply(&service);
        Some((service, instances))
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        self.bell.wait(context.waker());
        if self.slot.is_closed() || self.slot.refusal().is_some() {
            Poll::Ready(false)
        } else if self.has_change() {
            Poll::Ready(true)
        } else {
            Poll::Pending
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watcher").field("service", self.slot.service()).finish_non_exhaustive()
    }
}

/// Follows one service. Dropping it ends that.
///
/// It is a [`Stream`] of [`ServiceChange`]. The first item is the present list, even if it is empty. After that
/// come changes: who is slow gets several as one, computed against what this subscription gave last, and never
/// misses the newest state. It ends when the client is closed, or when the server refuses the subscription for good
/// (see [`Subscription::error`]); a lost connection does not end it.
///
/// Without streams: [`Subscription::changed`] or [`Subscription::on_ready`] tell when to [`Subscription::take_newest`].
#[derive(Debug)]
pub struct Subscription {
    watcher: Arc<Watcher>,
    used: Use,
}

impl Subscription {
    pub(crate) fn new(used: Use, selector: Selector) -> Self {
        let watcher = Arc::new(Watcher {
            slot: Arc::clone(used.slot()),
            selector,
            fresh: AtomicBool::new(true),
            seen: Mutex::default(),
            bell: Bell::default(),
        });
        used.slot().add_watcher(&watcher);
        Self { watcher, used }
    }

    /// The service.
    pub fn service(&self) -> &ServiceKey {
        self.watcher.slot.service()
    }

    /// The newest list, whether taken or not, from memory; `None` until one is known. The selector is not applied.
    pub fn current(&self) -> Option<Arc<ServiceSnapshot>> {
        self.watcher.slot.shown()
    }

    /// The instances of the newest list that the selector accepts.
    pub fn instances(&self) -> Arc<[Arc<Instance>]> {
        self.current().map_or_else(|| Arc::new([]) as Arc<[_]>, |service| self.watcher.selector.apply(&service))
    }

    /// Waits until the server has answered the subscription.
    ///
    /// # Errors
    /// When it cannot be reached in time, or refuses. The subscription is made later all the same, unless
    /// [`Subscription::error`] says otherwise; dropping it is how to give up.
    pub async fn established(&self) -> Result<(), Error> {
        self.used.established().await
    }

    /// Why the server refused the subscription for good.
    pub fn error(&self) -> Option<Error> {
        self.watcher.slot.refusal()
    }

    /// Waits until there is something to [`take_newest`](Subscription::take_newest). False when there will never be.
    pub async fn changed(&self) -> bool {
        poll_fn(|context| self.watcher.poll(context)).await
    }

    /// What changed since the last time, if anything did. The first time: the present list, if it is known.
    pub fn take_newest(&self) -> Option<ServiceChange> {
        self.watcher.take()
    }

    /// Calls `ready` whenever there may be something to [`take_newest`](Subscription::take_newest), in place of a function that
    /// was given before. It may run in the task that reads the connection: it must not block.
    pub fn on_ready(&self, ready: Ready) {
        self.watcher.bell.on_ring(ready);
        if self.watcher.has_change() {
            self.watcher.bell.ring();
        }
    }
}

impl Stream for Subscription {
    type Item = ServiceChange;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ServiceChange>> {
        loop {
            match self.watcher.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(false) => return Poll::Ready(None),
                // It may have been taken back meanwhile; then the next poll waits.
                Poll::Ready(true) => {
                    if let Some(change) = self.watcher.take() {
                        return Poll::Ready(Some(change));
                    }
                }
            }
        }
    }
}

/// A function that is called with the changes of a service. Dropping it ends that, also while the function waits.
#[derive(Debug)]
pub struct Listener {
    service: ServiceKey,
    _task: Tasks,
}

impl Listener {
    /// Calls `function` with each item of the subscription, one after the other, in a task of the client.
    pub(crate) fn new<F, Fut>(subscription: Subscription, mut function: F) -> Self
    where
        F: FnMut(ServiceChange) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (service, task) = (subscription.service().clone(), Tasks::default());
        task.spawn(async move {
            while subscription.changed().await {
                if let Some(change) = subscription.take_newest() {
                    function(change).await;
                }
            }
        });
        Self { service, _task: task }
    }

    /// The service.
    pub fn service(&self) -> &ServiceKey {
        &self.service
    }
}
