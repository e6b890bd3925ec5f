//! Services and their instances.

use std::{collections::HashMap, sync::Arc};

use nacre_client::{
    Group, ServiceKey,
    naming::{
        Balancer, Clusters, ConsistentHash, LeastFrequentlyUsed, LeastRecentlyUsed, Query, Random, RoundRobin,
        SameCluster, ServerStatus, WeightedRandom,
    },
};

use crate::{
    error::NacreError,
    model::{self, BalancerKind, Instance, InstanceSelector, ServiceDetail, ServiceName, ServicePage},
    watch::{ServicePatternWatch, ServiceWatch, ServicesWatch},
    work::Held,
};

/// Balancers that remember something of the services of a client.
#[derive(Debug, Default)]
pub(crate) struct Balancers {
    round_robin: Arc<RoundRobin>,
    least_recently_used: Arc<LeastRecentlyUsed>,
    least_frequently_used: Arc<LeastFrequentlyUsed>,
    consistent_hash: Arc<ConsistentHash>,
}

impl Balancers {
    fn get(&self, kind: BalancerKind, preferred: Option<String>) -> Arc<dyn Balancer> {
        let balancer: Arc<dyn Balancer> = match kind {
            BalancerKind::WeightedRandom => Arc::new(WeightedRandom),
            BalancerKind::Random => Arc::new(Random),
            BalancerKind::RoundRobin => Arc::<RoundRobin>::clone(&self.round_robin),
            BalancerKind::LeastRecentlyUsed => Arc::<LeastRecentlyUsed>::clone(&self.least_recently_used),
            BalancerKind::LeastFrequentlyUsed => Arc::<LeastFrequentlyUsed>::clone(&self.least_frequently_used),
            BalancerKind::ConsistentHash => Arc::<ConsistentHash>::clone(&self.consistent_hash),
        };
        match preferred {
            Some(cluster) => Arc::new(SameCluster::with(cluster, balancer)),
            None => balancer,
        }
    }
}

/// Services and their instances.
#[derive(Debug, uniffi::Object)]
pub struct Naming {
    naming: Held<nacre_client::Naming>,
    balancers: Arc<Balancers>,
}

impl Naming {
    pub(crate) fn new(naming: Held<nacre_client::Naming>, balancers: Arc<Balancers>) -> Self {
        Self { naming, balancers }
    }
}

#[uniffi::export]
impl Naming {
    /// Registers an instance: an ephemeral one in place of what this client registered for the service.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn register(&self, service: String, instance: Instance, group: String) -> Result<(), NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let instance = instance.try_into()?;
        self.naming.work.run(async move { naming.register(&key, instance).await }).await
    }

    /// Registers ephemeral instances in place of what this client registered for the service.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn register_batch(
        &self,
        service: String,
        instances: Vec<Instance>,
        group: String,
    ) -> Result<(), NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let instances = Instance::all(instances)?;
        self.naming.work.run(async move { naming.register_batch(&key, instances).await }).await
    }

    /// Deregisters an instance.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn deregister(&self, service: String, instance: Instance, group: String) -> Result<(), NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let instance = instance.try_into()?;
        self.naming.work.run(async move { naming.deregister(&key, &instance).await }).await
    }

    /// Takes instances out of the batch that this client registered for the service.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn deregister_batch(
        &self,
        service: String,
        instances: Vec<Instance>,
        group: String,
    ) -> Result<(), NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let instances = Instance::all(instances)?;
        self.naming.work.run(async move { naming.deregister_batch(&key, &instances).await }).await
    }

    /// All instances of a service, from memory: the first question follows the service from then on. Without
    /// `subscribe` the server is asked and nothing is followed. No clusters are all of them.
    #[uniffi::method(default(group = "DEFAULT_GROUP", clusters = [], subscribe = true))]
    pub async fn instances(
        &self,
        service: String,
        group: String,
        clusters: Vec<String>,
        subscribe: bool,
    ) -> Result<Vec<Instance>, NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let found = self
            .naming
            .work
            .run(async move {
                let clusters = Clusters::new(clusters);
                let query = Query::new(&key).clusters(&clusters);
                naming.instances(if subscribe { query } else { query.direct() }).await
            })
            .await?;
        Ok(Instance::shown(&found.to_shared()))
    }

    /// The instances of a service that take traffic and are healthy, or are not.
    #[uniffi::method(default(group = "DEFAULT_GROUP", clusters = [], healthy = true, subscribe = true))]
    pub async fn select(
        &self,
        service: String,
        group: String,
        clusters: Vec<String>,
        healthy: bool,
        subscribe: bool,
    ) -> Result<Vec<Instance>, NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let found = self
            .naming
            .work
            .run(async move {
                let clusters = Clusters::new(clusters);
                let query = Query::new(&key).clusters(&clusters);
                naming.select(if subscribe { query } else { query.direct() }, healthy).await
            })
            .await?;
        Ok(Instance::shown(&found.to_shared()))
    }

    /// One healthy instance that takes traffic; absent when there is none. `key` is for balancers that keep calls with
    /// the same key together, and instances of the preferred cluster are taken first.
    #[uniffi::method(default(
        group = "DEFAULT_GROUP", clusters = [], balancer = None, key = None, preferred_cluster = None
    ))]
    pub async fn select_one(
        &self,
        service: String,
        group: String,
        clusters: Vec<String>,
        balancer: Option<BalancerKind>,
        key: Option<String>,
        preferred_cluster: Option<String>,
    ) -> Result<Option<Instance>, NacreError> {
        let (naming, service) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        let balancer = self.balancers.get(balancer.unwrap_or(BalancerKind::WeightedRandom), preferred_cluster);
        let chosen = self
            .naming
            .work
            .run(async move {
                let clusters = Clusters::new(clusters);
                let query = Query::new(&service).clusters(&clusters);
                naming.select_one_with(query, &*balancer, key.as_deref()).await
            })
            .await?;
        Ok(chosen.map(|instance| Instance::from(&*instance)))
    }

    /// Follows a service.
    #[uniffi::method(default(group = "DEFAULT_GROUP", selector = None))]
    pub fn watch(
        &self,
        service: String,
        group: String,
        selector: Option<InstanceSelector>,
    ) -> Result<Arc<ServiceWatch>, NacreError> {
        let (naming, key, work) = (self.naming.get(), ServiceKey::new(&group, &service)?, &self.naming.work);
        let watch = work.enter(|| naming.watch(&key, selector.unwrap_or_default().into()))?;
        Ok(ServiceWatch::new(watch, work))
    }

    /// Ends the following of a service that questions began. Watches are not touched.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub fn unsubscribe(&self, service: String, group: String) -> Result<(), NacreError> {
        let (naming, key) = (self.naming.get(), ServiceKey::new(&group, &service)?);
        self.naming.work.enter(|| naming.unsubscribe(&key));
        Ok(())
    }

    /// One page of the names of the services of a group; pages are counted from 1.
    #[uniffi::method(default(group = "DEFAULT_GROUP", page = 1, size = 100))]
    pub async fn services(&self, group: String, page: u32, size: u32) -> Result<ServicePage, NacreError> {
        let (naming, group) = (self.naming.get(), Group::new(&group)?);
        let page = self.naming.work.run(async move { naming.services(&group, page, size).await }).await?;
        Ok(ServicePage { count: page.count, names: page.names })
    }

    /// Follows the names of the services of a group.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub fn watch_services(&self, group: String) -> Result<Arc<ServicesWatch>, NacreError> {
        let (naming, group, work) = (self.naming.get(), Group::new(&group)?, &self.naming.work);
        Ok(ServicesWatch::new(work.enter(|| naming.watch_services(&group))?, work))
    }

    /// Follows which services match; `*` stands for any text. Needs a server of Nacos 3.
    #[uniffi::method(default(service = "*", group = "DEFAULT_GROUP"))]
    pub async fn watch_pattern(&self, service: String, group: String) -> Result<Arc<ServicePatternWatch>, NacreError> {
        let (naming, work) = (self.naming.get(), &self.naming.work);
        let watch = work.run(async move { naming.watch_fuzzy(&group, &service).await }).await?;
        Ok(ServicePatternWatch::new(watch, work))
    }

    /// The services that are followed.
    pub fn subscribed(&self) -> Vec<ServiceName> {
        self.naming.get().subscribed().iter().map(Into::into).collect()
    }

    /// Whether the server says that it can serve.
    pub async fn is_server_up(&self) -> Result<bool, NacreError> {
        let naming = self.naming.get();
        self.naming.work.run(async move { Ok::<_, NacreError>(naming.server_status().await == ServerStatus::Up) }).await
    }

    /// What operators do.
    pub fn maintenance(&self) -> Arc<Maintenance> {
        Arc::new(Maintenance { naming: Held::new(self.naming.get(), &self.naming.work) })
    }
}

/// Changes of services and instances that others registered.
#[derive(Debug, uniffi::Object)]
pub struct Maintenance {
    naming: Held<nacre_client::Naming>,
}

#[uniffi::export]
impl Maintenance {
    /// Creates a service.
    #[uniffi::method(default(group = "DEFAULT_GROUP", protect_threshold = 0.0, metadata))]
    pub async fn create_service(
        &self,
        service: String,
        group: String,
        protect_threshold: f64,
        metadata: HashMap<String, String>,
    ) -> Result<(), NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        let settings = model::settings(protect_threshold, metadata);
        self.naming.work.run(async move { maintenance.create_service(&key, &settings).await }).await
    }

    /// Changes a service.
    #[uniffi::method(default(group = "DEFAULT_GROUP", protect_threshold = 0.0, metadata))]
    pub async fn update_service(
        &self,
        service: String,
        group: String,
        protect_threshold: f64,
        metadata: HashMap<String, String>,
    ) -> Result<(), NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        let settings = model::settings(protect_threshold, metadata);
        self.naming.work.run(async move { maintenance.update_service(&key, &settings).await }).await
    }

    /// Deletes a service without instances.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn delete_service(&self, service: String, group: String) -> Result<(), NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        self.naming.work.run(async move { maintenance.delete_service(&key).await }).await
    }

    /// A service as the server keeps it.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn service(&self, service: String, group: String) -> Result<ServiceDetail, NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        let detail = self.naming.work.run(async move { maintenance.service(&key).await }).await?;
        Ok(detail.into())
    }

    /// Replaces what the server has of an instance.
    #[uniffi::method(default(group = "DEFAULT_GROUP"))]
    pub async fn update_instance(&self, service: String, instance: Instance, group: String) -> Result<(), NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        let instance = instance.try_into()?;
        self.naming.work.run(async move { maintenance.update_instance(&key, &instance).await }).await
    }

    /// Changes what the server has of an instance; what is not given stays.
    #[uniffi::method(default(group = "DEFAULT_GROUP", weight = None, enabled = None, metadata = None))]
    pub async fn patch_instance(
        &self,
        service: String,
        instance: Instance,
        group: String,
        weight: Option<f64>,
        enabled: Option<bool>,
        metadata: Option<HashMap<String, String>>,
    ) -> Result<(), NacreError> {
        let (maintenance, key) = (self.naming.get().maintenance(), ServiceKey::new(&group, &service)?);
        let (instance, patch) = (instance.try_into()?, model::patch(weight, enabled, metadata));
        self.naming.work.run(async move { maintenance.patch_instance(&key, &instance, &patch).await }).await
    }
}
