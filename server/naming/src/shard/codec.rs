//! Between the model and its protobuf form. Every stored value is a format byte, then protobuf.

use nacre_consensus::{DecodeError, NodeId};
use prost::Message;

use super::{
    command::{Answer, Incarnation, Operation, Owner, Refusal, ShardCommand},
    record::{
        ClusterRecord, CommandRecord, IncarnationRecord, InstanceKeyRecord, InstanceRecord, OperationRecord,
        OverrideRecord, OwnerRecord, ServiceMetadataRecord, ServiceName,
    },
};
use crate::model::{
    Address, ClusterMetadata, HealthChecker, Instance, InstanceKey, InstanceOverride, OverrideChange, Selector,
    ServiceKey, ServiceKind, ServiceMetadata,
};

const FORMAT: u8 = 1;

pub(crate) fn encode(message: &impl Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + message.encoded_len());
    bytes.push(FORMAT);
    message.encode(&mut bytes).expect("a vector grows as needed");
    bytes
}

pub(crate) fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, body)) => M::decode(body).map_err(|error| DecodeError(error.to_string())),
        Some((format, _)) => Err(DecodeError(format!("unknown format {format}"))),
        None => Err(DecodeError("no bytes".into())),
    }
}

pub(super) fn encode_command(command: &ShardCommand) -> Vec<u8> {
    encode(&CommandRecord {
        origin: Some(command.origin.into()),
        batch: command.batch,
        operations: command.operations.iter().map(operation_record).collect(),
    })
}

pub(super) fn decode_command(bytes: &[u8]) -> Result<ShardCommand, DecodeError> {
    let record: CommandRecord = decode(bytes)?;
    let operations: Result<Vec<Operation>, DecodeError> = record.operations.into_iter().map(operation).collect();
    Ok(ShardCommand {
        origin: need(record.origin, "origin")?.into(),
        batch: record.batch,
        operations: operations?.into(),
    })
}

pub(super) fn need<T>(field: Option<T>, name: &str) -> Result<T, DecodeError> {
    field.ok_or_else(|| DecodeError(format!("{name} is missing")))
}

fn operation_record(operation: &Operation) -> OperationRecord {
    let of = |code: u32, service: &ServiceKey| OperationRecord {
        code,
        service: Some(service.into()),
        ..OperationRecord::default()
    };
    let by = |code: u32, owner: &Owner| OperationRecord { code, owner: Some(owner.into()), ..Default::default() };
    match operation {
        Operation::Publish { service, owner, holder, instances } => OperationRecord {
            owner: Some(owner.into()),
            incarnation: Some((*holder).into()),
            instances: instances.iter().map(|instance| instance.as_ref().into()).collect(),
            ..of(1, service)
        },
        Operation::Withdraw { service, owner, address } => OperationRecord {
            owner: Some(owner.into()),
            keys: address.iter().map(address_record).collect(),
            ..of(2, service)
        },
        Operation::Leave { owner } => by(3, owner),
        Operation::Detach { owner } => by(4, owner),
        Operation::Claim { service, address, holder } => OperationRecord {
            keys: vec![address_record(address)],
            incarnation: Some((*holder).into()),
            ..of(5, service)
        },
        Operation::SetHealth { service, owner, healthy } => {
            OperationRecord { owner: Some(owner.into()), flag: *healthy, ..of(6, service) }
        }
        Operation::Create { service, kind, metadata } => OperationRecord {
            flag: *kind == ServiceKind::Persistent,
            metadata: Some(metadata.into()),
            ..of(7, service)
        },
        Operation::Update { service, metadata } => {
            OperationRecord { metadata: Some(metadata.into()), ..of(8, service) }
        }
        Operation::Delete { service } => of(9, service),
        Operation::DeleteEmpty { service, revision } => OperationRecord { revision: *revision, ..of(10, service) },
        Operation::SetCluster { service, cluster, metadata } => {
            OperationRecord { cluster: Some(cluster_record(cluster, metadata)), ..of(11, service) }
        }
        Operation::SetOverride { service, instance, value } => {
            OperationRecord { keys: vec![instance.into()], value: Some(value.into()), ..of(12, service) }
        }
        Operation::ChangeOverride { service, instance, change } => OperationRecord {
            keys: vec![instance.into()],
            value: Some(OverrideRecord {
                weight: change.weight,
                enabled: change.enabled,
                metadata: change.set.clone(),
                remove: change.remove.clone(),
            }),
            ..of(13, service)
        },
        Operation::DropOverrides { service, instances } => {
            OperationRecord { keys: instances.iter().map(Into::into).collect(), ..of(14, service) }
        }
        Operation::BeginEpoch => OperationRecord { code: 15, ..Default::default() },
        Operation::EndGrace { incarnation } => {
            OperationRecord { code: 16, incarnation: Some((*incarnation).into()), ..Default::default() }
        }
        Operation::Mark => OperationRecord { code: 17, ..Default::default() },
    }
}

fn operation(record: OperationRecord) -> Result<Operation, DecodeError> {
    let code = record.code;
    let mut keys = record.keys.into_iter();
    let service = || need(record.service.as_ref(), "service").map(ServiceKey::from);
    let owner = || need(record.owner.as_ref(), "owner").and_then(Owner::try_from);
    let incarnation = || need(record.incarnation, "incarnation").map(Incarnation::from);
    Ok(match code {
        1 => Operation::Publish {
            service: service()?,
            owner: owner()?,
            holder: incarnation()?,
            instances: record.instances.into_iter().map(|instance| Instance::from(instance).into()).collect(),
        },
        2 => Operation::Withdraw { service: service()?, owner: owner()?, address: keys.next().map(address) },
        3 => Operation::Leave { owner: owner()? },
        4 => Operation::Detach { owner: owner()? },
        5 => Operation::Claim {
            service: service()?,
            address: address(need(keys.next(), "address")?),
            holder: incarnation()?,
        },
        6 => Operation::SetHealth { service: service()?, owner: owner()?, healthy: record.flag },
        7 => Operation::Create {
            service: service()?,
            kind: ServiceKind::from_ephemeral(!record.flag),
            metadata: need(record.metadata, "metadata")?.into(),
        },
        8 => Operation::Update { service: service()?, metadata: need(record.metadata, "metadata")?.into() },
        9 => Operation::Delete { service: service()? },
        10 => Operation::DeleteEmpty { service: service()?, revision: record.revision },
        11 => {
            let (cluster, metadata) = cluster(need(record.cluster, "cluster")?)?;
            Operation::SetCluster { service: service()?, cluster, metadata }
        }
        12 => Operation::SetOverride {
            service: service()?,
            instance: need(keys.next(), "instance")?.into(),
            value: need(record.value, "value")?.into(),
        },
        13 => {
            let value = need(record.value, "value")?;
            Operation::ChangeOverride {
                service: service()?,
                instance: need(keys.next(), "instance")?.into(),
                change: OverrideChange {
                    weight: value.weight,
                    enabled: value.enabled,
                    set: value.metadata,
                    remove: value.remove,
                },
            }
        }
        14 => Operation::DropOverrides { service: service()?, instances: keys.map(Into::into).collect() },
        15 => Operation::BeginEpoch,
        16 => Operation::EndGrace { incarnation: incarnation()? },
        17 => Operation::Mark,
        other => return Err(DecodeError(format!("unknown operation {other}"))),
    })
}

fn address_record(address: &Address) -> InstanceKeyRecord {
    InstanceKeyRecord { ip: address.ip.as_ref().into(), port: address.port, cluster: String::new() }
}

fn address(record: InstanceKeyRecord) -> Address {
    Address { ip: record.ip.into(), port: record.port }
}

pub(super) fn cluster_record(name: &str, metadata: &ClusterMetadata) -> ClusterRecord {
    let mut record = ClusterRecord {
        name: name.into(),
        check_port: metadata.check_port,
        use_instance_port: metadata.use_instance_port,
        metadata: metadata.metadata.clone(),
        ..ClusterRecord::default()
    };
    match &metadata.health_checker {
        HealthChecker::None => {}
        HealthChecker::Tcp => record.checker = 1,
        HealthChecker::Http { path, headers, expected_response_code } => {
            record.checker = 2;
            record.path.clone_from(path);
            record.headers.clone_from(headers);
            record.expected_response_code = *expected_response_code;
        }
        HealthChecker::Mysql { user, password, command } => {
            record.checker = 3;
            record.user.clone_from(user);
            record.password.clone_from(password);
            record.command.clone_from(command);
        }
    }
    record
}

pub(super) fn cluster(record: ClusterRecord) -> Result<(String, ClusterMetadata), DecodeError> {
    let health_checker = match record.checker {
        0 => HealthChecker::None,
        1 => HealthChecker::Tcp,
        2 => HealthChecker::Http {
            path: record.path,
            headers: record.headers,
            expected_response_code: record.expected_response_code,
        },
        3 => HealthChecker::Mysql { user: record.user, password: record.password, command: record.command },
        other => return Err(DecodeError(format!("unknown health checker {other}"))),
    };
    let metadata = ClusterMetadata {
        check_port: record.check_port,
        use_instance_port: record.use_instance_port,
        health_checker,
        metadata: record.metadata,
    };
    Ok((record.name, metadata))
}

/// Answers as bytes, one each.
pub(super) fn answer_byte(answer: Answer) -> u8 {
    match answer {
        Ok(()) => 0,
        Err(Refusal::KindMismatch(ServiceKind::Ephemeral)) => 1,
        Err(Refusal::KindMismatch(ServiceKind::Persistent)) => 2,
        Err(Refusal::ServiceNotFound) => 3,
        Err(Refusal::ServiceExists) => 4,
        Err(Refusal::ServiceNotEmpty) => 5,
        Err(Refusal::NoInstances) => 6,
        Err(Refusal::InstanceNotFound) => 7,
        Err(Refusal::Stale) => 8,
    }
}

pub(super) fn answer(byte: u8) -> Result<Answer, DecodeError> {
    Ok(match byte {
        0 => Ok(()),
        1 => Err(Refusal::KindMismatch(ServiceKind::Ephemeral)),
        2 => Err(Refusal::KindMismatch(ServiceKind::Persistent)),
        3 => Err(Refusal::ServiceNotFound),
        4 => Err(Refusal::ServiceExists),
        5 => Err(Refusal::ServiceNotEmpty),
        6 => Err(Refusal::NoInstances),
        7 => Err(Refusal::InstanceNotFound),
        8 => Err(Refusal::Stale),
        other => return Err(DecodeError(format!("unknown answer {other}"))),
    })
}

impl From<&ServiceKey> for ServiceName {
    fn from(key: &ServiceKey) -> Self {
        Self { namespace: key.namespace().into(), group: key.group().into(), name: key.name().into() }
    }
}

impl From<&ServiceName> for ServiceKey {
    fn from(record: &ServiceName) -> Self {
        Self::new(&record.namespace, &record.group, &record.name)
    }
}

impl From<Incarnation> for IncarnationRecord {
    fn from(incarnation: Incarnation) -> Self {
        Self { node: incarnation.node.0, epoch: incarnation.epoch }
    }
}

impl From<IncarnationRecord> for Incarnation {
    fn from(record: IncarnationRecord) -> Self {
        Self { node: NodeId(record.node), epoch: record.epoch }
    }
}

impl From<&Owner> for OwnerRecord {
    fn from(owner: &Owner) -> Self {
        let at = |form: u32, address: &Address| Self {
            form,
            text: address.ip.as_ref().into(),
            port: address.port,
            incarnation: None,
        };
        match owner {
            Owner::Connection { incarnation, id } => {
                Self { form: 1, text: id.as_ref().into(), port: 0, incarnation: Some((*incarnation).into()) }
            }
            Owner::Beaten(address) => at(2, address),
            Owner::Persistent(address) => at(3, address),
        }
    }
}

impl TryFrom<&OwnerRecord> for Owner {
    type Error = DecodeError;

    fn try_from(record: &OwnerRecord) -> Result<Self, DecodeError> {
        let address = || Address::new(&record.text, record.port);
        match record.form {
            1 => Ok(Self::Connection {
                incarnation: need(record.incarnation, "incarnation")?.into(),
                id: record.text.as_str().into(),
            }),
            2 => Ok(Self::Beaten(address())),
            3 => Ok(Self::Persistent(address())),
            other => Err(DecodeError(format!("unknown owner {other}"))),
        }
    }
}

impl From<&Instance> for InstanceRecord {
    fn from(instance: &Instance) -> Self {
        Self {
            ip: instance.ip.clone(),
            port: instance.port,
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            cluster: instance.cluster.clone(),
            instance_id: instance.instance_id.clone(),
            metadata: instance.metadata.clone(),
        }
    }
}

impl From<InstanceRecord> for Instance {
    fn from(record: InstanceRecord) -> Self {
        Self {
            instance_id: record.instance_id,
            ip: record.ip,
            port: record.port,
            weight: record.weight,
            healthy: record.healthy,
            enabled: record.enabled,
            cluster: record.cluster,
            metadata: record.metadata,
        }
    }
}

impl From<&InstanceKey> for InstanceKeyRecord {
    fn from(key: &InstanceKey) -> Self {
        Self { ip: key.address.ip.as_ref().into(), port: key.address.port, cluster: key.cluster.as_ref().into() }
    }
}

impl From<InstanceKeyRecord> for InstanceKey {
    fn from(record: InstanceKeyRecord) -> Self {
        Self { address: Address { ip: record.ip.into(), port: record.port }, cluster: record.cluster.into() }
    }
}

impl From<&InstanceOverride> for OverrideRecord {
    fn from(value: &InstanceOverride) -> Self {
        Self { weight: value.weight, enabled: value.enabled, metadata: value.metadata.clone(), remove: Vec::new() }
    }
}

impl From<OverrideRecord> for InstanceOverride {
    fn from(record: OverrideRecord) -> Self {
        Self { weight: record.weight, enabled: record.enabled, metadata: record.metadata }
    }
}

impl From<&ServiceMetadata> for ServiceMetadataRecord {
    fn from(metadata: &ServiceMetadata) -> Self {
        Self {
            protect_threshold: metadata.protect_threshold,
            label_expression: match &metadata.selector {
                Selector::None => None,
                Selector::Label { expression } => Some(expression.clone()),
            },
            metadata: metadata.metadata.clone(),
        }
    }
}

impl From<ServiceMetadataRecord> for ServiceMetadata {
    fn from(record: ServiceMetadataRecord) -> Self {
        Self {
            protect_threshold: record.protect_threshold,
            selector: record.label_expression.map_or(Selector::None, |expression| Selector::Label { expression }),
            metadata: record.metadata,
        }
    }
}
