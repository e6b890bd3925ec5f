//! The protobuf forms of commands and stored rows. Field numbers are never reused.

use std::collections::BTreeMap;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServiceName {
    #[prost(string, tag = "1")]
    pub namespace: String,
    #[prost(string, tag = "2")]
    pub group: String,
    #[prost(string, tag = "3")]
    pub name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InstanceRecord {
    #[prost(string, optional, tag = "1")]
    pub ip: Option<String>,
    #[prost(int32, tag = "2")]
    pub port: i32,
    #[prost(double, tag = "3")]
    pub weight: f64,
    #[prost(bool, tag = "4")]
    pub healthy: bool,
    #[prost(bool, tag = "5")]
    pub enabled: bool,
    #[prost(string, tag = "6")]
    pub cluster: String,
    #[prost(string, optional, tag = "7")]
    pub instance_id: Option<String>,
    #[prost(btree_map = "string, string", tag = "8")]
    pub metadata: BTreeMap<String, String>,
}

/// `form`: 1 connection (`text` is its id), 2 beaten, 3 persistent (`text` is the host).
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OwnerRecord {
    #[prost(uint32, tag = "1")]
    pub form: u32,
    #[prost(string, tag = "2")]
    pub text: String,
    #[prost(int32, tag = "3")]
    pub port: i32,
    #[prost(message, optional, tag = "4")]
    pub incarnation: Option<IncarnationRecord>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct IncarnationRecord {
    #[prost(uint64, tag = "1")]
    pub node: u64,
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InstanceKeyRecord {
    #[prost(string, tag = "1")]
    pub ip: String,
    #[prost(int32, tag = "2")]
    pub port: i32,
    #[prost(string, tag = "3")]
    pub cluster: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OverrideRecord {
    #[prost(double, optional, tag = "1")]
    pub weight: Option<f64>,
    #[prost(bool, optional, tag = "2")]
    pub enabled: Option<bool>,
    #[prost(btree_map = "string, string", tag = "3")]
    pub metadata: BTreeMap<String, String>,
    /// Only in changes: keys to take out.
    #[prost(string, repeated, tag = "4")]
    pub remove: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServiceMetadataRecord {
    #[prost(float, tag = "1")]
    pub protect_threshold: f32,
    /// Absent: no selector.
    #[prost(string, optional, tag = "2")]
    pub label_expression: Option<String>,
    #[prost(btree_map = "string, string", tag = "3")]
    pub metadata: BTreeMap<String, String>,
}

/// `checker`: 0 none, 1 TCP, 2 HTTP, 3 MySQL.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ClusterRecord {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(int32, tag = "2")]
    pub check_port: i32,
    #[prost(bool, tag = "3")]
    pub use_instance_port: bool,
    #[prost(uint32, tag = "4")]
    pub checker: u32,
    #[prost(string, tag = "5")]
    pub path: String,
    #[prost(string, tag = "6")]
    pub headers: String,
    #[prost(int32, tag = "7")]
    pub expected_response_code: i32,
    #[prost(string, optional, tag = "8")]
    pub user: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub password: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub command: Option<String>,
    #[prost(btree_map = "string, string", tag = "11")]
    pub metadata: BTreeMap<String, String>,
}

/// One operation; `code` says which, and which of the other fields count.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OperationRecord {
    #[prost(uint32, tag = "1")]
    pub code: u32,
    #[prost(message, optional, tag = "2")]
    pub service: Option<ServiceName>,
    #[prost(message, optional, tag = "3")]
    pub owner: Option<OwnerRecord>,
    #[prost(message, optional, tag = "4")]
    pub incarnation: Option<IncarnationRecord>,
    #[prost(message, repeated, tag = "5")]
    pub instances: Vec<InstanceRecord>,
    #[prost(message, repeated, tag = "6")]
    pub keys: Vec<InstanceKeyRecord>,
    #[prost(bool, tag = "7")]
    pub flag: bool,
    #[prost(uint64, tag = "8")]
    pub revision: u64,
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<ServiceMetadataRecord>,
    #[prost(message, optional, tag = "10")]
    pub cluster: Option<ClusterRecord>,
    #[prost(message, optional, tag = "11")]
    pub value: Option<OverrideRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CommandRecord {
    #[prost(message, optional, tag = "1")]
    pub origin: Option<IncarnationRecord>,
    #[prost(uint64, tag = "2")]
    pub batch: u64,
    #[prost(message, repeated, tag = "3")]
    pub operations: Vec<OperationRecord>,
}

/// Row: what changes with every visible change of a service.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServiceRow {
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceName>,
    #[prost(bool, tag = "2")]
    pub persistent: bool,
    #[prost(uint64, tag = "3")]
    pub revision: u64,
    #[prost(uint64, tag = "4")]
    pub ref_time: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OverrideEntry {
    #[prost(message, optional, tag = "1")]
    pub key: Option<InstanceKeyRecord>,
    #[prost(message, optional, tag = "2")]
    pub value: Option<OverrideRecord>,
}

/// Row: what operators set for a service.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DetailRow {
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceName>,
    #[prost(message, optional, tag = "2")]
    pub metadata: Option<ServiceMetadataRecord>,
    #[prost(message, repeated, tag = "3")]
    pub clusters: Vec<ClusterRecord>,
    #[prost(message, repeated, tag = "4")]
    pub overrides: Vec<OverrideEntry>,
}

/// Row: one publication.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PublicationRow {
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceName>,
    #[prost(message, optional, tag = "2")]
    pub owner: Option<OwnerRecord>,
    #[prost(message, optional, tag = "3")]
    pub holder: Option<IncarnationRecord>,
    #[prost(bool, tag = "4")]
    pub detached: bool,
    #[prost(message, repeated, tag = "5")]
    pub instances: Vec<InstanceRecord>,
}

/// Row: the shard's counters.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct CounterRow {
    #[prost(uint64, tag = "1")]
    pub revision: u64,
    #[prost(uint64, tag = "2")]
    pub time: u64,
}

/// Row: a node's current epoch, and its last batch with the answers.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OriginRow {
    #[prost(message, optional, tag = "1")]
    pub incarnation: Option<IncarnationRecord>,
    #[prost(uint64, tag = "2")]
    pub batch: u64,
    #[prost(bytes = "vec", tag = "3")]
    pub answers: Vec<u8>,
}
