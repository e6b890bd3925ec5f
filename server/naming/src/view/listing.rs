//! A filtered list of a service, as encoders and the HTTP door get it.

use std::sync::Arc;

use crate::model::{Instance, ServiceKey, ServiceKind};

/// A filtered list, ready to be written in any form.
#[derive(Clone, Debug)]
pub struct ServiceList {
    /// The service.
    pub service: ServiceKey,
    /// The kind of its instances; ephemeral for an unknown service.
    pub kind: ServiceKind,
    /// The caller's cluster text, to be echoed.
    pub clusters: Option<String>,
    /// How long clients may use it, in milliseconds.
    pub cache_millis: u64,
    /// Time of the last visible change, in milliseconds since the epoch.
    pub last_ref_time: u64,
    /// Whether unhealthy hosts are shown as healthy.
    pub reach_protection_threshold: bool,
    /// The instances.
    pub hosts: Vec<Arc<Instance>>,
}

impl ServiceList {
    /// The same, borrowed.
    #[must_use]
    pub fn listing(&self) -> Listing<'_> {
        Listing {
            service: &self.service,
            kind: self.kind,
            clusters: self.clusters.as_deref(),
            cache_millis: self.cache_millis,
            last_ref_time: self.last_ref_time,
            reach_protection_threshold: self.reach_protection_threshold,
            hosts: &self.hosts,
        }
    }
}

/// What an encoder writes. See [`ServiceList`].
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The service.
    pub service: &'a ServiceKey,
    /// The kind of its instances.
    pub kind: ServiceKind,
    /// The caller's cluster text, to be echoed.
    pub clusters: Option<&'a str>,
    /// How long clients may use it, in milliseconds.
    pub cache_millis: u64,
    /// Time of the last visible change, in milliseconds since the epoch.
    pub last_ref_time: u64,
    /// Whether unhealthy hosts are shown as healthy.
    pub reach_protection_threshold: bool,
    /// The instances.
    pub hosts: &'a [Arc<Instance>],
}
