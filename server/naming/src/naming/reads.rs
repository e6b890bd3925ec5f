//! What can be asked. Every answer shows at least what was answered to any writer before.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;

use crate::{
    Error, Naming,
    model::{Instance, InstanceKey, ServiceDetail, ServiceKey},
    session::Client,
    stats::{Counts, Stats},
    switches::Switches,
    view::{Filter, ServiceList, View},
};

/// A page of service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePage {
    /// Services before paging.
    pub count: usize,
    /// Names without group, sorted.
    pub names: Vec<String>,
}

/// A client that subscribed to a service.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The client.
    pub client: Arc<Client>,
    /// The service.
    pub service: ServiceKey,
    /// The clusters as subscribed.
    pub clusters: Option<String>,
}

impl Naming {
    /// The current list of a service, encoded for gRPC. An unknown one is empty.
    #[must_use]
    pub fn query(&self, service: &ServiceKey, filter: &Filter) -> Bytes {
        self.view(service).info(filter, &self.registry().press)
    }

    /// The current list of a service. An unknown one is empty.
    #[must_use]
    pub fn list(&self, service: &ServiceKey, filter: &Filter) -> ServiceList {
        self.view(service).list(filter, self.switches().default_push_cache_millis)
    }

    /// All instances of a service, disabled ones too. An unknown one has none.
    #[must_use]
    pub fn view(&self, service: &ServiceKey) -> Arc<View> {
        self.registry().view(service)
    }

    /// One instance of a service, even if disabled.
    ///
    /// # Errors
    /// [`Error::NoInstances`], [`Error::InstanceNotFound`].
    pub fn instance(&self, service: &ServiceKey, key: &InstanceKey) -> Result<Arc<Instance>, Error> {
        let view = self.view(service);
        if view.instances().is_empty() {
            return Err(Error::NoInstances { service: service.clone(), cluster: key.cluster.to_string() });
        }
        let matches = |one: &&Arc<Instance>| *one.cluster == *key.cluster && one.is_at(&key.address);
        view.instances().iter().find(matches).cloned().ok_or(Error::InstanceNotFound)
    }

    /// Whether a service exists.
    #[must_use]
    pub fn contains(&self, service: &ServiceKey) -> bool {
        self.registry().shard(service).machine.kind(service).is_some()
    }

    /// Whether a service has an instance.
    #[must_use]
    pub fn has_instances(&self, service: &ServiceKey) -> bool {
        self.registry().shard(service).machine.has_instances(service)
    }

    /// A service as operators see it.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`].
    pub fn service(&self, service: &ServiceKey) -> Result<ServiceDetail, Error> {
        let detail = self.registry().shard(service).machine.detail(service);
        detail.ok_or_else(|| Error::ServiceNotFound { service: service.clone() })
    }

    /// A page of the services of a group, sorted. Pages count from 1; lower numbers are page 1.
    #[must_use]
    pub fn services(&self, namespace: &str, group: &str, page: i64, page_size: usize) -> ServicePage {
        let shards = self.registry().shards.iter();
        let mut services: Vec<ServiceKey> = shards.flat_map(|shard| shard.machine.names(namespace, group)).collect();
        let start = usize::try_from(page.saturating_sub(1)).unwrap_or(0).saturating_mul(page_size).min(services.len());
        let end = start.saturating_add(page_size).min(services.len());
        if start < end {
            services.sort_unstable();
        }
        let names = services[start..end].iter().map(|key| key.name().to_owned()).collect();
        ServicePage { count: services.len(), names }
    }

    /// All services, by namespace, sorted; of one namespace if given.
    #[must_use]
    pub fn all_services(&self, namespace: Option<&str>) -> BTreeMap<String, Vec<ServiceKey>> {
        let mut all: BTreeMap<String, Vec<ServiceKey>> = BTreeMap::new();
        for key in self.registry().shards.iter().flat_map(|shard| shard.machine.keys(namespace)) {
            match all.get_mut(key.namespace()) {
                Some(services) => services.push(key),
                None => {
                    all.insert(key.namespace().to_owned(), vec![key]);
                }
            }
        }
        all.values_mut().for_each(|services| services.sort_unstable());
        all
    }

    /// The subscribers of the services of a namespace that `matches` picks, sorted by connection.
    #[must_use]
    pub fn subscribers(&self, namespace: &str, matches: impl Fn(&ServiceKey) -> bool) -> Vec<Subscriber> {
        let found = self.registry().hub.subscribers(|key| key.namespace() == namespace && matches(key));
        let mut subscribers: Vec<Subscriber> = found
            .into_iter()
            .map(|(service, mailbox)| Subscriber {
                client: mailbox.client().clone(),
                clusters: mailbox.clusters(&service),
                service,
            })
            .collect();
        subscribers.sort_unstable_by(|one, other| {
            (&one.client.connection, &one.service).cmp(&(&other.client.connection, &other.service))
        });
        subscribers
    }

    /// The services that a connection subscribes to, sorted.
    #[must_use]
    pub fn subscriptions_of(&self, connection: &str) -> Vec<ServiceKey> {
        let all = self.registry().hub.subscribers(|_| true).into_iter();
        let mut services: Vec<ServiceKey> =
            all.filter(|(_, mailbox)| mailbox.client().connection == connection).map(|(service, _)| service).collect();
        services.sort_unstable();
        services
    }

    /// The switches as they are now.
    #[must_use]
    pub fn switches(&self) -> Arc<Switches> {
        self.registry().switches.now()
    }

    /// Figures, without those that cost a walk over all publications.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.figures(false)
    }

    /// What exists now, the different addresses of beats and persistent instances included.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.figures(true).counts
    }

    fn figures(&self, with_addresses: bool) -> Stats {
        let registry = self.registry();
        let mut counts = Counts {
            subscribers: registry.hub.subscriptions(),
            sessions: registry.sessions.load(Ordering::Relaxed),
            ..Counts::default()
        };
        let (mut beaten, mut persistent) = (HashSet::new(), HashSet::new());
        for shard in &registry.shards {
            let of_shard = shard.machine.counts(with_addresses);
            counts.services += of_shard.services as u64;
            counts.instances += of_shard.instances as u64;
            beaten.extend(of_shard.beaten);
            persistent.extend(of_shard.persistent);
        }
        counts.beat_clients = beaten.len() as u64;
        counts.persistent_clients = persistent.len() as u64;
        Stats {
            counts,
            push: registry.hub.stats(),
            batches: registry.batches.batches.load(Ordering::Relaxed),
            operations: registry.batches.operations.load(Ordering::Relaxed),
            beats: registry.beats.load(Ordering::Relaxed),
            checks: registry.checks.read(),
        }
    }
}
