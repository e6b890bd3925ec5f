//! The engine's values in the encoding, and back.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use nacre_client::{
    ConfigKey, Error, Event, Group, LockRequest, Metrics, Namespace, ServerGeneration, ServiceKey, State, Status,
    config::{ConfigSetChange, Gray, Publish, RawConfig, Source as ConfigSource},
    naming::{
        Clusters, FuzzyChange, Instance, InstancePatch, NamingCounts, ServiceDetail, ServiceNames, ServiceSettings,
        ServiceSnapshot, Source,
    },
};

use crate::{
    failure::Failure,
    wire::{Malformed, Reader, Result, Writer},
};

const HEALTHY: u8 = 1;
const ENABLED: u8 = 2;
const EPHEMERAL: u8 = 4;

type Checked<T> = std::result::Result<T, Failure>;

pub(crate) fn read_service(reader: &mut Reader<'_>) -> Checked<ServiceKey> {
    Ok(ServiceKey::new(reader.str()?, reader.str()?)?)
}

pub(crate) fn write_service(writer: Writer, service: &ServiceKey) -> Writer {
    writer.str(service.group().as_str()).str(service.name())
}

pub(crate) fn read_group(reader: &mut Reader<'_>) -> Checked<Group> {
    Ok(Group::new(reader.str()?)?)
}

pub(crate) fn read_key(reader: &mut Reader<'_>, namespace: &Namespace) -> Checked<ConfigKey> {
    let data_id = reader.str()?;
    Ok(ConfigKey::new(namespace, reader.str()?, data_id)?)
}

fn write_key(writer: Writer, key: &ConfigKey) -> Writer {
    writer.str(key.data_id()).str(key.group().as_str())
}

pub(crate) fn read_clusters(reader: &mut Reader<'_>) -> Result<Clusters> {
    Ok(Clusters::new(reader.list(Reader::str)?))
}

pub(crate) fn read_instance(reader: &mut Reader<'_>) -> Result<Instance> {
    let id = reader.optional(Reader::string)?;
    let mut instance = Instance::new(reader.string()?, reader.unsigned()?);
    instance.id = id;
    instance.weight = reader.f64()?;
    let flags = reader.u8()?;
    if flags > HEALTHY | ENABLED | EPHEMERAL {
        return Err(Malformed);
    }
    instance.healthy = flags & HEALTHY != 0;
    instance.enabled = flags & ENABLED != 0;
    instance.ephemeral = flags & EPHEMERAL != 0;
    instance.cluster = reader.string()?;
    instance.service = reader.optional(Reader::string)?;
    instance.metadata = reader.map()?;
    Ok(instance)
}

pub(crate) fn write_instance(writer: Writer, instance: &Instance) -> Writer {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let flags = flag(instance.healthy, HEALTHY) | flag(instance.enabled, ENABLED) | flag(instance.ephemeral, EPHEMERAL);
    writer
        .optional_str(instance.id.as_deref())
        .str(&instance.ip)
        .i32(instance.port.into())
        .f64(instance.weight)
        .u8(flags)
        .str(&instance.cluster)
        .optional_str(instance.service.as_deref())
        .map(&instance.metadata)
}

pub(crate) fn write_snapshot(writer: Writer, list: &ServiceSnapshot) -> Writer {
    let source = match list.source() {
        Source::Cache => 1,
        Source::Failover => 2,
        _ => 0,
    };
    write_service(writer, list.service())
        .str(list.clusters())
        .duration(list.cache_time())
        .i64(list.last_ref_time())
        .bool(list.reach_protection_threshold())
        .u8(source)
        .u64(list.revision())
        .list(list.instances().iter(), |writer, instance| write_instance(writer, instance))
}

pub(crate) fn read_settings(reader: &mut Reader<'_>) -> Result<ServiceSettings> {
    let threshold = reader.f64()?;
    #[allow(clippy::cast_possible_truncation)]
    let mut settings = ServiceSettings::new().protect_threshold(threshold as f32);
    for (key, value) in reader.pairs()? {
        settings = settings.metadata(key, value);
    }
    Ok(match reader.optional(Reader::string)? {
        Some(expression) => settings.label_selector(expression),
        None => settings,
    })
}

pub(crate) fn write_detail(writer: Writer, detail: &ServiceDetail) -> Writer {
    writer
        .str(&detail.name)
        .str(&detail.group)
        .f64(detail.protect_threshold.into())
        .map(&detail.metadata)
        .optional_str(detail.selector.as_deref())
        .list(detail.clusters.iter(), |writer, cluster| {
            writer.str(&cluster.name).optional_str(cluster.health_checker.as_deref()).map(&cluster.metadata)
        })
}

pub(crate) fn read_patch(reader: &mut Reader<'_>) -> Result<InstancePatch> {
    let weight = reader.optional(Reader::f64)?;
    let enabled = reader.optional(Reader::bool)?;
    Ok(InstancePatch { weight, enabled, metadata: reader.optional(Reader::map)? })
}

pub(crate) fn write_names(writer: Writer, names: &ServiceNames) -> Writer {
    writer.str(names.group.as_str()).u64(names.revision).strings(&names.names)
}

pub(crate) fn write_fuzzy(writer: Writer, change: &FuzzyChange) -> Writer {
    writer.list(change.added.iter(), write_service).list(change.removed.iter(), write_service)
}

pub(crate) fn write_set(writer: Writer, change: &ConfigSetChange) -> Writer {
    writer
        .list(change.keys.iter(), write_key)
        .list(change.added.iter(), write_key)
        .list(change.removed.iter(), write_key)
}

pub(crate) fn write_config(writer: Writer, config: Option<&Arc<RawConfig>>) -> Writer {
    writer.optional(config, |writer, config| {
        let source = match config.source {
            ConfigSource::Snapshot => 1,
            ConfigSource::Failover => 2,
            _ => 0,
        };
        writer
            .str(&config.content)
            .str(&config.md5)
            .optional_str(config.config_type.as_deref())
            .optional_str(config.encrypted_data_key.as_deref())
            .u8(source)
            .i64(config.last_modified)
    })
}

pub(crate) fn read_publish(reader: &mut Reader<'_>) -> Result<Publish> {
    let mut publish = Publish::new(reader.str()?);
    publish.config_type = reader.optional(Reader::string)?;
    publish.app_name = reader.optional(Reader::string)?;
    publish.tags = reader.strings()?;
    publish.description = reader.optional(Reader::string)?;
    publish.usage = reader.optional(Reader::string)?;
    publish.effect = reader.optional(Reader::string)?;
    publish.schema = reader.optional(Reader::string)?;
    publish.operator = reader.optional(Reader::string)?;
    publish.encrypted_data_key = reader.optional(Reader::string)?;
    Ok(publish)
}

pub(crate) fn read_gray(reader: &mut Reader<'_>) -> Result<Option<Gray>> {
    reader.optional(|reader| match reader.u8()? {
        0 => Ok(Gray::Beta(reader.strings()?)),
        1 => Ok(Gray::Tag(reader.string()?)),
        _ => Err(Malformed),
    })
}

pub(crate) fn read_lock(reader: &mut Reader<'_>) -> Result<LockRequest> {
    let request = LockRequest::new(reader.str()?);
    Ok(match reader.optional(Reader::duration)? {
        Some(lease) => request.lease(lease),
        None => request,
    })
}

fn write_error(writer: Writer, error: &Error) -> Writer {
    Failure::from(error).write(writer)
}

pub(crate) fn write_status(writer: Writer, status: &Status) -> Writer {
    let state = match status.state {
        State::Connecting => 0,
        State::Connected => 1,
        State::Reconnecting => 2,
        _ => 3,
    };
    let server_generation = match status.server_generation {
        ServerGeneration::Old => 1,
        ServerGeneration::Two => 2,
        ServerGeneration::Three => 3,
        _ => 0,
    };
    writer
        .u8(state)
        .duration(since_epoch(status.since))
        .optional_str(status.server.as_deref())
        .optional(status.last_error.as_ref(), write_error)
        .optional_str(status.local_address.map(|address| address.to_string()).as_deref())
        .u8(server_generation)
        .u64(status.generation)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(crate) fn write_metrics(writer: Writer, metrics: &Metrics, counts: &NamingCounts) -> Writer {
    let all = [
        metrics.calls,
        metrics.failed_calls,
        metrics.retries,
        metrics.pushes,
        metrics.connections,
        metrics.failed_connections,
        metrics.logins,
        metrics.redone,
        metrics.services,
        metrics.listened_configs,
        counts.failover_services as u64,
        counts.corrupt_files,
        counts.failed_writes,
    ];
    all.into_iter().fold(writer, Writer::u64)
}

/// `None` for an event that this version does not know.
pub(crate) fn write_event(writer: Writer, event: &Event) -> Option<Writer> {
    Some(match event {
        Event::Connected { server, local_address, generation } => {
            writer.u8(1).str(server).str(&local_address.to_string()).u64(*generation)
        }
        Event::Disconnected { error } => write_error(writer.u8(2), error),
        Event::Reset { target } => writer.u8(3).optional_str(target.as_deref()),
        Event::ServersChanged { count } => writer.u8(4).i32(i32::try_from(*count).unwrap_or(i32::MAX)),
        Event::LoginFailed { error } => write_error(writer.u8(5), error),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instances() -> impl Strategy<Value = Instance> {
        let text = || ".{0,12}";
        let metadata = proptest::collection::btree_map(text(), text(), 0..4);
        (proptest::option::of(text()), text(), any::<u16>(), -9.0..9e9, 0_u8..8, text(), metadata).prop_map(
            |(id, ip, port, weight, flags, cluster, metadata)| Instance {
                id,
                weight,
                healthy: flags & 1 != 0,
                enabled: flags & 2 != 0,
                ephemeral: flags & 4 != 0,
                metadata,
                ..Instance::new(ip, port).with_cluster(cluster)
            },
        )
    }

    proptest! {
        #[test]
        fn instances_cross(instance in instances()) {
            let bytes = write_instance(Writer::new(), &instance).into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(read_instance(&mut reader), Ok(instance));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn a_config_crosses_with_its_source() {
        assert_eq!(write_config(Writer::new(), None).into_bytes(), [0]);
        let bytes = Writer::new().str("k: 1").bool(true).str("yaml").into_bytes();
        let mut more = bytes.clone();
        more.extend([0, 2, 1, b'a', 1, b'b', 0, 0, 0, 0, 0, 1, 1, b'd']);
        let publish = read_publish(&mut Reader::new(&more)).unwrap();
        assert_eq!((&*publish.content, publish.config_type.as_deref()), ("k: 1", Some("yaml")));
        assert_eq!((publish.tags.len(), publish.encrypted_data_key.as_deref()), (2, Some("d")));
    }
}
