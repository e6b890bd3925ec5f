//! Settings of the gRPC door.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the gRPC door. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Largest message of a client in bytes; a larger one fails its call only. Default 10485760.
    pub max_message: usize,
    /// Bytes of large messages that may be on their way at once, of all clients. Default 268435456.
    pub max_buffered: usize,
    /// Time in which a request must arrive completely. Default 60000.
    pub receive_timeout: u64,
    /// How many clients may be connected; a further one is closed at its setup. Members of a
    /// cluster do not count. Default 100000.
    pub max_clients: usize,
    /// Silence after which a client is asked whether it is there. Default 20000.
    pub idle_timeout: u64,
    /// Time that it has to answer. Default 5000.
    pub probe_timeout: u64,
    /// How often silent clients are looked for. Default 1000.
    pub probe_interval: u64,
    /// How long clients may take to tell what they hold of a config. Default 1000.
    pub client_metrics_timeout: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_message: 10_485_760,
            max_buffered: 256 << 20,
            receive_timeout: 60_000,
            max_clients: 100_000,
            idle_timeout: 20_000,
            probe_timeout: 5_000,
            probe_interval: 1_000,
            client_metrics_timeout: 1_000,
        }
    }
}

impl Settings {
    pub(super) fn receive_timeout(&self) -> Duration {
        Duration::from_millis(self.receive_timeout)
    }

    pub(super) fn probe_interval(&self) -> Duration {
        Duration::from_millis(self.probe_interval.max(10))
    }

    pub(super) fn client_metrics_timeout(&self) -> Duration {
        Duration::from_millis(self.client_metrics_timeout)
    }
}
