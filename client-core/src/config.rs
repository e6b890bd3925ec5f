//! The configuration centre.
//!
//! ```no_run
//! # async fn example() -> Result<(), nacre_client::Error> {
//! let client = nacre_client::Client::builder().server("127.0.0.1:8848").connect().await?;
//! let config = client.config();
//! let key = config.key("DEFAULT_GROUP", "app.yaml")?;
//! config.publish(&key, "a: 1").await?;
//! if let Some(value) = config.get(&key).await? {
//!     println!("{} has md5 {}", value.content(), value.md5());
//! }
//! let mut watch = config.watch(&key)?;
//! while let Some(value) = watch.next().await {
//!     match value {
//!         Some(value) => println!("now it is {}", value.content()),
//!         None => println!("it is not there"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where a value comes from
//!
//! With [`Options::directory`](crate::Options::directory) a client has files in Nacos's layout, so it finds those of
//! the Java client. A failover file, which an operator puts there, takes the place of the server's value. What the
//! server says is copied to a snapshot, which is read while no server can be reached. Someone who is not allowed to
//! read a config gets [`Forbidden`](crate::ErrorKind::Forbidden) and never an old copy.
//!
//! # Filters
//!
//! [`ConfigFilter`] and [`Cipher`] change contents on their way to and from the server. Methods with `raw` in their
//! name work below the filters.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

mod cipher;
mod entry;
mod failover;
mod files;
mod filter;
mod fuzzy;
mod keeper;
mod key;
mod listen;
mod metric;
mod outlet;
mod publish;
mod raw;
mod read;
mod request;
mod snapshot;
mod subscription;

pub use cipher::{Cipher, CipherFuture, Encrypted};
pub use filter::{ConfigFilter, FilterError, FilterFuture, Incoming, Outgoing};
pub use fuzzy::{ConfigSetChange, ConfigSetWatch};
pub(crate) use listen::Listens;
pub use publish::{Gray, Publish};
pub use raw::{RawConfig, Source, md5_hex};
pub use subscription::{ConfigValue, RawWatch, Watch};

use crate::{error::Error, names::ConfigKey, pool::Lines};
use cipher::CipherFilter;
use entry::Entry;
use failover::Failover;
use files::Layout;
use filter::Chain;
use fuzzy::{KeySet, Pattern};
use keeper::{Duties, Keeper};
use outlet::Outlet;
use raw::Value;
use request::Headers;
use snapshot::Snapshots;

/// The configuration centre, see the [module](self). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config {
    inner: Arc<Inner>,
    timeout: Option<Duration>,
}

#[derive(Debug)]
struct Inner {
    lines: Arc<Lines>,
    headers: Headers,
    filters: Arc<Chain>,
    failover: Option<Failover>,
    snapshots: Option<Snapshots>,
    /// Runs once something is listened to.
    keeper: OnceLock<Keeper>,
    entries: Mutex<HashMap<ConfigKey, Arc<Entry>>>,
    sets: Mutex<Vec<(Pattern, Weak<Outlet<KeySet>>)>>,
    closed: AtomicBool,
}

impl Config {
    pub(crate) fn new(lines: &Arc<Lines>) -> Self {
        let options = lines.options();
        let layout = options
            .directory
            .as_ref()
            .map(|directory| Arc::new(Layout::new(directory, &files::environment_names(options))));
        // A content takes at most this in a file, whatever wrote it.
        let limit = options.config.max_content.saturating_mul(2) as u64;
        let runtime = lines.main().listens().runtime();
        let snapshots = layout.clone();
        let kept = options.config.snapshots;
        let inner = Inner {
            headers: Headers::new(options),
            filters: Arc::default(),
            failover: layout.map(|layout| Failover::new(layout, limit)),
            snapshots: snapshots.map(|layout| Snapshots::new(layout, limit, runtime.clone(), kept)),
            keeper: OnceLock::new(),
            entries: Mutex::default(),
            sets: Mutex::default(),
            closed: AtomicBool::new(false),
            lines: Arc::clone(lines),
        };
        Self { inner: Arc::new(inner), timeout: None }
    }

    /// The same with another deadline for each request. Default:
    /// [`ConfigOptions::request_timeout`](crate::options::ConfigOptions::request_timeout).
    #[must_use]
    pub fn with_timeout(&self, limit: Duration) -> Self {
        Self { inner: Arc::clone(&self.inner), timeout: Some(limit) }
    }

    /// A config in the client's namespace.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when a name is not legal, see [`ConfigKey::new`].
    pub fn key(&self, group: &str, data_id: &str) -> Result<ConfigKey, Error> {
        ConfigKey::new(&self.inner.lines.options().namespace, group, data_id)
    }

    /// Switches the snapshot files on or off; it begins as [`ConfigOptions::snapshots`](crate::options::ConfigOptions)
    /// says. Off, they are neither written nor read, and those that are there stay. Once this is done nothing is being
    /// written any more. Without a directory it does nothing.
    pub async fn set_snapshots(&self, on: bool) {
        if let Some(snapshots) = &self.inner.snapshots {
            snapshots.switch(on, self.limit()).await;
        }
    }

    /// Adds a filter, or puts it in the place of the one with the same name. It takes part from the next call on.
    pub fn add_filter(&self, filter: Arc<dyn ConfigFilter>) {
        self.inner.filters.add(filter);
    }

    /// Adds an algorithm for configs whose data id begins with `cipher-<algorithm>-`. Without it their texts pass
    /// unchanged.
    pub fn add_cipher(&self, cipher: Arc<dyn Cipher>) {
        self.add_filter(Arc::new(CipherFilter::new(cipher)));
    }

    /// Listens to a config: the first value is the present one, or that there is none. With the server down, a
    /// snapshot takes its place after one request timeout.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) after the client was closed.
    pub fn watch(&self, key: &ConfigKey) -> Result<Watch, Error> {
        Ok(self.filtered(self.watch_raw(key)?, None))
    }

    /// As [`Config::watch`], below the filters.
    ///
    /// # Errors
    /// As [`Config::watch`].
    pub fn watch_raw(&self, key: &ConfigKey) -> Result<RawWatch, Error> {
        self.attach(key, None, None)
    }

    /// Listens to a config of which the caller has the value with the md5 `baseline`, blank for a config that was not
    /// there: it is told when the server has another one, whether that was so before or comes to be.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) after the client was closed.
    pub fn listen(&self, key: &ConfigKey, baseline: &str) -> Result<RawWatch, Error> {
        self.attach(key, Some(baseline), None)
    }

    /// Watches which configs there are, in the client's namespace. A pattern is a name, or one with a `*` in front,
    /// behind, or both; `*` alone is any name.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when a pattern is none;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when the server does not offer it (before 3.0);
    /// [`Unreachable`](crate::ErrorKind::Unreachable) when there is no connection.
    pub async fn watch_set(&self, group: &str, data_id: &str) -> Result<ConfigSetWatch, Error> {
        let options = self.inner.lines.options();
        let pattern = Pattern::new(&options.namespace, group, data_id)?;
        self.check_open()?;
        let connection = self.inner.lines.main().connection();
        connection.ready(self.limit()).await?;
        if !connection.status().borrow().abilities.fuzzy_watch {
            return Err(Error::unsupported("the server offers no watches of patterns of configs"));
        }
        let outlet = self.listens().patterns().attach(&pattern);
        let mut sets = self.inner.sets.lock();
        sets.retain(|(_, outlet)| outlet.strong_count() > 0);
        sets.push((pattern.clone(), Arc::downgrade(&outlet)));
        drop(sets);
        Ok(ConfigSetWatch::new(self.clone(), pattern, outlet))
    }

    /// Stops what this object listens to, at the latest by `deadline`; later calls fail as closed. Called once,
    /// before the connections end.
    pub(crate) async fn close(&self, deadline: Instant) {
        self.inner.closed.store(true, Ordering::SeqCst);
        let entries = std::mem::take(&mut *self.inner.entries.lock());
        for entry in entries.values() {
            entry.close();
        }
        for (pattern, outlet) in std::mem::take(&mut *self.inner.sets.lock()) {
            if let Some(outlet) = outlet.upgrade() {
                self.listens().patterns().detach(&pattern, &outlet);
            }
        }
        let keys: Vec<ConfigKey> = entries.into_keys().collect();
        self.listens().settled(&keys, deadline).await;
        if let Some(snapshots) = &self.inner.snapshots {
            snapshots.flush(deadline.saturating_duration_since(Instant::now())).await;
        }
    }

    pub(crate) fn listens(&self) -> &Arc<Listens> {
        self.inner.lines.main().listens()
    }

    /// Ends a listener; its last one ends the listening.
    pub(crate) fn detach(&self, entry: &Arc<Entry>, outlet: &Arc<Outlet>) {
        let mut entries = self.inner.entries.lock();
        if entry.detach(outlet) && entries.get(entry.key()).is_some_and(|present| Arc::ptr_eq(present, entry)) {
            entries.remove(entry.key());
        }
    }

    fn attach(&self, key: &ConfigKey, baseline: Option<&str>, known: Option<Value>) -> Result<RawWatch, Error> {
        let (entry, outlet, new) = {
            let mut entries = self.inner.entries.lock();
            // Looked at under the lock, so that closing finds every entry.
            self.check_open()?;
            let present = entries.get(key).cloned();
            let new = present.is_none();
            let entry = present.unwrap_or_else(|| self.entry(key));
            let outlet = entry.attach(baseline, known);
            if new {
                entries.insert(key.clone(), Arc::clone(&entry));
            }
            (entry, outlet, new)
        };
        if new && let Some(keeper) = self.keeper() {
            keeper.add(&entry);
        }
        Ok(RawWatch::new(self.clone(), entry, outlet))
    }

    fn entry(&self, key: &ConfigKey) -> Arc<Entry> {
        let waiting = self.inner.failover.is_some();
        Entry::new(key.clone(), Arc::clone(self.listens()), self.inner.snapshots.clone(), waiting)
    }

    fn keeper(&self) -> Option<&Keeper> {
        let failover = self.inner.failover.clone()?;
        Some(self.inner.keeper.get_or_init(|| {
            let options = self.inner.lines.options();
            let duties = Duties {
                failover,
                snapshots: self.inner.snapshots.clone(),
                refresh: options.config.failover_refresh,
                patience: options.config.request_timeout.unwrap_or(options.request_timeout),
            };
            Keeper::start(duties, self.listens().runtime())
        }))
    }

    fn filtered(&self, raw: RawWatch, given: Option<ConfigValue>) -> Watch {
        Watch::new(raw, Arc::clone(&self.inner.filters), given)
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.inner.closed.load(Ordering::SeqCst) { Err(Error::closed()) } else { self.inner.lines.check_open() }
    }

    /// The deadline of a request.
    fn limit(&self) -> Duration {
        let options = self.inner.lines.options();
        self.timeout.or(options.config.request_timeout).unwrap_or(options.request_timeout)
    }
}
