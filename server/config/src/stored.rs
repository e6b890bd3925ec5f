//! The stored form of configs: column families, keys and records.
//!
//! Every value is protobuf behind a format byte. Fields are only ever added.

use bytes::Bytes;
use nacre_consensus::{DecodeError, Family};
use prost::Message;

use crate::{
    key::ConfigKey,
    kind::ConfigType,
    md5::Md5,
    rule::{GrayRule, RuleKind},
};

/// One row per version: key, then the gray name, which is empty for the formal version.
pub(crate) const INDEX: Family = Family("config_index");
/// One row per content: key, then revision.
pub(crate) const CONTENT: Family = Family("config_content");
/// One row per content, under the same key: what describes it and is not in the index.
pub(crate) const DETAIL: Family = Family("config_detail");
/// `r` and id: the rows of history. `k`, key and id: the rows of one config.
pub(crate) const HISTORY: Family = Family("config_history");
/// `c`: the counters. `n` and id: the namespaces. `q`, `g` or `t`, and name: capacities of groups and namespaces.
pub(crate) const META: Family = Family("config_meta");

/// The column families of the config domain.
pub const FAMILIES: [Family; 5] = [INDEX, CONTENT, DETAIL, HISTORY, META];

const FORMAT: u8 = 1;

/// The bytes of a record, format byte included.
pub(crate) fn write(record: &impl Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + record.encoded_len());
    bytes.push(FORMAT);
    record.encode(&mut bytes).expect("a vector has room");
    bytes
}

/// Reads what [`write`] wrote.
pub(crate) fn read<R: Message + Default>(bytes: &[u8]) -> Result<R, DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, body)) => R::decode(body).map_err(|error| DecodeError(error.to_string())),
        Some((format, _)) => Err(DecodeError(format!("unknown format {format}"))),
        None => Err(DecodeError("empty value".to_owned())),
    }
}

/// The row of a version in [`INDEX`].
pub(crate) fn index_key(key: &ConfigKey, gray: Option<&str>) -> Vec<u8> {
    let mut bytes = key.stored();
    bytes.extend_from_slice(gray.unwrap_or_default().as_bytes());
    bytes
}

/// The row of a content in [`CONTENT`] and [`DETAIL`].
pub(crate) fn content_key(key: &ConfigKey, revision: u64) -> Vec<u8> {
    let mut bytes = key.stored();
    bytes.extend_from_slice(&revision.to_be_bytes());
    bytes
}

/// The row with this id in [`HISTORY`].
pub(crate) fn history_key(id: u64) -> [u8; 9] {
    let mut bytes = [b'r'; 9];
    bytes[1..].copy_from_slice(&id.to_be_bytes());
    bytes
}

/// The beginning of the rows that name the history of one config.
pub(crate) fn history_of_key(key: &ConfigKey) -> Vec<u8> {
    let mut bytes = vec![b'k'];
    bytes.extend_from_slice(&key.stored());
    bytes
}

/// The row that names one history row of one config.
pub(crate) fn history_of_key_row(key: &ConfigKey, id: u64) -> Vec<u8> {
    let mut bytes = history_of_key(key);
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes
}

/// The id at the end of a history row's key.
pub(crate) fn trailing_id(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

pub(crate) const COUNTERS_KEY: &[u8] = b"c";
pub(crate) const NAMESPACE_PREFIX: &[u8] = b"n";
pub(crate) const CAPACITY_PREFIX: &[u8] = b"q";

/// The row of a namespace in [`META`].
pub(crate) fn namespace_key(id: &str) -> Vec<u8> {
    [NAMESPACE_PREFIX, id.as_bytes()].concat()
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RuleRecord {
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    #[prost(string, tag = "2")]
    pub(crate) expression: String,
    #[prost(sint32, tag = "3")]
    pub(crate) priority: i32,
}

impl From<&GrayRule> for RuleRecord {
    fn from(rule: &GrayRule) -> Self {
        let kind = match rule.kind {
            RuleKind::Beta => 1,
            RuleKind::Tag => 2,
            RuleKind::Label => 3,
        };
        Self { kind, expression: rule.expression.to_string(), priority: rule.priority }
    }
}

impl TryFrom<RuleRecord> for GrayRule {
    type Error = DecodeError;

    fn try_from(record: RuleRecord) -> Result<Self, DecodeError> {
        let kind = match record.kind {
            1 => RuleKind::Beta,
            2 => RuleKind::Tag,
            3 => RuleKind::Label,
            other => return Err(DecodeError(format!("unknown gray rule {other}"))),
        };
        Ok(Self { kind, expression: record.expression.into(), priority: record.priority })
    }
}

/// A version of a config without its content: all that the memory keeps of it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct VersionRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    /// Where its content stands.
    #[prost(uint64, tag = "2")]
    pub(crate) revision: u64,
    #[prost(fixed64, tag = "3")]
    pub(crate) md5_high: u64,
    #[prost(fixed64, tag = "4")]
    pub(crate) md5_low: u64,
    /// Bytes of content.
    #[prost(uint64, tag = "5")]
    pub(crate) size: u64,
    #[prost(uint32, tag = "6")]
    pub(crate) config_type: u32,
    #[prost(uint64, tag = "7")]
    pub(crate) created: u64,
    #[prost(uint64, tag = "8")]
    pub(crate) modified: u64,
    #[prost(string, optional, tag = "9")]
    pub(crate) app_name: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub(crate) encrypted_data_key: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub(crate) tags: Option<String>,
    /// Gray versions only.
    #[prost(message, optional, tag = "12")]
    pub(crate) rule: Option<RuleRecord>,
}

impl VersionRecord {
    pub(crate) fn md5(&self) -> Md5 {
        Md5::from_halves(self.md5_high, self.md5_low)
    }

    pub(crate) fn config_type(&self) -> ConfigType {
        ConfigType::numbered(self.config_type)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContentRecord {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) content: Bytes,
}

/// Shares a content as bytes without copying it.
pub(crate) fn shared_bytes(content: &std::sync::Arc<str>) -> Bytes {
    struct Owner(std::sync::Arc<str>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    Bytes::from_owner(Owner(content.clone()))
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DetailRecord {
    #[prost(string, optional, tag = "1")]
    pub(crate) description: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) usage: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) effect: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) schema: Option<String>,
    #[prost(string, tag = "5")]
    pub(crate) source_ip: String,
    #[prost(string, optional, tag = "6")]
    pub(crate) source_user: Option<String>,
}

/// One change of a config. The version is the new one of an insert, otherwise the one before.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoryRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) operation: u32,
    #[prost(string, optional, tag = "3")]
    pub(crate) gray: Option<String>,
    #[prost(string, tag = "4")]
    pub(crate) source_ip: String,
    #[prost(string, optional, tag = "5")]
    pub(crate) source_user: Option<String>,
    #[prost(uint64, tag = "6")]
    pub(crate) time: u64,
    #[prost(message, optional, tag = "7")]
    pub(crate) version: Option<VersionRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CountersRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) last_config: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) last_history: u64,
}

/// What was set of a capacity; 0 is the default.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct CapacityRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) quota: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) max_size: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) max_aggr_count: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) max_aggr_size: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) created: u64,
    #[prost(uint64, tag = "7")]
    pub(crate) modified: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NamespaceRecord {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, optional, tag = "2")]
    pub(crate) description: Option<String>,
    #[prost(uint64, tag = "3")]
    pub(crate) created: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) modified: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_refused() {
        let bytes = write(&CountersRecord { last_config: 3, last_history: 4 });
        assert_eq!(read::<CountersRecord>(&bytes).unwrap().last_history, 4);
        assert!(read::<CountersRecord>(&[]).is_err());
        assert!(read::<CountersRecord>(&[2]).is_err());
        assert!(read::<CountersRecord>(&[1, 0xff]).is_err());
    }

    #[test]
    fn content_is_shared_not_copied() {
        let content: std::sync::Arc<str> = "text".into();
        assert_eq!(shared_bytes(&content).as_ptr(), content.as_ptr());
    }
}
