//! Filters: what users put between the contents they work with and the contents that the server has.
//!
//! They stand above the cache and the files: md5, compare-and-set, snapshots and failover files never see what a
//! filter made. A publish passes the filters in ascending order, a read in descending order, so what was done last is
//! undone first.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc};

use arc_swap::ArcSwap;

use super::raw::RawConfig;
use crate::{error::Error, names::ConfigKey};

/// What a filter answers.
pub type FilterFuture<'a> = Pin<Box<dyn Future<Output = Result<(), FilterError>> + Send + 'a>>;
/// Why a filter failed.
pub type FilterError = Box<dyn StdError + Send + Sync>;

/// A content on its way to the server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outgoing {
    /// The config.
    pub key: ConfigKey,
    /// The text; a filter may replace it.
    pub content: Arc<str>,
    /// The config's type, if the publisher names one.
    pub config_type: Option<String>,
    /// Key of encrypted content, itself encrypted; stored beside the content.
    pub encrypted_data_key: Option<String>,
}

/// A content on its way to the user.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incoming {
    /// The config.
    pub key: ConfigKey,
    /// The text; a filter may replace it.
    pub content: Arc<str>,
    /// The value as the server has it.
    pub raw: Arc<RawConfig>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("key", &self.key).field("length", &self.content.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("key", &self.key).field("raw", &self.raw).finish_non_exhaustive()
    }
}

/// Changes contents on their way to and from the server.
///
/// ```
/// use nacre_client::config::{ConfigFilter, FilterFuture, Incoming, Outgoing};
///
/// /// Keeps contents in capitals on the server.
/// #[derive(Debug)]
/// struct Capitals;
///
/// impl ConfigFilter for Capitals {
///     fn name(&self) -> &str {
///         "capitals"
///     }
///
///     fn publish<'a>(&'a self, outgoing: &'a mut Outgoing) -> FilterFuture<'a> {
///         Box::pin(async {
///             outgoing.content = outgoing.content.to_uppercase().into();
///             Ok(())
///         })
///     }
///
///     fn receive<'a>(&'a self, incoming: &'a mut Incoming) -> FilterFuture<'a> {
///         Box::pin(async {
///             incoming.content = incoming.content.to_lowercase().into();
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait ConfigFilter: Send + Sync + fmt::Debug {
    /// A filter replaces an earlier one of the same name.
    fn name(&self) -> &str;

    /// The place among the filters; equal ones keep the order in which they were added. Default 0.
    fn order(&self) -> i32 {
        0
    }

    /// Whether the configs of this key pass this filter at all. Default true.
    fn applies(&self, key: &ConfigKey) -> bool {
        let _ = key;
        true
    }

    /// Changes what is published. A failure fails the publish.
    fn publish<'a>(&'a self, outgoing: &'a mut Outgoing) -> FilterFuture<'a>;

    /// Changes what was read. A failure fails a get; a listener gets the value when it passes at a later attempt.
    fn receive<'a>(&'a self, incoming: &'a mut Incoming) -> FilterFuture<'a>;
}

/// The filters of one client object.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    filters: ArcSwap<Vec<Arc<dyn ConfigFilter>>>,
}

impl Chain {
    pub(crate) fn add(&self, filter: Arc<dyn ConfigFilter>) {
        let new = [filter];
        self.filters.rcu(|filters| {
            let others = filters.iter().filter(|other| other.name() != new[0].name());
            let mut filters: Vec<_> = others.chain(&new).cloned().collect();
            filters.sort_by_key(|filter| filter.order());
            filters
        });
    }

    /// Whether a content of this key stays as it is.
    pub(crate) fn is_empty_for(&self, key: &ConfigKey) -> bool {
        self.filters.load().iter().all(|filter| !filter.applies(key))
    }

    pub(crate) async fn publish(&self, outgoing: &mut Outgoing) -> Result<(), Error> {
        for filter in self.of(&outgoing.key) {
            filter.publish(outgoing).await.map_err(|error| failed(&*filter, error))?;
        }
        Ok(())
    }

    pub(crate) async fn receive(&self, key: &ConfigKey, raw: Arc<RawConfig>) -> Result<Arc<str>, Error> {
        let mut incoming = Incoming { key: key.clone(), content: Arc::clone(&raw.content), raw };
        for filter in self.of(key).into_iter().rev() {
            filter.receive(&mut incoming).await.map_err(|error| failed(&*filter, error))?;
        }
        Ok(incoming.content)
    }

    fn of(&self, key: &ConfigKey) -> Vec<Arc<dyn ConfigFilter>> {
        self.filters.load().iter().filter(|filter| filter.applies(key)).cloned().collect()
    }
}

fn failed(filter: &dyn ConfigFilter, error: FilterError) -> Error {
    let reason = format!("config filter {} failed: {error}", filter.name());
    Error::internal(reason).with_source(Boxed(error))
}

/// A boxed error as a source.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Boxed(FilterError);

#[cfg(test)]
mod tests;
