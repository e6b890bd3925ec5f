//! Choosing one instance: the balancers.

mod consistent;
mod least;
mod plain;
mod weighted;

use std::{fmt, sync::Arc};

use super::{model::Instance, select::Instances};

pub use consistent::ConsistentHash;
pub use least::{LeastFrequentlyUsed, LeastRecentlyUsed};
pub use plain::{Random, RoundRobin, SameCluster};
pub use weighted::WeightedRandom;

pub(crate) use weighted::WeightTable;

/// Chooses one of several instances. One object serves any number of services and threads.
pub trait Balancer: Send + Sync + fmt::Debug {
    /// One of `candidates`, or `None` if none of them can take traffic.
    ///
    /// `key` names what the call is about (a user, a session) for those that keep calls with the same
    /// key together; the others ignore it.
    fn choose(&self, candidates: &Instances, key: Option<&str>) -> Option<Arc<Instance>>;
}

impl<T: Balancer + ?Sized> Balancer for Arc<T> {
    fn choose(&self, candidates: &Instances, key: Option<&str>) -> Option<Arc<Instance>> {
        (**self).choose(candidates, key)
    }
}

#[cfg(test)]
mod tests;
