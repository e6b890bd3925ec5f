//! Values as they cross, and from and to the engine's.

use std::{collections::HashMap, sync::Arc, time::Duration};

use nacre_bindings::Failure;
use nacre_client::{
    ConfigKey, Error, Event, ServiceKey,
    config::{self, ConfigSetChange, RawConfig},
    naming::{self, FuzzyChange, InstancePatch, ServiceSettings},
};

use crate::error::NacreError;

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Instance {
    /// IP address or host name.
    pub ip: String,
    /// Port, 0 to 65535.
    pub port: i32,
    /// Share of the traffic; none at 0.
    #[uniffi(default = 1.0)]
    pub weight: f64,
    /// Whether it can serve.
    #[uniffi(default = true)]
    pub healthy: bool,
    /// Whether it takes traffic.
    #[uniffi(default = true)]
    pub enabled: bool,
    /// Whether it goes with the client that registered it.
    #[uniffi(default = true)]
    pub ephemeral: bool,
    /// Name of its cluster.
    #[uniffi(default = "DEFAULT")]
    pub cluster: String,
    /// What else is known of it.
    #[uniffi(default)]
    pub metadata: HashMap<String, String>,
}

impl Instance {
    pub(crate) fn shown(instances: &[Arc<naming::Instance>]) -> Vec<Self> {
        instances.iter().map(|instance| Self::from(&**instance)).collect()
    }

    pub(crate) fn all(instances: Vec<Self>) -> Result<Vec<naming::Instance>, NacreError> {
        instances.into_iter().map(TryInto::try_into).collect()
    }
}

impl From<&naming::Instance> for Instance {
    fn from(instance: &naming::Instance) -> Self {
        Self {
            ip: instance.ip.clone(),
            port: instance.port.into(),
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            ephemeral: instance.ephemeral,
            cluster: instance.cluster.clone(),
            metadata: instance.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }
}

impl TryFrom<Instance> for naming::Instance {
    type Error = NacreError;

    fn try_from(instance: Instance) -> Result<Self, NacreError> {
        let port = u16::try_from(instance.port)
            .map_err(|_| NacreError::invalid(format!("port {} is not in 0 to 65535", instance.port)))?;
        let mut to = Self::new(instance.ip, port).with_weight(instance.weight).with_cluster(instance.cluster);
        to.healthy = instance.healthy;
        to.enabled = instance.enabled;
        to.ephemeral = instance.ephemeral;
        to.metadata = instance.metadata.into_iter().collect();
        Ok(to)
    }
}

/// A service by its names.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServiceName {
    /// Name without group.
    pub service: String,
    /// Group.
    pub group: String,
}

impl From<&ServiceKey> for ServiceName {
    fn from(key: &ServiceKey) -> Self {
        Self { service: key.name().to_owned(), group: key.group().as_str().to_owned() }
    }
}

/// The instances of a service, and what changed since the value before.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ServiceChange {
    /// Name of the service.
    pub service: String,
    /// Its group.
    pub group: String,
    /// All that there are now.
    pub instances: Vec<Instance>,
    /// Those that came.
    pub added: Vec<Instance>,
    /// Those that went.
    pub removed: Vec<Instance>,
    /// Those that are different now.
    pub modified: Vec<Instance>,
}

impl From<naming::ServiceChange> for ServiceChange {
    fn from(change: naming::ServiceChange) -> Self {
        let ServiceName { service, group } = change.service.service().into();
        Self {
            service,
            group,
            instances: Instance::shown(&change.instances),
            added: Instance::shown(&change.added),
            removed: Instance::shown(&change.removed),
            modified: Instance::shown(&change.modified),
        }
    }
}

/// Which instances a watch shows.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct InstanceSelector {
    /// Clusters, none for all.
    #[uniffi(default)]
    pub clusters: Vec<String>,
    /// Only those that are healthy, or only those that are not.
    #[uniffi(default)]
    pub healthy: Option<bool>,
    /// Only what is enabled and has a weight above 0.
    #[uniffi(default = false)]
    pub takes_traffic: bool,
    /// Entries that the metadata must have.
    #[uniffi(default)]
    pub metadata: HashMap<String, String>,
}

impl From<InstanceSelector> for naming::Selector {
    fn from(from: InstanceSelector) -> Self {
        let mut selector = Self::new().clusters(from.clusters);
        if let Some(healthy) = from.healthy {
            selector = selector.healthy(healthy);
        }
        if from.takes_traffic {
            selector = selector.takes_traffic();
        }
        from.metadata.into_iter().fold(selector, |selector, (key, value)| selector.metadata(key, value))
    }
}

/// How one of several instances is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum BalancerKind {
    /// By chance, by their weights.
    WeightedRandom,
    /// By chance.
    Random,
    /// One after the other.
    RoundRobin,
    /// The one that was not chosen for the longest time.
    LeastRecentlyUsed,
    /// The one that was chosen least often.
    LeastFrequentlyUsed,
    /// The same for calls with the same key.
    ConsistentHash,
}

/// One page of names of services.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServicePage {
    /// How many services there are on all pages.
    pub count: u32,
    /// Names without group.
    pub names: Vec<String>,
}

/// The names of the services of a group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServiceNames {
    /// The group.
    pub group: String,
    /// Names without group, sorted.
    pub names: Vec<String>,
}

impl From<naming::ServiceNames> for ServiceNames {
    fn from(names: naming::ServiceNames) -> Self {
        Self { group: names.group.as_str().to_owned(), names: names.names.to_vec() }
    }
}

/// Services that began or ceased to match a pattern.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServicePatternChange {
    /// Those that match since.
    pub added: Vec<ServiceName>,
    /// Those that do not any more.
    pub removed: Vec<ServiceName>,
}

impl From<FuzzyChange> for ServicePatternChange {
    fn from(change: FuzzyChange) -> Self {
        Self {
            added: change.added.iter().map(Into::into).collect(),
            removed: change.removed.iter().map(Into::into).collect(),
        }
    }
}

/// A service as the server keeps it.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ServiceDetail {
    /// Name without group.
    pub service: String,
    /// Group.
    pub group: String,
    /// Share of healthy instances below which unhealthy ones are given out too.
    pub protect_threshold: f64,
    /// What else is known of it.
    pub metadata: HashMap<String, String>,
    /// Names of its clusters.
    pub clusters: Vec<String>,
}

impl From<naming::ServiceDetail> for ServiceDetail {
    fn from(detail: naming::ServiceDetail) -> Self {
        Self {
            service: detail.name,
            group: detail.group,
            protect_threshold: detail.protect_threshold.into(),
            metadata: detail.metadata.into_iter().collect(),
            clusters: detail.clusters.into_iter().map(|cluster| cluster.name).collect(),
        }
    }
}

pub(crate) fn settings(protect_threshold: f64, metadata: HashMap<String, String>) -> ServiceSettings {
    #[allow(clippy::cast_possible_truncation, reason = "the server keeps it as such")]
    let settings = ServiceSettings::new().protect_threshold(protect_threshold as f32);
    metadata.into_iter().fold(settings, |settings, (key, value)| settings.metadata(key, value))
}

pub(crate) fn patch(
    weight: Option<f64>,
    enabled: Option<bool>,
    metadata: Option<HashMap<String, String>>,
) -> InstancePatch {
    InstancePatch { weight, enabled, metadata: metadata.map(|entries| entries.into_iter().collect()) }
}

/// Where a config came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ConfigSource {
    /// The server.
    Server,
    /// The file of an earlier read.
    Snapshot,
    /// The file that the user made.
    Failover,
}

/// A config.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConfigValue {
    /// The text.
    pub content: String,
    /// Its md5, for compare-and-set.
    pub md5: String,
    /// Its type, e.g. `yaml`.
    pub config_type: Option<String>,
    /// The key that it was encrypted with, encrypted.
    pub encrypted_data_key: Option<String>,
    /// Where it came from.
    pub source: ConfigSource,
    /// When the server changed it, in milliseconds since the epoch; 0 when that is not known.
    pub last_modified: i64,
}

impl From<&RawConfig> for ConfigValue {
    fn from(config: &RawConfig) -> Self {
        Self {
            content: config.content.to_string(),
            md5: config.md5.clone(),
            config_type: config.config_type.clone(),
            encrypted_data_key: config.encrypted_data_key.clone(),
            source: match config.source {
                config::Source::Snapshot => ConfigSource::Snapshot,
                config::Source::Failover => ConfigSource::Failover,
                _ => ConfigSource::Server,
            },
            last_modified: config.last_modified,
        }
    }
}

pub(crate) fn config(value: Option<&Arc<RawConfig>>) -> Option<ConfigValue> {
    value.map(|value| ConfigValue::from(&**value))
}

/// The newest value of a config.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConfigChange {
    /// The value; absent when the config is not there.
    pub value: Option<ConfigValue>,
}

/// A config by its names.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConfigName {
    /// Data id.
    pub data_id: String,
    /// Group.
    pub group: String,
}

/// Configs that began or ceased to match a pattern.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConfigPatternChange {
    /// Those that match since.
    pub added: Vec<ConfigName>,
    /// Those that do not any more.
    pub removed: Vec<ConfigName>,
}

impl From<ConfigSetChange> for ConfigPatternChange {
    fn from(change: ConfigSetChange) -> Self {
        let name =
            |key: &ConfigKey| ConfigName { data_id: key.data_id().to_owned(), group: key.group().as_str().to_owned() };
        Self { added: change.added.iter().map(name).collect(), removed: change.removed.iter().map(name).collect() }
    }
}

/// What is said of a config beside its content.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct PublishOptions {
    /// Type, e.g. `yaml`.
    #[uniffi(default)]
    pub config_type: Option<String>,
    /// Name of the application.
    #[uniffi(default)]
    pub app_name: Option<String>,
    /// Tags, without commas.
    #[uniffi(default)]
    pub tags: Vec<String>,
    /// Description.
    #[uniffi(default)]
    pub description: Option<String>,
    /// Who publishes it.
    #[uniffi(default)]
    pub operator: Option<String>,
    /// The key that the content was encrypted with, encrypted.
    #[uniffi(default)]
    pub encrypted_data_key: Option<String>,
}

impl PublishOptions {
    pub(crate) fn with(self, content: String) -> config::Publish {
        let mut publish = config::Publish::new(content);
        publish.config_type = self.config_type;
        publish.app_name = self.app_name;
        publish.tags = self.tags;
        publish.description = self.description;
        publish.operator = self.operator;
        publish.encrypted_data_key = self.encrypted_data_key;
        publish
    }
}

/// Who gets a version of a config that is not for all.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Gray {
    /// Clients with one of these addresses. To remove it, they are not looked at.
    Beta {
        /// IP addresses.
        ips: Vec<String>,
    },
    /// Clients that have this as the label `Vipserver-Tag`.
    Tag {
        /// The tag.
        tag: String,
    },
}

impl From<Gray> for config::Gray {
    fn from(gray: Gray) -> Self {
        match gray {
            Gray::Beta { ips } => Self::Beta(ips),
            Gray::Tag { tag } => Self::Tag(tag),
        }
    }
}

/// A failure that is told and not raised.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// Its kind, e.g. `unreachable`.
    pub kind: String,
    /// The number that Nacos uses.
    pub code: i32,
    /// What happened, for people.
    pub reason: String,
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind().name().to_owned(), code: error.code(), reason: error.reason().to_owned() }
    }
}

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ConnectionState {
    /// There was none yet.
    Connecting,
    /// It is there.
    Connected,
    /// It was lost.
    Reconnecting,
    /// The client was closed.
    Closed,
}

/// What is known of a connection.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClientStatus {
    /// How it is.
    pub state: ConnectionState,
    /// The server, as `host:port`.
    pub server: Option<String>,
    /// Which connection it is, from 1.
    pub generation: u64,
    /// Why the last one failed.
    pub last_error: Option<Problem>,
}

impl From<nacre_client::Status> for ClientStatus {
    fn from(status: nacre_client::Status) -> Self {
        Self {
            state: match status.state {
                nacre_client::State::Connecting => ConnectionState::Connecting,
                nacre_client::State::Connected => ConnectionState::Connected,
                nacre_client::State::Reconnecting => ConnectionState::Reconnecting,
                _ => ConnectionState::Closed,
            },
            server: status.server,
            generation: status.generation,
            last_error: status.last_error.as_ref().map(Into::into),
        }
    }
}

/// What a client has counted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClientMetrics {
    /// Calls to servers.
    pub calls: u64,
    /// Those that failed.
    pub failed_calls: u64,
    /// Calls that were repeated.
    pub retries: u64,
    /// Messages of servers.
    pub pushes: u64,
    /// Connections.
    pub connections: u64,
    /// Attempts to connect that failed.
    pub failed_connections: u64,
    /// Registrations and subscriptions that were made anew.
    pub redone: u64,
    /// Services in memory.
    pub services: u64,
    /// Configs that are listened to.
    pub listened_configs: u64,
}

impl From<nacre_client::Metrics> for ClientMetrics {
    fn from(metrics: nacre_client::Metrics) -> Self {
        Self {
            calls: metrics.calls,
            failed_calls: metrics.failed_calls,
            retries: metrics.retries,
            pushes: metrics.pushes,
            connections: metrics.connections,
            failed_connections: metrics.failed_connections,
            redone: metrics.redone,
            services: metrics.services,
            listened_configs: metrics.listened_configs,
        }
    }
}

/// Something that happened to a connection.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ClientEvent {
    /// It is there.
    Connected {
        /// The server, as `host:port`.
        server: String,
        /// Which connection it is, from 1.
        generation: u64,
    },
    /// It was lost.
    Disconnected {
        /// Why.
        problem: Problem,
    },
    /// A server asked to connect anew.
    Reset {
        /// The server to take instead.
        target: Option<String>,
    },
    /// The list of servers changed.
    ServersChanged {
        /// How many there are.
        count: u64,
    },
    /// The user could not be logged in.
    LoginFailed {
        /// Why.
        problem: Problem,
    },
}

impl ClientEvent {
    /// `None` for an event that this version does not know.
    pub(crate) fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::Connected { server, generation, .. } => Self::Connected { server, generation },
            Event::Disconnected { error } => Self::Disconnected { problem: (&error).into() },
            Event::Reset { target } => Self::Reset { target },
            Event::ServersChanged { count } => Self::ServersChanged { count: count as u64 },
            Event::LoginFailed { error } => Self::LoginFailed { problem: (&error).into() },
            _ => return None,
        })
    }
}

/// The failure of a wait that took too long.
pub(crate) fn too_long(limit: Duration) -> NacreError {
    let failure = Failure::timeout();
    NacreError::Timeout {
        code: failure.code,
        retryable: true,
        reason: format!("nothing new within {} ms", limit.as_millis()),
    }
}
