//! From a request's instance to the one that is stored: defaults, ids, and the rules of Nacos's clients.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    DEFAULT_CLUSTER, Error,
    model::{Instance, NewInstance, ServiceKey, metadata_millis},
};

/// Whether an instance without an id gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdPolicy {
    /// Made by the generator that its metadata names: gRPC, beats and HTTP v1.
    Generate,
    /// Left absent: HTTP v2.
    Keep,
}

/// Checks what a Nacos client checks before it registers: beat times and the cluster's name.
/// gRPC checks it for single ephemeral instances only, HTTP for all.
///
/// # Errors
/// [`Error::InvalidParameter`] with the sentence that Nacos gives.
pub fn check_instance(instance: &NewInstance) -> Result<(), Error> {
    let metadata = &instance.metadata;
    let interval = metadata_millis(metadata, "preserved.heart.beat.interval", 5_000);
    if metadata_millis(metadata, "preserved.heart.beat.timeout", 15_000) < interval
        || metadata_millis(metadata, "preserved.ip.delete.timeout", 30_000) < interval
    {
        return Err(Error::InvalidParameter(
            "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.".into(),
        ));
    }
    match instance.cluster.as_deref() {
        Some(cluster) if !cluster.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            Err(Error::InvalidParameter(format!(
                "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: {cluster})"
            )))
        }
        _ => Ok(()),
    }
}

/// Makes snowflake ids: milliseconds, node, sequence. Unique as long as the clock does not go
/// back by more than the process has run.
#[derive(Debug)]
pub(crate) struct IdGenerator {
    node: u64,
    /// Milliseconds and sequence of the last id, as they stand in it.
    last: AtomicU64,
}

impl IdGenerator {
    const SEQUENCE_BITS: u64 = 12;
    const NODE_BITS: u64 = 10;
    /// Start of 2024, so that ids stay below 2^63 for 69 years.
    const ORIGIN_MILLIS: u64 = 1_704_067_200_000;

    pub(crate) fn new(node: u64) -> Self {
        Self { node: node & ((1 << Self::NODE_BITS) - 1), last: AtomicU64::new(0) }
    }

    fn snowflake(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64);
        let floor = now.saturating_sub(Self::ORIGIN_MILLIS) << Self::SEQUENCE_BITS;
        let previous = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(floor.max(last + 1)))
            .unwrap_or_default();
        let moment = floor.max(previous + 1);
        let sequence = moment & ((1 << Self::SEQUENCE_BITS) - 1);
        let millis = moment >> Self::SEQUENCE_BITS;
        (millis << (Self::SEQUENCE_BITS + Self::NODE_BITS)) | (self.node << Self::SEQUENCE_BITS) | sequence
    }

    /// The instance to store for a request's instance.
    ///
    /// # Errors
    /// [`Error::Internal`] when its metadata names an unknown generator.
    pub(crate) fn complete(
        &self,
        service: &ServiceKey,
        given: NewInstance,
        policy: IdPolicy,
    ) -> Result<Arc<Instance>, Error> {
        let instance_id = match given.instance_id {
            Some(id) if !id.is_empty() => Some(id),
            _ if policy == IdPolicy::Keep => None,
            _ => Some(self.generate(service, &NewInstance { instance_id: None, ..given.clone() })?),
        };
        let cluster = given.cluster.filter(|cluster| !cluster.is_empty()).unwrap_or_else(|| DEFAULT_CLUSTER.into());
        Ok(Arc::new(Instance {
            instance_id,
            ip: given.ip,
            port: given.port,
            // Adding zero makes -0 plain zero, which is what the stored form keeps.
            weight: given.weight + 0.0,
            healthy: given.healthy,
            enabled: given.enabled,
            cluster,
            metadata: given.metadata,
        }))
    }

    fn generate(&self, service: &ServiceKey, given: &NewInstance) -> Result<String, Error> {
        let cluster = given.cluster.as_deref().unwrap_or("null");
        let name = given.service_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(service.grouped_name());
        match given.metadata.get("preserved.instance.id.generator").map(String::as_str) {
            None | Some("" | "simple") => {
                let ip = given.ip.as_deref().unwrap_or("null");
                Ok(format!("{ip}#{}#{cluster}#{name}", given.port))
            }
            Some("snowflake") => Ok(format!("{}#{cluster}#{name}", self.snowflake())),
            Some(_) => Err(Error::Internal("The InstanceIdGenerator type is not found ".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn service() -> ServiceKey {
        ServiceKey::new("public", "DEFAULT_GROUP", "orders")
    }

    fn id_of(given: NewInstance) -> Option<String> {
        let generator = IdGenerator::new(1);
        generator.complete(&service(), given, IdPolicy::Generate).expect("known generator").instance_id.clone()
    }

    #[test]
    fn simple_ids_use_the_values_as_received() {
        let plain = NewInstance::at("10.0.0.1", 80);
        assert_eq!(id_of(plain.clone()).as_deref(), Some("10.0.0.1#80#null#DEFAULT_GROUP@@orders"));
        let blank = NewInstance { cluster: Some(String::new()), ..plain.clone() };
        assert_eq!(id_of(blank).as_deref(), Some("10.0.0.1#80##DEFAULT_GROUP@@orders"));
        let named = NewInstance { cluster: Some("c1".into()), service_name: Some("own".into()), ..plain.clone() };
        assert_eq!(id_of(named).as_deref(), Some("10.0.0.1#80#c1#own"));
        let hostless = NewInstance { ip: None, ..plain.clone() };
        assert_eq!(id_of(hostless).as_deref(), Some("null#80#null#DEFAULT_GROUP@@orders"));
        let given = NewInstance { instance_id: Some("mine".into()), ..plain };
        assert_eq!(id_of(given).as_deref(), Some("mine"));
    }

    #[test]
    fn generators_by_metadata() {
        let with = |name: &str| {
            let metadata = [("preserved.instance.id.generator".to_owned(), name.to_owned())].into();
            NewInstance { metadata, cluster: Some("c".into()), ..NewInstance::at("h", 1) }
        };
        assert_eq!(id_of(with("simple")).as_deref(), Some("h#1#c#DEFAULT_GROUP@@orders"));
        assert!(id_of(with("snowflake")).expect("made").ends_with("#c#DEFAULT_GROUP@@orders"));
        let refused = IdGenerator::new(1).complete(&service(), with("nope"), IdPolicy::Generate);
        assert_eq!(refused.expect_err("unknown").code(), 500);
        let kept = IdGenerator::new(1).complete(&service(), with("nope"), IdPolicy::Keep).expect("no id is made");
        assert_eq!(kept.instance_id, None);
    }

    #[test]
    fn snowflakes_differ() {
        let generator = IdGenerator::new(3);
        let ids: HashSet<u64> = (0..10_000).map(|_| generator.snowflake()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| (id >> 12) & 1023 == 3));
    }

    #[test]
    fn beat_times_and_cluster_names_are_checked() {
        let with = |key: &str, value: &str| NewInstance {
            metadata: [(key.to_owned(), value.to_owned())].into(),
            ..NewInstance::at("h", 1)
        };
        assert!(check_instance(&with("preserved.heart.beat.interval", "abc")).is_ok());
        assert!(check_instance(&with("preserved.heart.beat.timeout", "40000")).is_ok());
        assert!(check_instance(&with("preserved.heart.beat.timeout", "1000")).is_err());
        assert!(check_instance(&with("preserved.ip.delete.timeout", "1000")).is_err());
        let in_cluster = |name: &str| NewInstance { cluster: Some(name.into()), ..NewInstance::at("h", 1) };
        assert!(check_instance(&in_cluster("")).is_ok());
        assert!(check_instance(&in_cluster("a-B9")).is_ok());
        assert!(check_instance(&in_cluster("a_b")).is_err());
    }
}
