//! Settings of naming, each with its effect and default.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of naming. All times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Changes of one service that follow a push within this time are merged into the next. 20.
    pub push_window: u64,
    /// The window may grow to this while very many pushes go out. 200.
    pub push_window_max: u64,
    /// After the first subscribe of a service on a connection its list is pushed once more. 500.
    pub first_push_delay: u64,
    /// A push that was not acknowledged for this time counts as lost. 5000.
    pub push_timeout: u64,
    /// A lost or refused push is sent again after this time. 1000.
    pub push_retry_delay: u64,
    /// A connection that took nothing for this time while a push waited is ended. 30000.
    pub stall_timeout: u64,
    /// Instances of a client that was sent away stay this long for it to claim them again. 15000.
    pub grace: u64,
    /// Instances of clients stay this long after a restart of the server. 60000.
    pub restart_grace: u64,
    /// Whether instances whose beats stopped are removed. true.
    pub expire_instances: bool,
    /// Period in which 1.x clients are asked to send beats, unless instance metadata says other. 5000.
    pub beat_interval: u64,
    /// Silence after which a beaten instance is unhealthy, unless instance metadata says other. 15000.
    pub beat_timeout: u64,
    /// Silence after which a beaten instance is removed, unless instance metadata says other. 30000.
    pub delete_timeout: u64,
    /// `cacheMillis` of every list that is served. 10000.
    pub cache_millis: u64,
    /// Time between two searches for empty services; the first comes after half of it. 60000.
    pub empty_service_interval: u64,
    /// A service without publishers is removed when it stayed so for this time. 60000.
    pub empty_service_age: u64,
    /// Time between two searches for operator values of instances that are gone. 5000.
    pub expired_metadata_interval: u64,
    /// Operator values of an instance are dropped when it was gone for this time. 60000.
    pub expired_metadata_age: u64,
    /// Health checks of persistent instances that are under way at once; 0 checks none. 256.
    pub health_checks_at_once: usize,
    /// An idle shard writes a time mark this often, so that its clock is never far behind. 3600000.
    pub time_mark_interval: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            push_window: 20,
            push_window_max: 200,
            first_push_delay: 500,
            push_timeout: 5_000,
            push_retry_delay: 1_000,
            stall_timeout: 30_000,
            grace: 15_000,
            restart_grace: 60_000,
            expire_instances: true,
            beat_interval: 5_000,
            beat_timeout: 15_000,
            delete_timeout: 30_000,
            cache_millis: 10_000,
            empty_service_interval: 60_000,
            empty_service_age: 60_000,
            expired_metadata_interval: 5_000,
            expired_metadata_age: 60_000,
            health_checks_at_once: 256,
            time_mark_interval: 3_600_000,
        }
    }
}

/// A time of [`Settings`]: at least 1 ms, since an interval of zero would never pause, and at most
/// ten years, so that it can be added to any instant.
pub(crate) fn millis(value: u64) -> Duration {
    Duration::from_millis(value.clamp(1, 315_360_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_can_always_be_waited_for() {
        let now = tokio::time::Instant::now();
        assert!(now + millis(0) > now);
        assert!(now + millis(u64::MAX) > now);
    }

    #[test]
    fn unknown_settings_are_refused() {
        let settings: Settings = serde_json::from_str(r#"{"push_window":5}"#).expect("known");
        assert_eq!(settings, Settings { push_window: 5, ..Settings::default() });
        assert!(serde_json::from_str::<Settings>(r#"{"push_widow":5}"#).is_err());
    }
}
