//! The client: what users hold.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    config::Config,
    connection::Status,
    error::Error,
    lock::Lock,
    metrics::Metrics,
    naming::Naming,
    options::{Builder, Options},
    pool::{Lines, Pool},
};

/// A client of one server or cluster. Cheap to clone; all clones are the same client.
#[derive(Clone, Debug)]
pub struct Client {
    core: Arc<Core>,
}

#[derive(Debug)]
struct Core {
    lines: Arc<Lines>,
    naming: OnceLock<Naming>,
    config: OnceLock<Config>,
}

impl Client {
    /// Starts with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn open(options: Options, pool: Pool) -> Result<Self, Error> {
        let lines = Lines::open(Arc::new(options), pool)?;
        let core = Core { lines, naming: OnceLock::new(), config: OnceLock::new() };
        Ok(Self { core: Arc::new(core) })
    }

    /// The service registry.
    #[must_use]
    pub fn naming(&self) -> Naming {
        self.core.naming.get_or_init(|| Naming::new(&self.core.lines)).clone()
    }

    /// The configuration centre.
    #[must_use]
    pub fn config(&self) -> Config {
        self.core.config.get_or_init(|| Config::new(&self.core.lines)).clone()
    }

    /// Locks of 3.x servers.
    #[must_use]
    pub fn lock(&self) -> Lock {
        Lock::new(Arc::clone(&self.core.lines))
    }

    /// How the connection is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.core.lines.main().connection().status().borrow().clone()
    }

    /// Waits until the client is connected.
    ///
    /// # Errors
    /// [`Unreachable`](crate::ErrorKind::Unreachable) when it is not within `limit`.
    pub async fn ready(&self, limit: Duration) -> Result<(), Error> {
        self.core.lines.main().connection().ready(limit).await
    }

    /// What the client has counted.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let mut sum = Metrics::default();
        for line in self.core.lines.all() {
            line.connection().counters().add_to(&mut sum);
        }
        sum
    }
}
