//! Addresses that are kept by beats: silence turns them unhealthy, more silence removes them.
//!
//! Beats change only memory here; the log sees changes of health and removals.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::Ordering,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{
    Error, IdPolicy, Registration,
    instance_id::check_instance,
    model::{Address, Instance, NewInstance, ServiceKey, metadata_millis},
    naming::{BeatAnswer, BeatCode},
    registry::Registry,
    settings::millis,
    shard::{Operation, Owner},
};

/// A lease is looked at least this often, so that new timeouts set by operators soon count.
const LOOK: Duration = Duration::from_secs(5);
/// Leases looked at in one go.
const AT_ONCE: usize = 256;

type LeaseKey = (ServiceKey, Address);

#[derive(Debug)]
struct Lease {
    last_beat: Instant,
    /// It was proposed to show it as unhealthy, and no beat came since.
    down: bool,
}

#[derive(Debug, Default)]
struct Table {
    leases: HashMap<LeaseKey, Lease>,
    /// When to look at which lease; each known lease is here once, or in hand.
    looks: BTreeMap<(Instant, u64), LeaseKey>,
    count: u64,
}

impl Table {
    fn look_at(&mut self, when: Instant, key: LeaseKey) {
        self.count += 1;
        self.looks.insert((when, self.count), key);
    }
}

/// When each beaten address was last heard of.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    table: Mutex<Table>,
    earlier: Notify,
}

impl Leases {
    /// Notes that an address was heard of. Answers whether it had been given up meanwhile.
    pub(crate) fn heard(&self, service: &ServiceKey, address: &Address, soonest: Duration) -> bool {
        let now = Instant::now();
        let key = (service.clone(), address.clone());
        let mut table = self.table.lock();
        if let Some(lease) = table.leases.get_mut(&key) {
            lease.last_beat = now;
            return std::mem::take(&mut lease.down);
        }
        table.leases.insert(key.clone(), Lease { last_beat: now, down: false });
        table.look_at(now + soonest.min(LOOK), key);
        drop(table);
        self.earlier.notify_one();
        false
    }

    /// How long ago something was last heard of an address, in any service.
    pub(crate) fn silence(&self, address: &Address) -> Option<Duration> {
        let table = self.table.lock();
        let of = table.leases.iter().filter(|((_, known), _)| known == address);
        of.map(|(_, lease)| lease.last_beat.elapsed()).min()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.table.lock().leases.len()
    }
}

impl Registry {
    /// The longest time that no lease can end in, before its metadata is known.
    fn first_look(&self) -> Duration {
        Duration::from_millis(500).min(millis(self.settings.beat_timeout))
    }

    pub(crate) fn heard(&self, service: &ServiceKey, address: &Address) -> bool {
        self.leases.heard(service, address, self.first_look())
    }

    /// Counts every beaten address as heard of now.
    pub(crate) fn begin_leases(&self) {
        for shard in &self.shards {
            for (service, address) in shard.machine.all_beaten() {
                self.heard(&service, &address);
            }
        }
    }

    /// Registers an instance that lives by beats.
    pub(crate) async fn register_beaten(
        &self,
        service: &ServiceKey,
        instance: NewInstance,
        policy: IdPolicy,
    ) -> Result<(), Error> {
        check_instance(&instance)?;
        let instance = self.ids.complete(service, instance, policy)?;
        let address = instance.address();
        // Before and after: a lease that was about to end must not end the new registration.
        self.heard(service, &address);
        let operation = Operation::Publish {
            service: service.clone(),
            owner: Owner::Beaten(address.clone()),
            holder: self.me,
            instances: [instance].into(),
        };
        self.write(service, operation, Registration::Ephemeral).await?;
        self.heard(service, &address);
        Ok(())
    }

    /// Takes a beat.
    pub(crate) async fn beat(
        &self,
        service: &ServiceKey,
        address: Address,
        body: Option<NewInstance>,
    ) -> Result<BeatAnswer, Error> {
        self.beats.fetch_add(1, Ordering::Relaxed);
        let default = self.switches.now().client_beat_interval;
        let interval = |metadata| metadata_millis(metadata, "preserved.heart.beat.interval", default);
        let Some(beaten) = self.shard(service).machine.beaten(service, &address) else {
            let Some(body) = body else {
                return Ok(BeatAnswer { code: BeatCode::NotFound, interval_millis: default });
            };
            let interval_millis = interval(&body.metadata);
            self.register_beaten(service, body, IdPolicy::Generate).await?;
            return Ok(BeatAnswer { code: BeatCode::Ok, interval_millis });
        };
        let was_down = self.heard(service, &address);
        if beaten.holder != self.me {
            let claim = Operation::Claim { service: service.clone(), address: address.clone(), holder: self.me };
            self.write(service, claim, Registration::Ephemeral).await?;
        }
        if was_down || !beaten.shown.healthy {
            let owner = Owner::Beaten(address);
            let up = Operation::SetHealth { service: service.clone(), owner, healthy: true };
            self.write(service, up, Registration::Ephemeral).await?;
        }
        Ok(BeatAnswer { code: BeatCode::Ok, interval_millis: interval(&beaten.shown.metadata) })
    }

    /// Ends leases in time.
    pub(crate) async fn watch_leases(&self) {
        loop {
            let next = self.leases.table.lock().looks.keys().next().map(|(when, _)| *when);
            match next {
                None => self.leases.earlier.notified().await,
                Some(when) if when > Instant::now() => {
                    let _ = timeout_at(when, self.leases.earlier.notified()).await;
                }
                Some(_) => {
                    self.look();
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn look(&self) {
        let now = Instant::now();
        // One lock from the look to the proposal, so that a beat comes either before the look or
        // after the proposal, never between.
        let mut table = self.leases.table.lock();
        for _ in 0..AT_ONCE {
            let Some(entry) = table.looks.first_entry().filter(|entry| entry.key().0 <= now) else { break };
            let key = entry.remove();
            match self.judge(&mut table, &key, now) {
                Some(next) => table.look_at(next.max(now + Duration::from_millis(1)), key),
                None => {
                    table.leases.remove(&key);
                }
            }
        }
    }

    /// Proposes what is due for a lease; answers when to look again, `None` when it is gone.
    fn judge(&self, table: &mut Table, key: &LeaseKey, now: Instant) -> Option<Instant> {
        let (service, address) = key;
        let lease = table.leases.get_mut(key)?;
        let shard = self.shard(service);
        let Some(beaten) = shard.machine.beaten(service, address) else {
            // A registration may be on its way.
            return (now < lease.last_beat + LOOK).then_some(now + LOOK);
        };
        if beaten.unchecked {
            return Some(now + LOOK);
        }
        let (beat_timeout, delete_timeout) = self.timeouts(&beaten.shown);
        let (unhealthy_at, removed_at) = (lease.last_beat + beat_timeout, lease.last_beat + delete_timeout);
        let owner = || Owner::Beaten(address.clone());
        if self.settings.expire_instances && removed_at <= now {
            shard.batcher.enqueue(Operation::Withdraw { service: service.clone(), owner: owner(), address: None });
            return Some(now + LOOK);
        }
        if beaten.shown.healthy && unhealthy_at <= now && !lease.down {
            lease.down = true;
            shard.batcher.enqueue(Operation::SetHealth { service: service.clone(), owner: owner(), healthy: false });
        }
        let waits_for = if beaten.shown.healthy && !lease.down { unhealthy_at.min(removed_at) } else { removed_at };
        Some(if waits_for > now { waits_for.min(now + LOOK) } else { now + LOOK })
    }

    fn timeouts(&self, instance: &Instance) -> (Duration, Duration) {
        // Long enough for ever, short enough to add to any instant.
        let of = |key: &str, default: u64| {
            Duration::from_millis(metadata_millis(&instance.metadata, key, default).min(u64::from(u32::MAX) * 1_000))
        };
        (
            of("preserved.heart.beat.timeout", self.settings.beat_timeout),
            of("preserved.ip.delete.timeout", self.settings.delete_timeout),
        )
    }
}

#[cfg(test)]
mod tests;
