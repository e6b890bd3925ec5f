//! The client: what users hold.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    config::Config,
    connection::Status,
    error::Error,
    event::Events,
    lock::Lock,
    metrics::Metrics,
    naming::Naming,
    options::{Builder, Options},
    pool::{Lines, Pool},
};

/// Longest time that [`Client::close`] takes.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// The part of it in which what was registered is taken back.
const LEAVE_LIMIT: Duration = Duration::from_millis(700);

/// A client of one server or cluster. Cheap to clone; all clones are the same client.
///
/// The connection ends with [`Client::close`], or when the last clone and the last handle made from it are dropped.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Arc<Options>,
    pool: Pool,
    core: ArcSwap<Core>,
    reopening: Mutex<()>,
}

/// What is new after each reopening.
#[derive(Debug)]
struct Core {
    lines: Arc<Lines>,
    naming: OnceLock<Naming>,
    config: OnceLock<Config>,
    closed: AtomicBool,
}

impl Core {
    fn open(options: &Arc<Options>, pool: &Pool) -> Result<Arc<Self>, Error> {
        let lines = Lines::open(Arc::clone(options), pool.clone())?;
        Ok(Arc::new(Self { lines, naming: OnceLock::new(), config: OnceLock::new(), closed: AtomicBool::new(false) }))
    }
}

impl Client {
    /// Starts with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn open(options: Options, pool: Pool) -> Result<Self, Error> {
        let options = Arc::new(options);
        let core = ArcSwap::new(Core::open(&options, &pool)?);
        Ok(Self { inner: Arc::new(Inner { options, pool, core, reopening: Mutex::default() }) })
    }

    fn core(&self) -> Arc<Core> {
        self.inner.core.load_full()
    }

    /// The service registry.
    #[must_use]
    pub fn naming(&self) -> Naming {
        let core = self.core();
        core.naming.get_or_init(|| Naming::new(&core.lines)).clone()
    }

    /// The configuration centre.
    #[must_use]
    pub fn config(&self) -> Config {
        let core = self.core();
        core.config.get_or_init(|| Config::new(&core.lines)).clone()
    }

    /// Locks of 3.x servers.
    #[must_use]
    pub fn lock(&self) -> Lock {
        Lock::new(Arc::clone(&self.core().lines))
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// How the connection is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.core().lines.main().connection().status().borrow().clone()
    }

    /// Waits until the client is connected.
    ///
    /// # Errors
    /// [`Unreachable`](crate::ErrorKind::Unreachable) when it is not within `limit`, with the failure of the last
    /// attempt as its source; [`Closed`](crate::ErrorKind::Closed).
    pub async fn ready(&self, limit: Duration) -> Result<(), Error> {
        let core = self.core();
        core.lines.check_open()?;
        core.lines.main().connection().ready(limit).await
    }

    /// The servers that the client knows, as `host:port`.
    #[must_use]
    pub fn servers(&self) -> Vec<String> {
        self.core().lines.main().connection().servers()
    }

    /// What happens to the connection from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        let core = self.core();
        let connection = core.lines.main().connection();
        Events::new(connection.events(), connection.status())
    }

    /// What the client has counted since it was made or reopened.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let core = self.core();
        let mut sum = Metrics::default();
        for line in core.lines.all() {
            line.connection().counters().add_to(&mut sum);
            sum.listened_configs += line.listens().count() as u64;
        }
        if let Some(naming) = core.naming.get() {
            naming.add_to(&mut sum);
        }
        sum
    }

    /// Takes back what this client registered and subscribed, and ends its connection, within 1 s. What it shares
    /// with others of its pool goes on. Calls that wait and later ones fail as
    /// [`Closed`](crate::ErrorKind::Closed); streams end. Closing twice does no harm.
    pub async fn close(&self) {
        let core = self.core();
        if core.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let begin = Instant::now();
        let deadline = begin + LEAVE_LIMIT;
        let naming = async {
            if let Some(naming) = core.naming.get() {
                naming.close(deadline).await;
            }
        };
        let config = async {
            if let Some(config) = core.config.get() {
                config.close(deadline).await;
            }
        };
        tokio::join!(naming, config);
        core.lines.close(CLOSE_LIMIT.saturating_sub(begin.elapsed())).await;
    }

    /// Whether the client was closed and not reopened since.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core().closed.load(Ordering::SeqCst)
    }

    /// Opens a closed client again, with the same settings and nothing registered or subscribed. Handles that were
    /// made before stay closed. Does nothing when the client is open.
    ///
    /// # Errors
    /// Outside a tokio runtime.
    pub fn reopen(&self) -> Result<(), Error> {
        let _alone = self.inner.reopening.lock();
        if self.is_closed() {
            self.inner.core.store(Core::open(&self.inner.options, &self.inner.pool)?);
        }
        Ok(())
    }
}
