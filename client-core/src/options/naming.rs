//! Settings of the service registry.

use std::time::Duration;

/// Settings of the service registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NamingOptions {
    /// Deadline of naming requests. Default: [`Options::request_timeout`](crate::Options::request_timeout).
    pub request_timeout: Option<Duration>,
    /// Whether services of the disk cache are there from the start. Default true.
    pub load_cache_at_start: bool,
    /// One more folder in the path of the disk cache. Default: none.
    pub cache_folder: Option<String>,
    /// Whether a list without a usable instance is ignored. Default false.
    pub push_empty_protection: bool,
    /// Whether subscribed services are also polled, in case pushes are lost. Default false.
    pub poll: bool,
    /// Time between two looks at the failover switch. Default 5 s.
    pub failover_refresh: Duration,
    /// Time between two reads of the list of services where the server does not push it. Default 10 s.
    pub services_refresh: Duration,
}

impl Default for NamingOptions {
    fn default() -> Self {
        Self {
            request_timeout: None,
            load_cache_at_start: true,
            cache_folder: None,
            push_empty_protection: false,
            poll: false,
            failover_refresh: Duration::from_secs(5),
            services_refresh: Duration::from_secs(10),
        }
    }
}
