//! Reading the instances of a service.

use std::sync::Arc;

use nacre_proto::naming::ServiceQueryRequest;

use super::{
    Naming,
    balance::{Balancer, WeightedRandom},
    check,
    ledger::stays,
    model::{Instance, ServiceSnapshot, Source},
    select::{Clusters, Instances},
};
use crate::{
    connection::{Call, Resource},
    error::Error,
    names::ServiceKey,
};

const ALL: &[Box<str>] = &[];

/// Which instances are asked for, and where. A reference to a [`ServiceKey`] asks for all instances of it.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    service: &'a ServiceKey,
    clusters: &'a [Box<str>],
    direct: bool,
}

impl<'a> Query<'a> {
    /// All instances of a service, from memory. The first query follows the service from then on.
    pub fn new(service: &'a ServiceKey) -> Self {
        Self { service, clusters: ALL, direct: false }
    }

    /// Only instances of these clusters; none at all means every cluster.
    #[must_use]
    pub fn clusters(mut self, clusters: &'a Clusters) -> Self {
        self.clusters = clusters.names();
        self
    }

    /// Asks the server instead, and follows nothing.
    #[must_use]
    pub fn direct(mut self) -> Self {
        self.direct = true;
        self
    }
}

impl<'a> From<&'a ServiceKey> for Query<'a> {
    fn from(service: &'a ServiceKey) -> Self {
        Self::new(service)
    }
}

impl Naming {
    /// All instances of a service, whatever their state.
    ///
    /// The first query of a service subscribes to it, waits for the server, and keeps the subscription until
    /// [`Naming::unsubscribe`] or the end of the client; all further ones read memory. If no server can be reached
    /// the list of the disk cache is given, when the client loads it. A service that nobody knows is an empty list.
    ///
    /// # Errors
    /// When the server cannot be reached in time and no list is known, or when it refuses.
    pub async fn instances<'a>(&self, query: impl Into<Query<'a>>) -> Result<Instances, Error> {
        self.list(query.into(), None).await
    }

    /// The instances of a service that take traffic (enabled, weight above 0) and are healthy, or are not.
    ///
    /// # Errors
    /// As [`Naming::instances`].
    pub async fn select<'a>(&self, query: impl Into<Query<'a>>, healthy: bool) -> Result<Instances, Error> {
        self.list(query.into(), Some(healthy)).await
    }

    /// One healthy instance that takes traffic, by weighted random choice; `None` if there is none.
    ///
    /// # Errors
    /// As [`Naming::instances`].
    pub async fn select_one<'a>(&self, query: impl Into<Query<'a>>) -> Result<Option<Arc<Instance>>, Error> {
        self.select_one_with(query, &WeightedRandom, None).await
    }

    /// One healthy instance that takes traffic, as a balancer chooses; `None` if there is none. `key` is for those
    /// that keep calls with the same key together.
    ///
    /// # Errors
    /// As [`Naming::instances`].
    pub async fn select_one_with<'a>(
        &self,
        query: impl Into<Query<'a>>,
        balancer: &dyn Balancer,
        key: Option<&str>,
    ) -> Result<Option<Arc<Instance>>, Error> {
        let candidates = self.list(query.into(), Some(true)).await?;
        Ok(balancer.choose(&candidates, key))
    }

    /// Stops following a service for queries. Subscriptions are not touched.
    pub fn unsubscribe(&self, service: &ServiceKey) {
        self.holder().unpin(service);
    }

    async fn list(&self, query: Query<'_>, healthy: Option<bool>) -> Result<Instances, Error> {
        let holder = self.holder();
        holder.open()?;
        if let Some(failover) = &holder.around().failover
            && let Some(list) = failover.get(query.service)
        {
            let found = Instances::new(list, query.clusters, None);
            if !found.is_empty() {
                return Ok(Instances::new(Arc::clone(found.service()), query.clusters, healthy));
            }
        }
        let list = if query.direct {
            self.ask(query).await?
        } else {
            match holder.get(query.service) {
                Some(list) => list,
                None => self.follow(query.service).await?,
            }
        };
        Ok(Instances::new(list, query.clusters, healthy))
    }

    /// Subscribes to a service for this and later queries.
    async fn follow(&self, service: &ServiceKey) -> Result<Arc<ServiceSnapshot>, Error> {
        // A query that is cancelled ends the use, and with it the subscription if it was the first.
        let used = self.holder().enter(service)?;
        let established = used.established().await;
        if established.as_ref().map_or_else(stays, |()| true) {
            used.slot().pin();
        }
        match (used.slot().live(), established) {
            (Some(list), _) => Ok(list),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::internal("the server answered a subscription without a list")),
        }
    }

    async fn ask(&self, query: Query<'_>) -> Result<Arc<ServiceSnapshot>, Error> {
        check::clusters(query.clusters)?;
        let (namespace, service) = (self.namespace().as_str(), query.service);
        let request = ServiceQueryRequest {
            namespace: Some(namespace.to_owned()),
            service_name: Some(service.name().to_owned()),
            group_name: Some(service.group().as_str().to_owned()),
            cluster: Some(query.clusters.join(",")),
            ..ServiceQueryRequest::default()
        };
        let resource = Resource::Naming { namespace, group: service.group().as_str(), service: service.name() };
        let call = Call { resource, timeout: Some(self.request_timeout()), ..Call::default() };
        let reply = self.main().connection().call_with(&request, call).await?;
        let info = reply.service_info.ok_or_else(|| Error::internal("the server answered a query without a list"))?;
        Ok(ServiceSnapshot::from_wire(service.clone(), info, Source::Server))
    }
}
