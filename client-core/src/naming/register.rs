//! Registering and deregistering instances.

use std::sync::Arc;

use nacre_proto::naming::{DEREGISTER, PersistentInstanceRequest, REGISTER};

use super::{
    Naming, check,
    ledger::{Content, Scope},
    maintain,
    model::Instance,
};
use crate::{
    connection::{Call, Resource},
    error::Error,
    names::ServiceKey,
    pool::Line,
};

impl Naming {
    /// Registers an instance and waits until the server has it.
    ///
    /// An ephemeral instance lives as long as this client. The client has one publication per service: registering
    /// again replaces it, and [`Naming::register_batch`] publishes several instances. After a lost connection it is
    /// registered again by itself. A failure that may pass leaves it in the client, which goes on trying; a call that
    /// is cancelled takes it back.
    ///
    /// A persistent instance stays until it is deregistered, and is registered once.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) before anything is sent if a value is not legal;
    /// when the server refuses (400: the service is of the other kind) or cannot be reached in time.
    pub async fn register(&self, service: &ServiceKey, instance: Instance) -> Result<(), Error> {
        check::instance(&instance, service)?;
        if !instance.ephemeral {
            return self.send_persistent(service, &instance, REGISTER).await;
        }
        self.publish(service, Content::One(Arc::new(instance))).await
    }

    /// Registers several ephemeral instances of a service, in place of what this client published for it before.
    /// An empty list keeps the service published without instances.
    ///
    /// # Errors
    /// As [`Naming::register`]; code 400 if one of them is persistent.
    pub async fn register_batch(&self, service: &ServiceKey, instances: Vec<Instance>) -> Result<(), Error> {
        check::batch(&instances, service)?;
        self.publish(service, Content::Batch(instances.into())).await
    }

    /// Deregisters.
    ///
    /// Ephemeral: takes away what this client published for the service with [`Naming::register`], whatever address
    /// is named; of a batch, the instances with this address. Does nothing if nothing was published. Persistent:
    /// takes away the instance of this address.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached in time. An ephemeral instance is then taken away later.
    pub async fn deregister(&self, service: &ServiceKey, instance: &Instance) -> Result<(), Error> {
        if !instance.ephemeral {
            check::instance(instance, service)?;
            return self.send_persistent(service, instance, DEREGISTER).await;
        }
        self.holder().open()?;
        match self.published(service) {
            Some((_, Content::Batch(_))) => self.deregister_batch(service, std::slice::from_ref(instance)).await,
            Some((line, Content::One(_))) => {
                line.ledger().withdraw(self.scope(service), self.owner(), self.request_timeout()).await
            }
            None => Ok(()),
        }
    }

    /// Takes instances out of the batch that this client published for a service. They are told by address.
    ///
    /// # Errors
    /// Code 400 if nothing is named, something is named twice, or no batch is published; otherwise as
    /// [`Naming::deregister`].
    pub async fn deregister_batch(&self, service: &ServiceKey, instances: &[Instance]) -> Result<(), Error> {
        self.holder().open()?;
        if instances.is_empty() {
            return Err(Error::invalid("no instances to deregister"));
        }
        for (position, instance) in instances.iter().enumerate() {
            if instances[..position].contains(instance) {
                return Err(Error::invalid(format!("instance {} is named twice", instance.address())));
            }
        }
        let present = match self.published(service) {
            Some((_, Content::Batch(present))) if !present.is_empty() => present,
            _ => return Err(Error::invalid(format!("no batch of {service} is registered"))),
        };
        let named = |one: &Instance| instances.iter().any(|other| other.identity() == one.identity());
        let rest: Vec<_> = present.iter().filter(|one| !named(one)).cloned().collect();
        self.publish(service, Content::Batch(rest.into())).await
    }

    async fn publish(&self, service: &ServiceKey, content: Content) -> Result<(), Error> {
        self.holder().open()?;
        loop {
            // Where it is published already it stays: on another line it would be there twice.
            let line = match self.published(service) {
                Some((line, _)) => line,
                None => self.lines().publishing(self.namespace(), service)?,
            };
            let (scope, limit) = (self.scope(service), self.request_timeout());
            // If another client came between, the next line is free, or is opened.
            let published = line.ledger().publish(scope, self.owner(), content.clone(), limit).await;
            if let Ok(published) = published {
                return published;
            }
        }
    }

    /// What this client publishes for a service, and where.
    fn published(&self, service: &ServiceKey) -> Option<(Arc<Line>, Content)> {
        let scope = self.scope(service);
        self.lines().all().into_iter().find_map(|line| {
            let content = line.ledger().content(&scope, self.owner())?;
            Some((line, content))
        })
    }

    fn scope(&self, service: &ServiceKey) -> Scope {
        Scope { namespace: self.namespace().clone(), service: service.clone() }
    }

    /// Over gRPC where the server can do that, else over HTTP.
    async fn send_persistent(&self, service: &ServiceKey, instance: &Instance, kind: &str) -> Result<(), Error> {
        self.holder().open()?;
        let limit = self.request_timeout();
        let connection = self.main().connection();
        connection.ready(limit).await?;
        if !connection.status().borrow().abilities.persistent_instances {
            let method = if kind == REGISTER { "POST" } else { "DELETE" };
            return maintain::instance(self, method, service, instance).await;
        }
        let (namespace, group) = (self.namespace().as_str(), service.group().as_str());
        let request = PersistentInstanceRequest {
            namespace: Some(namespace.to_owned()),
            service_name: Some(service.name().to_owned()),
            group_name: Some(group.to_owned()),
            kind: Some(kind.to_owned()),
            instance: Some(instance.to_wire()),
            ..PersistentInstanceRequest::default()
        };
        let resource = Resource::Naming { namespace, group, service: service.name() };
        let call = Call { resource, timeout: Some(limit), ..Call::default() };
        connection.call_with(&request, call).await.map(|_| ())
    }
}
