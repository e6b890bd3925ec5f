//! What can be asked of a shard. All answers are current: what was answered to a writer is seen.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use super::{
    command::{Incarnation, Owner},
    machine::ShardMachine,
    state::{Publication, Service, State},
};
use crate::{
    model::{Address, ClusterMetadata, Instance, InstanceKey, ServiceDetail, ServiceKey, ServiceKind},
    view::View,
};

/// Figures of one shard.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShardCounts {
    pub(crate) services: usize,
    pub(crate) instances: usize,
    pub(crate) beaten: HashSet<Address>,
    pub(crate) persistent: HashSet<Address>,
}

impl ShardMachine {
    /// What is served for a service; an empty view for an unknown one.
    #[must_use]
    pub fn view(&self, key: &ServiceKey) -> Arc<View> {
        let state = self.read();
        match state.services.get(key) {
            Some(service) => service.view.get_or_init(|| Arc::new(view_of(key, service))).clone(),
            None => {
                let nothing = std::iter::empty();
                Arc::new(View::new(key.clone(), ServiceKind::Ephemeral, 0, state.time, None, nothing))
            }
        }
    }

    /// What an owner holds in a service.
    #[must_use]
    pub fn publication(&self, key: &ServiceKey, owner: &Owner) -> Option<Publication> {
        self.read().services.get(key)?.publications.get(owner).cloned()
    }

    /// The kind of a service, if it exists.
    #[must_use]
    pub fn kind(&self, key: &ServiceKey) -> Option<ServiceKind> {
        self.read().services.get(key).map(|service| service.kind)
    }

    /// A service as operators see it.
    #[must_use]
    pub fn detail(&self, key: &ServiceKey) -> Option<ServiceDetail> {
        let state = self.read();
        let service = state.services.get(key)?;
        let present: BTreeSet<&str> = service.instances().map(|instance| instance.cluster.as_str()).collect();
        let clusters: BTreeMap<_, _> = present
            .into_iter()
            .map(|name| (name.to_owned(), service.clusters.get(name).cloned().unwrap_or_default()))
            .collect();
        let metadata = service.metadata.clone().unwrap_or_default();
        Some(ServiceDetail { key: key.clone(), kind: service.kind, metadata, clusters })
    }

    /// Whether health in a cluster may be set by hand; `None` for an unknown service.
    #[must_use]
    pub fn is_unchecked(&self, key: &ServiceKey, cluster: &str) -> Option<bool> {
        let state = self.read();
        let service = state.services.get(key)?;
        let checker = service.clusters.get(cluster).map(|metadata| &metadata.health_checker);
        Some(checker == Some(&crate::model::HealthChecker::None))
    }

    /// A beaten instance as published and as shown, with the node that answers for it.
    pub(crate) fn beaten(&self, key: &ServiceKey, address: &Address) -> Option<Beaten> {
        let state = self.read();
        let service = state.services.get(key)?;
        let publication = service.publications.get(&Owner::Beaten(address.clone()))?;
        let instance = publication.instances.first()?;
        let unchecked = |metadata: &BTreeMap<String, String>| {
            metadata.get("enableClientBeat").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        let shown = service.shown(instance);
        let by_service = service.metadata.as_deref().is_some_and(|metadata| unchecked(&metadata.metadata));
        Some(Beaten { holder: publication.holder, unchecked: by_service || unchecked(&shown.metadata), shown })
    }

    /// All services and addresses that are kept by beats.
    pub(crate) fn all_beaten(&self) -> Vec<(ServiceKey, Address)> {
        let state = self.read();
        let places = state.services.iter().flat_map(|(key, service)| {
            service.publications.keys().filter_map(move |owner| match owner {
                Owner::Beaten(address) => Some((key.clone(), address.clone())),
                _ => None,
            })
        });
        places.collect()
    }

    /// Rises with every change of a service.
    pub(crate) fn revision(&self) -> u64 {
        self.read().revision
    }

    /// All services and addresses of persistent instances.
    pub(crate) fn all_persistent(&self) -> Vec<(ServiceKey, Address)> {
        let state = self.read();
        let services = state.services.iter().filter(|(_, service)| service.kind == ServiceKind::Persistent);
        let places = services.flat_map(|(key, service)| {
            service.publications.keys().filter_map(move |owner| match owner {
                Owner::Persistent(address) => Some((key.clone(), address.clone())),
                _ => None,
            })
        });
        places.collect()
    }

    /// How a persistent instance is checked, and its health.
    pub(crate) fn check_of(&self, key: &ServiceKey, address: &Address) -> Option<Check> {
        let state = self.read();
        let service = state.services.get(key)?;
        let publication = service.publications.get(&Owner::Persistent(address.clone()))?;
        let instance = publication.instances.first()?;
        let metadata = service.clusters.get(&instance.cluster).cloned().unwrap_or_default();
        Some(Check { is_healthy: instance.healthy, metadata })
    }

    /// All who publish something.
    pub(crate) fn owners(&self) -> HashSet<Owner> {
        let state = self.read();
        state.services.values().flat_map(|service| service.publications.keys().cloned()).collect()
    }

    /// What an owner holds, service by service.
    pub(crate) fn held_by(&self, owner: &Owner) -> Vec<(ServiceKey, Publication)> {
        let state = self.read();
        let of = |key: &ServiceKey| Some((key.clone(), state.services.get(key)?.publications.get(owner)?.clone()));
        match owner {
            Owner::Connection { .. } => state.connections.get(owner).into_iter().flatten().filter_map(of).collect(),
            Owner::Beaten(_) | Owner::Persistent(_) => state.services.keys().filter_map(of).collect(),
        }
    }

    /// What is published for a service, and by whom.
    pub(crate) fn publications(&self, key: &ServiceKey) -> Vec<(Owner, Publication)> {
        let state = self.read();
        let Some(service) = state.services.get(key) else { return Vec::new() };
        service.publications.iter().map(|(owner, publication)| (owner.clone(), publication.clone())).collect()
    }

    /// Whether a service has an instance.
    pub(crate) fn has_instances(&self, key: &ServiceKey) -> bool {
        self.read().services.get(key).is_some_and(|service| service.instances().next().is_some())
    }

    /// Whether an owner in grace holds something at `address`.
    pub(crate) fn has_in_grace(&self, key: &ServiceKey, address: &Address) -> bool {
        let state = self.read();
        let Some(service) = state.services.get(key).filter(|service| service.in_grace > 0) else { return false };
        service
            .publications
            .values()
            .any(|publication| publication.in_grace && publication.instances.iter().any(|one| one.is_at(address)))
    }

    /// Whether connections of earlier starts of the node hold anything.
    pub(crate) fn has_left_over(&self, incarnation: Incarnation) -> bool {
        self.read().connections.keys().any(|owner| match owner {
            Owner::Connection { incarnation: other, .. } => {
                other.node == incarnation.node && other.epoch < incarnation.epoch
            }
            _ => false,
        })
    }

    /// Connections of this start that were told to go elsewhere and still hold something.
    pub(crate) fn holds_anything(&self, owner: &Owner) -> bool {
        self.read().connections.contains_key(owner)
    }

    /// The services of a group, sorted.
    pub(crate) fn names(&self, namespace: &str, group: &str) -> Vec<ServiceKey> {
        let state = self.read();
        let names = state.names.get(&(namespace.to_owned(), group.to_owned()));
        names.map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }

    /// All services, or those of one namespace.
    pub(crate) fn keys(&self, namespace: Option<&str>) -> Vec<ServiceKey> {
        let state = self.read();
        let groups = state.names.iter().filter(|((of, _), _)| namespace.is_none_or(|wanted| wanted == of));
        groups.flat_map(|(_, names)| names.iter().cloned()).collect()
    }

    /// Services that nobody publishes to, with their revisions.
    pub(crate) fn empty_services(&self) -> Vec<(ServiceKey, u64)> {
        let state = self.read();
        let empty = state.services.iter().filter(|(_, service)| service.publications.is_empty());
        empty.map(|(key, service)| (key.clone(), service.revision)).collect()
    }

    /// Overrides whose instances are absent.
    pub(crate) fn orphaned_overrides(&self) -> Vec<(ServiceKey, InstanceKey)> {
        let state = self.read();
        let with_overrides = state.services.iter().filter(|(_, service)| !service.overrides.is_empty());
        let orphaned = with_overrides.flat_map(|(key, service)| {
            let present: HashSet<InstanceKey> = service.instances().map(|instance| instance.key()).collect();
            let absent = service.overrides.keys().filter(move |instance| !present.contains(*instance));
            absent.map(|instance| (key.clone(), instance.clone()))
        });
        orphaned.collect()
    }

    pub(crate) fn counts(&self, with_addresses: bool) -> ShardCounts {
        let state = self.read();
        let mut counts =
            ShardCounts { services: state.services.len(), instances: state.instances, ..ShardCounts::default() };
        if with_addresses {
            count_addresses(&state, &mut counts);
        }
        counts
    }
}

/// How a persistent instance is checked, and its health.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) is_healthy: bool,
    pub(crate) metadata: ClusterMetadata,
}

/// A beaten instance and who answers for it.
#[derive(Clone, Debug)]
pub(crate) struct Beaten {
    pub(crate) holder: Incarnation,
    /// Whether metadata says that silence means nothing.
    pub(crate) unchecked: bool,
    pub(crate) shown: Arc<Instance>,
}

fn view_of(key: &ServiceKey, service: &Service) -> View {
    let instances = service.instances().map(|instance| service.shown(instance));
    let Service { kind, revision, ref_time, metadata, .. } = service;
    View::new(key.clone(), *kind, *revision, *ref_time, metadata.clone(), instances)
}

fn count_addresses(state: &State, counts: &mut ShardCounts) {
    for owner in state.services.values().flat_map(|service| service.publications.keys()) {
        match owner {
            Owner::Beaten(address) => counts.beaten.insert(address.clone()),
            Owner::Persistent(address) => counts.persistent.insert(address.clone()),
            Owner::Connection { .. } => false,
        };
    }
}
