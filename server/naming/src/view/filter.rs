//! What a reader or subscriber wants to see of a service.

use std::sync::Arc;

use crate::model::Instance;

/// Selects instances of a list. Disabled ones are never in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    clusters: Option<Arc<str>>,
    healthy_only: bool,
}

impl Filter {
    /// Everything, with an empty echo.
    #[must_use]
    pub fn all() -> Self {
        Self::clusters_of(Some(""))
    }

    /// The clusters named in a comma list, compared exactly; absent, blank or only commas means
    /// all. The text is echoed as it is.
    #[must_use]
    pub fn clusters_of(clusters: Option<&str>) -> Self {
        Self { clusters: clusters.map(Into::into), healthy_only: false }
    }

    /// The same without unhealthy instances.
    #[must_use]
    pub fn healthy_only(mut self, healthy_only: bool) -> Self {
        self.healthy_only = healthy_only;
        self
    }

    /// The text to echo.
    #[must_use]
    pub fn clusters(&self) -> Option<&str> {
        self.clusters.as_deref()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.clusters.as_deref().unwrap_or_default().split(',').filter(|name| !name.is_empty())
    }

    pub(super) fn admits(&self, instance: &Instance) -> bool {
        instance.enabled
            && (instance.healthy || !self.healthy_only)
            && (self.names().next().is_none() || self.names().any(|name| name == instance.cluster))
    }

    /// The place of the commonest filters: all clusters, echoed as absent or empty.
    pub(super) fn unfiltered_index(&self) -> Option<usize> {
        let healthy = usize::from(self.healthy_only);
        match self.clusters.as_deref() {
            None => Some(healthy),
            Some("") => Some(2 + healthy),
            Some(_) => None,
        }
    }
}
