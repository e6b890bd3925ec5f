//! A shard's state in memory, and the bookkeeping that every change of it needs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use nacre_consensus::NodeId;

use super::command::{Answer, Incarnation, Owner};
use crate::{
    model::{ClusterMetadata, Instance, InstanceKey, InstanceOverride, ServiceKey, ServiceKind, ServiceMetadata},
    view::View,
};

/// What one owner holds in one service.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The node that answers for the owner.
    pub holder: Incarnation,
    /// Whether the owner's connection was told to go elsewhere and ended.
    pub detached: bool,
    /// Whether the owner is gone and others may take over what it holds.
    pub in_grace: bool,
    /// The instances, possibly none.
    pub instances: Arc<[Arc<Instance>]>,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) kind: ServiceKind,
    pub(super) revision: u64,
    pub(super) ref_time: u64,
    pub(super) metadata: Option<Arc<ServiceMetadata>>,
    pub(super) clusters: BTreeMap<String, ClusterMetadata>,
    pub(super) overrides: BTreeMap<InstanceKey, InstanceOverride>,
    pub(super) publications: HashMap<Owner, Publication>,
    /// Publications in grace, so that a register need not look for them when there are none.
    pub(super) in_grace: usize,
    /// Made by the first reader after a change.
    pub(super) view: OnceLock<Arc<View>>,
}

impl Service {
    pub(super) fn new(kind: ServiceKind) -> Self {
        Self {
            kind,
            revision: 0,
            ref_time: 0,
            metadata: None,
            clusters: BTreeMap::new(),
            overrides: BTreeMap::new(),
            publications: HashMap::new(),
            in_grace: 0,
            view: OnceLock::new(),
        }
    }

    pub(super) fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.publications.values().flat_map(|publication| publication.instances.iter())
    }

    pub(super) fn contains(&self, key: &InstanceKey) -> bool {
        self.instances().any(|instance| *instance.cluster == *key.cluster && instance.is_at(&key.address))
    }

    /// The instance as it is shown.
    pub(super) fn shown(&self, instance: &Arc<Instance>) -> Arc<Instance> {
        if self.overrides.is_empty() {
            return instance.clone();
        }
        match self.overrides.get(&instance.key()) {
            Some(value) => Arc::new(value.apply(instance)),
            None => instance.clone(),
        }
    }
}

/// A node's current start, and the last batch of it that was applied.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub(super) epoch: u64,
    pub(super) batch: u64,
    pub(super) answers: Arc<[Answer]>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) services: HashMap<ServiceKey, Service>,
    /// The services of each namespace and group, sorted.
    pub(super) names: BTreeMap<(String, String), BTreeSet<ServiceKey>>,
    /// Where each connection publishes.
    pub(super) connections: HashMap<Owner, Vec<ServiceKey>>,
    pub(super) origins: BTreeMap<NodeId, Origin>,
    /// The last revision given.
    pub(super) revision: u64,
    /// The last stamp, or the highest time given to a service if that is later.
    pub(super) time: u64,
    pub(super) instances: usize,
}

impl State {
    pub(super) fn is_past(&self, holder: Incarnation) -> bool {
        self.origins.get(&holder.node).is_some_and(|origin| holder.epoch < origin.epoch)
    }

    /// Adds an empty service.
    pub(super) fn add_service(&mut self, key: &ServiceKey, kind: ServiceKind) {
        let group = (key.namespace().to_owned(), key.group().to_owned());
        self.names.entry(group).or_default().insert(key.clone());
        self.services.insert(key.clone(), Service::new(kind));
    }

    /// Removes a service with all that is in it; answers the owners that held something.
    pub(super) fn remove_service(&mut self, key: &ServiceKey) -> Vec<Owner> {
        let group = (key.namespace().to_owned(), key.group().to_owned());
        if let Some(names) = self.names.get_mut(&group) {
            names.remove(key);
            if names.is_empty() {
                self.names.remove(&group);
            }
        }
        let Some(service) = self.services.remove(key) else { return Vec::new() };
        let mut owners = Vec::with_capacity(service.publications.len());
        for (owner, publication) in service.publications {
            self.instances -= publication.instances.len();
            self.forget_place(&owner, key);
            owners.push(owner);
        }
        owners
    }

    /// Sets or replaces a publication; answers the one before. The service exists.
    pub(super) fn put_publication(
        &mut self,
        key: &ServiceKey,
        owner: &Owner,
        publication: Publication,
    ) -> Option<Publication> {
        let service = self.services.get_mut(key)?;
        service.in_grace += usize::from(publication.in_grace);
        self.instances += publication.instances.len();
        let previous = service.publications.insert(owner.clone(), publication);
        match &previous {
            Some(previous) => {
                service.in_grace -= usize::from(previous.in_grace);
                self.instances -= previous.instances.len();
            }
            None if matches!(owner, Owner::Connection { .. }) => {
                self.connections.entry(owner.clone()).or_default().push(key.clone());
            }
            None => {}
        }
        previous
    }

    /// Removes a publication.
    pub(super) fn take_publication(&mut self, key: &ServiceKey, owner: &Owner) -> Option<Publication> {
        let service = self.services.get_mut(key)?;
        let previous = service.publications.remove(owner)?;
        service.in_grace -= usize::from(previous.in_grace);
        self.instances -= previous.instances.len();
        self.forget_place(owner, key);
        Some(previous)
    }

    fn forget_place(&mut self, owner: &Owner, key: &ServiceKey) {
        if let Some(places) = self.connections.get_mut(owner) {
            places.retain(|place| place != key);
            if places.is_empty() {
                self.connections.remove(owner);
            }
        }
    }
}
