//! Balancers that need little: random, round robin, same cluster first.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::RwLock;
use std::collections::HashMap;

use super::{Balancer, Instance, Instances, WeightedRandom};
use crate::names::ServiceKey;

/// Services whose turn is remembered; beyond that the oldest state is forgotten as a whole.
const REMEMBERED: usize = 10_000;

/// The positions of the instances that may be called.
pub(super) fn usable(candidates: &[Arc<Instance>]) -> impl Iterator<Item = &Arc<Instance>> + Clone {
    candidates.iter().filter(|host| host.healthy && host.takes_traffic())
}

/// Chooses each healthy instance equally often, by chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Balancer for Random {
    fn choose(&self, candidates: &Instances, _key: Option<&str>) -> Option<Arc<Instance>> {
        let count = usable(candidates).count();
        let position = (count > 0).then(|| rand::random_range(0..count))?;
        usable(candidates).nth(position).cloned()
    }
}

/// Chooses the healthy instances in turn, each service by itself.
#[derive(Debug, Default)]
pub struct RoundRobin {
    turns: RwLock<HashMap<ServiceKey, Arc<AtomicUsize>>>,
}

impl RoundRobin {
    fn turn(&self, service: &ServiceKey) -> usize {
        if let Some(turn) = self.turns.read().get(service) {
            return turn.fetch_add(1, Ordering::Relaxed);
        }
        let mut turns = self.turns.write();
        if turns.len() >= REMEMBERED {
            turns.clear();
        }
        turns.entry(service.clone()).or_default().fetch_add(1, Ordering::Relaxed)
    }
}

impl Balancer for RoundRobin {
    fn choose(&self, candidates: &Instances, _key: Option<&str>) -> Option<Arc<Instance>> {
        let count = usable(candidates).count();
        let position = self.turn(candidates.service().service()).checked_rem(count)?;
        usable(candidates).nth(position).cloned()
    }
}

/// Chooses among the healthy instances of one cluster, and among all when it has none.
#[derive(Debug)]
pub struct SameCluster<B = WeightedRandom> {
    clusters: [Box<str>; 1],
    inner: B,
}

impl SameCluster {
    /// Prefers `cluster`, with weighted random choice within it.
    pub fn new(cluster: impl Into<Box<str>>) -> Self {
        Self::with(cluster, WeightedRandom)
    }
}

impl<B: Balancer> SameCluster<B> {
    /// Prefers `cluster`; `inner` chooses within it, or among all.
    pub fn with(cluster: impl Into<Box<str>>, inner: B) -> Self {
        Self { clusters: [cluster.into()], inner }
    }
}

impl<B: Balancer> Balancer for SameCluster<B> {
    fn choose(&self, candidates: &Instances, key: Option<&str>) -> Option<Arc<Instance>> {
        let near = candidates.narrowed(&self.clusters);
        self.inner.choose(&near, key).or_else(|| self.inner.choose(candidates, key))
    }
}
