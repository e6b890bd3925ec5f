//! All that a host has of the client: its clients and subscriptions by keys, its calls by ids, and what waits for it.

use std::{
    any::Any,
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use nacre_client::{Pool, options::Builder};
use parking_lot::Mutex;
use tokio::{
    task::{AbortHandle, JoinHandle},
    time::{Instant, sleep},
};

use crate::{
    client::Entry,
    failure::Failure,
    log,
    op::Op,
    options::Settings,
    queue::{Item, Queue},
    run::{self, Done},
    runtime::Runtime,
    subscription,
    table::Table,
    wire::Reader,
};

/// Lines of the log in one item of [`Engine::poll`].
const LINES: usize = 256;

/// What [`Engine::poll`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// A call succeeded.
    Answer(u64, Vec<u8>),
    /// A call failed; the fields of an error.
    Failure(u64, Vec<u8>),
    /// A subscription has something to take.
    Event(u64),
    /// Lines of the log: `dropped u64, [level u8, millis i64, target, message]`.
    Log(Vec<u8>),
}

/// Clients, subscriptions and calls of one host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Arc<Runtime>,
    queue: Arc<Queue<Polled>>,
    /// Whether it gives the lines of the log.
    follows_log: AtomicBool,
    clients: Table<Arc<Entry>>,
    subscriptions: Table<Arc<subscription::Entry>>,
    calls: Mutex<Calls>,
    pools: Mutex<HashMap<String, Pool>>,
}

#[derive(Debug, Default)]
struct Calls {
    running: HashMap<u64, Running>,
    /// Subscriptions that an answer gave and that the host has not armed yet, by the id of the call.
    offered: HashMap<u64, u64>,
    ended: bool,
}

#[derive(Debug)]
struct Running {
    client: u64,
    task: AbortHandle,
}

impl Engine {
    /// An engine on the default runtime of the process.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start() -> io::Result<Self> {
        Ok(Self::on(Runtime::shared()?))
    }

    /// An engine on a runtime of its own. It shares no lock with another engine of the process, so that a process that
    /// was forked can start one of its own at any time.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn alone() -> io::Result<Self> {
        Ok(Self::on(Arc::new(Runtime::start(None)?)))
    }

    /// An engine on this runtime.
    #[must_use]
    pub fn on(runtime: Arc<Runtime>) -> Self {
        let engine = Self::without_log(runtime);
        engine.follow_log();
        engine
    }

    /// An engine on this runtime, which gives no lines of the log before [`Engine::follow_log`]: for a host with several
    /// engines, of which one is asked for them.
    #[must_use]
    pub fn without_log(runtime: Arc<Runtime>) -> Self {
        let inner = Inner {
            runtime,
            queue: Arc::new(Queue::default()),
            follows_log: AtomicBool::new(false),
            clients: Table::default(),
            subscriptions: Table::default(),
            calls: Mutex::default(),
            pools: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Makes a client of encoded options and gives its key.
    ///
    /// # Errors
    /// When an option is not legal.
    pub fn open(&self, options: &[u8]) -> Result<u64, Failure> {
        let inner = &self.inner;
        inner.runtime.check_process()?;
        let settings = Settings::read(options)?;
        let mut builder = Builder::from_options(settings.options);
        if let Some(name) = settings.pool {
            builder = builder.pool(inner.pools.lock().entry(name).or_default());
        }
        let client = inner.runtime.enter(|| builder.build())?;
        Ok(inner.clients.insert(Arc::new(Entry::new(client))))
    }

    /// Starts a call; its answer comes by [`Engine::poll`] under this id. False when there is no such client, or not
    /// any more: then there is no answer. A limit of zero is the deadline of the client's options.
    pub fn submit(&self, client: u64, id: u64, op: i32, request: Vec<u8>, limit: Duration) -> bool {
        let inner = &self.inner;
        if Op::of(op) == Some(Op::Close) {
            return self.close(client, Some(id)).is_some();
        }
        let Some(entry) = inner.clients.get(client) else { return false };
        let engine = self.clone();
        // Held until the call is entered, so that it cannot be over before.
        let mut calls = inner.calls.lock();
        if calls.ended {
            return false;
        }
        let task = inner.runtime.handle().spawn(async move {
            let done = guarded(engine.perform(client, &entry, op, &request, limit)).await.unwrap_or_else(Err);
            engine.finish(id, done);
        });
        calls.running.insert(id, Running { client, task: task.abort_handle() });
        true
    }

    async fn perform(
        &self,
        client: u64,
        entry: &Entry,
        op: i32,
        request: &[u8],
        limit: Duration,
    ) -> Result<(Vec<u8>, Option<u64>), Failure> {
        self.inner.runtime.check_process()?;
        let op = known(op)?;
        if op == Op::Established {
            let key = Reader::new(request).u64()?;
            let subscription = self.inner.subscriptions.get(key).ok_or_else(Failure::closed)?;
            subscription.established().await?;
            return Ok((Vec::new(), None));
        }
        match run::run(entry, op, request, limit).await? {
            Done::Bytes(bytes) => Ok((bytes, None)),
            Done::Subscription(mut bytes, source) => {
                let key = self.enter(client, source)?;
                bytes.extend(key.to_be_bytes());
                Ok((bytes, Some(key)))
            }
        }
    }

    fn finish(&self, id: u64, done: Result<(Vec<u8>, Option<u64>), Failure>) {
        let offered = {
            let mut calls = self.inner.calls.lock();
            let known = calls.running.remove(&id).is_some();
            match (&done, known) {
                // Cancelled at the last moment: nobody will take the subscription.
                (Ok((_, Some(key))), false) => Some(*key),
                (_, false) => return,
                (Ok((_, Some(key))), true) => {
                    calls.offered.insert(id, *key);
                    None
                }
                (_, true) => None,
            }
        };
        if let Some(key) = offered {
            self.unsubscribe(key);
            return;
        }
        self.inner.queue.answer(match done {
            Ok((bytes, _)) => Polled::Answer(id, bytes),
            Err(failure) => Polled::Failure(id, failure.to_bytes()),
        });
    }

    /// Ends a call. There may still be an answer if it was on the way; a subscription that it gave is ended.
    pub fn cancel(&self, id: u64) {
        let (running, offered) = {
            let mut calls = self.inner.calls.lock();
            (calls.running.remove(&id), calls.offered.remove(&id))
        };
        if let Some(running) = running {
            running.task.abort();
        }
        if let Some(key) = offered {
            self.unsubscribe(key);
        }
    }

    /// Runs what needs no server. `None` when this would have to wait.
    pub fn call(&self, client: u64, op: i32, request: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        let inner = &self.inner;
        let Some(entry) = inner.clients.get(client) else { return Some(Err(Failure::closed())) };
        let op = match inner.runtime.check_process().and_then(|()| known(op)) {
            Ok(op) => op,
            Err(failure) => return Some(Err(failure)),
        };
        inner.runtime.enter(|| {
            if let Some(answer) = run::at_once(&entry, op, request) {
                return Some(answer);
            }
            if !matches!(op, Op::Instances | Op::SelectOne) {
                return Some(Err(Failure::internal("this operation has to be submitted")));
            }
            // What would wait is dropped, which takes it back.
            let running = pin!(run::run(&entry, op, request, Duration::ZERO));
            match running.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(Done::Bytes(bytes))) => Some(Ok(bytes)),
                Poll::Ready(Ok(Done::Subscription(..))) | Poll::Pending => None,
                Poll::Ready(Err(failure)) => Some(Err(failure)),
            }
        })
    }

    /// Begins to follow something and gives its key. Its events begin with [`Engine::arm`].
    ///
    /// # Errors
    /// When the client is closed or a name is not legal.
    pub fn subscribe(&self, client: u64, op: i32, request: &[u8]) -> Result<u64, Failure> {
        let inner = &self.inner;
        inner.runtime.check_process()?;
        let entry = inner.clients.get(client).ok_or_else(Failure::closed)?;
        let source = inner.runtime.enter(|| run::follow(&entry, known(op)?, request))?;
        self.enter(client, source)
    }

    fn enter(&self, client: u64, source: subscription::Source) -> Result<u64, Failure> {
        let inner = &self.inner;
        let key = inner.subscriptions.insert(subscription::Entry::new(client, source));
        inner.queue.add(key);
        // A client that was closed meanwhile has not seen it.
        if inner.clients.get(client).is_none() {
            self.unsubscribe(key);
            return Err(Failure::closed());
        }
        Ok(key)
    }

    /// Lets the events of a subscription come.
    pub fn arm(&self, subscription: u64) {
        let inner = &self.inner;
        inner.calls.lock().offered.retain(|_, key| *key != subscription);
        let Some(entry) = inner.subscriptions.get(subscription) else { return };
        let Some(client) = inner.clients.get(entry.client) else { return };
        inner.runtime.enter(|| {
            entry.notify(subscription, &inner.queue, &client.client, inner.runtime.handle());
        });
        inner.queue.arm(subscription);
    }

    /// Takes the newest value of a subscription: 0 and the value, or 1 and the error that ended it. `None` when there
    /// is nothing new.
    #[must_use]
    pub fn take(&self, subscription: u64) -> Option<Vec<u8>> {
        let entry = self.inner.subscriptions.get(subscription)?;
        self.inner.runtime.enter(|| entry.take())
    }

    /// Says that an event was dealt with, or could not be: then its value comes again.
    pub fn done(&self, subscription: u64, ok: bool) {
        let inner = &self.inner;
        let Some(entry) = inner.subscriptions.get(subscription) else { return };
        if let Some((pause, round)) = inner.runtime.enter(|| entry.done(ok)) {
            let (queue, entry) = (Arc::clone(&inner.queue), Arc::downgrade(&entry));
            // Ends by itself within the pause, at the latest with the runtime.
            inner.runtime.handle().spawn(async move {
                sleep(pause).await;
                if entry.upgrade().is_some_and(|entry| entry.again(round)) {
                    queue.notify(subscription);
                }
            });
        }
        inner.queue.done(subscription);
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, subscription: u64) {
        self.inner.queue.remove(subscription);
        if let Some(entry) = self.inner.subscriptions.remove(subscription) {
            self.inner.runtime.enter(|| drop(entry));
        }
    }

    /// Closes a client that the host does not hold any more, without telling it.
    pub fn abandon(&self, client: u64) {
        self.close(client, None);
    }

    fn close(&self, client: u64, id: Option<u64>) -> Option<JoinHandle<()>> {
        let inner = &self.inner;
        let entry = inner.clients.remove(client)?;
        for (key, subscription) in inner.subscriptions.entries() {
            if subscription.client == client {
                self.unsubscribe(key);
            }
        }
        let engine = self.clone();
        Some(inner.runtime.handle().spawn(async move {
            // A defect must not keep the host waiting for its answer.
            let closed = guarded(async { entry.client.close().await }).await;
            engine.fail_calls_of(client);
            if let Some(id) = id {
                engine.inner.queue.answer(match closed {
                    Ok(()) => Polled::Answer(id, Vec::new()),
                    Err(failure) => Polled::Failure(id, failure.to_bytes()),
                });
            }
        }))
    }

    fn fail_calls_of(&self, client: u64) {
        let left: Vec<_> = {
            let mut calls = self.inner.calls.lock();
            calls.running.extract_if(|_, running| running.client == client).collect()
        };
        for (id, running) in left {
            running.task.abort();
            self.inner.queue.answer(Polled::Failure(id, Failure::closed().to_bytes()));
        }
    }

    /// Waits, at most so long, for something to tell the host, and takes out at most `most`. `None` after the end.
    #[must_use]
    pub fn poll(&self, most: usize, limit: Duration) -> Option<Vec<Polled>> {
        let inner = &self.inner;
        let logs = inner.runtime.logs();
        let follows = inner.follows_log.load(Ordering::Relaxed);
        let limit = if follows && logs.has_lines() { Duration::ZERO } else { limit };
        // One place is for the lines of the log.
        let items = inner.queue.drain(most.saturating_sub(1).max(1), limit)?;
        let mut polled: Vec<Polled> = items
            .into_iter()
            .map(|item| match item {
                Item::Answer(answer) => answer,
                Item::Event(subscription) => Polled::Event(subscription),
            })
            .collect();
        if follows && logs.has_lines() && polled.len() < most {
            let (dropped, lines) = logs.drain(LINES);
            polled.push(Polled::Log(log::write(dropped, &lines)));
        }
        Some(polled)
    }

    /// Has the lines of the log from now on given by this engine, and none before it woken for them.
    pub fn follow_log(&self) {
        self.inner.follows_log.store(true, Ordering::Relaxed);
        let bell = Arc::clone(&self.inner.queue);
        self.inner.runtime.logs().on_ready(move || bell.wake());
    }

    /// Calls this, on any thread, when there is something to [`Engine::poll`] after a `poll` that gave nothing, and now
    /// if there is something already: for a host that has no thread to wait in `poll`. It must be short.
    pub fn on_ready(&self, ready: impl Fn() + Send + Sync + 'static) {
        self.inner.queue.on_ready(Arc::new(ready));
    }

    /// Calls no more what [`Engine::on_ready`] said. A call may still be under way.
    pub fn forget_ready(&self) {
        self.inner.queue.forget_ready();
    }

    /// Ends a waiting [`Engine::poll`] early.
    pub fn wake(&self) {
        self.inner.queue.wake();
    }

    /// Which lines of the log are kept: 0 none, 1 errors, ... 5 all. Begins with none.
    pub fn set_log_level(&self, level: u8) {
        self.inner.runtime.set_log_level(level);
    }

    /// How many clients, subscriptions and calls there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let inner = &self.inner;
        (inner.clients.len(), inner.subscriptions.len(), inner.calls.lock().running.len())
    }

    /// Ends everything within `limit`: clients are closed, calls fail, [`Engine::poll`] gives what is left and then
    /// `None`. The threads end when no other engine uses them. Waits, so it is called outside of the runtime.
    pub fn stop(self, limit: Duration) {
        let inner = &self.inner;
        inner.calls.lock().ended = true;
        let begin = Instant::now();
        let clients = inner.clients.entries().into_iter();
        let closing: Vec<_> = clients.filter_map(|(client, _)| self.close(client, None)).collect();
        let (done, all_done) = mpsc::channel();
        inner.runtime.handle().spawn(async move {
            for one in closing {
                // A defect in it was caught there.
                let _ = one.await;
            }
            let _ = done.send(());
        });
        // In time or not: what is left ends with the threads.
        let _ = all_done.recv_timeout(limit);
        let left = std::mem::take(&mut inner.calls.lock().running);
        for (id, running) in left {
            running.task.abort();
            inner.queue.answer(Polled::Failure(id, Failure::closed().to_bytes()));
        }
        inner.queue.end();
        let runtime = Arc::clone(&inner.runtime);
        drop(self);
        runtime.shutdown_if_last(limit.saturating_sub(begin.elapsed()));
    }
}

fn known(op: i32) -> Result<Op, Failure> {
    Op::of(op).ok_or_else(|| Failure::internal(format!("there is no operation {op}")))
}

/// Runs a future to its end, or to its panic.
async fn guarded<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panicked(&*panic))),
    })
    .await
}

/// What a panic says, as a failure.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::internal(format!("a defect in the client: {}", text.unwrap_or("it panicked")))
}
