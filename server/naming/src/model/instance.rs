//! Instances as published, and what operators set on top of them.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// Where an instance listens. The host is not interpreted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Host name or IP as the publisher wrote it; empty when it gave none.
    pub ip: Arc<str>,
    /// Port; 0 when the publisher gave none.
    pub port: i32,
}

impl Address {
    /// The address `ip:port`.
    #[must_use]
    pub fn new(ip: &str, port: i32) -> Self {
        Self { ip: ip.into(), port }
    }
}

/// What an override belongs to: an address in a cluster of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey {
    /// The address.
    pub address: Address,
    /// The cluster.
    pub cluster: Arc<str>,
}

impl InstanceKey {
    /// The key of `ip:port` in `cluster`; a blank cluster is [`crate::DEFAULT_CLUSTER`].
    #[must_use]
    pub fn new(ip: &str, port: i32, cluster: &str) -> Self {
        let cluster = if cluster.is_empty() { crate::DEFAULT_CLUSTER } else { cluster };
        Self { address: Address::new(ip, port), cluster: cluster.into() }
    }
}

/// An instance as it is stored and shown. Equality is over all fields.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Id given by the publisher or made at registration; absent for some HTTP registrations.
    pub instance_id: Option<String>,
    /// Host name or IP, not interpreted.
    pub ip: Option<String>,
    /// Port.
    pub port: i32,
    /// Share of the load; 1 is usual. Any number is kept as sent.
    pub weight: f64,
    /// Whether it can serve.
    pub healthy: bool,
    /// Whether it is shown at all.
    pub enabled: bool,
    /// Cluster, never blank.
    pub cluster: String,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Instance {
    /// The address; an absent host is empty.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::new(self.ip.as_deref().unwrap_or_default(), self.port)
    }

    /// The key that overrides of this instance have.
    #[must_use]
    pub fn key(&self) -> InstanceKey {
        InstanceKey { address: self.address(), cluster: self.cluster.as_str().into() }
    }

    /// Whether it listens at `address`.
    #[must_use]
    pub fn is_at(&self, address: &Address) -> bool {
        self.port == address.port && self.ip.as_deref().unwrap_or_default() == &*address.ip
    }

    /// Period in which the publisher means to send beats, in milliseconds.
    #[must_use]
    pub fn beat_interval(&self) -> u64 {
        metadata_millis(&self.metadata, "preserved.heart.beat.interval", 5_000)
    }

    /// Silence after which it counts as unhealthy, in milliseconds.
    #[must_use]
    pub fn beat_timeout(&self) -> u64 {
        metadata_millis(&self.metadata, "preserved.heart.beat.timeout", 15_000)
    }

    /// Silence after which it is removed, in milliseconds.
    #[must_use]
    pub fn delete_timeout(&self) -> u64 {
        metadata_millis(&self.metadata, "preserved.ip.delete.timeout", 30_000)
    }

    fn fields(&self) -> impl PartialEq + Hash + '_ {
        (
            &self.instance_id,
            &self.ip,
            self.port,
            self.weight.to_bits(),
            self.healthy,
            self.enabled,
            &self.cluster,
            &self.metadata,
        )
    }
}

impl PartialEq for Instance {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl Eq for Instance {}

impl Hash for Instance {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fields().hash(state);
    }
}

/// A number of milliseconds in reserved metadata; what is not all digits gives the default.
pub(crate) fn metadata_millis(metadata: &BTreeMap<String, String>, key: &str, default: u64) -> u64 {
    match metadata.get(key) {
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().unwrap_or(u64::MAX)
        }
        _ => default,
    }
}

/// An instance as a request gives it, before defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInstance {
    /// Absent or empty: one is made.
    pub instance_id: Option<String>,
    /// Host name or IP.
    pub ip: Option<String>,
    /// Port.
    pub port: i32,
    /// Share of the load.
    pub weight: f64,
    /// Whether it can serve.
    pub healthy: bool,
    /// Whether it is shown at all.
    pub enabled: bool,
    /// Cluster as received; blank or absent is stored as [`crate::DEFAULT_CLUSTER`].
    pub cluster: Option<String>,
    /// The service name inside the instance, if any; it only goes into the generated id.
    pub service_name: Option<String>,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Default for NewInstance {
    /// Weight 1, healthy, enabled, everything else absent.
    fn default() -> Self {
        Self {
            instance_id: None,
            ip: None,
            port: 0,
            weight: 1.0,
            healthy: true,
            enabled: true,
            cluster: None,
            service_name: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl NewInstance {
    /// An instance with defaults at `ip:port`.
    #[must_use]
    pub fn at(ip: &str, port: i32) -> Self {
        Self { ip: Some(ip.to_owned()), port, ..Self::default() }
    }
}

/// What an operator set for an instance; it wins over the publisher's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstanceOverride {
    /// Weight, or the publisher's.
    pub weight: Option<f64>,
    /// Whether it is shown, or the publisher's.
    pub enabled: Option<bool>,
    /// Laid over the publisher's metadata, entry by entry.
    pub metadata: BTreeMap<String, String>,
}

impl InstanceOverride {
    /// The instance with this override on top.
    #[must_use]
    pub fn apply(&self, instance: &Instance) -> Instance {
        let mut shown = instance.clone();
        shown.weight = self.weight.unwrap_or(shown.weight);
        shown.enabled = self.enabled.unwrap_or(shown.enabled);
        shown.metadata.extend(self.metadata.iter().map(|(key, value)| (key.clone(), value.clone())));
        shown
    }
}

/// A change of an override that keeps what it does not name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverrideChange {
    /// New weight.
    pub weight: Option<f64>,
    /// New visibility.
    pub enabled: Option<bool>,
    /// Metadata entries to set.
    pub set: BTreeMap<String, String>,
    /// Metadata keys to take out of the override.
    pub remove: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Instance {
        Instance {
            instance_id: None,
            ip: Some("10.0.0.1".into()),
            port: 8080,
            weight: 1.0,
            healthy: true,
            enabled: true,
            cluster: "DEFAULT".into(),
            metadata: BTreeMap::from([("a".into(), "1".into()), ("b".into(), "1".into())]),
        }
    }

    #[test]
    fn override_wins_and_keeps_the_rest() {
        let change = InstanceOverride {
            weight: Some(7.0),
            enabled: None,
            metadata: BTreeMap::from([("a".into(), "2".into()), ("c".into(), "2".into())]),
        };
        let shown = change.apply(&instance());
        assert_eq!(shown.weight, 7.0);
        assert!(shown.enabled);
        let metadata: Vec<_> = shown.metadata.iter().map(|(key, value)| format!("{key}{value}")).collect();
        assert_eq!(metadata, ["a2", "b1", "c2"]);
    }

    #[test]
    fn reserved_numbers_need_digits() {
        let mut instance = instance();
        assert_eq!(
            (instance.beat_interval(), instance.beat_timeout(), instance.delete_timeout()),
            (5000, 15000, 30000)
        );
        instance.metadata.insert("preserved.heart.beat.timeout".into(), "3000".into());
        instance.metadata.insert("preserved.heart.beat.interval".into(), "-1".into());
        instance.metadata.insert("preserved.ip.delete.timeout".into(), "99999999999999999999".into());
        assert_eq!((instance.beat_interval(), instance.beat_timeout()), (5000, 3000));
        assert_eq!(instance.delete_timeout(), u64::MAX);
    }

    #[test]
    fn equality_is_over_all_fields() {
        let same = instance();
        let mut other = instance();
        assert_eq!(same, other);
        other.metadata.insert("x".into(), String::new());
        assert_ne!(same, other);
    }
}
