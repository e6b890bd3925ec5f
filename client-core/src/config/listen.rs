//! Listens of one connection: who listens to what, for all client objects that use it, and the task that keeps the
//! server's list the same.

use std::{
    collections::HashSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use nacre_proto::{
    Message, Payload,
    config::{
        ClientConfigMetricRequest, ConfigChangeBatchListenResponse, ConfigChangeNotifyRequest,
        ConfigChangeNotifyResponse, ConfigQueryResponse,
    },
};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    fuzzy::Patterns,
    key::from_wire,
    metric,
    raw::Value,
    request::{Remote, Wire, answered},
};
use crate::{
    connection::{Connection, PushHandler, State, Status},
    error::{Error, ErrorKind},
    names::ConfigKey,
};

mod table;

pub(crate) use table::{Attached, Observer};
use table::{Batch, Limits, Notice, Query, Table};

/// Most bytes of one listen request.
const BATCH_BYTES: usize = 1 << 20;
/// Queries on their way at once.
const QUERIES: usize = 16;

/// What is listened to on one connection, for all objects that use it.
#[derive(Debug)]
pub(crate) struct Listens {
    shared: Arc<Shared>,
    patterns: Patterns,
    runtime: Handle,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    remote: Arc<dyn Remote>,
    table: Mutex<Table>,
    bell: Notify,
    /// Rises with each answer that the table took.
    progress: watch::Sender<u64>,
    about: metric::About,
    /// Listens of the table, for those who only count.
    count: AtomicUsize,
}

/// How the task works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) full_sync: Duration,
    pub(crate) keys: usize,
}

impl Drop for Listens {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listens {
    /// Nothing yet. Must be called in a runtime.
    pub(crate) fn new(connection: &Connection) -> Arc<Self> {
        let options = connection.options();
        let pace =
            Pace { full_sync: options.config.full_sync, keys: options.config.listens_per_request.clamp(1, 3000) };
        let listens = Self::over(Arc::new(Wire::new(connection)), pace, metric::About::new(options));
        connection.on_push(Arc::downgrade(&listens.shared) as Weak<dyn PushHandler>);
        listens.patterns.handle_pushes(connection);
        listens
    }

    pub(crate) fn over(remote: Arc<dyn Remote>, pace: Pace, about: metric::About) -> Arc<Self> {
        let shared = Arc::new(Shared {
            remote: Arc::clone(&remote),
            table: Mutex::default(),
            bell: Notify::new(),
            progress: watch::Sender::new(0),
            about,
            count: AtomicUsize::new(0),
        });
        let runtime = Handle::current();
        let task = runtime.spawn(run(Arc::clone(&shared), pace));
        let patterns = Patterns::new(remote, pace.full_sync, &runtime);
        Arc::new(Self { shared, patterns, runtime, task })
    }

    /// The runtime that the connection lives in.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Watches of patterns on this connection.
    pub(crate) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Adds a listener; `baseline` is the md5 of what it has, blank for an absent config, `None` for nothing.
    pub(crate) fn attach(&self, key: &ConfigKey, observer: Weak<dyn Observer>, baseline: Option<&str>) -> Attached {
        self.change(|table| table.attach(key, observer, baseline))
    }

    /// Takes a listener away; the server is told when it was the last one.
    pub(crate) fn detach(&self, key: &ConfigKey, observer: &Weak<dyn Observer>) {
        self.change(|table| table.detach(key, observer));
    }

    /// Asks for the value of a config that is listened to.
    pub(crate) fn want(&self, key: &ConfigKey) {
        self.change(|table| table.want(key));
    }

    /// Tells what a read saw: if it is not what the listeners have, the server is asked again.
    pub(crate) fn seen(&self, key: &ConfigKey, md5: &str) {
        if self.count() > 0 {
            let differs = self.shared.table.lock().held_md5(key).is_some_and(|held| held != md5);
            if differs {
                self.want(key);
            }
        }
    }

    /// Why the last request for a config failed.
    pub(crate) fn trouble(&self, key: &ConfigKey) -> Option<Error> {
        self.shared.table.lock().trouble(key)
    }

    /// How many configs are listened to.
    pub(crate) fn count(&self) -> usize {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// Waits until the server was told that nobody listens to these configs any more.
    pub(crate) async fn settled(&self, keys: &[ConfigKey], deadline: Instant) {
        let mut progress = self.shared.progress.subscribe();
        let _ = timeout_at(deadline, async {
            loop {
                progress.borrow_and_update();
                let settled = {
                    let table = self.shared.table.lock();
                    keys.iter().all(|key| table.is_settled(key))
                };
                if settled || progress.changed().await.is_err() {
                    return;
                }
            }
        })
        .await;
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let (result, count) = {
            let mut table = self.shared.table.lock();
            let result = change(&mut table);
            (result, table.count())
        };
        self.shared.count.store(count, Ordering::Relaxed);
        self.shared.bell.notify_one();
        result
    }
}

impl PushHandler for Shared {
    fn push(&self, push: &Payload) -> Option<Bytes> {
        match push.kind() {
            ConfigChangeNotifyRequest::TYPE => {
                let push = ConfigChangeNotifyRequest::from_json(push.json()).ok()??;
                if let Some(key) = from_wire(push.data_id.as_deref(), push.group.as_deref(), push.tenant.as_deref()) {
                    self.table.lock().pushed(&key);
                    self.bell.notify_one();
                }
                let answer = ConfigChangeNotifyResponse { request_id: push.request_id, ..Default::default() };
                Some(answer.to_frame())
            }
            ClientConfigMetricRequest::TYPE => {
                let push = ClientConfigMetricRequest::from_json(push.json()).ok()??;
                let held = |key: &ConfigKey| self.table.lock().held(key);
                Some(self.about.answer(&push, self.count.load(Ordering::Relaxed), held).to_frame())
            }
            _ => None,
        }
    }
}

/// An answer, for the connection on which it was asked.
enum Done {
    Listened(Batch, Result<ConfigChangeBatchListenResponse, Error>),
    Left(Batch, Result<ConfigChangeBatchListenResponse, Error>),
    Queried(Query, Result<ConfigQueryResponse, Error>),
}

/// Requests on their way. Dropping them ends them.
#[derive(Default)]
struct Jobs {
    set: JoinSet<(u64, Done)>,
    listening: bool,
    leaving: bool,
    queries: usize,
}

async fn run(shared: Arc<Shared>, pace: Pace) {
    let mut status = shared.remote.status();
    let limits = Limits { keys: pace.keys, bytes: BATCH_BYTES };
    let mut generation = None;
    let mut jobs = Jobs::default();
    let mut full_sync = Instant::now() + pace.full_sync;
    loop {
        let present = connected(&status.borrow_and_update());
        if present != generation {
            generation = present;
            jobs = Jobs::default();
            shared.table.lock().connected(generation);
            shared.progress.send_modify(|number| *number += 1);
        }
        let now = Instant::now();
        if now >= full_sync {
            full_sync = now + pace.full_sync;
            shared.table.lock().check_all();
        }
        if let Some(generation) = generation {
            jobs.start(&shared, generation, limits, now);
        }
        let next = shared.table.lock().next_at().map_or(full_sync, |at| at.min(full_sync));
        tokio::select! {
            Some(done) = jobs.set.join_next() => {
                if let Ok((asked_on, done)) = done && Some(asked_on) == generation {
                    jobs.finish(&shared, done);
                }
            }
            () = shared.bell.notified() => {}
            changed = status.changed() => if changed.is_err() { return },
            () = sleep_until(next) => {}
        }
    }
}

/// The connection that requests can be sent on.
fn connected(status: &Status) -> Option<u64> {
    (status.state == State::Connected).then_some(status.generation)
}

impl Jobs {
    /// Sends what is due: one request of each kind for listens, and several queries.
    fn start(&mut self, shared: &Arc<Shared>, generation: u64, limits: Limits, now: Instant) {
        let mut table = shared.table.lock();
        table.wake(now);
        if !self.leaving
            && let Some(batch) = table.next_leave(limits)
        {
            self.leaving = true;
            let remote = Arc::clone(&shared.remote);
            self.set.spawn(async move {
                let result = remote.listen(generation, &batch.request).await;
                (generation, Done::Left(batch, result))
            });
        }
        if !self.listening
            && let Some(batch) = table.next_listen(limits)
        {
            self.listening = true;
            shared.remote.redone(batch.redone);
            let remote = Arc::clone(&shared.remote);
            self.set.spawn(async move {
                let result = remote.listen(generation, &batch.request).await;
                (generation, Done::Listened(batch, result))
            });
        }
        while self.queries < QUERIES
            && let Some(query) = table.next_query()
        {
            self.queries += 1;
            let remote = Arc::clone(&shared.remote);
            self.set.spawn(async move {
                let result = remote.query(generation, &query.key).await;
                (generation, Done::Queried(query, result))
            });
        }
    }

    /// Takes an answer into the table and tells the listeners.
    fn finish(&mut self, shared: &Shared, done: Done) {
        let now = Instant::now();
        let notices = match done {
            Done::Listened(batch, result) => {
                self.listening = false;
                listened(&mut shared.table.lock(), &batch, result, now)
            }
            Done::Left(batch, result) => {
                self.leaving = false;
                let mut table = shared.table.lock();
                match result {
                    Ok(_) => table.left(&batch),
                    Err(error) => table.not_left(&batch, &error, now),
                }
                Vec::new()
            }
            Done::Queried(query, result) => {
                self.queries -= 1;
                queried(&mut shared.table.lock(), &query, result, now).into_iter().collect()
            }
        };
        for notice in notices {
            notice.tell();
        }
        shared.progress.send_modify(|number| *number += 1);
    }
}

fn listened(
    table: &mut Table,
    batch: &Batch,
    result: Result<ConfigChangeBatchListenResponse, Error>,
    now: Instant,
) -> Vec<Notice> {
    match result {
        Ok(response) => {
            let changed: HashSet<ConfigKey> = response
                .changed_configs
                .iter()
                .filter_map(|config| {
                    from_wire(config.data_id.as_deref(), config.group.as_deref(), config.tenant.as_deref())
                })
                .collect();
            table.listened(batch, &changed)
        }
        Err(error) => {
            tell(&error, batch.keys.first(), "configs cannot be listened to");
            table.not_listened(batch, &error, now);
            Vec::new()
        }
    }
}

fn queried(
    table: &mut Table,
    query: &Query,
    result: Result<ConfigQueryResponse, Error>,
    now: Instant,
) -> Option<Notice> {
    let value: Result<Value, Error> = match result {
        Ok(response) => Ok(Some(Arc::new(answered(response)))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    match value {
        Ok(value) => table.queried(query, value, now),
        Err(error) => {
            tell(&error, Some(&query.key), "a changed config cannot be read");
            table.not_queried(query, error, now);
            None
        }
    }
}

/// What goes wrong on the way is the connection's to tell.
fn tell(error: &Error, key: Option<&ConfigKey>, what: &str) {
    if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::Closed) {
        tracing::debug!(%error, first = ?key, "{what}");
    } else {
        tracing::warn!(%error, first = ?key, "{what}");
    }
}

#[cfg(test)]
pub(crate) mod tests;
