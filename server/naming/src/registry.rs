//! What all parts of a running registry share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use dashmap::DashMap;
use nacre_consensus::SlotTable;

use crate::{
    Error, Registration, Settings,
    batch::{BatchFigures, Batcher},
    grace::Detached,
    health::CheckFigures,
    instance_id::IdGenerator,
    lease::Leases,
    model::ServiceKey,
    push::Hub,
    session::Client,
    shard::{Incarnation, Operation, Refusal, ShardMachine},
    switches::SwitchMachine,
    view::{Press, View},
};

/// One shard: its state, and the way to change it.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) machine: Arc<ShardMachine>,
    pub(crate) batcher: Arc<Batcher>,
}

/// What all parts of a running registry share.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) settings: Settings,
    pub(crate) me: Incarnation,
    pub(crate) slots: SlotTable,
    pub(crate) shards: Vec<Shard>,
    pub(crate) press: Press,
    pub(crate) ids: IdGenerator,
    pub(crate) hub: Arc<Hub>,
    pub(crate) leases: Leases,
    pub(crate) detached: Detached,
    pub(crate) batches: Arc<BatchFigures>,
    pub(crate) beats: AtomicU64,
    pub(crate) checks: CheckFigures,
    pub(crate) switches: Arc<SwitchMachine>,
    pub(crate) sessions: AtomicU64,
    /// The connected clients by connection id, with the time of their connection.
    pub(crate) clients: DashMap<String, (Arc<Client>, u64)>,
    pub(crate) stopping: AtomicBool,
}

impl Registry {
    pub(crate) fn place(&self, service: &ServiceKey) -> usize {
        usize::from(self.slots.shard_of(service.slot()))
    }

    pub(crate) fn shard(&self, service: &ServiceKey) -> &Shard {
        &self.shards[self.place(service)]
    }

    pub(crate) fn view(&self, service: &ServiceKey) -> Arc<View> {
        self.shard(service).machine.view(service)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Writes one operation of a service. Answers when it is durable and visible.
    pub(crate) async fn write(
        &self,
        service: &ServiceKey,
        operation: Operation,
        tried: Registration,
    ) -> Result<(), Error> {
        let written = self.shard(service).batcher.submit(operation)?;
        written.await?.map_err(|refusal| refused(refusal, service, tried))
    }
}

/// The error that a refusal is to the caller.
pub(crate) fn refused(refusal: Refusal, service: &ServiceKey, tried: Registration) -> Error {
    let service = service.clone();
    match refusal {
        Refusal::KindMismatch(existing) => Error::KindMismatch { service, existing, tried },
        Refusal::ServiceNotFound => Error::ServiceNotFound { service },
        Refusal::ServiceExists => Error::ServiceExists { service },
        Refusal::ServiceNotEmpty => Error::ServiceNotEmpty { service },
        Refusal::NoInstances => Error::NoInstances { service, cluster: crate::DEFAULT_CLUSTER.into() },
        Refusal::InstanceNotFound => Error::InstanceNotFound,
        Refusal::Stale => Error::Unavailable("this server was replaced by a later start".into()),
    }
}
