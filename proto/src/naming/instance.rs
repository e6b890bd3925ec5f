//! Instances and lists of instances: owned types for reading, borrowed views for writing.

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

use crate::{
    json::{self, StringMap, Value, hash_order},
    message::object,
};

/// Metadata key: milliseconds between two beats.
pub const HEART_BEAT_INTERVAL: &str = "preserved.heart.beat.interval";
/// Metadata key: milliseconds without a beat until an instance counts as unhealthy.
pub const HEART_BEAT_TIMEOUT: &str = "preserved.heart.beat.timeout";
/// Metadata key: milliseconds without a beat until an instance is removed.
pub const IP_DELETE_TIMEOUT: &str = "preserved.ip.delete.timeout";
/// Metadata key: how the server makes the instance id.
pub const INSTANCE_ID_GENERATOR: &str = "preserved.instance.id.generator";
/// The generator that is shown when there is no metadata at all.
pub const CUSTOM_GENERATOR: &str = "simple";
/// Default of [`HEART_BEAT_INTERVAL`].
pub const DEFAULT_BEAT_INTERVAL: i64 = 5_000;
/// Default of [`HEART_BEAT_TIMEOUT`].
pub const DEFAULT_BEAT_TIMEOUT: i64 = 15_000;
/// Default of [`IP_DELETE_TIMEOUT`].
pub const DEFAULT_DELETE_TIMEOUT: i64 = 30_000;

object! {
    /// One address that offers a service.
    pub struct Instance {
        /// Set by the server if empty.
        instance_id: Option<String> = "instanceId",
        /// Host.
        ip: Option<String> = "ip",
        /// Port.
        port: i32 = "port",
        /// Share of the traffic.
        weight: f64 = "weight" or 1.0,
        /// Whether it passes its check.
        healthy: bool = "healthy" or true,
        /// Whether it takes traffic.
        enabled: bool = "enabled" or true,
        /// Ignored in requests.
        ephemeral: bool = "ephemeral" or true,
        /// Cluster within the service.
        cluster_name: Option<String> = "clusterName",
        /// `<group>@@<service>` in replies.
        service_name: Option<String> = "serviceName",
        /// What the provider says about itself.
        metadata: Option<StringMap> = "metadata" or Some(StringMap::new()),
    }
    computed(this) {
        "instanceHeartBeatInterval": millis(this.metadata.as_ref(), HEART_BEAT_INTERVAL, DEFAULT_BEAT_INTERVAL),
        "instanceHeartBeatTimeOut": millis(this.metadata.as_ref(), HEART_BEAT_TIMEOUT, DEFAULT_BEAT_TIMEOUT),
        "ipDeleteTimeout": millis(this.metadata.as_ref(), IP_DELETE_TIMEOUT, DEFAULT_DELETE_TIMEOUT),
        "instanceIdGenerator": generator(this.metadata.as_ref()).map(str::to_owned),
    }
}

object! {
    /// The instances of a service as one client sees them.
    pub struct ServiceInfo {
        /// Service name without group.
        name: Option<String> = "name",
        /// Group.
        group_name: Option<String> = "groupName",
        /// The clusters that were asked for, as they were written.
        clusters: Option<String> = "clusters",
        /// How long a client may keep the list before it asks again.
        cache_millis: i64 = "cacheMillis" or 1_000,
        /// The instances.
        hosts: Vec<Instance> = "hosts",
        /// Milliseconds since the epoch; never falls.
        last_ref_time: i64 = "lastRefTime",
        /// Always empty.
        checksum: Option<String> = "checksum" or Some(String::new()),
        /// Always false.
        all_ips: bool = "allIPs",
        /// Whether all instances are shown as healthy because too few are.
        reach_protection_threshold: bool = "reachProtectionThreshold",
    }
    computed(_this) { "valid": true }
}

fn millis(metadata: Option<&BTreeMap<String, String>>, key: &str, default: i64) -> i64 {
    let Some(text) = metadata.and_then(|metadata| metadata.get(key)) else { return default };
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().unwrap_or(default) } else { default }
}

fn generator(metadata: Option<&BTreeMap<String, String>>) -> Option<&str> {
    match metadata {
        Some(metadata) if !metadata.is_empty() => metadata.get(INSTANCE_ID_GENERATOR).map(String::as_str),
        _ => Some(CUSTOM_GENERATOR),
    }
}

/// An instance of a reply, borrowed from where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct InstanceView<'a> {
    /// See [`Instance::instance_id`].
    pub instance_id: Option<&'a str>,
    /// See [`Instance::ip`].
    pub ip: Option<&'a str>,
    /// See [`Instance::port`].
    pub port: i32,
    /// See [`Instance::weight`].
    pub weight: f64,
    /// See [`Instance::healthy`].
    pub healthy: bool,
    /// See [`Instance::enabled`].
    pub enabled: bool,
    /// See [`Instance::ephemeral`].
    pub ephemeral: bool,
    /// See [`Instance::cluster_name`].
    pub cluster_name: Option<&'a str>,
    /// See [`Instance::service_name`].
    pub service_name: Option<&'a str>,
    /// See [`Instance::metadata`].
    pub metadata: &'a BTreeMap<String, String>,
}

impl Serialize for InstanceView<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        text(&mut map, "instanceId", self.instance_id)?;
        text(&mut map, "ip", self.ip)?;
        map.serialize_entry("port", &self.port)?;
        map.serialize_entry("weight", &json::Out(&self.weight))?;
        map.serialize_entry("healthy", &self.healthy)?;
        map.serialize_entry("enabled", &self.enabled)?;
        map.serialize_entry("ephemeral", &self.ephemeral)?;
        text(&mut map, "clusterName", self.cluster_name)?;
        text(&mut map, "serviceName", self.service_name)?;
        map.serialize_entry("metadata", &Entries(self.metadata))?;
        let metadata = Some(self.metadata);
        let interval = millis(metadata, HEART_BEAT_INTERVAL, DEFAULT_BEAT_INTERVAL);
        map.serialize_entry("instanceHeartBeatInterval", &interval)?;
        map.serialize_entry("instanceHeartBeatTimeOut", &millis(metadata, HEART_BEAT_TIMEOUT, DEFAULT_BEAT_TIMEOUT))?;
        map.serialize_entry("ipDeleteTimeout", &millis(metadata, IP_DELETE_TIMEOUT, DEFAULT_DELETE_TIMEOUT))?;
        text(&mut map, "instanceIdGenerator", generator(metadata))?;
        map.end()
    }
}

/// A list of a reply, borrowed from where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct ServiceInfoView<'a, H> {
    /// See [`ServiceInfo::name`].
    pub name: &'a str,
    /// See [`ServiceInfo::group_name`].
    pub group_name: &'a str,
    /// See [`ServiceInfo::clusters`].
    pub clusters: Option<&'a str>,
    /// See [`ServiceInfo::cache_millis`].
    pub cache_millis: i64,
    /// Makes the instances.
    pub hosts: H,
    /// See [`ServiceInfo::last_ref_time`].
    pub last_ref_time: i64,
    /// See [`ServiceInfo::reach_protection_threshold`].
    pub reach_protection_threshold: bool,
}

impl<'a, H> ServiceInfoView<'a, H>
where
    H: Iterator<Item = InstanceView<'a>> + Clone,
{
    /// Writes the list as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256 + 384 * self.hosts.size_hint().0);
        serde_json::to_writer(&mut out, self).expect("writing to memory, and all keys are text");
        out
    }
}

impl<'a, H> Serialize for ServiceInfoView<'a, H>
where
    H: Iterator<Item = InstanceView<'a>> + Clone,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("groupName", self.group_name)?;
        text(&mut map, "clusters", self.clusters)?;
        map.serialize_entry("cacheMillis", &self.cache_millis)?;
        map.serialize_entry("hosts", &Hosts(&self.hosts))?;
        map.serialize_entry("lastRefTime", &self.last_ref_time)?;
        map.serialize_entry("checksum", "")?;
        map.serialize_entry("allIPs", &false)?;
        map.serialize_entry("reachProtectionThreshold", &self.reach_protection_threshold)?;
        map.serialize_entry("valid", &true)?;
        map.end()
    }
}

struct Hosts<'h, H>(&'h H);

impl<'a, H: Iterator<Item = InstanceView<'a>> + Clone> Serialize for Hosts<'_, H> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.clone())
    }
}

struct Entries<'a>(&'a BTreeMap<String, String>);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.len() < 2 {
            return self.0.write(to);
        }
        to.collect_map(hash_order(self.0.iter().map(|(key, value)| (key.as_str(), value))))
    }
}

fn text<M: SerializeMap>(map: &mut M, key: &'static str, value: Option<&str>) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(key, value),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_slice, to_vec};

    fn sample(metadata: &[(&str, &str)]) -> Instance {
        Instance {
            instance_id: Some("10.0.0.11#8080#DEFAULT#DEFAULT_GROUP@@s".to_owned()),
            ip: Some("10.0.0.11".to_owned()),
            port: 8080,
            weight: 2.5,
            healthy: false,
            cluster_name: Some("DEFAULT".to_owned()),
            service_name: Some("DEFAULT_GROUP@@s".to_owned()),
            metadata: Some(metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            ..Instance::default()
        }
    }

    fn view(instance: &Instance) -> InstanceView<'_> {
        InstanceView {
            instance_id: instance.instance_id.as_deref(),
            ip: instance.ip.as_deref(),
            port: instance.port,
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            ephemeral: instance.ephemeral,
            cluster_name: instance.cluster_name.as_deref(),
            service_name: instance.service_name.as_deref(),
            metadata: instance.metadata.as_ref().expect("samples have metadata"),
        }
    }

    #[test]
    fn views_write_what_the_types_write() {
        let instances = [
            sample(&[]),
            sample(&[("a", "1"), (HEART_BEAT_TIMEOUT, "3000"), (IP_DELETE_TIMEOUT, "x")]),
            Instance { ip: None, weight: f64::NAN, ..sample(&[(INSTANCE_ID_GENERATOR, "snowflake")]) },
        ];
        let info = ServiceInfo {
            name: Some("s".to_owned()),
            group_name: Some("DEFAULT_GROUP".to_owned()),
            cache_millis: 10_000,
            hosts: instances.to_vec(),
            last_ref_time: 1_735_689_600_555,
            ..ServiceInfo::default()
        };
        let borrowed = ServiceInfoView {
            name: "s",
            group_name: "DEFAULT_GROUP",
            clusters: None,
            cache_millis: 10_000,
            hosts: instances.iter().map(view),
            last_ref_time: 1_735_689_600_555,
            reach_protection_threshold: false,
        };
        let text = String::from_utf8(to_vec(&info)).expect("JSON is UTF-8");
        assert_eq!(String::from_utf8(borrowed.to_json()).expect("JSON is UTF-8"), text);
        assert!(text.contains(r#""instanceHeartBeatTimeOut":3000,"ipDeleteTimeout":30000},"#), "{text}");
        assert!(text.contains(r#""instanceIdGenerator":"simple""#) && text.contains(r#""weight":"NaN""#));
    }

    #[test]
    fn null_is_zero_and_absent_is_the_default() {
        let read = |text: &str| from_slice::<Instance>(text.as_bytes()).expect("readable").expect("not null");
        let nulls = read(r#"{"port":null,"weight":null,"healthy":null,"enabled":null,"metadata":null}"#);
        assert!((nulls.port, nulls.weight, nulls.healthy, nulls.enabled) == (0, 0.0, false, false));
        assert_eq!(nulls.metadata, None);
        assert_eq!(read("{}"), Instance::default());
        assert_eq!(read(r#"{"port":1,"port":2,"instanceIdGenerator":7}"#).port, 2);
    }
}
