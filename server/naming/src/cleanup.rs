//! Removes what nobody needs any more: empty services, and operators' values of instances that
//! are gone. What is seen here is checked again when it is applied.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    model::{InstanceKey, ServiceKey},
    registry::Registry,
    settings::millis,
    shard::Operation,
};

/// How often idle shards are looked for.
const IDLE_LOOK: Duration = Duration::from_secs(60);

/// Since when something has been seen without a break.
#[derive(Debug)]
struct Seen<T> {
    since: HashMap<T, Instant>,
}

impl<T: Eq + Hash + Clone> Seen<T> {
    fn new() -> Self {
        Self { since: HashMap::new() }
    }

    /// Notes what is seen now and forgets the rest; answers what has been seen for `age`.
    fn note(&mut self, now: Instant, age: Duration, seen: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut before = std::mem::take(&mut self.since);
        let mut old = Vec::new();
        for thing in seen {
            let since = before.remove(&thing).unwrap_or(now);
            if now.duration_since(since) >= age {
                old.push(thing.clone());
            }
            self.since.insert(thing, since);
        }
        old
    }
}

fn ticks(first: Duration, period: Duration) -> tokio::time::Interval {
    let mut ticks = interval_at(Instant::now() + first, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Registry {
    /// Removes services that stayed without publishers.
    pub(crate) async fn clean_services(self: Arc<Self>) {
        let period = millis(self.settings.empty_service_interval);
        let age = Duration::from_millis(self.settings.empty_service_age);
        let mut ticks = ticks(period / 2, period);
        let mut seen: Vec<Seen<(ServiceKey, u64)>> = self.shards.iter().map(|_| Seen::new()).collect();
        loop {
            ticks.tick().await;
            for (shard, seen) in self.shards.iter().zip(&mut seen) {
                for (service, revision) in seen.note(Instant::now(), age, shard.machine.empty_services()) {
                    shard.batcher.enqueue(Operation::DeleteEmpty { service, revision });
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Drops operators' values of instances that stayed away.
    pub(crate) async fn clean_overrides(self: Arc<Self>) {
        let period = millis(self.settings.expired_metadata_interval);
        let age = Duration::from_millis(self.settings.expired_metadata_age);
        let mut ticks = ticks(period, period);
        let mut seen: Vec<Seen<(ServiceKey, InstanceKey)>> = self.shards.iter().map(|_| Seen::new()).collect();
        loop {
            ticks.tick().await;
            for (shard, seen) in self.shards.iter().zip(&mut seen) {
                let mut old: BTreeMap<ServiceKey, Vec<InstanceKey>> = BTreeMap::new();
                for (service, instance) in seen.note(Instant::now(), age, shard.machine.orphaned_overrides()) {
                    old.entry(service).or_default().push(instance);
                }
                for (service, instances) in old {
                    shard.batcher.enqueue(Operation::DropOverrides { service, instances });
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Writes a time mark in shards that were idle for long.
    pub(crate) async fn mark_time(self: Arc<Self>) {
        let limit = millis(self.settings.time_mark_interval);
        let mut ticks = ticks(limit.min(IDLE_LOOK), limit.min(IDLE_LOOK));
        loop {
            ticks.tick().await;
            for shard in self.shards.iter().filter(|shard| shard.batcher.idle_for() >= limit) {
                shard.batcher.enqueue(Operation::Mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_stays_grows_old() {
        let (mut seen, age) = (Seen::new(), Duration::from_secs(60));
        assert!(seen.note(Instant::now(), age, ["a", "b"]).is_empty());
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(seen.note(Instant::now(), age, ["a"]).is_empty());
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(seen.note(Instant::now(), age, ["a", "b"]), ["a"]);
    }
}
