//! The registry as the doors see it.

mod clients;
mod operators;
mod reads;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use nacre_consensus::{Group, NodeId, SlotTable};
use parking_lot::Mutex;
use tokio::{
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use crate::{
    Error, IdPolicy, Registration, Settings,
    batch::{BatchFigures, Batcher},
    grace::Detached,
    health::CheckFigures,
    instance_id::IdGenerator,
    lease::Leases,
    link::{Link, LocalLink},
    model::{Address, NewInstance, ServiceKey},
    push::Hub,
    registry::{Registry, Shard},
    session::{Client, Session},
    shard::{ChangeSink, Incarnation, Operation, Owner, ShardMachine},
    switches::SwitchMachine,
    view::{Encoder, Press},
};

pub use clients::{ClientId, ClientInfo};
pub use reads::{ServicePage, Subscriber};

/// How long a stop waits for writes that are under way.
const DRAIN: Duration = Duration::from_secs(5);

/// What the registry is started with.
pub struct Options {
    /// Settings.
    pub settings: Settings,
    /// This node.
    pub node: NodeId,
    /// This start of the node; higher than that of any start before, and at least 1.
    pub epoch: u64,
    /// The shards, in the order of their numbers.
    pub shards: Vec<Group<ShardMachine>>,
    /// Which shard a slot belongs to.
    pub slots: SlotTable,
    /// The part of the meta group that holds the switches; without it they last until the stop.
    pub switches: Option<Group<SwitchMachine>>,
    /// How lists and pushes are written for gRPC clients.
    pub encoder: Arc<dyn Encoder>,
    /// The last request id given to a push on this server; shared with all who push.
    pub request_ids: Arc<AtomicU64>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("node", &self.node).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// The number in the answer to a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatCode {
    /// Taken.
    Ok = 10200,
    /// Nobody is known there: register again.
    NotFound = 20404,
}

/// The answer to a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeatAnswer {
    /// Whether the instance is known.
    pub code: BeatCode,
    /// Asked time between beats in milliseconds.
    pub interval_millis: u64,
}

/// The running tasks; they end with the last handle.
#[derive(Debug)]
struct Running {
    registry: Arc<Registry>,
    switch_group: Option<Group<SwitchMachine>>,
    /// One per shard: they end by themselves once closed.
    writers: Mutex<JoinSet<()>>,
    timers: Mutex<Vec<JoinHandle<()>>>,
}

impl Running {
    fn stop_timers(&self) {
        self.timers.lock().drain(..).for_each(|task| task.abort());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.registry.shards.iter().for_each(|shard| shard.batcher.close());
        self.stop_timers();
    }
}

/// The registry of one node. Cheap to clone; the last clone's end stops it.
#[derive(Clone, Debug)]
pub struct Naming {
    running: Arc<Running>,
}

impl Naming {
    /// Starts the registry: puts what earlier starts left into the grace, one entry per shard,
    /// and starts its timers. Grace and beats count from here.
    ///
    /// # Errors
    /// When a shard takes no writes.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let link = Arc::new(LocalLink::new(options.node, options.shards.clone()));
        let machines = options.shards.iter().map(|group| group.machine().clone()).collect();
        Self::start_with(options, machines, link).await
    }

    pub(crate) async fn start_with(
        options: Options,
        machines: Vec<Arc<ShardMachine>>,
        link: Arc<dyn Link>,
    ) -> Result<Self, Error> {
        let Options { settings, node, epoch, slots, switches: switch_group, encoder, request_ids, .. } = options;
        let switches = match &switch_group {
            Some(group) => group.machine().clone(),
            None => Arc::new(SwitchMachine::new(&settings)),
        };
        let me = Incarnation { node, epoch };
        let batches = Arc::new(BatchFigures::default());
        let hub = Arc::new(Hub::new(&settings));
        let shard = |(number, machine): (usize, Arc<ShardMachine>)| {
            machine.attach(hub.clone());
            Shard { machine, batcher: Arc::new(Batcher::new(number, me, link.clone(), batches.clone())) }
        };
        let registry = Arc::new(Registry {
            me,
            slots,
            shards: machines.into_iter().enumerate().map(shard).collect(),
            press: Press { encoder, request_ids, cache_millis: switches.cache_millis() },
            ids: IdGenerator::new(node.0),
            hub: hub.clone(),
            leases: Leases::default(),
            detached: Detached::default(),
            batches,
            beats: AtomicU64::new(0),
            checks: CheckFigures::default(),
            switches,
            sessions: AtomicU64::new(0),
            clients: DashMap::new(),
            stopping: AtomicBool::new(false),
            settings,
        });
        let mut writers = JoinSet::new();
        for shard in &registry.shards {
            let batcher = shard.batcher.clone();
            writers.spawn(async move { batcher.run().await });
        }
        let running = Running {
            registry: registry.clone(),
            switch_group,
            writers: Mutex::new(writers),
            timers: Mutex::default(),
        };
        let begun: Result<Vec<_>, Error> =
            registry.shards.iter().map(|shard| shard.batcher.submit(Operation::BeginEpoch)).collect();
        // Side by side, so that one sync of the disk serves all.
        for answer in futures::future::try_join_all(begun?).await? {
            answer.map_err(|_| Error::Unavailable("this server was replaced by a later start".into()))?;
        }
        registry.begin_leases();
        *running.timers.lock() = timers(&registry);
        Ok(Self { running: Arc::new(running) })
    }

    fn registry(&self) -> &Arc<Registry> {
        &self.running.registry
    }

    #[cfg(test)]
    pub(crate) fn registry_for_tests(&self) -> &Registry {
        self.registry()
    }

    #[cfg(test)]
    pub(crate) fn hub_for_tests(&self) -> &Hub {
        &self.registry().hub
    }

    /// From now on `sink` is told of every change of a service, too. Only the first one stays.
    pub fn watch_changes(&self, sink: Arc<dyn ChangeSink>) {
        if self.registry().hub.watcher.0.set(sink).is_err() {
            tracing::warn!("changes are watched already");
        }
    }

    /// From now on ended connections leave their instances for the next start to keep.
    pub fn stopping(&self) {
        self.registry().stopping.store(true, Ordering::Relaxed);
    }

    /// Writes what was taken, then stops all tasks. What was answered is durable.
    pub async fn shutdown(&self) {
        self.stopping();
        self.running.stop_timers();
        self.registry().shards.iter().for_each(|shard| shard.batcher.close());
        let mut writers = std::mem::take(&mut *self.running.writers.lock());
        let drained = async { while writers.join_next().await.is_some() {} };
        if timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("naming stops with unfinished writes");
        }
    }

    /// Opens the session of a connection whose label `module` allows naming.
    #[must_use]
    pub fn open(&self, client: Client) -> Session {
        Session::open(self.registry().clone(), client)
    }

    /// Publishes an instance that lives by beats (HTTP). One per address and service.
    ///
    /// # Errors
    /// As [`Session::register`].
    pub async fn register_beaten(
        &self,
        service: &ServiceKey,
        instance: NewInstance,
        ids: IdPolicy,
    ) -> Result<(), Error> {
        self.registry().register_beaten(service, instance, ids).await
    }

    /// Removes what [`Naming::register_beaten`] published. Unknown ones are no error.
    ///
    /// # Errors
    /// What a write can fail with.
    pub async fn deregister_beaten(&self, service: &ServiceKey, ip: &str, port: i32) -> Result<(), Error> {
        let address = Address::new(ip, port);
        let machine = &self.registry().shard(service).machine;
        let known = machine.publication(service, &Owner::Beaten(address.clone())).is_some();
        if !known && !machine.has_in_grace(service, &address) {
            return Ok(());
        }
        let owner = Owner::Beaten(address.clone());
        let operation = Operation::Withdraw { service: service.clone(), owner, address: Some(address) };
        self.registry().write(service, operation, Registration::Ephemeral).await
    }

    /// Takes a beat for `ip:port`. An unknown address is registered from `body`, if there is one.
    ///
    /// # Errors
    /// As [`Session::register`].
    pub async fn beat(
        &self,
        service: &ServiceKey,
        ip: &str,
        port: i32,
        body: Option<NewInstance>,
    ) -> Result<BeatAnswer, Error> {
        self.registry().beat(service, Address::new(ip, port), body).await
    }

    /// Publishes an instance that stays until it is removed. One per address and service.
    ///
    /// # Errors
    /// As [`Session::register`]. HTTP callers check it with [`crate::check_instance`] first.
    pub async fn register_persistent(
        &self,
        service: &ServiceKey,
        instance: NewInstance,
        ids: IdPolicy,
    ) -> Result<(), Error> {
        let instance = self.registry().ids.complete(service, instance, ids)?;
        let operation = Operation::Publish {
            service: service.clone(),
            owner: Owner::Persistent(instance.address()),
            holder: Incarnation::default(),
            instances: [instance].into(),
        };
        self.registry().write(service, operation, Registration::Persistent).await
    }

    /// Removes what [`Naming::register_persistent`] published. Unknown ones are no error.
    ///
    /// # Errors
    /// What a write can fail with.
    pub async fn deregister_persistent(&self, service: &ServiceKey, ip: &str, port: i32) -> Result<(), Error> {
        let owner = Owner::Persistent(Address::new(ip, port));
        if self.registry().shard(service).machine.publication(service, &owner).is_none() {
            return Ok(());
        }
        let operation = Operation::Withdraw { service: service.clone(), owner, address: None };
        self.registry().write(service, operation, Registration::Persistent).await
    }
}

/// Everything that runs by the clock or follows changes.
fn timers(registry: &Arc<Registry>) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    let hub = registry.hub.clone();
    tasks.push(tokio::spawn(async move { hub.dispatch().await }));
    let hub = registry.hub.clone();
    tasks.push(tokio::spawn(async move { hub.push_first().await }));
    let hub = registry.hub.clone();
    tasks.push(tokio::spawn(async move { hub.watch_mailboxes().await }));
    let leases = registry.clone();
    tasks.push(tokio::spawn(async move { leases.watch_leases().await }));
    let detached = registry.clone();
    tasks.push(tokio::spawn(async move { detached.watch_detached().await }));
    tasks.push(tokio::spawn(registry.clone().end_restart_grace()));
    tasks.push(tokio::spawn(registry.clone().clean_services()));
    tasks.push(tokio::spawn(registry.clone().clean_overrides()));
    tasks.push(tokio::spawn(registry.clone().mark_time()));
    tasks.push(tokio::spawn(registry.clone().check_health()));
    tasks
}

#[cfg(test)]
mod tests;
