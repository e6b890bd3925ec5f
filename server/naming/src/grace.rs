//! Instances whose client is gone for a reason that is not its own: they stay for a while, so that
//! the client can claim them again without anybody noticing.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    registry::Registry,
    settings::millis,
    shard::{Operation, Owner},
};

/// The shards that an owner published in.
pub(crate) type Places = SmallVec<[u16; 4]>;

/// Connections that were told to go elsewhere and ended, oldest first. There are never more than
/// connections that ended within the grace.
#[derive(Debug, Default)]
pub(crate) struct Detached {
    waiting: Mutex<VecDeque<(Instant, Owner, Places)>>,
    arrived: Notify,
}

impl Registry {
    /// Leaves what `owner` published to the grace.
    pub(crate) fn detach(&self, owner: &Owner, places: Places) {
        for place in &places {
            self.shards[usize::from(*place)].batcher.enqueue(Operation::Detach { owner: owner.clone() });
        }
        let until = Instant::now() + millis(self.settings.grace);
        self.detached.waiting.lock().push_back((until, owner.clone(), places));
        self.detached.arrived.notify_one();
    }

    /// Removes what nobody claimed from detached connections.
    pub(crate) async fn watch_detached(&self) {
        loop {
            let next = self.detached.waiting.lock().front().map(|(when, ..)| *when);
            match next {
                None => self.detached.arrived.notified().await,
                Some(when) => {
                    sleep_until(when).await;
                    let Some((_, owner, places)) = self.detached.waiting.lock().pop_front() else { continue };
                    self.remove_unclaimed(&owner, &places);
                }
            }
        }
    }

    fn remove_unclaimed(&self, owner: &Owner, places: &[u16]) {
        for place in places {
            let shard = &self.shards[usize::from(*place)];
            if shard.machine.holds_anything(owner) {
                shard.batcher.enqueue(Operation::Leave { owner: owner.clone() });
            }
        }
    }

    /// Waits for the grace of this start, then removes what earlier starts left.
    pub(crate) async fn end_restart_grace(self: Arc<Self>) {
        sleep(millis(self.settings.restart_grace)).await;
        for shard in &self.shards {
            if shard.machine.has_left_over(self.me) {
                shard.batcher.enqueue(Operation::EndGrace { incarnation: self.me });
            }
        }
    }
}
