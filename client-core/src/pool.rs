//! Connections with what is registered on them, and their sharing between clients.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    config::Listens,
    connection::Connection,
    error::Error,
    names::{Namespace, ServiceKey},
    naming::Ledger,
    options::{Credentials, Options, ServerSource, Tls},
};

/// Shares connections between clients that a server could not tell apart: same servers, credentials, TLS, labels and
/// application name. Namespaces may differ. Cheap to clone.
///
/// Two clients that register the same service still give two instances: the second one gets a connection more.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Lines that somebody holds, by what a server sees of them, in the order of their opening.
    lines: HashMap<Key, Vec<Weak<Line>>>,
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// All that a server can see of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    servers: ServerSource,
    ports: (u16, u16),
    context_path: String,
    credentials: Credentials,
    tls: Option<Tls>,
    app_name: String,
    labels: Vec<(String, String)>,
    app_labels: Vec<(String, String)>,
    client_version: String,
    client_ip: Option<String>,
}

impl Key {
    fn of(options: &Options) -> Self {
        Self {
            servers: options.servers.clone(),
            ports: (options.default_port, options.grpc_port_offset),
            context_path: options.context_path.clone(),
            credentials: options.credentials.clone(),
            tls: options.tls.clone(),
            app_name: options.app_name.clone(),
            labels: options.labels.clone(),
            app_labels: options.app_labels.clone(),
            client_version: options.client_version.clone(),
            client_ip: options.client_ip.clone(),
        }
    }
}

/// A client object, for what is registered on lines that it may share with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) fn next() -> Self {
        // Only uniqueness counts, so nothing in the process depends on another's numbers.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One connection and what is registered on it for all its owners.
#[derive(Debug)]
pub(crate) struct Line {
    connection: Connection,
    ledger: Arc<Ledger>,
    listens: Arc<Listens>,
}

impl Line {
    fn open(options: Arc<Options>) -> Result<Arc<Self>, Error> {
        let connection = Connection::open(options)?;
        let ledger = Ledger::new(&connection);
        let listens = Listens::new(&connection);
        Ok(Arc::new(Self { connection, ledger, listens }))
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What the naming objects on this line registered and subscribed.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What the config objects on this line listen to.
    pub(crate) fn listens(&self) -> &Arc<Listens> {
        &self.listens
    }
}

/// The lines of one client object.
#[derive(Debug)]
pub(crate) struct Lines {
    pool: Pool,
    key: Key,
    options: Arc<Options>,
    owner: Owner,
    main: Arc<Line>,
    /// The lines that this object holds: the main one, then those opened for clashes.
    held: Mutex<Vec<Arc<Line>>>,
}

impl Lines {
    /// The lines of a new object; opens the first connection unless the pool has it.
    pub(crate) fn open(options: Arc<Options>, pool: Pool) -> Result<Arc<Self>, Error> {
        let key = Key::of(&options);
        let main = pool.line(&key, 0, &options)?;
        let held = Mutex::new(vec![Arc::clone(&main)]);
        Ok(Arc::new(Self { pool, key, options, owner: Owner::next(), main, held }))
    }

    /// The settings of this object; those of a shared connection may be another object's.
    pub(crate) fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// This object, where lines are shared.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The first line: for all but publications that clash there.
    pub(crate) fn main(&self) -> &Arc<Line> {
        &self.main
    }

    /// The first line on which no other owner has published this service, claimed for this one. Opens a line when
    /// all that there are have it.
    pub(crate) fn publishing(&self, namespace: &Namespace, service: &ServiceKey) -> Result<Arc<Line>, Error> {
        for index in 0.. {
            let line = self.pool.line(&self.key, index, &self.options)?;
            if line.ledger.claim(namespace, service, self.owner) {
                let mut held = self.held.lock();
                if !held.iter().any(|other| Arc::ptr_eq(other, &line)) {
                    held.push(Arc::clone(&line));
                }
                return Ok(line);
            }
        }
        Err(Error::internal("no line left"))
    }

    /// Every line that this object holds.
    pub(crate) fn all(&self) -> Vec<Arc<Line>> {
        self.held.lock().clone()
    }
}

impl Pool {
    fn line(&self, key: &Key, index: usize, options: &Arc<Options>) -> Result<Arc<Line>, Error> {
        let mut inner = self.inner.lock();
        let lines = inner.lines.entry(key.clone()).or_default();
        lines.retain(|line| line.strong_count() > 0);
        if let Some(line) = lines.get(index).and_then(Weak::upgrade) {
            return Ok(line);
        }
        let line = Line::open(Arc::clone(options))?;
        lines.push(Arc::downgrade(&line));
        Ok(line)
    }
}
