//! Settings of the HTTP door.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the HTTP door. Times are in the unit that the name says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Path below which the API stands; `/` puts it at the root. Default `/nacos`.
    pub context_path: String,
    /// Largest form body. A character of a config's content takes up to nine bytes in a form.
    /// Default 32 MiB.
    pub max_body_bytes: usize,
    /// Bytes of all form bodies together that are read or worked on at one time; later ones wait.
    /// Default 256 MiB.
    pub max_bodies_bytes: usize,
    /// How many headers one request may have. Default 100.
    pub max_headers: usize,
    /// Milliseconds after which a request that is no long poll is given up with status 503.
    /// Default 30000.
    pub request_timeout_ms: u64,
    /// Milliseconds that a request's body may take, else the request is given up with status 408.
    /// Default 30000.
    pub body_timeout_ms: u64,
    /// Whether names, hosts and ports are checked before an operation sees them. Default true.
    pub check_parameters: bool,
    /// Limit on the keys and values of one instance's metadata together, in UTF-16 units.
    /// Default 1024.
    pub max_metadata: usize,
    /// Whether `X-Forwarded-For` and `X-Real-IP` name the caller, as gray releases by address see
    /// it. Switch it off where callers reach the server without a proxy. Default true.
    pub trust_forwarded: bool,
    /// Whether web pages of any origin may call the API. Default true.
    pub allow_any_origin: bool,
    /// Whether `/prometheus` lists all instances as targets for the service discovery of Prometheus.
    /// Default false.
    pub prometheus_discovery: bool,
    /// Shortest time that a long poll is held, in milliseconds. Default 10000.
    pub min_long_poll_ms: u64,
    /// Longest time that a long poll is held, in milliseconds. Default 120000.
    pub max_long_poll_ms: u64,
    /// A long poll is answered so many milliseconds before its client gives up. Default 500.
    pub long_poll_margin_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            context_path: "/nacos".to_owned(),
            max_body_bytes: 32 << 20,
            max_bodies_bytes: 256 << 20,
            max_headers: 100,
            request_timeout_ms: 30_000,
            body_timeout_ms: 30_000,
            check_parameters: true,
            max_metadata: crate::check::METADATA_LENGTH,
            trust_forwarded: true,
            allow_any_origin: true,
            prometheus_discovery: false,
            min_long_poll_ms: 10_000,
            max_long_poll_ms: 120_000,
            long_poll_margin_ms: 500,
        }
    }
}

impl Settings {
    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub(super) fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// How long a long poll is held whose client waits for `asked` milliseconds.
    pub(super) fn long_poll(&self, asked: u64) -> Duration {
        let held = asked.saturating_sub(self.long_poll_margin_ms);
        Duration::from_millis(held.max(self.min_long_poll_ms).min(self.max_long_poll_ms.max(self.min_long_poll_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_polls_end_before_their_client_gives_up() {
        let settings = Settings::default();
        assert_eq!(settings.long_poll(30_000), Duration::from_millis(29_500));
        assert_eq!(settings.long_poll(5_000), Duration::from_secs(10));
        assert_eq!(settings.long_poll(11_500), Duration::from_secs(11));
        assert_eq!(settings.long_poll(u64::MAX), Duration::from_secs(120));
    }
}
