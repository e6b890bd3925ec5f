//! Choosing among the instances of a list: derived lists that are computed once, and client-side selectors.

use std::{
    collections::BTreeSet,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;

use super::{
    balance::WeightTable,
    model::{Instance, ServiceSnapshot},
};

/// Lists derived from one snapshot that are kept; further ones are computed for each call.
const KEPT_VIEWS: usize = 8;

/// Some of the instances of a snapshot.
pub(crate) struct View {
    /// Sorted and without duplicates; empty for all.
    clusters: Box<[Box<str>]>,
    /// `None` lists all. Otherwise those of this health that take traffic.
    healthy: Option<bool>,
    pub(crate) hosts: Arc<[Arc<Instance>]>,
    weights: OnceLock<WeightTable>,
}

impl View {
    fn new(clusters: &[Box<str>], healthy: Option<bool>, hosts: Arc<[Arc<Instance>]>) -> Arc<Self> {
        Arc::new(Self { clusters: clusters.into(), healthy, hosts, weights: OnceLock::new() })
    }

    pub(crate) fn weights(&self) -> &WeightTable {
        self.weights.get_or_init(|| WeightTable::new(&self.hosts))
    }

    fn is(&self, clusters: &[Box<str>], healthy: Option<bool>) -> bool {
        self.healthy == healthy && *self.clusters == *clusters
    }
}

/// The views of one snapshot; the first is the whole list.
pub(crate) struct Views {
    all: Arc<View>,
    derived: ArcSwap<Vec<Arc<View>>>,
}

impl Views {
    pub(crate) fn new(hosts: Vec<Arc<Instance>>) -> Self {
        Self { all: View::new(&[], None, hosts.into()), derived: ArcSwap::from_pointee(Vec::new()) }
    }

    pub(crate) fn all(&self) -> &[Arc<Instance>] {
        &self.all.hosts
    }

    pub(crate) fn get(&self, clusters: &[Box<str>], healthy: Option<bool>) -> Arc<View> {
        if self.all.is(clusters, healthy) {
            return Arc::clone(&self.all);
        }
        let derived = self.derived.load();
        if let Some(view) = derived.iter().find(|view| view.is(clusters, healthy)) {
            return Arc::clone(view);
        }
        let view = View::new(clusters, healthy, self.choose(clusters, healthy));
        if derived.len() < KEPT_VIEWS {
            // Two callers may both add the same view; the loser's copy is only looked up in vain.
            self.derived.rcu(|kept| {
                let mut kept = Vec::clone(kept);
                if kept.len() < KEPT_VIEWS {
                    kept.push(Arc::clone(&view));
                }
                kept
            });
        }
        view
    }

    fn choose(&self, clusters: &[Box<str>], healthy: Option<bool>) -> Arc<[Arc<Instance>]> {
        let in_clusters =
            |host: &Instance| clusters.is_empty() || clusters.iter().any(|cluster| **cluster == *host.cluster);
        let fits = |host: &Instance| healthy.is_none_or(|healthy| host.healthy == healthy && host.takes_traffic());
        self.all.hosts.iter().filter(|host| in_clusters(host) && fits(host)).cloned().collect()
    }
}

/// What one of [`Naming`](super::Naming)'s queries found: a shared list, and the snapshot that it is part of.
///
/// It reads like a slice. Copies of it share the list.
#[derive(Clone)]
pub struct Instances {
    service: Arc<ServiceSnapshot>,
    view: Arc<View>,
}

impl Instances {
    pub(crate) fn new(service: Arc<ServiceSnapshot>, clusters: &[Box<str>], healthy: Option<bool>) -> Self {
        let view = service.view(clusters, healthy);
        Self { service, view }
    }

    /// The whole list that these instances were chosen from.
    pub fn service(&self) -> &Arc<ServiceSnapshot> {
        &self.service
    }

    /// The instances as a list that can be kept.
    pub fn to_shared(&self) -> Arc<[Arc<Instance>]> {
        Arc::clone(&self.view.hosts)
    }

    /// Those of one cluster; none if the query left that cluster out.
    pub(crate) fn narrowed(&self, cluster: &[Box<str>; 1]) -> Self {
        let clusters = &self.view.clusters;
        if clusters.is_empty() || clusters.contains(&cluster[0]) {
            Self::new(Arc::clone(&self.service), cluster, self.view.healthy)
        } else {
            Self { service: Arc::clone(&self.service), view: View::new(cluster, self.view.healthy, Arc::new([])) }
        }
    }

    pub(crate) fn weights(&self) -> &WeightTable {
        self.view.weights()
    }
}

impl Deref for Instances {
    type Target = [Arc<Instance>];

    fn deref(&self) -> &Self::Target {
        &self.view.hosts
    }
}

impl<'a> IntoIterator for &'a Instances {
    type Item = &'a Arc<Instance>;
    type IntoIter = std::slice::Iter<'a, Arc<Instance>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Instances {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// Cluster names: sorted, without duplicates and blanks. None at all stands for every cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clusters(Arc<[Box<str>]>);

impl Clusters {
    /// Takes names, or comma lists of names.
    pub fn new<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut sorted = BTreeSet::new();
        for names in names {
            sorted.extend(names.as_ref().split(',').map(str::trim).filter(|name| !name.is_empty()).map(Box::from));
        }
        Self(sorted.into_iter().collect())
    }

    /// The names.
    pub fn names(&self) -> &[Box<str>] {
        &self.0
    }

    /// The names as a comma list.
    pub fn joined(&self) -> String {
        self.0.join(",")
    }
}

type Predicate = dyn Fn(&Instance) -> bool + Send + Sync;

/// Which instances a subscription shows. All conditions must hold.
///
/// ```
/// use nacre_client::naming::{Instance, Selector};
///
/// let selector = Selector::new().healthy(true).clusters(["a"]).metadata("version", "2");
/// let instance = Instance::new("10.0.0.1", 80).with_cluster("a").with_metadata("version", "2");
/// assert!(selector.accepts(&instance));
/// assert!(!selector.accepts(&instance.with_healthy(false)));
/// ```
#[derive(Clone, Default)]
pub struct Selector {
    clusters: Clusters,
    healthy: Option<bool>,
    takes_traffic: bool,
    metadata: Vec<(String, String)>,
    any_metadata: Vec<(String, String)>,
    predicates: Vec<Arc<Predicate>>,
}

impl Selector {
    /// Accepts everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts instances of these clusters only; none at all means every cluster.
    #[must_use]
    pub fn clusters<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.clusters = Clusters::new(names);
        self
    }

    /// Accepts instances of this health only.
    #[must_use]
    pub fn healthy(mut self, healthy: bool) -> Self {
        self.healthy = Some(healthy);
        self
    }

    /// Accepts only what is enabled and has a weight above 0.
    #[must_use]
    pub fn takes_traffic(mut self) -> Self {
        self.takes_traffic = true;
        self
    }

    /// Accepts only instances with this entry of metadata, besides those asked for before.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// Accepts only instances with at least one of these entries of metadata.
    #[must_use]
    pub fn any_metadata<K: Into<String>, V: Into<String>>(mut self, entries: impl IntoIterator<Item = (K, V)>) -> Self {
        self.any_metadata.extend(entries.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// Accepts only what this function accepts. It runs whenever a changed list is looked at; keep it short.
    #[must_use]
    pub fn matching(mut self, predicate: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Self {
        self.predicates.push(Arc::new(predicate));
        self
    }

    /// Whether an instance fits.
    pub fn accepts(&self, instance: &Instance) -> bool {
        let has = |(key, value): &(String, String)| instance.metadata.get(key) == Some(value);
        let clusters = self.clusters.names();
        (clusters.is_empty() || clusters.iter().any(|cluster| **cluster == *instance.cluster))
            && self.healthy.is_none_or(|healthy| healthy == instance.healthy)
            && (!self.takes_traffic || instance.takes_traffic())
            && self.metadata.iter().all(has)
            && (self.any_metadata.is_empty() || self.any_metadata.iter().any(has))
            && self.predicates.iter().all(|predicate| predicate(instance))
    }

    /// Those of a snapshot that fit; the whole list is shared, not copied.
    pub(crate) fn apply(&self, service: &ServiceSnapshot) -> Arc<[Arc<Instance>]> {
        let everything = service.view(&[], None);
        if service.instances().iter().all(|instance| self.accepts(instance)) {
            return Arc::clone(&everything.hosts);
        }
        service.instances().iter().filter(|instance| self.accepts(instance)).cloned().collect()
    }
}

impl From<Clusters> for Selector {
    fn from(clusters: Clusters) -> Self {
        Self { clusters, ..Self::default() }
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Selector")
            .field("clusters", &self.clusters)
            .field("healthy", &self.healthy)
            .field("takes_traffic", &self.takes_traffic)
            .field("metadata", &self.metadata)
            .field("any_metadata", &self.any_metadata)
            .field("predicates", &self.predicates.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
