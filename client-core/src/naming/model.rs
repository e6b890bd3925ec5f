//! Instances, the immutable list of a service, and the two ways between them and the wire.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use nacre_proto::naming as wire;

use super::select::{View, Views};
use crate::names::{DEFAULT_CLUSTER, ServiceKey};

/// Metadata key: milliseconds between two beats of an HTTP client.
pub const HEART_BEAT_INTERVAL: &str = wire::HEART_BEAT_INTERVAL;
/// Metadata key: milliseconds without a beat until an instance counts as unhealthy.
pub const HEART_BEAT_TIMEOUT: &str = wire::HEART_BEAT_TIMEOUT;
/// Metadata key: milliseconds without a beat until an instance is removed.
pub const IP_DELETE_TIMEOUT: &str = wire::IP_DELETE_TIMEOUT;
static REVISIONS: AtomicU64 = AtomicU64::new(1);

/// One address that offers a service.
///
/// ```
/// use nacre_client::naming::Instance;
///
/// let instance = Instance::new("10.0.0.11", 8080).with_weight(2.0).with_metadata("zone", "a");
/// assert_eq!(instance.address(), "10.0.0.11:8080");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The server gives one when it is absent.
    pub id: Option<String>,
    /// Host: an IP address or a name, at most 128 characters.
    pub ip: String,
    /// Port.
    pub port: u16,
    /// Share of the traffic, 1.0 by default; none at 0 or less.
    pub weight: f64,
    /// Whether it may be called, true by default.
    pub healthy: bool,
    /// Whether an operator lets it take traffic, true by default.
    pub enabled: bool,
    /// True by default: it lives as long as the client that registered it. False: until it is deregistered.
    pub ephemeral: bool,
    /// Cluster within the service, `DEFAULT` by default.
    pub cluster: String,
    /// `group@@service` in lists from the server. In a registration: absent, or the service that it is for.
    pub service: Option<String>,
    /// What the provider says about itself: at most 1,024 characters, keys and values together.
    pub metadata: BTreeMap<String, String>,
}

impl Instance {
    /// An instance with the defaults of each field.
    pub fn new(ip: impl Into<String>, port: u16) -> Self {
        Self {
            id: None,
            ip: ip.into(),
            port,
            weight: 1.0,
            healthy: true,
            enabled: true,
            ephemeral: true,
            cluster: DEFAULT_CLUSTER.to_owned(),
            service: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Sets the weight.
    #[must_use]
    pub fn with_weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// Sets the cluster.
    #[must_use]
    pub fn with_cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = cluster.into();
        self
    }

    /// Adds an entry of metadata.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets whether it may be called.
    #[must_use]
    pub fn with_healthy(mut self, healthy: bool) -> Self {
        self.healthy = healthy;
        self
    }

    /// Makes it an instance that stays until it is deregistered.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.ephemeral = false;
        self
    }

    /// `ip:port`, an IPv6 address in brackets.
    pub fn address(&self) -> String {
        if self.ip.contains(':') && !self.ip.starts_with('[') {
            format!("[{}]:{}", self.ip, self.port)
        } else {
            format!("{}:{}", self.ip, self.port)
        }
    }

    /// Whether it takes traffic: enabled, and with a weight above 0.
    pub fn takes_traffic(&self) -> bool {
        self.enabled && self.weight > 0.0
    }

    /// Time between two beats by its metadata, 5 s by default.
    pub fn heart_beat_interval(&self) -> Duration {
        self.millis(HEART_BEAT_INTERVAL, wire::DEFAULT_BEAT_INTERVAL)
    }

    /// Time without a beat until it is unhealthy by its metadata, 15 s by default.
    pub fn heart_beat_timeout(&self) -> Duration {
        self.millis(HEART_BEAT_TIMEOUT, wire::DEFAULT_BEAT_TIMEOUT)
    }

    /// Time without a beat until it is removed by its metadata, 30 s by default.
    pub fn ip_delete_timeout(&self) -> Duration {
        self.millis(IP_DELETE_TIMEOUT, wire::DEFAULT_DELETE_TIMEOUT)
    }

    fn millis(&self, key: &str, default: i64) -> Duration {
        let text = self.metadata.get(key).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let millis = text.and_then(|text| text.parse().ok()).unwrap_or(default.unsigned_abs());
        Duration::from_millis(millis)
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { ip: &self.ip, port: self.port }
    }

    /// As a request carries it.
    pub(crate) fn to_wire(&self) -> wire::Instance {
        wire::Instance {
            instance_id: self.id.clone(),
            ip: Some(self.ip.clone()),
            port: i32::from(self.port),
            weight: self.weight,
            healthy: self.healthy,
            enabled: self.enabled,
            ephemeral: self.ephemeral,
            cluster_name: Some(if self.cluster.is_empty() { DEFAULT_CLUSTER.to_owned() } else { self.cluster.clone() }),
            // The server refuses a grouped name here; the request itself names the service.
            service_name: None,
            metadata: Some(self.metadata.clone()),
        }
    }

    /// As a reply, a push or a file carries it.
    pub(crate) fn from_wire(instance: wire::Instance) -> Self {
        Self {
            id: instance.instance_id,
            ip: instance.ip.unwrap_or_default(),
            port: u16::try_from(instance.port).unwrap_or_default(),
            // No number is not equal to itself, which would make each list look changed.
            weight: if instance.weight.is_nan() { 0.0 } else { instance.weight },
            healthy: instance.healthy,
            enabled: instance.enabled,
            ephemeral: instance.ephemeral,
            cluster: instance.cluster_name.unwrap_or_else(|| DEFAULT_CLUSTER.to_owned()),
            service: instance.service_name,
            metadata: instance.metadata.unwrap_or_default(),
        }
    }
}

/// What tells two instances of a service apart: the address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    ip: &'a str,
    port: u16,
}

impl Hash for Identity<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ip.hash(state);
        state.write_u16(self.port);
    }
}

/// Where a list came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The server, by reply or push.
    Server,
    /// The cache on disk; the server has not been heard yet.
    Cache,
    /// The failover folder, while its switch is on.
    Failover,
}

/// The instances of a service at one moment. Immutable and shared.
pub struct ServiceSnapshot {
    service: ServiceKey,
    clusters: String,
    cache_millis: i64,
    last_ref_time: i64,
    checksum: String,
    all_ips: bool,
    reach_protection_threshold: bool,
    source: Source,
    revision: u64,
    views: Views,
}

impl ServiceSnapshot {
    /// A list as the server or a file gives it.
    pub(crate) fn from_wire(service: ServiceKey, info: wire::ServiceInfo, source: Source) -> Arc<Self> {
        let hosts = info.hosts.into_iter().map(|host| Arc::new(Instance::from_wire(host))).collect();
        Arc::new(Self {
            service,
            clusters: info.clusters.unwrap_or_default(),
            cache_millis: info.cache_millis,
            last_ref_time: info.last_ref_time,
            checksum: info.checksum.unwrap_or_default(),
            all_ips: info.all_ips,
            reach_protection_threshold: info.reach_protection_threshold,
            source,
            revision: next_revision(),
            views: Views::new(hosts),
        })
    }

    /// A list of instances without the rest, at reference time 0.
    #[cfg(test)]
    pub(crate) fn of(service: ServiceKey, hosts: Vec<Instance>) -> Arc<Self> {
        let hosts = hosts.into_iter().map(|host| host.to_wire()).collect();
        Self::from_wire(service, wire::ServiceInfo { hosts, ..wire::ServiceInfo::default() }, Source::Server)
    }

    /// The service.
    pub fn service(&self) -> &ServiceKey {
        &self.service
    }

    /// All instances, in the server's order.
    pub fn instances(&self) -> &[Arc<Instance>] {
        self.views.all()
    }

    /// The clusters that the list was asked for, as the server echoes them; empty for all.
    pub fn clusters(&self) -> &str {
        &self.clusters
    }

    /// How long the server thinks that the list is worth keeping.
    pub fn cache_time(&self) -> Duration {
        Duration::from_millis(self.cache_millis.max(0).unsigned_abs())
    }

    /// The server's stamp of the list, in milliseconds since the epoch.
    pub fn last_ref_time(&self) -> i64 {
        self.last_ref_time
    }

    /// Whether all instances are shown as healthy because too few are.
    pub fn reach_protection_threshold(&self) -> bool {
        self.reach_protection_threshold
    }

    /// Where the list came from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Rises with every list that this process takes: of two lists the one with the higher revision is newer.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether push-empty protection lets the list through: at least one host that can take traffic.
    pub(crate) fn is_usable(&self) -> bool {
        self.all_ips || self.instances().iter().any(|host| host.healthy && host.weight > 0.0)
    }

    /// Some of the instances; the choice is computed once per snapshot.
    pub(crate) fn view(&self, clusters: &[Box<str>], healthy: Option<bool>) -> Arc<View> {
        self.views.get(clusters, healthy)
    }

    /// As the cache on disk keeps it.
    pub(crate) fn to_wire(&self) -> wire::ServiceInfo {
        let grouped = self.service.grouped();
        let hosts = self.instances().iter().map(|host| {
            let service_name = host.service.clone().or_else(|| Some(grouped.clone()));
            wire::Instance { service_name, ..host.to_wire() }
        });
        wire::ServiceInfo {
            name: Some(self.service.name().to_owned()),
            group_name: Some(self.service.group().as_str().to_owned()),
            clusters: Some(self.clusters.clone()),
            cache_millis: self.cache_millis,
            hosts: hosts.collect(),
            last_ref_time: self.last_ref_time,
            checksum: Some(self.checksum.clone()),
            all_ips: self.all_ips,
            reach_protection_threshold: self.reach_protection_threshold,
        }
    }
}

impl fmt::Debug for ServiceSnapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceSnapshot")
            .field("service", &self.service)
            .field("revision", &self.revision)
            .field("last_ref_time", &self.last_ref_time)
            .field("source", &self.source)
            .field("instances", &self.instances())
            .finish_non_exhaustive()
    }
}

fn next_revision() -> u64 {
    REVISIONS.fetch_add(1, Ordering::Relaxed)
}

/// What happened to a service since it was last looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceChange {
    /// The whole list now.
    pub service: Arc<ServiceSnapshot>,
    /// Those of the list that the subscription's selector accepts.
    pub instances: Arc<[Arc<Instance>]>,
    /// Addresses that were not there before.
    pub added: Vec<Arc<Instance>>,
    /// Addresses that are gone, as they last were.
    pub removed: Vec<Arc<Instance>>,
    /// Addresses that changed in anything else, as they are now.
    pub modified: Vec<Arc<Instance>>,
}

#[cfg(test)]
mod tests;
