//! What operators change: services, clusters, overrides, health by hand.

use std::sync::Arc;

use futures::future::join_all;
use nacre_consensus::ProposeError;

use crate::{
    Error, Naming, Registration,
    model::{
        Address, ClusterMetadata, Instance, InstanceKey, InstanceOverride, OverrideChange, ServiceKey, ServiceKind,
        ServiceMetadata,
    },
    shard::{Operation, Owner},
    switches::SwitchCommand,
};

impl Naming {
    /// Sets the health of a persistent instance whose cluster is not checked. An unknown address
    /// is no error.
    ///
    /// # Errors
    /// [`Error::HealthCheckActive`] also for an unknown service, and what a write can fail with.
    pub async fn set_health(
        &self,
        service: &ServiceKey,
        cluster: &str,
        ip: &str,
        port: i32,
        healthy: bool,
    ) -> Result<(), Error> {
        let machine = &self.registry().shard(service).machine;
        if machine.is_unchecked(service, cluster) != Some(true) {
            return Err(Error::HealthCheckActive { service: service.clone(), cluster: cluster.to_owned() });
        }
        let owner = Owner::Persistent(Address::new(ip, port));
        let known = machine
            .publication(service, &owner)
            .is_some_and(|publication| publication.instances.iter().any(|instance| instance.cluster == cluster));
        if !known {
            return Ok(());
        }
        self.operate(service, Operation::SetHealth { service: service.clone(), owner, healthy }).await
    }

    /// Replaces what operators set for an instance. The instance need not exist.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn set_override(
        &self,
        service: &ServiceKey,
        instance: InstanceKey,
        value: InstanceOverride,
    ) -> Result<(), Error> {
        self.operate(service, Operation::SetOverride { service: service.clone(), instance, value }).await
    }

    /// Changes parts of what operators set for an instance.
    ///
    /// # Errors
    /// [`Error::NoInstances`], [`Error::InstanceNotFound`], and what a write can fail with.
    pub async fn change_override(
        &self,
        service: &ServiceKey,
        instance: InstanceKey,
        change: OverrideChange,
    ) -> Result<(), Error> {
        let cluster = instance.cluster.to_string();
        let operation = Operation::ChangeOverride { service: service.clone(), instance, change };
        self.operate(service, operation).await.map_err(|error| match error {
            Error::NoInstances { service, .. } => Error::NoInstances { service, cluster },
            other => other,
        })
    }

    /// Changes metadata that operators set, on all instances of a service that `matches` picks. Answers those that
    /// were changed, as they were shown before. An unknown service has no instances.
    ///
    /// # Errors
    /// What a write can fail with.
    pub async fn change_metadata(
        &self,
        service: &ServiceKey,
        matches: impl Fn(&Instance) -> bool,
        change: &OverrideChange,
    ) -> Result<Vec<Arc<Instance>>, Error> {
        let view = self.view(service);
        let found: Vec<Arc<Instance>> = view.instances().iter().filter(|one| matches(one)).cloned().collect();
        let writes = found.iter().map(|instance| self.change_override(service, instance.key(), change.clone()));
        let mut changed = Vec::new();
        for (instance, written) in found.iter().zip(join_all(writes).await) {
            match written {
                Ok(()) => changed.push(instance.clone()),
                // It went away meanwhile.
                Err(Error::NoInstances { .. } | Error::InstanceNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    /// Creates an empty service.
    ///
    /// # Errors
    /// [`Error::ServiceExists`], and what a write can fail with.
    pub async fn create_service(
        &self,
        service: &ServiceKey,
        kind: ServiceKind,
        metadata: ServiceMetadata,
    ) -> Result<(), Error> {
        self.operate(service, Operation::Create { service: service.clone(), kind, metadata }).await
    }

    /// Replaces what operators set for a service; its clusters keep theirs.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn update_service(&self, service: &ServiceKey, metadata: ServiceMetadata) -> Result<(), Error> {
        self.operate(service, Operation::Update { service: service.clone(), metadata }).await
    }

    /// Removes a service without instances.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], [`Error::ServiceNotEmpty`], and what a write can fail with.
    pub async fn delete_service(&self, service: &ServiceKey) -> Result<(), Error> {
        self.operate(service, Operation::Delete { service: service.clone() }).await
    }

    /// Replaces what operators set for a cluster, which need not have instances.
    ///
    /// # Errors
    /// [`Error::ServiceNotFound`], and what a write can fail with.
    pub async fn update_cluster(
        &self,
        service: &ServiceKey,
        cluster: &str,
        metadata: ClusterMetadata,
    ) -> Result<(), Error> {
        let cluster = cluster.to_owned();
        self.operate(service, Operation::SetCluster { service: service.clone(), cluster, metadata }).await
    }

    /// Sets a switch, for all nodes or for this one until it stops. An unknown one is not an error, as scripts set
    /// switches of other versions.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], and what a write can fail with.
    pub async fn set_switch(&self, entry: &str, value: &str, on_this_node_only: bool) -> Result<(), Error> {
        let switches = &self.registry().switches;
        if !switches.check(entry, value).map_err(Error::InvalidParameter)? {
            return Ok(());
        }
        let Some(group) = self.running.switch_group.as_ref().filter(|_| !on_this_node_only) else {
            switches.set_local(entry, value);
            return Ok(());
        };
        let command = SwitchCommand { entry: entry.to_owned(), value: value.to_owned() };
        group.propose(command).await.map_err(|error| match error {
            ProposeError::StorageFull { free, reserve } => Error::StorageFull { free, reserve },
            ProposeError::TooLarge { size, limit } => Error::TooLarge { size, limit },
            error => Error::Unavailable(error.to_string()),
        })
    }

    async fn operate(&self, service: &ServiceKey, operation: Operation) -> Result<(), Error> {
        self.registry().write(service, operation, Registration::Ephemeral).await
    }
}
