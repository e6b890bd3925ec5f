//! Consistent hashing: calls with the same key stay with the same instance while it is there.

use std::{collections::HashMap, sync::Arc};

use md5::{Digest, Md5};
use parking_lot::Mutex;

use super::{Balancer, Instance, Instances, Random, plain::usable};
use crate::names::ServiceKey;

/// Rings that are kept; beyond that all are dropped and made anew when needed.
const REMEMBERED: usize = 1_000;
/// Each digest gives four points of the ring: 160 points per instance keep the shares even to about 10 %.
const DIGESTS_PER_INSTANCE: u32 = 40;

/// Chooses by a hash of the key. When an instance comes or goes, only its share of the keys moves.
///
/// The ring depends on the addresses alone, so all processes and languages choose alike. Weights are not
/// looked at, except that an instance without traffic has no place. A call without key is served at random.
#[derive(Debug, Default)]
pub struct ConsistentHash {
    rings: Mutex<HashMap<ServiceKey, Arc<Ring>>>,
}

impl ConsistentHash {
    fn ring(&self, candidates: &Instances) -> Arc<Ring> {
        let snapshot = candidates.service();
        let members: Vec<_> = usable(candidates).cloned().collect();
        let mut rings = self.rings.lock();
        if let Some(ring) = rings.get(snapshot.service()).filter(|ring| ring.is_of(&members)) {
            return Arc::clone(ring);
        }
        if rings.len() >= REMEMBERED {
            rings.clear();
        }
        let ring = Arc::new(Ring::new(members));
        rings.insert(snapshot.service().clone(), Arc::clone(&ring));
        ring
    }
}

impl Balancer for ConsistentHash {
    fn choose(&self, candidates: &Instances, key: Option<&str>) -> Option<Arc<Instance>> {
        match key {
            Some(key) => self.ring(candidates).find(key),
            None => Random.choose(candidates, None),
        }
    }
}

#[derive(Debug)]
struct Ring {
    members: Vec<Arc<Instance>>,
    /// Sorted.
    points: Vec<(u32, u32)>,
}

impl Ring {
    fn new(members: Vec<Arc<Instance>>) -> Self {
        let mut points: Vec<(u32, u32)> = Vec::with_capacity(members.len() * 160);
        for (index, member) in (0u32..).zip(&members) {
            let address = member.address();
            for round in 0..DIGESTS_PER_INSTANCE {
                points.extend(numbers(&format!("{address}-{round}")).map(|point| (point, index)));
            }
        }
        points.sort_unstable();
        Self { members, points }
    }

    fn is_of(&self, members: &[Arc<Instance>]) -> bool {
        self.members.len() == members.len() && self.members.iter().zip(members).all(|(old, new)| Arc::ptr_eq(old, new))
    }

    fn find(&self, key: &str) -> Option<Arc<Instance>> {
        let [wanted, ..] = numbers(key);
        let index = self.points.partition_point(|(point, _)| *point < wanted);
        let (_, member) = self.points.get(index).or(self.points.first())?;
        self.members.get(usize::try_from(*member).ok()?).cloned()
    }
}

fn numbers(text: &str) -> [u32; 4] {
    let digest: [u8; 16] = Md5::digest(text.as_bytes()).into();
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(digest.as_chunks::<4>().0) {
        *number = u32::from_be_bytes(*bytes);
    }
    numbers
}
