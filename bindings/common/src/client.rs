//! A client as the engine keeps it for a host.

use std::sync::Arc;

use nacre_client::{
    Client,
    naming::{
        Balancer, ConsistentHash, LeastFrequentlyUsed, LeastRecentlyUsed, Random, RoundRobin, SameCluster,
        WeightedRandom,
    },
};

use crate::wire::{Malformed, Result};

/// A client with the balancers that remember something of its services.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) client: Client,
    balancers: [Arc<dyn Balancer>; 6],
}

impl Entry {
    pub(crate) fn new(client: Client) -> Self {
        let balancers: [Arc<dyn Balancer>; 6] = [
            Arc::new(RoundRobin::default()),
            Arc::new(LeastRecentlyUsed::default()),
            Arc::new(LeastFrequentlyUsed::default()),
            Arc::new(ConsistentHash::default()),
            Arc::new(Random),
            Arc::new(WeightedRandom),
        ];
        Self { client, balancers }
    }

    /// The balancer with this number, which looks at one cluster first if one is named.
    pub(crate) fn balancer(&self, number: u8, preferred: Option<&str>) -> Result<Arc<dyn Balancer>> {
        let balancer = Arc::clone(self.balancers.get(usize::from(number)).ok_or(Malformed)?);
        Ok(match preferred {
            Some(cluster) => Arc::new(SameCluster::with(cluster, balancer)),
            None => balancer,
        })
    }
}
