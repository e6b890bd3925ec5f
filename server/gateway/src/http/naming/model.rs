//! JSON of services and instances. Members stand in the order in which Nacos writes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use nacre_naming::{ClusterMetadata, Counts, HealthChecker, Instance, Selector, ServiceDetail, ServiceList};
use serde::Serialize;

use crate::metrics::Usage;

type Metadata = BTreeMap<String, String>;

/// The order in which Java's hash maps hold some keys: consoles and tests compare texts.
pub(super) fn in_hash_order(metadata: &Metadata) -> Vec<(&String, &String)> {
    let mut entries: Vec<_> = metadata.iter().collect();
    if entries.len() > 1 {
        let mut places = 16_u32;
        while entries.len() as u64 * 4 > u64::from(places) * 3 {
            places *= 2;
        }
        entries.sort_by_key(|(key, _)| {
            let hash = key.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
            (hash ^ (hash >> 16)) & (places - 1)
        });
    }
    entries
}

pub(super) fn hash_ordered<S: serde::Serializer>(metadata: &&Metadata, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(in_hash_order(metadata))
}

/// A service's list. Unlike over gRPC, the name carries the group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing<'a> {
    name: &'a str,
    group_name: &'a str,
    clusters: &'a str,
    cache_millis: u64,
    hosts: Vec<Host<'a>>,
    last_ref_time: u64,
    checksum: &'static str,
    #[serde(rename = "allIPs")]
    all_ips: bool,
    reach_protection_threshold: bool,
    valid: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn new(list: &'a ServiceList) -> Self {
        let ephemeral = list.kind.is_ephemeral();
        let name = list.service.grouped_name();
        Self {
            name,
            group_name: list.service.group(),
            clusters: list.clusters.as_deref().unwrap_or_default(),
            cache_millis: list.cache_millis,
            hosts: list.hosts.iter().map(|host| Host::new(host, name, ephemeral)).collect(),
            last_ref_time: list.last_ref_time,
            checksum: "",
            all_ips: false,
            reach_protection_threshold: list.reach_protection_threshold,
            valid: true,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Host<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    port: i32,
    weight: f64,
    healthy: bool,
    enabled: bool,
    ephemeral: bool,
    cluster_name: &'a str,
    service_name: &'a str,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
    instance_heart_beat_interval: u64,
    instance_heart_beat_time_out: u64,
    ip_delete_timeout: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id_generator: Option<&'a str>,
}

impl<'a> Host<'a> {
    pub(super) fn new(instance: &'a Instance, service_name: &'a str, ephemeral: bool) -> Self {
        let named = instance.metadata.get("preserved.instance.id.generator").map(String::as_str);
        Self {
            instance_id: instance.instance_id.as_deref(),
            ip: instance.ip.as_deref(),
            port: instance.port,
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            ephemeral,
            cluster_name: &instance.cluster,
            service_name,
            metadata: &instance.metadata,
            instance_heart_beat_interval: instance.beat_interval(),
            instance_heart_beat_time_out: instance.beat_timeout(),
            ip_delete_timeout: instance.delete_timeout(),
            instance_id_generator: if instance.metadata.is_empty() { Some("simple") } else { named },
        }
    }
}

/// One instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<&'a str>,
    ip: Option<&'a str>,
    port: i32,
    cluster_name: &'a str,
    weight: f64,
    healthy: bool,
    instance_id: Option<&'a str>,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
}

impl<'a> Detail<'a> {
    /// v1 calls the service's name `service`, v2 `serviceName`.
    pub(super) fn new(instance: &'a Instance, service: &'a str, is_v2: bool) -> Self {
        Self {
            service: (!is_v2).then_some(service),
            service_name: is_v2.then_some(service),
            ip: instance.ip.as_deref(),
            port: instance.port,
            cluster_name: &instance.cluster,
            weight: instance.weight,
            healthy: instance.healthy,
            instance_id: instance.instance_id.as_deref(),
            metadata: &instance.metadata,
        }
    }
}

/// Addresses with their health.
#[derive(Serialize)]
pub(super) struct Statuses {
    ips: Vec<String>,
}

impl Statuses {
    pub(super) fn new(instances: &[Arc<Instance>]) -> Self {
        let status = |instance: &Arc<Instance>| {
            let ip = instance.ip.as_deref().unwrap_or_default();
            format!("{ip}:{}_{}", instance.port, instance.healthy)
        };
        Self { ips: instances.iter().map(status).collect() }
    }
}

/// The instances that a batch changed.
#[derive(Serialize)]
pub(super) struct Updated {
    updated: Vec<String>,
}

impl Updated {
    pub(super) fn new(instances: &[Arc<Instance>], is_ephemeral: bool) -> Self {
        let kind = if is_ephemeral { "ephemeral" } else { "persistent" };
        let name = |instance: &Arc<Instance>| {
            let ip = instance.ip.as_deref().unwrap_or_default();
            format!("{ip}:{}:unknown:{}:{kind}", instance.port, instance.cluster)
        };
        Self { updated: instances.iter().map(name).collect() }
    }
}

/// The answer to a beat.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beat {
    pub(super) client_beat_interval: u64,
    pub(super) code: u32,
    pub(super) light_beat_enabled: bool,
}

/// A service as v1 shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service1<'a> {
    namespace_id: &'a str,
    group_name: &'a str,
    name: &'a str,
    protect_threshold: f32,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
    selector: SelectorModel<'a>,
    clusters: Vec<Cluster1<'a>>,
}

impl<'a> Service1<'a> {
    pub(super) fn new(detail: &'a ServiceDetail) -> Self {
        Self {
            namespace_id: detail.key.namespace(),
            group_name: detail.key.group(),
            name: detail.key.name(),
            protect_threshold: detail.metadata.protect_threshold,
            metadata: &detail.metadata.metadata,
            selector: SelectorModel::new(&detail.metadata.selector),
            clusters: detail.clusters.iter().map(|(name, cluster)| Cluster1::new(name, cluster)).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster1<'a> {
    name: &'a str,
    health_checker: CheckerModel<'a>,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
}

impl<'a> Cluster1<'a> {
    fn new(name: &'a str, cluster: &'a ClusterMetadata) -> Self {
        Self { name, health_checker: CheckerModel::new(&cluster.health_checker), metadata: &cluster.metadata }
    }
}

/// A service as v2 shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service2<'a> {
    namespace: &'a str,
    service_name: &'a str,
    group_name: &'a str,
    cluster_map: BTreeMap<&'a str, Cluster2<'a>>,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
    protect_threshold: f32,
    selector: SelectorModel<'a>,
    ephemeral: bool,
}

impl<'a> Service2<'a> {
    pub(super) fn new(detail: &'a ServiceDetail) -> Self {
        let clusters = detail.clusters.iter();
        Self {
            namespace: detail.key.namespace(),
            service_name: detail.key.name(),
            group_name: detail.key.group(),
            cluster_map: clusters.map(|(name, cluster)| (name.as_str(), Cluster2::new(name, cluster))).collect(),
            metadata: &detail.metadata.metadata,
            protect_threshold: detail.metadata.protect_threshold,
            selector: SelectorModel::new(&detail.metadata.selector),
            ephemeral: detail.kind.is_ephemeral(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster2<'a> {
    cluster_name: &'a str,
    health_checker: CheckerModel<'a>,
    #[serde(serialize_with = "hash_ordered")]
    metadata: &'a Metadata,
    hosts: Option<()>,
}

impl<'a> Cluster2<'a> {
    fn new(cluster_name: &'a str, cluster: &'a ClusterMetadata) -> Self {
        let health_checker = CheckerModel::new(&cluster.health_checker);
        Self { cluster_name, health_checker, metadata: &cluster.metadata, hosts: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SelectorModel<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    context_type: &'static str,
}

impl<'a> SelectorModel<'a> {
    pub(super) fn new(selector: &'a Selector) -> Self {
        match selector {
            Selector::None => Self { kind: "none", expression: None, labels: None, context_type: "NONE" },
            Selector::Label { expression } => Self {
                kind: "label",
                expression: Some(expression),
                labels: Some(selector.labels()),
                context_type: "CMDB",
            },
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
pub(super) enum CheckerModel<'a> {
    Tcp,
    #[serde(rename_all = "camelCase")]
    Http {
        path: &'a str,
        headers: &'a str,
        expected_response_code: i32,
    },
    Mysql {
        user: Option<&'a str>,
        pwd: Option<&'a str>,
        cmd: Option<&'a str>,
    },
    None,
}

impl<'a> CheckerModel<'a> {
    pub(super) fn new(checker: &'a HealthChecker) -> Self {
        match checker {
            HealthChecker::Http { path, headers, expected_response_code } => {
                Self::Http { path, headers, expected_response_code: *expected_response_code }
            }
            HealthChecker::Mysql { user, password, command } => {
                Self::Mysql { user: user.as_deref(), pwd: password.as_deref(), cmd: command.as_deref() }
            }
            HealthChecker::None => Self::None,
            _ => Self::Tcp,
        }
    }
}

/// A page of service names as v1 shows it.
#[derive(Serialize)]
pub(super) struct Page1 {
    pub(super) count: usize,
    pub(super) doms: Vec<String>,
}

/// A page of service names as v2 shows it.
#[derive(Serialize)]
pub(super) struct Page2 {
    pub(super) count: usize,
    pub(super) services: Vec<String>,
}

/// Whether the server works.
#[derive(Serialize)]
pub(super) struct Status<'a> {
    status: &'a str,
}

impl<'a> Status<'a> {
    pub(super) fn new(status: &'a str) -> Self {
        Self { status }
    }
}

/// Counts of everything in naming.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics<'a> {
    status: &'a str,
    service_count: u64,
    instance_count: u64,
    subscribe_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    responsible_instance_count: Option<u64>,
    client_count: u64,
    connection_based_client_count: u64,
    ephemeral_ip_port_client_count: u64,
    persistent_ip_port_client_count: u64,
    responsible_client_count: u64,
    cpu: f64,
    load: f64,
    mem: f64,
}

impl<'a> Metrics<'a> {
    pub(super) fn new(status: &'a str, counts: &Counts, usage: &Usage, is_v1: bool) -> Self {
        let clients = counts.sessions + counts.beat_clients + counts.persistent_clients;
        Self {
            status,
            service_count: counts.services,
            instance_count: counts.instances,
            subscribe_count: counts.subscribers,
            responsible_instance_count: is_v1.then_some(counts.instances),
            client_count: clients,
            connection_based_client_count: counts.sessions,
            ephemeral_ip_port_client_count: counts.beat_clients,
            persistent_ip_port_client_count: counts.persistent_clients,
            responsible_client_count: clients,
            cpu: usage.system_cpu,
            load: usage.load,
            mem: usage.memory,
        }
    }
}
