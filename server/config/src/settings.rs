//! Settings of the config domain.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity;

/// Settings of the config domain. Times are in the unit that the name says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Longest content of a config, in UTF-16 units. Default 10485760.
    pub max_content: usize,
    /// How many gray versions one config may have. Default 10.
    pub max_gray_versions: u32,
    /// How many configs one connection, or one long poll, may listen to. Default 10000.
    pub max_listens_per_connection: usize,
    /// How many long polls may be held at once. Default 50000.
    pub max_long_polls: usize,
    /// Bytes of content kept in memory; what does not fit is read from disk. Default 64 MiB.
    pub cache_bytes: usize,
    /// Days that history is kept. Default 30.
    pub history_days: u32,
    /// Seconds between two looks for history that is too old. Default 600.
    pub history_clean_seconds: u64,
    /// Milliseconds that a client has to acknowledge a change notification. Default 3000.
    pub notify_timeout_ms: u64,
    /// A notification that failed n times is sent again after n times this many milliseconds.
    /// Default 2000.
    pub notify_retry_ms: u64,
    /// After so many sends without acknowledgement the connection ends; 0 never ends it.
    /// Default 50.
    pub notify_attempts: u32,
    /// How many configs there may be and how large.
    pub capacity: capacity::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_content: 10_485_760,
            max_gray_versions: 10,
            max_listens_per_connection: 10_000,
            max_long_polls: 50_000,
            cache_bytes: 64 << 20,
            history_days: 30,
            history_clean_seconds: 600,
            notify_timeout_ms: 3_000,
            notify_retry_ms: 2_000,
            notify_attempts: 50,
            capacity: capacity::Settings::default(),
        }
    }
}

impl Settings {
    pub(crate) fn notify_timeout(&self) -> Duration {
        Duration::from_millis(self.notify_timeout_ms)
    }

    pub(crate) fn retry_delay(&self, attempts: u32) -> Duration {
        Duration::from_millis(self.notify_retry_ms.saturating_mul(u64::from(attempts)))
    }

    pub(crate) fn history_kept_ms(&self) -> u64 {
        u64::from(self.history_days) * 24 * 60 * 60 * 1000
    }

    pub(crate) fn history_clean_interval(&self) -> Duration {
        Duration::from_secs(self.history_clean_seconds.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_and_missing_ones_take_their_default() {
        let settings: Settings = toml::from_str("history_days = 7").unwrap();
        assert_eq!(settings, Settings { history_days: 7, ..Settings::default() });
        assert!(toml::from_str::<Settings>("history_day = 7").is_err());
    }
}
