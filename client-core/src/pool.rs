//! Connections with what is registered on them, and their sharing between clients.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::task::JoinSet;

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
/// A connection ends with the last client that uses it. Of settings that no server sees, e.g. the pace of health
/// checks, a shared connection has those of the client that opened it.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// By what a server sees of them, in the order of their opening.
    slots: Arc<Mutex<HashMap<Key, Vec<Slot>>>>,
}

/// A line and the objects that use it; there is at least one.
#[derive(Debug)]
struct Slot {
    line: Arc<Line>,
    owners: Vec<Owner>,
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections there are, established or on the way.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.slots.lock().values().map(Vec::len).sum()
    }

    /// The line of this place for one more owner; opened if there are not so many. Tells whether the owner is new.
    fn join(&self, key: &Key, place: usize, options: &Arc<Options>, owner: Owner) -> Result<(Arc<Line>, bool), Error> {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get_mut(key).and_then(|slots| slots.get_mut(place)) {
            let new = !slot.owners.contains(&owner);
            if new {
                slot.owners.push(owner);
            }
            return Ok((Arc::clone(&slot.line), new));
        }
        let line = Line::open(Arc::clone(options))?;
        let slot = Slot { line: Arc::clone(&line), owners: vec![owner] };
        slots.entry(key.clone()).or_default().push(slot);
        Ok((line, true))
    }

    /// Takes an owner off the lines that `which` names, and gives those that nobody uses any more.
    fn leave(&self, key: &Key, owner: Owner, which: impl Fn(&Arc<Line>) -> bool) -> Vec<Arc<Line>> {
        let mut slots = self.slots.lock();
        let Some(lines) = slots.get_mut(key) else { return Vec::new() };
        for slot in lines.iter_mut().filter(|slot| which(&slot.line)) {
            slot.owners.retain(|other| *other != owner);
        }
        let (used, left) = std::mem::take(lines).into_iter().partition(|slot| !slot.owners.is_empty());
        *lines = used;
        if lines.is_empty() {
            slots.remove(key);
        }
        left.into_iter().map(|slot: Slot| slot.line).collect()
    }
}

/// All that a server can see of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    servers: ServerSource,
    /// An address server may list other servers for other namespaces.
    namespace: Option<Namespace>,
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
            namespace: matches!(options.servers, ServerSource::Endpoint(_)).then(|| options.namespace.clone()),
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
    /// The lines that this object uses: the main one, then those opened for clashes.
    used: Mutex<Vec<Arc<Line>>>,
    closed: AtomicBool,
}

impl Lines {
    /// The lines of a new object; opens the first connection unless the pool has it.
    pub(crate) fn open(options: Arc<Options>, pool: Pool) -> Result<Arc<Self>, Error> {
        let (key, owner) = (Key::of(&options), Owner::next());
        let (main, _) = pool.join(&key, 0, &options, owner)?;
        let used = Mutex::new(vec![Arc::clone(&main)]);
        Ok(Arc::new(Self { pool, key, options, owner, main, used, closed: AtomicBool::new(false) }))
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
        self.first(|line| line.ledger.claim(namespace, service, self.owner))
    }

    /// The first line that `take` takes. Opens a line when it takes none of those that there are.
    pub(crate) fn first(&self, mut take: impl FnMut(&Line) -> bool) -> Result<Arc<Line>, Error> {
        let mut place = 0;
        loop {
            let (line, new) = {
                // Closing holds this lock too, so no line is joined after it.
                let mut used = self.used.lock();
                self.check_open()?;
                let (line, new) = self.pool.join(&self.key, place, &self.options, self.owner)?;
                if new {
                    used.push(Arc::clone(&line));
                }
                (line, new)
            };
            if take(&line) {
                return Ok(line);
            }
            if new {
                self.used.lock().retain(|other| !Arc::ptr_eq(other, &line));
                // Whoever else used it may have left meanwhile; then it ends here.
                self.pool.leave(&self.key, self.owner, |other| Arc::ptr_eq(other, &line));
            }
            place += 1;
        }
    }

    /// Every line that this object uses.
    pub(crate) fn all(&self) -> Vec<Arc<Line>> {
        self.used.lock().clone()
    }

    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::SeqCst) { Err(Error::closed()) } else { Ok(()) }
    }

    /// Leaves all lines, and ends those that nobody else uses, at the latest after `limit`.
    pub(crate) async fn close(&self, limit: Duration) {
        let mut ending = JoinSet::new();
        for line in self.leave() {
            ending.spawn(async move { line.connection.close(limit).await });
        }
        while ending.join_next().await.is_some() {}
    }

    fn leave(&self) -> Vec<Arc<Line>> {
        let mut used = self.used.lock();
        self.closed.store(true, Ordering::SeqCst);
        used.clear();
        self.pool.leave(&self.key, self.owner, |_| true)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // Lines that nobody else uses end here, without a goodbye.
        drop(self.leave());
    }
}

#[cfg(test)]
mod tests;
