//! The services of one object: found without a lock, followed on a line while somebody uses them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::{
    ledger::{Sink, stays},
    model::ServiceSnapshot,
    slot::{Slot, Surroundings},
    tasks::Tasks,
};
use crate::{
    error::Error,
    names::{Namespace, ServiceKey},
    pool::Lines,
};

/// A change copies one of these many maps.
const SHARDS: usize = 64;

type Slots = HashMap<ServiceKey, Arc<Slot>>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Holder {
    lines: Arc<Lines>,
    around: Arc<Surroundings>,
    hasher: RandomState,
    shards: Box<[ArcSwap<Slots>]>,
    /// One writer at a time.
    change: Mutex<()>,
    closed: AtomicBool,
    tasks: Tasks,
}

/// A use of a slot, which keeps it.
#[derive(Debug)]
pub(crate) struct Use {
    holder: Arc<Holder>,
    slot: Arc<Slot>,
}

impl Use {
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Waits until the server has been heard, or why it has not.
    pub(crate) async fn established(&self) -> Result<(), Error> {
        self.holder.established(&self.slot).await
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        if self.slot.leave() {
            self.holder.forget(&self.slot);
        }
    }
}

impl Holder {
    pub(crate) fn new(lines: &Arc<Lines>, around: Surroundings) -> Arc<Self> {
        Arc::new(Self {
            lines: Arc::clone(lines),
            around: Arc::new(around),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| ArcSwap::default()).collect(),
            change: Mutex::default(),
            closed: AtomicBool::new(false),
            tasks: Tasks::default(),
        })
    }

    pub(crate) fn around(&self) -> &Arc<Surroundings> {
        &self.around
    }

    fn namespace(&self) -> &Namespace {
        &self.lines.options().namespace
    }

    /// Deadline of this object's requests.
    pub(crate) fn request_timeout(&self) -> Duration {
        let options = self.lines.options();
        options.naming.request_timeout.unwrap_or(options.request_timeout)
    }

    fn shard(&self, service: &ServiceKey) -> &ArcSwap<Slots> {
        // The remainder is below the number of shards, whatever the width of the hash.
        let index = self.hasher.hash_one(service) % (SHARDS as u64);
        &self.shards[usize::try_from(index).unwrap_or_default()]
    }

    /// Fails once the object is closed.
    pub(crate) fn open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) { Err(Error::closed()) } else { Ok(()) }
    }

    /// The list of a service that is followed, from memory.
    pub(crate) fn get(&self, service: &ServiceKey) -> Option<Arc<ServiceSnapshot>> {
        self.shard(service).load().get(service)?.live()
    }

    /// The slot of a service, if there is one.
    pub(crate) fn find(&self, service: &ServiceKey) -> Option<Arc<Slot>> {
        self.shard(service).load().get(service).cloned()
    }

    /// All slots.
    pub(crate) fn slots(&self) -> Vec<Arc<Slot>> {
        self.shards.iter().flat_map(|shard| shard.load().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// How many services are in memory.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.load().len()).sum()
    }

    /// Follows a service, from now on until the use ends.
    pub(crate) fn enter(self: &Arc<Self>, service: &ServiceKey) -> Result<Use, Error> {
        loop {
            self.open()?;
            let slot = match self.find(service) {
                Some(slot) => slot,
                None => self.insert(service),
            };
            if slot.enter() {
                let used = Use { holder: Arc::clone(self), slot };
                self.follow(&used.slot)?;
                return Ok(used);
            }
            // The last user has just left it; whoever did takes the same step.
            self.forget(&slot);
        }
    }

    fn insert(&self, service: &ServiceKey) -> Arc<Slot> {
        let _change = self.change.lock();
        let shard = self.shard(service);
        let slots = shard.load();
        if let Some(slot) = slots.get(service) {
            return Arc::clone(slot);
        }
        let slot = Slot::new(service.clone(), Arc::clone(&self.around));
        let mut changed = Slots::clone(&slots);
        changed.insert(service.clone(), Arc::clone(&slot));
        shard.store(Arc::new(changed));
        slot
    }

    /// Subscribes a slot that has no line yet.
    fn follow(self: &Arc<Self>, slot: &Arc<Slot>) -> Result<(), Error> {
        {
            let _change = self.change.lock();
            if slot.line().is_some() || slot.is_closed() {
                return Ok(());
            }
            let sink = sink(slot);
            let line = self.lines.first(|line| line.ledger().subscribe(self.namespace(), slot.service(), &sink))?;
            if !slot.set_line(&line) {
                line.ledger().unsubscribe(slot.service(), &sink);
            }
        }
        if self.around.disk.as_ref().is_some_and(|disk| disk.loads()) && slot.live().is_none() {
            // Without a server the list of the disk is shown, also when nobody waits for an answer.
            let (holder, slot) = (Arc::downgrade(self), Arc::downgrade(slot));
            self.tasks.spawn(async move {
                if let (Some(holder), Some(slot)) = (holder.upgrade(), slot.upgrade()) {
                    let _ = holder.established(&slot).await;
                }
            });
        }
        Ok(())
    }

    /// Waits for the server's answer to the subscription. Without one, the list of the disk is shown.
    async fn established(&self, slot: &Slot) -> Result<(), Error> {
        if slot.live().is_some_and(|list| list.source() == super::Source::Server) {
            return Ok(());
        }
        if let Some(refusal) = slot.refusal() {
            return Err(refusal);
        }
        let line = slot.line().ok_or_else(Error::closed)?;
        let result = line.ledger().subscribed(slot.service(), self.request_timeout()).await;
        if let Err(error) = &result
            && stays(error)
            && let Some(disk) = &self.around.disk
            && let Some(list) = disk.get(slot.service()).await
        {
            slot.fill_from_cache(&list);
        }
        // Closing takes the subscription back, which is not what happened to who waits here.
        result.map_err(|error| self.open().err().unwrap_or(error))
    }

    /// Takes a closed slot out and unsubscribes it.
    fn forget(&self, slot: &Arc<Slot>) {
        {
            let _change = self.change.lock();
            let shard = self.shard(slot.service());
            let slots = shard.load();
            if slots.get(slot.service()).is_some_and(|present| Arc::ptr_eq(present, slot)) {
                let mut changed = Slots::clone(&slots);
                changed.remove(slot.service());
                shard.store(Arc::new(changed));
            }
        }
        if let Some(line) = slot.take_line() {
            line.ledger().unsubscribe(slot.service(), &sink(slot));
        }
    }

    /// Keeps a followed service no longer without a user.
    pub(crate) fn unpin(&self, service: &ServiceKey) {
        if let Some(slot) = self.find(service)
            && slot.unpin()
        {
            self.forget(&slot);
        }
    }

    /// Lets the watchers of these services look.
    pub(crate) fn wake(&self, services: &[ServiceKey]) {
        services.iter().filter_map(|service| self.find(service)).for_each(|slot| slot.wake());
    }

    /// Ends all uses and unsubscribes everything. Later calls fail as closed.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.tasks.abort();
        for slot in self.slots() {
            slot.close();
            self.forget(&slot);
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Lines that others use go on; what nobody uses any more must not stay on them.
        self.close();
    }
}

fn sink(slot: &Arc<Slot>) -> Weak<dyn Sink> {
    let weak: Weak<Slot> = Arc::downgrade(slot);
    weak
}

#[cfg(test)]
pub(crate) mod tests;
