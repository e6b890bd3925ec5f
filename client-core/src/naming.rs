//! The service registry: registering instances, finding and following them.
//!
//! [`Naming`] is had from [`Client::naming`](crate::Client::naming).
//!
//! ```no_run
//! use nacre_client::{Client, ServiceKey, naming::Instance};
//!
//! # async fn example() -> Result<(), nacre_client::Error> {
//! let client = Client::builder().server("127.0.0.1:8848").connect().await?;
//! let naming = client.naming();
//! let orders = ServiceKey::new("DEFAULT_GROUP", "orders")?;
//!
//! naming.register(&orders, Instance::new("10.0.0.11", 8080).with_weight(2.0)).await?;
//!
//! // From memory after the first time, kept up to date by the server.
//! if let Some(instance) = naming.select_one(&orders).await? {
//!     println!("call {}", instance.address());
//! }
//!
//! let mut changes = naming.subscribe(&orders).await?;
//! while changes.changed().await {
//!     if let Some(change) = changes.take_newest() {
//!         println!("{} instances, {} new", change.instances.len(), change.added.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod balance;
mod bell;
mod cache;
mod check;
mod diff;
mod failover;
mod files;
mod fuzzy;
mod holder;
mod ledger;
mod maintain;
mod model;
mod poll;
mod query;
mod register;
mod select;
mod services;
mod slot;
mod status;
mod subscription;
mod tasks;

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Weak},
    time::Duration,
};

use nacre_proto::naming::ServiceQueryRequest;
use parking_lot::Mutex;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

pub use balance::{
    Balancer, ConsistentHash, LeastFrequentlyUsed, LeastRecentlyUsed, Random, RoundRobin, SameCluster, WeightedRandom,
};
pub use bell::Ready;
pub use fuzzy::{FuzzyChange, FuzzyWatch};
pub use maintain::{ClusterDetail, InstancePatch, Maintenance, ServiceDetail, ServiceSettings};
pub use model::{
    HEART_BEAT_INTERVAL, HEART_BEAT_TIMEOUT, IP_DELETE_TIMEOUT, Instance, ServiceChange, ServiceSnapshot, Source,
};
pub use query::Query;
pub use select::{Clusters, Instances, Selector};
pub use services::{ServiceNames, ServicePage, ServicesWatch};
pub use status::ServerStatus;
pub use subscription::{Listener, Subscription};

pub(crate) use ledger::Ledger;

use cache::DiskCache;
use failover::Failover;
use holder::Holder;
use slot::Surroundings;
use tasks::Tasks;

use crate::{
    connection::{Call, Resource},
    error::Error,
    metrics::Metrics,
    names::{Group, Namespace, ServiceKey},
    pool::{Line, Lines, Owner},
};

/// The service registry. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Naming {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    lines: Arc<Lines>,
    holder: Arc<Holder>,
    groups: Mutex<HashMap<Group, Weak<services::Watched>>>,
    boards: Mutex<Vec<Weak<fuzzy::Board>>>,
    tasks: Tasks,
}

/// What a client's service registry has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamingCounts {
    /// Services whose list is in memory.
    pub services: usize,
    /// Services for which a list of the failover folder stands in.
    pub failover_services: usize,
    /// Files of the disk cache that could not be read and were set aside.
    pub corrupt_files: u64,
    /// Lists that could not be written to the disk cache.
    pub failed_writes: u64,
}

impl Naming {
    pub(crate) fn new(lines: &Arc<Lines>) -> Self {
        let options = lines.options();
        let settings = &options.naming;
        let disk = options.directory.as_ref().map(|directory| {
            let folder = cache::folder(directory, settings.cache_folder.as_deref(), &options.namespace);
            Arc::new(DiskCache::new(folder, settings.load_cache_at_start))
        });
        let failover = disk.as_ref().map(|disk| Arc::new(Failover::new(disk.folder())));
        let around = Surroundings {
            protect_empty: settings.push_empty_protection,
            disk: disk.clone(),
            failover: failover.clone(),
        };
        let holder = Holder::new(lines, around);
        let tasks = Tasks::default();
        if let Some(disk) = disk {
            tasks.spawn(disk.run());
        }
        if let Some(failover) = failover {
            let holder = Arc::downgrade(&holder);
            tasks.spawn(failover.run(settings.failover_refresh, move |services| {
                if let Some(holder) = holder.upgrade() {
                    holder.wake(&services);
                }
            }));
        }
        if settings.poll {
            tasks.spawn(poll::run(Arc::new(Polled { lines: Arc::clone(lines), holder: Arc::downgrade(&holder) })));
        }
        let (groups, boards) = (Mutex::default(), Mutex::default());
        Self { inner: Arc::new(Inner { lines: Arc::clone(lines), holder, groups, boards, tasks }) }
    }

    /// Follows a service and waits until the server has answered. See [`Subscription`].
    ///
    /// # Errors
    /// When the server cannot be reached in time or refuses. Nothing is followed then; [`Naming::watch`] goes on
    /// trying instead.
    pub async fn subscribe(&self, service: &ServiceKey) -> Result<Subscription, Error> {
        let subscription = self.watch(service, Selector::new())?;
        subscription.established().await?;
        Ok(subscription)
    }

    /// Follows the instances of a service that a selector accepts, from the moment when the server can be reached.
    /// See [`Subscription`]; [`Subscription::established`] waits for the server's answer.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the client is closed.
    pub fn watch(&self, service: &ServiceKey, selector: Selector) -> Result<Subscription, Error> {
        Ok(Subscription::new(self.inner.holder.enter(service)?, selector))
    }

    /// Follows a service with a function, which is called with one change after the other, the present list first.
    /// A slow function gets several changes as one.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the client is closed.
    pub fn listen<F, Fut>(&self, service: &ServiceKey, selector: Selector, function: F) -> Result<Listener, Error>
    where
        F: FnMut(ServiceChange) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Ok(Listener::new(self.watch(service, selector)?, function))
    }

    /// The services that are followed: by a subscription, or since a query asked for them.
    #[must_use]
    pub fn subscribed(&self) -> Vec<ServiceKey> {
        let slots = self.inner.holder.slots();
        let mut services: Vec<_> =
            slots.iter().filter(|slot| slot.is_used()).map(|slot| slot.service().clone()).collect();
        services.sort();
        services
    }

    /// What has been counted so far.
    #[must_use]
    pub fn counts(&self) -> NamingCounts {
        let around = self.inner.holder.around();
        NamingCounts {
            services: self.inner.holder.len(),
            failover_services: around.failover.as_ref().map_or(0, |failover| failover.active()),
            corrupt_files: around.disk.as_ref().map_or(0, |disk| disk.corrupt()),
            failed_writes: around.disk.as_ref().map_or(0, |disk| disk.failed_writes()),
        }
    }

    pub(crate) fn add_to(&self, sum: &mut Metrics) {
        sum.services += self.inner.holder.len() as u64;
    }

    /// Takes back what this object registered and subscribed, at the latest by `deadline`; later calls fail as
    /// closed. Called once, before the connections end.
    pub(crate) async fn close(&self, deadline: Instant) {
        let inner = &self.inner;
        inner.tasks.abort();
        inner.holder.close();
        let groups = std::mem::take(&mut *inner.groups.lock());
        groups.values().filter_map(Weak::upgrade).for_each(|watched| watched.end());
        let boards = std::mem::take(&mut *inner.boards.lock());
        boards.iter().filter_map(Weak::upgrade).for_each(|board| board.end());
        let mut leaving = JoinSet::new();
        for line in inner.lines.all() {
            let owner = inner.lines.owner();
            leaving.spawn(async move { line.ledger().leave(owner, deadline).await });
        }
        while leaving.join_next().await.is_some() {}
        if let Some(disk) = &inner.holder.around().disk {
            // A disk that takes longer costs the cache.
            let _ = timeout_at(deadline, disk.flush()).await;
        }
    }

    fn lines(&self) -> &Arc<Lines> {
        &self.inner.lines
    }

    fn main(&self) -> &Arc<Line> {
        self.inner.lines.main()
    }

    fn owner(&self) -> Owner {
        self.inner.lines.owner()
    }

    fn namespace(&self) -> &Namespace {
        &self.inner.lines.options().namespace
    }

    fn holder(&self) -> &Arc<Holder> {
        &self.inner.holder
    }

    fn request_timeout(&self) -> Duration {
        self.inner.holder.request_timeout()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Others may go on using the lines.
        self.holder.close();
        for line in self.lines.all() {
            line.ledger().abandon(self.lines.owner());
        }
    }
}

/// What the poll sees of a client.
#[derive(Debug)]
struct Polled {
    lines: Arc<Lines>,
    holder: Weak<Holder>,
}

impl poll::Services for Polled {
    fn followed(&self) -> Vec<(ServiceKey, Option<poll::Brief>)> {
        let Some(holder) = self.holder.upgrade() else { return Vec::new() };
        let used = holder.slots().into_iter().filter(|slot| slot.is_used());
        used.map(|slot| (slot.service().clone(), slot.live().as_deref().map(brief))).collect()
    }

    async fn ask(&self, service: &ServiceKey) -> Result<poll::Brief, Error> {
        let holder = self.holder.upgrade().ok_or_else(Error::closed)?;
        let slot = holder.find(service).ok_or_else(Error::closed)?;
        let line = slot.line().ok_or_else(Error::closed)?;
        let (namespace, group) = (self.lines.options().namespace.as_str(), service.group().as_str());
        let request = ServiceQueryRequest {
            namespace: Some(namespace.to_owned()),
            service_name: Some(service.name().to_owned()),
            group_name: Some(group.to_owned()),
            cluster: Some(String::new()),
            ..ServiceQueryRequest::default()
        };
        let resource = Resource::Naming { namespace, group, service: service.name() };
        let call = Call { resource, timeout: Some(holder.request_timeout()), ..Call::default() };
        let generation = line.connection().status().borrow().generation;
        let info = line.connection().call_with(&request, call).await?.service_info;
        let info = info.ok_or_else(|| Error::internal("the server answered a query without a list"))?;
        let brief = poll::Brief {
            last_ref_time: info.last_ref_time,
            cache_time: Duration::from_millis(info.cache_millis.max(0).unsigned_abs()),
            empty: info.hosts.is_empty(),
        };
        // If the connection changed meanwhile the list may be another server's; its own reply is on the way.
        if line.connection().status().borrow().generation == generation {
            line.ledger().accept(service, info, generation);
        }
        Ok(brief)
    }
}

fn brief(list: &ServiceSnapshot) -> poll::Brief {
    let (last_ref_time, cache_time) = (list.last_ref_time(), list.cache_time());
    poll::Brief { last_ref_time, cache_time, empty: list.instances().is_empty() }
}
