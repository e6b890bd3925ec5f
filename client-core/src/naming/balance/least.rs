//! Balancers that remember what they chose before.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::{Balancer, Instance, Instances, plain::usable};
use crate::names::ServiceKey;

/// Services that are remembered; beyond that all is forgotten and begins anew.
const REMEMBERED: usize = 10_000;

/// Chooses the healthy instance whose last choice is the longest ago; one never chosen comes first.
#[derive(Debug, Default)]
pub struct LeastRecentlyUsed {
    uses: Uses,
}

impl Balancer for LeastRecentlyUsed {
    fn choose(&self, candidates: &Instances, _key: Option<&str>) -> Option<Arc<Instance>> {
        self.uses.choose(candidates, |newcomer| if newcomer { Some(0) } else { None }, |_, clock| clock)
    }
}

/// Chooses the healthy instance that was chosen least often. One that joins starts level with the least used.
#[derive(Debug, Default)]
pub struct LeastFrequentlyUsed {
    uses: Uses,
}

impl Balancer for LeastFrequentlyUsed {
    fn choose(&self, candidates: &Instances, _key: Option<&str>) -> Option<Arc<Instance>> {
        self.uses.choose(candidates, |_| None, |count, _| count + 1)
    }
}

/// A number per instance, per service.
#[derive(Debug, Default)]
struct Uses {
    services: Mutex<HashMap<ServiceKey, Service>>,
}

#[derive(Debug, Default)]
struct Service {
    revision: u64,
    clock: u64,
    marks: HashMap<(String, u16), u64>,
}

impl Uses {
    /// Takes the candidate with the lowest mark and gives it a new one.
    ///
    /// `first(true)` is the mark of an instance never seen; `None` stands for the lowest mark there is.
    fn choose(
        &self,
        candidates: &Instances,
        first: impl Fn(bool) -> Option<u64>,
        next: impl Fn(u64, u64) -> u64,
    ) -> Option<Arc<Instance>> {
        let snapshot = candidates.service();
        let mut services = self.services.lock();
        if services.len() >= REMEMBERED && !services.contains_key(snapshot.service()) {
            services.clear();
        }
        let service = services.entry(snapshot.service().clone()).or_default();
        if service.revision < snapshot.revision() {
            service.enter(snapshot.instances(), snapshot.revision(), first(true));
        }
        service.clock += 1;
        let mark = |host: &Arc<Instance>| service.marks.get(&address(host)).copied().unwrap_or_default();
        let chosen = usable(candidates).min_by_key(|host| mark(host))?;
        let mark = next(mark(chosen), service.clock);
        service.marks.insert(address(chosen), mark);
        Some(Arc::clone(chosen))
    }
}

impl Service {
    /// Forgets who left and enters who joined, so that the table is never larger than the list.
    fn enter(&mut self, hosts: &[Arc<Instance>], revision: u64, first: Option<u64>) {
        let mut old = std::mem::take(&mut self.marks);
        let kept: HashMap<_, _> = hosts
            .iter()
            .map(|host| address(host))
            .map(|address| (old.remove(&address), address))
            .fold(HashMap::new(), |mut kept, (mark, address)| {
                kept.entry(address).or_insert(mark);
                kept
            });
        let lowest = kept.values().flatten().min().copied().unwrap_or_default();
        let first = first.unwrap_or(lowest);
        self.marks = kept.into_iter().map(|(address, mark)| (address, mark.unwrap_or(first))).collect();
        self.revision = revision;
    }
}

fn address(host: &Instance) -> (String, u16) {
    (host.ip.clone(), host.port)
}
