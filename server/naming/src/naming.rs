//! The registry as the doors see it.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use nacre_consensus::NodeId;

pub use crate::instance_id::check_instance;
use crate::{
    Error, IdPolicy, Settings,
    model::{
        ClusterMetadata, Instance, InstanceKey, InstanceOverride, NewInstance, OverrideChange, ServiceDetail,
        ServiceKey, ServiceKind, ServiceMetadata,
    },
    session::{Client, Session},
    stats::Stats,
    view::{Encoder, Filter, ServiceList, View},
};

/// What the registry is started with.
#[allow(missing_debug_implementations)]
pub struct Options {
    /// Settings.
    pub settings: Settings,
    /// This node.
    pub node: NodeId,
    /// This start of the node; higher than that of any start before.
    pub epoch: u64,
    /// Index into `shards` for each slot.
    pub slots: Arc<[u16]>,
    /// How lists and pushes are written for gRPC clients.
    pub encoder: Arc<dyn Encoder>,
    /// The last request id given to a push on this server; shared with all who push.
    pub request_ids: Arc<AtomicU64>,
}

/// A page of service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePage {
    /// Services before paging.
    pub count: usize,
    /// Names without group, sorted.
    pub names: Vec<String>,
}

/// A client that subscribed to a service.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The client.
    pub client: Arc<Client>,
    /// The service.
    pub service: ServiceKey,
    /// The clusters as subscribed.
    pub clusters: Option<String>,
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

/// The registry of one node. Cheap to clone; the last clone's end stops it.
#[derive(Clone, Debug)]
pub struct Naming {}

impl Naming {
    /// Starts the registry: puts what earlier starts left into the grace, one entry per shard,
    /// and starts its timers. Grace and beats count from here.
    ///
    /// # Errors
    /// When a shard takes no writes.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let _ = options;
        todo!()
    }

    /// From now on ended connections leave their instances for the next start to keep.
    pub fn stopping(&self) {
        todo!()
    }

    /// Stops all tasks. What was answered is durable.
    pub async fn shutdown(&self) {
        todo!()
    }

    /// Opens the session of a connection whose label `module` allows naming.
    #[must_use]
    pub fn open(&self, client: Client) -> Session {
        let _ = client;
        todo!()
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
        let _ = (service, instance, ids);
        todo!()
    }

    /// Removes what [`Naming::register_beaten`] published. Unknown ones are no error.
    ///
    /// # Errors
    /// What a write can fail with.
    pub async fn deregister_beaten(&self, service: &ServiceKey, ip: &str, port: i32) -> Result<(), Error> {
        let _ = (service, ip, port);
        todo!()
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
        let _ = (service, ip, port, body);
        todo!()
    }

    /// Publishes an instance that stays until it is removed. One per address and service.
    ///
    /// # Errors
    /// As [`Session::register`]. HTTP callers check it with [`check_instance`] first.
    pub async fn register_persistent(
        &self,
        service: &ServiceKey,
        instance: NewInstance,
        ids: IdPolicy,
    ) -> Result<(), Error> {
        let _ = (service, instance, ids);
        todo!()
    }

    /// Removes what [`Naming::register_persistent`] published. Unknown ones are no error.
    ///
    /// # Errors
    /// What a write can fail with.
    pub async fn deregister_persistent(&self, service: &ServiceKey, ip: &str, port: i32) -> Result<(), Error> {
        let _ = (service, ip, port);
        todo!()
    }

    /// Sets the health of a persistent instance whose cluster is not checked. An unknown address
    /// is no error.
    ///
    /// # Errors
    /// [`Error::HealthCheckActive`] also for an unknown service, and what a write can fail with.
    pub async fn set_health(
        &self,
        service: &ServiceKey,
        cluster: &str,
        ip: &str,
        port: i32,
        healthy: bool,
    ) -> Result<(), Error> {
        let _ = (service, cluster, ip, port, healthy);
        todo!()
    }

    /// Replaces what operators set for an instance. The instance need not exist.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn set_override(
        &self,
        service: &ServiceKey,
        instance: InstanceKey,
        value: InstanceOverride,
    ) -> Result<(), Error> {
        let _ = (service, instance, value);
        todo!()
    }

    /// Changes parts of what operators set for an instance.
    ///
    /// # Errors
    /// [`Error::NoInstances`], [`Error::InstanceNotFound`], and what a write can fail with.
    pub async fn change_override(
        &self,
        service: &ServiceKey,
        instance: InstanceKey,
        change: OverrideChange,
    ) -> Result<(), Error> {
        let _ = (service, instance, change);
        todo!()
    }

    /// Creates an empty service.
    ///
    /// # Errors
    /// [`Error::ServiceExists`], and what a write can fail with.
    pub async fn create_service(
        &self,
        service: &ServiceKey,
        kind: ServiceKind,
        metadata: ServiceMetadata,
    ) -> Result<(), Error> {
        let _ = (service, kind, metadata);
        todo!()
    }

    /// Replaces what operators set for a service; its clusters keep theirs.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn update_service(&self, service: &ServiceKey, metadata: ServiceMetadata) -> Result<(), Error> {
        let _ = (service, metadata);
        todo!()
    }

    /// Removes a service without instances.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], [`Error::ServiceNotEmpty`], and what a write can fail with.
    pub async fn delete_service(&self, service: &ServiceKey) -> Result<(), Error> {
        let _ = service;
        todo!()
    }

    /// Replaces what operators set for a cluster, which need not have instances.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn update_cluster(
        &self,
        service: &ServiceKey,
        cluster: &str,
        metadata: ClusterMetadata,
    ) -> Result<(), Error> {
        let _ = (service, cluster, metadata);
        todo!()
    }

    /// The current list of a service, encoded for gRPC. An unknown one is empty.
    #[must_use]
    pub fn query(&self, service: &ServiceKey, filter: &Filter) -> Bytes {
        let _ = (service, filter);
        todo!()
    }

    /// The current list of a service. An unknown one is empty.
    #[must_use]
    pub fn list(&self, service: &ServiceKey, filter: &Filter) -> ServiceList {
        let _ = (service, filter);
        todo!()
    }

    /// All instances of a service, disabled ones too. An unknown one has none.
    #[must_use]
    pub fn view(&self, service: &ServiceKey) -> Arc<View> {
        let _ = service;
        todo!()
    }

    /// One instance of a service, even if disabled.
    ///
    /// # Errors
    /// [`Error::NoInstances`], [`Error::InstanceNotFound`].
    pub fn instance(&self, service: &ServiceKey, key: &InstanceKey) -> Result<Arc<Instance>, Error> {
        let _ = (service, key);
        todo!()
    }

    /// Whether a service exists.
    #[must_use]
    pub fn contains(&self, service: &ServiceKey) -> bool {
        let _ = service;
        todo!()
    }

    /// A service as operators see it.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`].
    pub fn service(&self, service: &ServiceKey) -> Result<ServiceDetail, Error> {
        let _ = service;
        todo!()
    }

    /// A page of the services of a group, sorted. Pages count from 1; lower numbers are page 1.
    #[must_use]
    pub fn services(&self, namespace: &str, group: &str, page: i64, page_size: usize) -> ServicePage {
        let _ = (namespace, group, page, page_size);
        todo!()
    }

    /// All services, by namespace, sorted; of one namespace if given.
    #[must_use]
    pub fn all_services(&self, namespace: Option<&str>) -> BTreeMap<String, Vec<ServiceKey>> {
        let _ = namespace;
        todo!()
    }

    /// The subscribers of the services of a namespace that `matches` picks.
    #[must_use]
    pub fn subscribers(&self, namespace: &str, matches: impl Fn(&ServiceKey) -> bool) -> Vec<Subscriber> {
        let _ = (namespace, matches);
        todo!()
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        todo!()
    }
}
