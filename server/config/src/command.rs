//! Commands of the config domain, as they stand in the log, and their answers.

use std::sync::Arc;

use bytes::Bytes;
use nacre_consensus::{Command, DecodeError};
use prost::{Message, Oneof};

use crate::{
    capacity::{CapacityChange, Excess, Limits, Scope},
    key::ConfigKey,
    kind::ConfigType,
    md5::Md5,
    request::{Origin, Publish, Target},
    rule::GrayRule,
    stored::{self, DetailRecord, RuleRecord},
};

/// One change of configs or namespaces.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfigCommand {
    /// Stores a version.
    Publish(Box<PublishCommand>),
    /// Removes the formal version, or a gray one.
    Remove(RemoveCommand),
    /// Drops history, oldest first.
    Prune(Vec<PrunedRow>),
    /// Creates or renames a namespace.
    PutNamespace(PutNamespace),
    /// Sets what a group or a namespace may hold.
    SetCapacity(SetCapacity),
    /// Forgets a namespace; its configs stay.
    DeleteNamespace {
        /// Its id.
        id: String,
    },
    /// Several changes, one after the other.
    Batch(Vec<ConfigCommand>),
}

impl ConfigCommand {
    /// Bytes in the log, roughly: what has no small limit of its own is counted.
    pub(crate) fn estimated_size(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        1024 + match self {
            Self::Publish(command) => {
                command.content.len()
                    + length(&command.tags)
                    + length(&command.encrypted_data_key)
                    + command.gray.as_ref().map_or(0, |gray| gray.rule.expression.len())
                    + command.detail.encoded_len()
            }
            Self::PutNamespace(command) => command.name.len() + length(&command.description),
            Self::Remove(command) => length(&command.gray),
            _ => 0,
        }
    }
}

/// See [`ConfigCommand::SetCapacity`].
#[derive(Clone, Debug, PartialEq)]
pub struct SetCapacity {
    pub(crate) scope: Scope,
    pub(crate) change: CapacityChange,
}

/// See [`ConfigCommand::Publish`].
#[derive(Clone, Debug, PartialEq)]
pub struct PublishCommand {
    pub(crate) key: ConfigKey,
    pub(crate) gray: Option<GrayTarget>,
    pub(crate) content: Arc<str>,
    pub(crate) md5: Md5,
    pub(crate) condition: Option<Condition>,
    pub(crate) config_type: ConfigType,
    pub(crate) app_name: Option<String>,
    pub(crate) encrypted_data_key: Option<String>,
    pub(crate) tags: Option<String>,
    pub(crate) detail: DetailRecord,
    /// What capacities are judged by; `None` where they are not enforced.
    pub(crate) limits: Option<Limits>,
}

/// The gray version that a publish writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GrayTarget {
    pub(crate) name: Arc<str>,
    pub(crate) rule: GrayRule,
    /// How many gray versions the config may have: part of the command, since settings may differ
    /// between nodes.
    pub(crate) limit: u32,
}

/// What the stored version's md5 must be for a publish to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Md5(Md5),
    /// The client named a text that is no md5; no version has it.
    Nothing,
}

/// See [`ConfigCommand::Remove`].
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveCommand {
    pub(crate) key: ConfigKey,
    pub(crate) gray: Option<String>,
    pub(crate) origin: Origin,
}

/// A history row that is dropped, and the content that goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct PrunedRow {
    pub(crate) id: u64,
    pub(crate) key: ConfigKey,
    /// The content whose last pointer this row is.
    pub(crate) revision: Option<u64>,
}

/// See [`ConfigCommand::PutNamespace`].
#[derive(Clone, Debug, PartialEq)]
pub struct PutNamespace {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Whether it must not exist yet; otherwise it must.
    pub(crate) create: bool,
}

impl PublishCommand {
    pub(crate) fn new(publish: Publish, gray_limit: u32) -> Self {
        let Publish { key, target, content, cas_md5, attributes, origin } = publish;
        let gray = match target {
            Target::Formal => None,
            Target::Gray { name, rule } => Some(GrayTarget { name, rule, limit: gray_limit }),
        };
        let condition = cas_md5
            .filter(|text| !text.trim().is_empty())
            .map(|text| Md5::parse(&text).map_or(Condition::Nothing, Condition::Md5));
        Self {
            key,
            gray,
            md5: Md5::of(&content),
            content,
            condition,
            config_type: ConfigType::named(attributes.config_type.as_deref().unwrap_or_default()),
            app_name: attributes.app_name,
            encrypted_data_key: attributes.encrypted_data_key.filter(|key| !key.trim().is_empty()),
            tags: attributes.tags,
            limits: None,
            detail: DetailRecord {
                description: attributes.description,
                usage: attributes.usage,
                effect: attributes.effect,
                schema: attributes.schema,
                source_ip: origin.ip,
                source_user: origin.user,
            },
        }
    }
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigReply {
    /// It is done.
    Done,
    /// There was nothing to remove or to change.
    Missing,
    /// Compare-and-set found another md5.
    CasMismatch,
    /// The config has as many gray versions as it may have.
    TooManyGray,
    /// The namespace exists.
    Exists,
    /// There would be more than a capacity allows.
    OverCapacity(Excess),
    /// What each command of a batch did, in their order.
    Batch(Vec<ConfigReply>),
}

#[derive(Clone, PartialEq, Message)]
struct CommandRecord {
    #[prost(oneof = "Body", tags = "1, 2, 3, 4, 5, 6, 7")]
    body: Option<Body>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Body {
    #[prost(message, boxed, tag = "1")]
    Publish(Box<PublishRecord>),
    #[prost(message, tag = "2")]
    Remove(RemoveRecord),
    #[prost(message, tag = "3")]
    Prune(PruneRecord),
    #[prost(message, tag = "4")]
    PutNamespace(PutNamespaceRecord),
    #[prost(string, tag = "5")]
    DeleteNamespace(String),
    #[prost(message, tag = "6")]
    SetCapacity(CapacityCommandRecord),
    #[prost(message, tag = "7")]
    Batch(BatchRecord),
}

#[derive(Clone, PartialEq, Message)]
struct BatchRecord {
    #[prost(message, repeated, tag = "1")]
    commands: Vec<CommandRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct CapacityCommandRecord {
    /// The row of the scope.
    #[prost(bytes = "vec", tag = "1")]
    scope: Vec<u8>,
    #[prost(uint64, optional, tag = "2")]
    quota: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    max_size: Option<u64>,
    #[prost(uint64, optional, tag = "4")]
    max_aggr_count: Option<u64>,
    #[prost(uint64, optional, tag = "5")]
    max_aggr_size: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct PublishRecord {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "bytes", tag = "2")]
    content: Bytes,
    #[prost(fixed64, tag = "3")]
    md5_high: u64,
    #[prost(fixed64, tag = "4")]
    md5_low: u64,
    #[prost(message, optional, tag = "5")]
    condition: Option<ConditionRecord>,
    #[prost(message, optional, tag = "6")]
    gray: Option<GrayRecord>,
    #[prost(uint32, tag = "7")]
    config_type: u32,
    #[prost(string, optional, tag = "8")]
    app_name: Option<String>,
    #[prost(string, optional, tag = "9")]
    encrypted_data_key: Option<String>,
    #[prost(string, optional, tag = "10")]
    tags: Option<String>,
    #[prost(message, optional, tag = "11")]
    detail: Option<DetailRecord>,
    #[prost(message, optional, tag = "12")]
    limits: Option<LimitsRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct LimitsRecord {
    #[prost(uint64, tag = "1")]
    cluster: u64,
    #[prost(uint64, tag = "2")]
    quota: u64,
    #[prost(uint64, tag = "3")]
    max_size: u64,
    #[prost(uint64, tag = "4")]
    expansion_percent: u64,
}

/// Without an md5 it names one that no version has.
#[derive(Clone, PartialEq, Message)]
struct ConditionRecord {
    #[prost(fixed64, optional, tag = "1")]
    md5_high: Option<u64>,
    #[prost(fixed64, optional, tag = "2")]
    md5_low: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct GrayRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    rule: Option<RuleRecord>,
    #[prost(uint32, tag = "3")]
    limit: u32,
}

#[derive(Clone, PartialEq, Message)]
struct RemoveRecord {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(string, optional, tag = "2")]
    gray: Option<String>,
    #[prost(string, tag = "3")]
    source_ip: String,
    #[prost(string, optional, tag = "4")]
    source_user: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct PruneRecord {
    #[prost(message, repeated, tag = "1")]
    rows: Vec<PrunedRowRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct PrunedRowRecord {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
    #[prost(uint64, optional, tag = "3")]
    revision: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct PutNamespaceRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, optional, tag = "3")]
    description: Option<String>,
    #[prost(bool, tag = "4")]
    create: bool,
}

fn key_of(bytes: &[u8]) -> Result<ConfigKey, DecodeError> {
    match ConfigKey::from_stored(bytes) {
        Some((key, [])) => Ok(key),
        _ => Err(DecodeError("bad config key".to_owned())),
    }
}

impl From<&PublishCommand> for PublishRecord {
    fn from(command: &PublishCommand) -> Self {
        let (md5_high, md5_low) = command.md5.halves();
        let condition = command.condition.map(|condition| match condition {
            Condition::Nothing => ConditionRecord::default(),
            Condition::Md5(md5) => {
                let (high, low) = md5.halves();
                ConditionRecord { md5_high: Some(high), md5_low: Some(low) }
            }
        });
        Self {
            key: command.key.stored(),
            content: stored::shared_bytes(&command.content),
            md5_high,
            md5_low,
            condition,
            gray: command.gray.as_ref().map(|gray| GrayRecord {
                name: gray.name.to_string(),
                rule: Some((&gray.rule).into()),
                limit: gray.limit,
            }),
            config_type: command.config_type.number(),
            app_name: command.app_name.clone(),
            encrypted_data_key: command.encrypted_data_key.clone(),
            tags: command.tags.clone(),
            detail: Some(command.detail.clone()),
            limits: command.limits.map(|Limits { cluster, quota, max_size, expansion_percent }| LimitsRecord {
                cluster,
                quota,
                max_size,
                expansion_percent,
            }),
        }
    }
}

impl TryFrom<PublishRecord> for PublishCommand {
    type Error = DecodeError;

    fn try_from(record: PublishRecord) -> Result<Self, DecodeError> {
        let content =
            std::str::from_utf8(&record.content).map_err(|_| DecodeError("content is not UTF-8".to_owned()))?;
        let gray = match record.gray {
            None => None,
            Some(gray) => {
                let rule = gray.rule.ok_or_else(|| DecodeError("gray version without a rule".to_owned()))?;
                Some(GrayTarget { name: gray.name.into(), rule: rule.try_into()?, limit: gray.limit })
            }
        };
        Ok(Self {
            key: key_of(&record.key)?,
            gray,
            content: content.into(),
            md5: Md5::from_halves(record.md5_high, record.md5_low),
            condition: record.condition.map(|condition| match (condition.md5_high, condition.md5_low) {
                (Some(high), Some(low)) => Condition::Md5(Md5::from_halves(high, low)),
                _ => Condition::Nothing,
            }),
            config_type: ConfigType::numbered(record.config_type),
            app_name: record.app_name,
            encrypted_data_key: record.encrypted_data_key,
            tags: record.tags,
            detail: record.detail.unwrap_or_default(),
            limits: record.limits.map(|LimitsRecord { cluster, quota, max_size, expansion_percent }| Limits {
                cluster,
                quota,
                max_size,
                expansion_percent,
            }),
        })
    }
}

impl From<&ConfigCommand> for CommandRecord {
    fn from(command: &ConfigCommand) -> Self {
        let body = match command {
            ConfigCommand::Publish(command) => Body::Publish(Box::new(PublishRecord::from(&**command))),
            ConfigCommand::Remove(command) => Body::Remove(RemoveRecord {
                key: command.key.stored(),
                gray: command.gray.clone(),
                source_ip: command.origin.ip.clone(),
                source_user: command.origin.user.clone(),
            }),
            ConfigCommand::Prune(rows) => Body::Prune(PruneRecord {
                rows: rows
                    .iter()
                    .map(|row| PrunedRowRecord { id: row.id, key: row.key.stored(), revision: row.revision })
                    .collect(),
            }),
            ConfigCommand::PutNamespace(command) => Body::PutNamespace(PutNamespaceRecord {
                id: command.id.clone(),
                name: command.name.clone(),
                description: command.description.clone(),
                create: command.create,
            }),
            ConfigCommand::DeleteNamespace { id } => Body::DeleteNamespace(id.clone()),
            ConfigCommand::SetCapacity(SetCapacity { scope, change }) => Body::SetCapacity(CapacityCommandRecord {
                scope: scope.row(),
                quota: change.quota,
                max_size: change.max_size,
                max_aggr_count: change.max_aggr_count,
                max_aggr_size: change.max_aggr_size,
            }),
            ConfigCommand::Batch(commands) => {
                Body::Batch(BatchRecord { commands: commands.iter().map(Self::from).collect() })
            }
        };
        Self { body: Some(body) }
    }
}

impl TryFrom<CommandRecord> for ConfigCommand {
    type Error = DecodeError;

    fn try_from(record: CommandRecord) -> Result<Self, DecodeError> {
        match record.body.ok_or_else(|| DecodeError("unknown command".to_owned()))? {
            Body::Publish(record) => Ok(Self::Publish(Box::new((*record).try_into()?))),
            Body::Remove(record) => Ok(Self::Remove(RemoveCommand {
                key: key_of(&record.key)?,
                gray: record.gray,
                origin: Origin { ip: record.source_ip, user: record.source_user },
            })),
            Body::Prune(record) => record
                .rows
                .into_iter()
                .map(|row| Ok(PrunedRow { id: row.id, key: key_of(&row.key)?, revision: row.revision }))
                .collect::<Result<_, _>>()
                .map(Self::Prune),
            Body::PutNamespace(record) => Ok(Self::PutNamespace(PutNamespace {
                id: record.id,
                name: record.name,
                description: record.description,
                create: record.create,
            })),
            Body::DeleteNamespace(id) => Ok(Self::DeleteNamespace { id }),
            Body::SetCapacity(record) => Ok(Self::SetCapacity(SetCapacity {
                scope: Scope::of_row(&record.scope).ok_or_else(|| DecodeError("bad scope".to_owned()))?,
                change: CapacityChange {
                    quota: record.quota,
                    max_size: record.max_size,
                    max_aggr_count: record.max_aggr_count,
                    max_aggr_size: record.max_aggr_size,
                },
            })),
            Body::Batch(record) => {
                record.commands.into_iter().map(Self::try_from).collect::<Result<_, _>>().map(Self::Batch)
            }
        }
    }
}

impl Command for ConfigCommand {
    fn encode(&self) -> Vec<u8> {
        stored::write(&CommandRecord::from(self))
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        stored::read::<CommandRecord>(bytes)?.try_into()
    }

    fn may_use_reserve(&self) -> bool {
        match self {
            Self::Remove(_) | Self::Prune(_) | Self::DeleteNamespace { .. } => true,
            Self::Batch(commands) => commands.iter().all(Self::may_use_reserve),
            Self::Publish(_) | Self::PutNamespace(_) | Self::SetCapacity(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::Attributes;

    fn publish() -> impl Strategy<Value = ConfigCommand> {
        let text = || proptest::option::of("\\PC{0,6}");
        let target = prop_oneof![
            Just((None, None)),
            "[0-9.,]{1,9}".prop_map(|ips| (Some(ips), None)),
            "[a-z]{1,5}".prop_map(|tag| (None, Some(tag))),
        ];
        (("[a-z]{0,3}", "\\PC{1,5}", "\\PC{1,5}"), "\\PC{0,40}", target, text(), text(), text(), "[a-f0-9]{32}")
            .prop_map(|((namespace, group, data_id), content, (ips, tag), app_name, tags, user, md5)| {
                let mut request = Publish::new(ConfigKey::new(&namespace, &group, &data_id), content);
                request.target = Target::requested(ips.as_deref(), tag.as_deref());
                request.cas_md5 = app_name.is_some().then(|| if tags.is_some() { md5 } else { "no md5".into() });
                request.attributes = Attributes {
                    config_type: tags.clone(),
                    app_name,
                    encrypted_data_key: user.clone(),
                    description: tags.clone(),
                    tags,
                    ..Attributes::default()
                };
                request.origin = Origin { ip: "10.0.0.1".into(), user };
                ConfigCommand::Publish(Box::new(PublishCommand::new(request, 10)))
            })
    }

    fn command() -> impl Strategy<Value = ConfigCommand> {
        prop_oneof![4 => single(), 1 => proptest::collection::vec(single(), 0..4).prop_map(ConfigCommand::Batch)]
    }

    fn single() -> impl Strategy<Value = ConfigCommand> {
        let key = || ConfigKey::new("dev", "g", "d");
        prop_oneof![
            publish(),
            proptest::option::of("[a-z_]{1,8}").prop_map(move |gray| {
                ConfigCommand::Remove(RemoveCommand { key: key(), gray, origin: Origin::default() })
            }),
            proptest::collection::vec((any::<u64>(), any::<Option<u64>>()), 0..5).prop_map(move |rows| {
                ConfigCommand::Prune(
                    rows.into_iter().map(|(id, revision)| PrunedRow { id, key: key(), revision }).collect(),
                )
            }),
            ("[a-z]{1,4}", "\\PC{1,4}", proptest::option::of("\\PC{0,4}"), any::<bool>()).prop_map(
                |(id, name, description, create)| ConfigCommand::PutNamespace(PutNamespace {
                    id,
                    name,
                    description,
                    create
                })
            ),
            "[a-z]{1,4}".prop_map(|id| ConfigCommand::DeleteNamespace { id }),
            ("[a-z]{0,4}", any::<Option<u64>>(), any::<Option<u64>>()).prop_map(|(name, quota, max_size)| {
                let change = CapacityChange { quota, max_size, ..CapacityChange::default() };
                ConfigCommand::SetCapacity(SetCapacity { scope: Scope::Group(name), change })
            }),
        ]
    }

    proptest! {
        #[test]
        fn commands_are_read_back(command in command()) {
            prop_assert_eq!(ConfigCommand::decode(&command.encode()).unwrap(), command);
        }

        #[test]
        fn any_bytes_are_read_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = ConfigCommand::decode(&bytes);
            bytes.insert(0, 1);
            let _ = ConfigCommand::decode(&bytes);
        }
    }

    #[test]
    fn only_what_frees_space_uses_the_reserve() {
        let key = ConfigKey::new("", "g", "d");
        let remove = RemoveCommand { key: key.clone(), gray: None, origin: Origin::default() };
        let remove = ConfigCommand::Remove(remove);
        assert!(remove.may_use_reserve());
        assert!(ConfigCommand::Prune(Vec::new()).may_use_reserve());
        let publish = ConfigCommand::Publish(Box::new(PublishCommand::new(Publish::new(key, "x"), 1)));
        assert!(!publish.may_use_reserve());
        assert!(ConfigCommand::Batch(vec![remove.clone(), remove.clone()]).may_use_reserve());
        assert!(!ConfigCommand::Batch(vec![remove, publish]).may_use_reserve());
    }
}
