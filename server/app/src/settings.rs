//! All settings of the server, made of those of its parts.

mod catalogue;
mod load;
mod nacos;

use std::{net::IpAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use catalogue::print;
pub(crate) use load::load;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the server listens.
    pub(crate) server: Server,
    /// Where and how data is kept.
    pub(crate) storage: Storage,
    /// Backups of the data.
    pub(crate) backup: Backup,
    /// Who may do what.
    pub(crate) auth: Auth,
    /// Logs.
    pub(crate) log: Log,
    /// Services and instances.
    pub(crate) naming: nacre_naming::Settings,
    /// Configs and namespaces.
    pub(crate) config: nacre_config::Settings,
    /// Connections and protocols.
    pub(crate) gateway: nacre_gateway::Settings,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Address to listen on. Unset: all addresses, IPv4 and IPv6.
    pub(crate) bind: Option<IpAddr>,
    /// HTTP port. gRPC is served on it too, and on this port + 1000. At most 64535.
    pub(crate) port: u16,
    /// Threads that serve requests; 0 means one for each core.
    pub(crate) worker_threads: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self { bind: None, port: 8848, worker_threads: 0 }
    }
}

/// Where and how data is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Storage {
    /// Directory of all data. One process uses it at a time.
    pub(crate) data_dir: PathBuf,
    /// Megabytes of free disk space below which new writes are refused. What is left is for
    /// removals and for changes of health.
    pub(crate) reserve_mb: u64,
    /// Number of shard groups that services are spread over, 1 to 256. Fixed when the data
    /// directory is first used; later values are ignored.
    pub(crate) shards: u16,
}

impl Default for Storage {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data"), reserve_mb: 256, shards: 16 }
    }
}

/// Backups of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backup {
    /// Folder that `nacre backup` writes to. On the file system of the data a backup shares files with it and takes
    /// hardly any space at first. Unset: `backups` in the data directory.
    pub(crate) dir: Option<PathBuf>,
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Auth {
    /// Whether callers must authenticate. This version has no users yet and refuses `true`; unset
    /// counts as `false`, with a warning at start.
    pub(crate) enabled: Option<bool>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}

/// Logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// Lowest level that is logged, also by module: `info`, `debug`, `info,nacre_naming=debug`.
    pub(crate) level: String,
    /// `text` or `json`.
    pub(crate) format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info,openraft=error".to_owned(), format: LogFormat::default() }
    }
}
