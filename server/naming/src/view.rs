//! What a node serves for one service: an immutable list per revision, filtered and encoded once
//! for all who ask the same.

mod filter;
mod listing;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicU64, atomic::Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;

pub use filter::Filter;
pub use listing::{Listing, ServiceList};

use crate::model::{Instance, ServiceKey, ServiceKind, ServiceMetadata};

/// Filtered forms of one service that are kept encoded; more are encoded on demand.
const FILTERED_KEPT: usize = 8;

/// How lists look on the wire; the door that pushes supplies it.
pub trait Encoder: Send + Sync + 'static {
    /// The body that describes a service in replies and pushes.
    fn info(&self, listing: &Listing<'_>) -> Bytes;

    /// A complete push, ready for the stream, around a body made by [`Encoder::info`].
    fn push(&self, request_id: u64, info: &Bytes) -> Bytes;
}

/// What encoding needs beyond the view.
#[derive(Clone)]
pub(crate) struct Press {
    pub(crate) encoder: Arc<dyn Encoder>,
    pub(crate) request_ids: Arc<AtomicU64>,
    pub(crate) cache_millis: Arc<AtomicU64>,
}

impl Press {
    /// A request id that no other push of this server has.
    pub(crate) fn next_id(&self) -> u64 {
        self.request_ids.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press").field("cache_millis", &self.cache_millis).finish_non_exhaustive()
    }
}

/// An encoded push and its request id.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) request_id: u64,
    pub(crate) bytes: Bytes,
}

/// One filter's encodings, each made when first needed.
#[derive(Debug, Default)]
struct Variant {
    info: OnceLock<Bytes>,
    frame: OnceLock<Frame>,
}

/// The instances of one service at one revision.
pub struct View {
    key: ServiceKey,
    kind: ServiceKind,
    revision: u64,
    ref_time: u64,
    metadata: Option<Arc<ServiceMetadata>>,
    instances: Vec<Arc<Instance>>,
    /// All clusters: without and with an echo, all and healthy only.
    unfiltered: [Variant; 4],
    filtered: Mutex<Vec<(Filter, Arc<Variant>)>>,
}

impl View {
    /// A view of what is published, overrides already applied. Equal instances become one.
    pub(crate) fn new(
        key: ServiceKey,
        kind: ServiceKind,
        revision: u64,
        ref_time: u64,
        metadata: Option<Arc<ServiceMetadata>>,
        published: impl Iterator<Item = Arc<Instance>>,
    ) -> Self {
        let distinct: HashSet<Arc<Instance>> = published.collect();
        let mut instances: Vec<Arc<Instance>> = distinct.into_iter().collect();
        instances.sort_unstable_by(|one, other| {
            (&one.ip, one.port, &one.cluster, &one.instance_id, &one.metadata)
                .cmp(&(&other.ip, other.port, &other.cluster, &other.instance_id, &other.metadata))
                .then_with(|| one.weight.total_cmp(&other.weight))
        });
        Self {
            key,
            kind,
            revision,
            ref_time,
            metadata,
            instances,
            unfiltered: Default::default(),
            filtered: Mutex::default(),
        }
    }

    /// The service.
    #[must_use]
    pub fn key(&self) -> &ServiceKey {
        &self.key
    }

    /// The kind of its instances; ephemeral for an unknown service.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        self.kind
    }

    /// Rises with each visible change; 0 for an unknown service.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Time of the last visible change in milliseconds since the epoch.
    #[must_use]
    pub fn ref_time(&self) -> u64 {
        self.ref_time
    }

    /// All instances, disabled and unhealthy ones too, with operators' values on top.
    #[must_use]
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// Whether the protection threshold is reached over all enabled instances.
    #[must_use]
    pub fn reaches_protection(&self) -> bool {
        self.list(&Filter::all(), 0).reach_protection_threshold
    }

    /// The list that `filter` lets through.
    pub(crate) fn list(&self, filter: &Filter, cache_millis: u64) -> ServiceList {
        let mut hosts: Vec<Arc<Instance>> =
            self.instances.iter().filter(|instance| filter.admits(instance)).cloned().collect();
        // A selector needs labels from a CMDB; without one nothing matches, and then all are shown.
        let protected = self.metadata.as_deref().is_some_and(|metadata| protects(metadata, &hosts));
        if protected {
            for host in &mut hosts {
                if !host.healthy {
                    *host = Arc::new(Instance { healthy: true, ..Instance::clone(host) });
                }
            }
        }
        ServiceList {
            service: self.key.clone(),
            kind: self.kind,
            clusters: filter.clusters().map(Into::into),
            cache_millis,
            last_ref_time: self.ref_time,
            reach_protection_threshold: protected,
            hosts,
        }
    }

    /// The encoded list for a reply.
    pub(crate) fn info(&self, filter: &Filter, press: &Press) -> Bytes {
        self.with_variant(filter, |variant| self.variant_info(variant, filter, press))
    }

    /// The encoded push that all subscribers with this filter share.
    pub(crate) fn frame(&self, filter: &Filter, press: &Press) -> Frame {
        self.with_variant(filter, |variant| {
            variant
                .frame
                .get_or_init(|| {
                    let info = self.variant_info(variant, filter, press);
                    let request_id = press.next_id();
                    Frame { request_id, bytes: press.encoder.push(request_id, &info) }
                })
                .clone()
        })
    }

    /// The same push under an id of its own.
    pub(crate) fn frame_anew(&self, filter: &Filter, press: &Press) -> Frame {
        let info = self.info(filter, press);
        let request_id = press.next_id();
        Frame { request_id, bytes: press.encoder.push(request_id, &info) }
    }

    fn variant_info(&self, variant: &Variant, filter: &Filter, press: &Press) -> Bytes {
        variant
            .info
            .get_or_init(|| {
                press.encoder.info(&self.list(filter, press.cache_millis.load(Ordering::Relaxed)).listing())
            })
            .clone()
    }

    fn with_variant<R>(&self, filter: &Filter, use_variant: impl FnOnce(&Variant) -> R) -> R {
        if let Some(index) = filter.unfiltered_index() {
            return use_variant(&self.unfiltered[index]);
        }
        let kept = {
            let mut filtered = self.filtered.lock();
            match filtered.iter().find(|(known, _)| known == filter) {
                Some((_, variant)) => variant.clone(),
                None => {
                    let variant = Arc::new(Variant::default());
                    if filtered.len() < FILTERED_KEPT {
                        filtered.push((filter.clone(), variant.clone()));
                    }
                    variant
                }
            }
        };
        use_variant(&kept)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("key", &self.key)
            .field("revision", &self.revision)
            .field("instances", &self.instances.len())
            .finish_non_exhaustive()
    }
}

/// Whether so few of `hosts` are healthy that all are to be shown as healthy. A threshold of 0
/// protects a list without any healthy host, as in Nacos.
fn protects(metadata: &ServiceMetadata, hosts: &[Arc<Instance>]) -> bool {
    let healthy = hosts.iter().filter(|host| host.healthy).count();
    !hosts.is_empty() && healthy as f32 / hosts.len() as f32 <= metadata.protect_threshold.max(0.0)
}

#[cfg(test)]
mod tests;
