//! Settings of the configuration centre.

use std::time::Duration;

/// Settings of the configuration centre.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigOptions {
    /// Deadline of config requests. Default: [`Options::request_timeout`](crate::Options::request_timeout).
    pub request_timeout: Option<Duration>,
    /// Salt of the header `Client-RequestToken`. Default: empty.
    pub app_key: String,
    /// Whether what the server answers is kept in snapshot files. Default true; without
    /// [`Options::directory`](crate::Options::directory) there are none.
    pub snapshots: bool,
    /// Name of the folder of local files. Default: made of the server list as Nacos makes it.
    pub environment_name: Option<String>,
    /// Time between two comparisons of all listened configs with the server. Default 180 s.
    pub full_sync: Duration,
    /// Most configs in one listen request. Default 3000.
    pub listens_per_request: usize,
    /// Time between two looks at the failover files. Default 5 s.
    pub failover_refresh: Duration,
    /// Largest content that is published or read from a file, in bytes of UTF-8. Default 10 MiB.
    pub max_content: usize,
}

impl Default for ConfigOptions {
    fn default() -> Self {
        Self {
            request_timeout: None,
            app_key: String::new(),
            snapshots: true,
            environment_name: None,
            full_sync: Duration::from_secs(180),
            listens_per_request: 3000,
            failover_refresh: Duration::from_secs(5),
            max_content: 10 * 1024 * 1024,
        }
    }
}
