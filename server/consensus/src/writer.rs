//! The one writer: a thread that gathers what all groups want written, and commits it together.
//!
//! Log entries and votes are synced as soon as the thread is free, all that wait in one commit.
//! State waits a moment in memory, where reads see it and later values of a row replace earlier
//! ones, and goes along with a commit then; what is lost with it in a crash, the log brings back.
//! All state that waits is committed at once, so the store never holds a part of a change. A
//! failed write is never tried again: whoever waits is told that it failed, and so is the owner of
//! the store through [`Writer::failed`].

mod layer;

use std::{
    collections::VecDeque,
    fmt, io,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex, RwLock};
use tokio::{sync::watch, time::Instant};

use self::layer::Layers;
use crate::{
    engine::{Engine, Op},
    space::SpaceGuard,
    state::{Family, Scan, Visit},
};

/// Bytes that one commit takes from the queue; one larger job is taken alone.
const COMMIT_BYTES: usize = 8 << 20;
/// How long state may wait for a commit to go along with.
const STATE_DELAY: Duration = Duration::from_millis(10);
/// Bytes of state that are committed without waiting any longer.
const STATE_BYTES: usize = 4 << 20;

/// Told when a job is on disk, or that it never will be.
pub(crate) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

struct Job {
    ops: Vec<Op>,
    /// Whether state that was handed over before goes into the same commit, before these changes.
    after_state: bool,
    done: Done,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    state_waits: bool,
    state_is_full: bool,
    closed: bool,
}

/// What the writer did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Commits that were synced to disk.
    pub syncs: u64,
    /// All commits.
    pub commits: u64,
    /// Jobs in these commits.
    pub jobs: u64,
    /// Bytes in these commits, before compression.
    pub bytes: u64,
    /// Time spent in synced commits, in microseconds.
    pub sync_micros: u64,
}

#[derive(Default)]
struct Counters {
    syncs: AtomicU64,
    commits: AtomicU64,
    jobs: AtomicU64,
    bytes: AtomicU64,
    sync_micros: AtomicU64,
}

struct Shared {
    engine: Arc<dyn Engine>,
    space: Arc<SpaceGuard>,
    queue: Mutex<Queue>,
    arrived: Condvar,
    state: RwLock<Layers>,
    counters: Counters,
    failed: watch::Sender<Option<Arc<str>>>,
}

/// Hands jobs to the writer thread. Clones share it; [`Writer::close`] ends it.
#[derive(Clone)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Arc<Mutex<Option<thread::JoinHandle<()>>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("engine", &self.shared.engine).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn start(engine: Arc<dyn Engine>, space: Arc<SpaceGuard>) -> Self {
        let shared = Arc::new(Shared {
            engine,
            space,
            // Not bounded by itself: each group limits the bytes that it has in flight.
            queue: Mutex::default(),
            arrived: Condvar::new(),
            state: RwLock::default(),
            counters: Counters::default(),
            failed: watch::channel(None).0,
        });
        let of_thread = shared.clone();
        let thread = thread::Builder::new()
            .name("nacre-writer".into())
            .spawn(move || run(&of_thread))
            .expect("a process that cannot start its first threads cannot serve");
        Self { shared, thread: Arc::new(Mutex::new(Some(thread))) }
    }

    /// Queues log changes that must be synced; `done` is called afterwards, on the writer's thread.
    pub(crate) fn submit_synced(&self, ops: Vec<Op>, done: Done) {
        self.submit(Job { ops, after_state: false, done });
    }

    /// Hands over state that nobody waits for; reads see it from now on.
    pub(crate) fn submit_state(&self, ops: Vec<Op>) {
        let (is_first, is_full) = {
            let mut state = self.shared.state.write();
            let before = state.waiting_bytes();
            for op in ops {
                state.add(op);
            }
            (before == 0, before < STATE_BYTES && state.waiting_bytes() >= STATE_BYTES)
        };
        if is_first || is_full {
            let mut queue = self.shared.queue.lock();
            queue.state_waits = true;
            queue.state_is_full |= is_full;
            drop(queue);
            self.shared.arrived.notify_one();
        }
    }

    /// Writes changes, behind all state that was handed over, and waits until they are on disk.
    pub(crate) async fn write_synced(&self, ops: Vec<Op>) -> io::Result<()> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A caller that has gone does not want to know.
        self.submit(Job { ops, after_state: true, done: Box::new(move |written| drop(sender.send(written))) });
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }

    fn submit(&self, job: Job) {
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            drop(queue);
            (job.done)(Err(closed()));
            return;
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.shared.arrived.notify_one();
    }

    /// Reads through what is not written yet.
    pub(crate) fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        if let Some(value) = self.shared.state.read().get(family, key) {
            return Ok(value);
        }
        self.shared.engine.get(family, key)
    }

    /// Reads a range through what is not written yet.
    pub(crate) fn scan(&self, family: Family, scan: &Scan, visit: &mut Visit<'_>) -> io::Result<()> {
        let from = scan.from.as_ref().map(|key| &**key);
        let to = scan.to.as_ref().map(|key| &**key);
        if bounds_are_empty(from, to) {
            return Ok(());
        }
        let (mut rows, removed) = self.shared.state.read().range(family, from, to);
        if scan.reverse {
            rows.make_contiguous().reverse();
        }
        let mut left = scan.limit;
        let mut offer = |key: &[u8], value: &[u8]| {
            if left == 0 {
                return false;
            }
            left -= 1;
            visit(key, value) && left > 0
        };
        let mut ended = false;
        self.shared.engine.scan(family, from, to, scan.reverse, &mut |key, value| {
            while let Some((next, change)) = rows.front() {
                let earlier = if scan.reverse { &**next > key } else { &**next < key };
                if !earlier {
                    break;
                }
                if let Some(change) = change
                    && !offer(next, change)
                {
                    ended = true;
                    return false;
                }
                rows.pop_front();
            }
            let go_on = match rows.front() {
                Some((next, change)) if &**next == key => {
                    let go_on = change.as_ref().is_none_or(|change| offer(key, change));
                    rows.pop_front();
                    go_on
                }
                _ if removed.iter().any(|(from, to)| &**from <= key && key < &**to) => true,
                _ => offer(key, value),
            };
            ended = !go_on;
            go_on
        })?;
        if !ended {
            for (key, change) in rows {
                if let Some(change) = change
                    && !offer(&key, &change)
                {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Becomes `Some(reason)` when a write failed; the process must end then.
    pub(crate) fn failed(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.shared.failed.subscribe()
    }

    pub(crate) fn engine(&self) -> &Arc<dyn Engine> {
        &self.shared.engine
    }

    pub(crate) fn space(&self) -> &Arc<SpaceGuard> {
        &self.shared.space
    }

    pub(crate) fn stats(&self) -> WriterStats {
        let counters = &self.shared.counters;
        WriterStats {
            syncs: counters.syncs.load(Ordering::Relaxed),
            commits: counters.commits.load(Ordering::Relaxed),
            jobs: counters.jobs.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            sync_micros: counters.sync_micros.load(Ordering::Relaxed),
        }
    }

    /// Writes and syncs what is queued, then ends the thread. Blocks until then.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of the thread has been reported by its own hook.
            drop(thread.join());
        }
    }
}

fn bounds_are_empty(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

fn run(shared: &Shared) {
    let mut state_due = None;
    loop {
        let Round { jobs, with_state, closed } = gather(shared, &mut state_due);
        let mut ops = if with_state { shared.state.write().take() } else { Vec::new() };
        if closed && jobs.is_empty() && ops.is_empty() {
            return;
        }
        let sync = closed || !jobs.is_empty();
        let mut dones = Vec::with_capacity(jobs.len());
        for job in jobs {
            ops.extend(job.ops);
            dones.push(job.done);
        }
        let began = Instant::now();
        if sync || !ops.is_empty() {
            if let Err(error) = shared.engine.write(&ops, sync) {
                fail(shared, &error, dones);
                return;
            }
            count(shared, &ops, dones.len(), sync.then(|| began.elapsed()));
        }
        for done in dones {
            done(Ok(()));
        }
        if with_state {
            shared.state.write().taken_is_written();
        }
    }
}

/// Nothing is tried again, and nothing is accepted from here on.
fn fail(shared: &Shared, error: &io::Error, mut dones: Vec<Done>) {
    let mut queue = shared.queue.lock();
    queue.closed = true;
    dones.extend(queue.jobs.drain(..).map(|job| job.done));
    drop(queue);
    shared.failed.send_replace(Some(error.to_string().into()));
    for done in dones {
        done(Err(io::Error::new(error.kind(), error.to_string())));
    }
}

fn closed() -> io::Error {
    io::Error::other("the store has failed or is closed")
}

/// What goes into one commit.
struct Round {
    jobs: Vec<Job>,
    with_state: bool,
    closed: bool,
}

/// Waits for something to commit. When the writer was closed, everything that is left.
fn gather(shared: &Shared, state_due: &mut Option<Instant>) -> Round {
    let mut queue = shared.queue.lock();
    let is_due = loop {
        let left = queue.state_waits.then(|| {
            let due = state_due.get_or_insert_with(|| Instant::now() + STATE_DELAY);
            due.saturating_duration_since(Instant::now())
        });
        let is_due = queue.state_is_full || left.is_some_and(|left| left.is_zero());
        if is_due || queue.closed || !queue.jobs.is_empty() {
            break is_due;
        }
        match left {
            None => shared.arrived.wait(&mut queue),
            Some(left) => drop(shared.arrived.wait_for(&mut queue, left)),
        }
    };
    let mut jobs = Vec::new();
    let mut bytes = 0;
    while let Some(job) = queue.jobs.front() {
        let size: usize = job.ops.iter().map(Op::size).sum();
        if !jobs.is_empty() && bytes + size > COMMIT_BYTES {
            break;
        }
        bytes += size;
        jobs.extend(queue.jobs.pop_front());
    }
    let with_state = is_due || queue.closed || jobs.iter().any(|job| job.after_state);
    if with_state {
        queue.state_waits = false;
        queue.state_is_full = false;
        *state_due = None;
    }
    Round { jobs, with_state, closed: queue.closed }
}

fn count(shared: &Shared, ops: &[Op], jobs: usize, sync: Option<Duration>) {
    let bytes: usize = ops.iter().map(Op::size).sum();
    let counters = &shared.counters;
    counters.commits.fetch_add(1, Ordering::Relaxed);
    counters.jobs.fetch_add(jobs as u64, Ordering::Relaxed);
    counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    if let Some(took) = sync {
        counters.syncs.fetch_add(1, Ordering::Relaxed);
        counters.sync_micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }
    shared.space.wrote(bytes as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Read, memory::MemoryEngine};

    const FAMILY: Family = Family("test");

    fn put(key: &str, value: &str) -> Op {
        Op::Put(FAMILY, Bytes::copy_from_slice(key.as_bytes()), Bytes::copy_from_slice(value.as_bytes()))
    }

    fn rows(writer: &Writer, scan: &Scan) -> Vec<String> {
        let mut rows = Vec::new();
        writer
            .scan(FAMILY, scan, &mut |key, value| {
                rows.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
                true
            })
            .unwrap();
        rows
    }

    fn writer_with(pending: &[Op]) -> Writer {
        let engine = MemoryEngine::new();
        engine.write(&[put("a", "old"), put("c", "old"), put("e", "old")], true).unwrap();
        let writer = Writer::start(Arc::new(engine), Arc::new(SpaceGuard::unlimited()));
        // Kept pending for this test: the thread is ended before anything is handed over.
        writer.close();
        for op in pending {
            writer.shared.state.write().add(op.clone());
        }
        writer
    }

    #[test]
    fn reads_see_what_is_not_written_yet() {
        let writer = writer_with(&[
            put("b", "new"),
            put("c", "new"),
            Op::Delete(FAMILY, Bytes::from_static(b"e")),
            put("f", "new"),
        ]);
        assert_eq!(rows(&writer, &Scan::prefix(b"")), ["a=old", "b=new", "c=new", "f=new"]);
        assert_eq!(rows(&writer, &Scan::prefix(b"").reversed()), ["f=new", "c=new", "b=new", "a=old"]);
        assert_eq!(rows(&writer, &Scan::prefix(b"").limit(2)), ["a=old", "b=new"]);
        assert_eq!(rows(&writer, &Scan::prefix(b"c")), ["c=new"]);
        assert_eq!(writer.get(FAMILY, b"e").unwrap(), None);
        assert_eq!(writer.get(FAMILY, b"a").unwrap(), Some(Bytes::from_static(b"old")));
    }

    #[test]
    fn a_pending_range_removal_hides_the_store_but_not_later_rows() {
        let range = Op::DeleteRange(FAMILY, Bytes::from_static(b"b"), Bytes::from_static(b"f"));
        let writer = writer_with(&[put("d", "early"), range, put("e", "late")]);
        assert_eq!(rows(&writer, &Scan::prefix(b"")), ["a=old", "e=late"]);
        assert_eq!(writer.get(FAMILY, b"c").unwrap(), None);
        assert_eq!(writer.get(FAMILY, b"d").unwrap(), None);
    }

    #[tokio::test]
    async fn completions_come_after_the_sync_and_in_order() {
        let engine = MemoryEngine::new();
        let writer = Writer::start(Arc::new(engine.clone()), Arc::new(SpaceGuard::unlimited()));
        writer.submit_state(vec![put("state", "1")]);
        writer.write_synced(vec![put("log", "1")]).await.unwrap();
        let restarted = engine.after_crash(0);
        assert!(restarted.get(FAMILY, b"log").unwrap().is_some());
        assert!(restarted.get(FAMILY, b"state").unwrap().is_some(), "handed over before, so on disk before");
        assert_eq!(writer.stats().syncs, 1);
        writer.close();
    }

    #[tokio::test]
    async fn a_failed_write_completes_nothing_and_is_reported() {
        let engine = MemoryEngine::new();
        engine.crash_at(2);
        let writer = Writer::start(Arc::new(engine), Arc::new(SpaceGuard::unlimited()));
        writer.write_synced(vec![put("a", "1")]).await.unwrap();
        assert!(writer.write_synced(vec![put("b", "1")]).await.is_err());
        assert!(writer.write_synced(vec![put("c", "1")]).await.is_err());
        assert!(writer.failed().borrow().is_some());
    }
}
