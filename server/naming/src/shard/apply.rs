//! How each operation changes the state. Total and without a clock: the same log gives the same
//! state everywhere.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use super::{
    command::{Answer, Incarnation, Operation, Owner, Refusal, ShardCommand},
    state::{Origin, Publication, Service, State},
};
use crate::model::{
    Address, Instance, InstanceKey, InstanceOverride, OverrideChange, ServiceKey, ServiceKind, ServiceMetadata,
};

/// What a command touched, each thing once, to be stored and told.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Rows of services.
    pub(super) services: BTreeSet<ServiceKey>,
    /// Rows of what operators set.
    pub(super) details: BTreeSet<ServiceKey>,
    /// Rows of publications.
    pub(super) publications: BTreeSet<(ServiceKey, Owner)>,
    /// Nodes whose epoch changed.
    pub(super) origins: BTreeSet<nacre_consensus::NodeId>,
    /// Services whose shown list may have changed.
    pub(super) changed: BTreeSet<ServiceKey>,
}

impl State {
    /// Applies a batch at the leader's time `stamp`.
    pub(super) fn apply(&mut self, stamp: u64, command: &ShardCommand, touched: &mut Touched) -> Arc<[Answer]> {
        self.time = self.time.max(stamp);
        let known = self.origins.get(&command.origin.node).cloned().unwrap_or_default();
        if command.origin.epoch < known.epoch {
            return vec![Err(Refusal::Stale); command.operations.len()].into();
        }
        if command.origin.epoch == known.epoch && command.batch <= known.batch {
            let repeated = command.batch == known.batch && known.answers.len() == command.operations.len();
            return if repeated { known.answers } else { vec![Err(Refusal::Stale); command.operations.len()].into() };
        }
        let mut change = Change { state: self, stamp, touched };
        if command.origin.epoch > known.epoch {
            change.begin_epoch(command.origin);
        }
        let answers: Arc<[Answer]> = command.operations.iter().map(|operation| change.operation(operation)).collect();
        let origin = Origin { epoch: command.origin.epoch, batch: command.batch, answers: answers.clone() };
        self.origins.insert(command.origin.node, origin);
        touched.origins.insert(command.origin.node);
        answers
    }
}

struct Change<'a> {
    state: &'a mut State,
    stamp: u64,
    touched: &'a mut Touched,
}

impl Change<'_> {
    fn operation(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Publish { service, owner, holder, instances } => {
                self.publish(service, owner, *holder, instances)
            }
            Operation::Withdraw { service, owner, address } => {
                self.withdraw(service, owner, address.as_ref());
                Ok(())
            }
            Operation::Leave { owner } => {
                self.leave(owner);
                Ok(())
            }
            Operation::Detach { owner } => {
                self.detach(owner);
                Ok(())
            }
            Operation::Claim { service, address, holder } => self.claim(service, address, *holder),
            Operation::SetHealth { service, owner, healthy } => {
                self.set_health(service, owner, *healthy);
                Ok(())
            }
            Operation::Create { service, kind, metadata } => self.create(service, *kind, metadata),
            Operation::Update { service, metadata } => self.update(service, metadata),
            Operation::Delete { service } => self.delete(service),
            Operation::DeleteEmpty { service, revision } => {
                self.delete_empty(service, *revision);
                Ok(())
            }
            Operation::SetCluster { service, cluster, metadata } => {
                let state = self.service(service)?;
                if state.clusters.get(cluster) != Some(metadata) {
                    state.clusters.insert(cluster.clone(), metadata.clone());
                    state.metadata.get_or_insert_default();
                    self.details_changed(service);
                }
                Ok(())
            }
            Operation::SetOverride { service, instance, value } => self.set_override(service, instance, value),
            Operation::ChangeOverride { service, instance, change } => self.change_override(service, instance, change),
            Operation::DropOverrides { service, instances } => {
                self.drop_overrides(service, instances);
                Ok(())
            }
            // The first batch of a new epoch puts the earlier ones into grace, whatever is in it.
            Operation::BeginEpoch | Operation::Mark => Ok(()),
            Operation::EndGrace { incarnation } => {
                self.end_grace(*incarnation);
                Ok(())
            }
        }
    }

    fn service(&mut self, key: &ServiceKey) -> Result<&mut Service, Refusal> {
        self.state.services.get_mut(key).ok_or(Refusal::ServiceNotFound)
    }

    /// Gives the service its next revision and time. The row is written in any case, the change
    /// told only when somebody could see it.
    fn revise(&mut self, key: &ServiceKey, visible: bool) {
        let State { services, revision, time, .. } = &mut *self.state;
        let Some(service) = services.get_mut(key) else { return };
        *revision += 1;
        service.revision = *revision;
        service.ref_time = match service.ref_time {
            // A new service starts at the time that its absence was answered with.
            0 => *time,
            previous => self.stamp.max(previous + 1),
        };
        *time = service.ref_time.max(*time);
        service.view.take();
        self.touched.services.insert(key.clone());
        if visible {
            self.touched.changed.insert(key.clone());
        }
    }

    fn details_changed(&mut self, key: &ServiceKey) {
        self.touched.details.insert(key.clone());
        self.revise(key, true);
    }

    fn publish(
        &mut self,
        key: &ServiceKey,
        owner: &Owner,
        holder: Incarnation,
        instances: &Arc<[Arc<Instance>]>,
    ) -> Answer {
        let new = match self.state.services.get(key) {
            Some(service) if service.kind != owner.kind() => return Err(Refusal::KindMismatch(service.kind)),
            Some(_) => false,
            None => {
                self.state.add_service(key, owner.kind());
                true
            }
        };
        let mut removed = self.give_way(key, owner, |instance| {
            instances.iter().any(|new| new.port == instance.port && new.ip == instance.ip)
        });
        let in_grace = self.state.is_past(holder);
        let publication = Publication { holder, detached: false, in_grace, instances: instances.clone() };
        if let Some(previous) = self.state.put_publication(key, owner, publication) {
            removed.extend(previous.instances.iter().cloned());
        }
        self.touched.publications.insert((key.clone(), owner.clone()));
        let visible = !same_instances(&removed, instances);
        if new || visible {
            self.revise(key, visible);
        }
        Ok(())
    }

    /// Takes what `matches` from all owners in grace but `owner`; answers it.
    fn give_way(&mut self, key: &ServiceKey, owner: &Owner, matches: impl Fn(&Instance) -> bool) -> Vec<Arc<Instance>> {
        let mut removed = Vec::new();
        let Some(service) = self.state.services.get(key).filter(|service| service.in_grace > 0) else {
            return removed;
        };
        let mut left = Vec::new();
        for (other, publication) in &service.publications {
            if !publication.in_grace || other == owner {
                continue;
            }
            if publication.instances.iter().any(|instance| matches(instance)) {
                let (gone, kept): (Vec<_>, Vec<_>) =
                    publication.instances.iter().cloned().partition(|instance| matches(instance));
                removed.extend(gone);
                left.push((other.clone(), Publication { instances: kept.into(), ..publication.clone() }));
            }
        }
        for (other, publication) in left {
            if publication.instances.is_empty() {
                self.state.take_publication(key, &other);
            } else {
                self.state.put_publication(key, &other, publication);
            }
            self.touched.publications.insert((key.clone(), other));
        }
        removed
    }

    fn withdraw(&mut self, key: &ServiceKey, owner: &Owner, address: Option<&Address>) {
        let mut visible = false;
        if let Some(previous) = self.state.take_publication(key, owner) {
            self.touched.publications.insert((key.clone(), owner.clone()));
            visible |= !previous.instances.is_empty();
        }
        if let Some(address) = address {
            visible |= !self.give_way(key, owner, |instance| instance.is_at(address)).is_empty();
        }
        if visible {
            self.revise(key, true);
        }
    }

    fn leave(&mut self, owner: &Owner) {
        let mut places = self.state.connections.get(owner).cloned().unwrap_or_default();
        // Revisions are given in this order, so it must be the same on every node.
        places.sort_unstable();
        for key in places {
            self.withdraw(&key, owner, None);
        }
    }

    fn detach(&mut self, owner: &Owner) {
        for key in self.state.connections.get(owner).cloned().unwrap_or_default() {
            let Some(service) = self.state.services.get_mut(&key) else { continue };
            let Some(publication) = service.publications.get_mut(owner) else { continue };
            service.in_grace += usize::from(!publication.in_grace);
            publication.in_grace = true;
            publication.detached = true;
            self.touched.publications.insert((key, owner.clone()));
        }
    }

    fn claim(&mut self, key: &ServiceKey, address: &Address, holder: Incarnation) -> Answer {
        let in_grace = self.state.is_past(holder);
        let service = self.state.services.get_mut(key).ok_or(Refusal::InstanceNotFound)?;
        let owner = Owner::Beaten(address.clone());
        let publication = service.publications.get_mut(&owner).ok_or(Refusal::InstanceNotFound)?;
        service.in_grace -= usize::from(publication.in_grace);
        service.in_grace += usize::from(in_grace);
        publication.in_grace = in_grace;
        publication.holder = holder;
        self.touched.publications.insert((key.clone(), owner));
        Ok(())
    }

    fn set_health(&mut self, key: &ServiceKey, owner: &Owner, healthy: bool) {
        let Some(service) = self.state.services.get_mut(key) else { return };
        let Some(publication) = service.publications.get_mut(owner) else { return };
        if publication.instances.iter().all(|instance| instance.healthy == healthy) {
            return;
        }
        publication.instances = publication
            .instances
            .iter()
            .map(|instance| Arc::new(Instance { healthy, ..Instance::clone(instance) }))
            .collect();
        self.touched.publications.insert((key.clone(), owner.clone()));
        self.revise(key, true);
    }

    fn create(&mut self, key: &ServiceKey, kind: ServiceKind, metadata: &ServiceMetadata) -> Answer {
        if self.state.services.contains_key(key) {
            return Err(Refusal::ServiceExists);
        }
        self.state.add_service(key, kind);
        self.update(key, metadata)
    }

    fn update(&mut self, key: &ServiceKey, metadata: &ServiceMetadata) -> Answer {
        let service = self.service(key)?;
        if service.metadata.as_deref() != Some(metadata) {
            service.metadata = Some(Arc::new(metadata.clone()));
            self.details_changed(key);
        }
        Ok(())
    }

    fn delete(&mut self, key: &ServiceKey) -> Answer {
        if self.service(key)?.instances().next().is_some() {
            return Err(Refusal::ServiceNotEmpty);
        }
        self.remove_service(key);
        Ok(())
    }

    fn delete_empty(&mut self, key: &ServiceKey, revision: u64) {
        let empty = |service: &Service| service.publications.is_empty() && service.revision == revision;
        if self.state.services.get(key).is_some_and(empty) {
            self.remove_service(key);
        }
    }

    fn remove_service(&mut self, key: &ServiceKey) {
        for owner in self.state.remove_service(key) {
            self.touched.publications.insert((key.clone(), owner));
        }
        self.touched.services.insert(key.clone());
        self.touched.details.insert(key.clone());
    }

    fn set_override(&mut self, key: &ServiceKey, instance: &InstanceKey, value: &InstanceOverride) -> Answer {
        let service = self.service(key)?;
        if service.overrides.get(instance) == Some(value) {
            return Ok(());
        }
        service.overrides.insert(instance.clone(), value.clone());
        if service.contains(instance) {
            self.details_changed(key);
        } else {
            self.touched.details.insert(key.clone());
        }
        Ok(())
    }

    fn change_override(&mut self, key: &ServiceKey, instance: &InstanceKey, change: &OverrideChange) -> Answer {
        let service = self.state.services.get(key).ok_or(Refusal::NoInstances)?;
        if service.instances().next().is_none() {
            return Err(Refusal::NoInstances);
        }
        if !service.contains(instance) {
            return Err(Refusal::InstanceNotFound);
        }
        let mut value = service.overrides.get(instance).cloned().unwrap_or_default();
        value.weight = change.weight.or(value.weight);
        value.enabled = change.enabled.or(value.enabled);
        value.metadata.extend(change.set.iter().map(|(key, value)| (key.clone(), value.clone())));
        for name in &change.remove {
            value.metadata.remove(name);
        }
        self.set_override(key, instance, &value)
    }

    fn drop_overrides(&mut self, key: &ServiceKey, instances: &[InstanceKey]) {
        let Some(service) = self.state.services.get_mut(key) else { return };
        for instance in instances {
            if !service.contains(instance) && service.overrides.remove(instance).is_some() {
                self.touched.details.insert(key.clone());
            }
        }
    }

    fn begin_epoch(&mut self, incarnation: Incarnation) {
        for service in self.state.services.values_mut() {
            for (owner, publication) in &mut service.publications {
                let earlier = publication.holder.node == incarnation.node
                    && publication.holder.epoch < incarnation.epoch
                    && owner.kind() == ServiceKind::Ephemeral;
                if earlier && !publication.in_grace {
                    publication.in_grace = true;
                    service.in_grace += 1;
                }
            }
        }
    }

    /// What lives by beats is left to its own timers.
    fn end_grace(&mut self, incarnation: Incarnation) {
        let mut owners: Vec<Owner> = self
            .state
            .connections
            .keys()
            .filter(|owner| match owner {
                Owner::Connection { incarnation: other, .. } => {
                    other.node == incarnation.node && other.epoch < incarnation.epoch
                }
                _ => false,
            })
            .cloned()
            .collect();
        owners.sort_unstable();
        for owner in owners {
            self.leave(&owner);
        }
    }
}

/// Whether two lists show the same, equal instances counting once.
fn same_instances(one: &[Arc<Instance>], other: &[Arc<Instance>]) -> bool {
    match (one, other) {
        ([one], [other]) => one == other,
        _ if one.is_empty() || other.is_empty() => one.is_empty() && other.is_empty(),
        _ => one.iter().collect::<HashSet<_>>() == other.iter().collect::<HashSet<_>>(),
    }
}
