//! Configs, gray rules, history, listeners and namespaces: the config domain. Knows no gRPC, HTTP or RocksDB.

pub mod check;
mod command;
mod config;
mod content;
mod error;
mod history;
mod hub;
mod index;
mod key;
mod kind;
mod listener;
mod machine;
mod md5;
mod metrics;
mod namespace;
mod poll;
mod request;
pub mod rule;
mod settings;
mod stored;

pub use command::{ConfigCommand, ConfigReply, PrunedRow, PublishCommand, PutNamespace, RemoveCommand};
pub use config::{Config, Detail, Options, Served, Summary, Variant};
pub use error::Error;
pub use history::{HistoryEntry, HistoryPage, Operation};
pub use key::{ConfigKey, normal_namespace};
pub use kind::ConfigType;
pub use listener::{Encoder, Listen, Listener};
pub use machine::ConfigMachine;
pub use md5::Md5;
pub use metrics::{Figure, Metrics};
pub use namespace::NamespaceInfo;
pub use poll::PollKey;
pub use request::{Attributes, Origin, Publish, Target};
pub use rule::{GrayRule, Labels, RuleKind};
pub use settings::Settings;
pub use stored::FAMILIES;
