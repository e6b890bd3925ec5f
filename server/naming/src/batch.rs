//! Gathers the writes of one shard: an idle shard writes at once, and what comes while a write is
//! under way goes into the next.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::TryFutureExt;
use nacre_consensus::ProposeError;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, oneshot},
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use crate::{
    Error,
    link::Link,
    shard::{Answer, Incarnation, Operation, ShardCommand},
};

/// Operations in one log entry.
const BATCH_OPERATIONS: usize = 256;
/// Bytes in one log entry, roughly; one larger operation goes alone.
const BATCH_BYTES: usize = 1 << 20;
/// Requests that may wait for a shard. What the server itself removes always may.
const WAITING: usize = 65_536;
/// Their bytes, roughly; one larger request may wait alone.
const WAITING_BYTES: usize = 32 << 20;
/// How long a batch looks for a leader before its requests are refused.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two tries.
const RETRY: Duration = Duration::from_millis(50);

/// What became of a write.
pub(crate) type Outcome = Result<Answer, Error>;

struct Pending {
    operation: Operation,
    size: usize,
    /// Absent for what the server does by itself; such a write is tried until it is done.
    answer: Option<oneshot::Sender<Outcome>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Pending>,
    bytes: usize,
    closed: bool,
    /// So many of the next batches hold a single operation, since together they were too large.
    singly: usize,
}

impl Queue {
    fn push(&mut self, pending: Pending) {
        self.bytes += pending.size;
        self.waiting.push_back(pending);
    }

    fn is_full(&self, size: usize) -> bool {
        self.waiting.len() >= WAITING || (self.bytes > 0 && self.bytes + size > WAITING_BYTES)
    }
}

/// Figures of all shards together.
#[derive(Debug, Default)]
pub(crate) struct BatchFigures {
    pub(crate) batches: AtomicU64,
    pub(crate) operations: AtomicU64,
}

/// The writes of one shard.
pub(crate) struct Batcher {
    shard: usize,
    origin: Incarnation,
    link: Arc<dyn Link>,
    figures: Arc<BatchFigures>,
    queue: Mutex<Queue>,
    arrived: Notify,
    last_write: Mutex<Instant>,
}

impl Batcher {
    pub(crate) fn new(shard: usize, origin: Incarnation, link: Arc<dyn Link>, figures: Arc<BatchFigures>) -> Self {
        Self {
            shard,
            origin,
            link,
            figures,
            queue: Mutex::default(),
            arrived: Notify::new(),
            last_write: Mutex::new(Instant::now()),
        }
    }

    /// Takes a write in the order of the calls; the future tells what became of it. Dropping the
    /// future does not take the write back.
    pub(crate) fn submit(
        &self,
        operation: Operation,
    ) -> Result<impl Future<Output = Outcome> + Send + 'static + use<>, Error> {
        let (sender, receiver) = oneshot::channel();
        let size = operation.estimated_size();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(stopped());
            }
            if queue.is_full(size) {
                return Err(Error::Unavailable("too many writes wait".into()));
            }
            queue.push(Pending { operation, size, answer: Some(sender) });
        }
        self.arrived.notify_one();
        Ok(receiver.unwrap_or_else(|_| Err(stopped())))
    }

    /// Takes a write that nobody waits for and that must be done in the end.
    pub(crate) fn enqueue(&self, operation: Operation) {
        let size = operation.estimated_size();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return;
            }
            queue.push(Pending { operation, size, answer: None });
        }
        self.arrived.notify_one();
    }

    /// Takes nothing more; [`Batcher::run`] ends when what was taken is written.
    pub(crate) fn close(&self) {
        self.queue.lock().closed = true;
        self.arrived.notify_one();
    }

    /// How long nothing was written.
    pub(crate) fn idle_for(&self) -> Duration {
        self.last_write.lock().elapsed()
    }

    /// Writes what comes, until closed or stopped.
    pub(crate) async fn run(&self) {
        let mut number = 0;
        loop {
            let batch = self.next();
            if batch.is_empty() {
                if self.queue.lock().closed {
                    return;
                }
                self.arrived.notified().await;
                // What is ready to run may bring more for this batch; nobody waits for a timer.
                yield_now().await;
                continue;
            }
            number += 1;
            if self.write(number, batch).await.is_break() {
                let mut queue = self.queue.lock();
                queue.closed = true;
                // Dropping the senders answers that the server stops.
                queue.waiting.clear();
                return;
            }
        }
    }

    fn next(&self) -> Vec<Pending> {
        let mut queue = self.queue.lock();
        let limit = if queue.singly > 0 { 1 } else { BATCH_OPERATIONS };
        queue.singly = queue.singly.saturating_sub(1);
        let mut bytes = 0;
        let mut count = 0;
        while let Some(pending) = queue.waiting.get(count) {
            bytes += pending.size;
            if count == limit || (count > 0 && bytes > BATCH_BYTES) {
                break;
            }
            count += 1;
        }
        let batch: Vec<Pending> = queue.waiting.drain(..count).collect();
        queue.bytes -= batch.iter().map(|pending| pending.size).sum::<usize>();
        batch
    }

    async fn write(&self, number: u64, mut batch: Vec<Pending>) -> std::ops::ControlFlow<()> {
        let begun = Instant::now();
        let mut leader = self.link.leader(self.shard);
        loop {
            let operations = batch.iter().map(|pending| pending.operation.clone()).collect();
            let command = ShardCommand { origin: self.origin, batch: number, operations };
            let target = leader.borrow_and_update().leader;
            let result = match target {
                Some(target) => self.link.propose(target, self.shard, command).await,
                None => Err(ProposeError::NotLeader { leader: None }),
            };
            match result {
                Ok(answers) => {
                    self.answered(batch, &answers);
                    return std::ops::ControlFlow::Continue(());
                }
                Err(ProposeError::StorageFull { free, reserve }) => {
                    let refused = batch.extract_if(.., |pending| !pending.operation.may_use_reserve());
                    let refused = refused.map(|pending| refuse(pending, &Error::StorageFull { free, reserve })).count();
                    if batch.is_empty() {
                        return std::ops::ControlFlow::Continue(());
                    }
                    if refused > 0 {
                        continue;
                    }
                }
                Err(ProposeError::TooLarge { size, limit }) => {
                    self.too_large(batch, size, limit);
                    return std::ops::ControlFlow::Continue(());
                }
                Err(ProposeError::Stopped) => {
                    for pending in batch {
                        refuse(pending, &stopped());
                    }
                    return std::ops::ControlFlow::Break(());
                }
                // Nobody leads, or it is not known whether it counted: the same number again
                // counts once at most.
                Err(_) => {}
            }
            if begun.elapsed() >= PATIENCE {
                for pending in batch.extract_if(.., |pending| pending.answer.is_some()) {
                    refuse(pending, &Error::Unavailable("the shard has no leader".into()));
                }
                if batch.is_empty() {
                    return std::ops::ControlFlow::Continue(());
                }
            }
            let _ = timeout(RETRY, leader.changed()).await;
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn answered(&self, batch: Vec<Pending>, answers: &[Answer]) {
        self.figures.batches.fetch_add(1, Ordering::Relaxed);
        self.figures.operations.fetch_add(batch.len() as u64, Ordering::Relaxed);
        *self.last_write.lock() = Instant::now();
        for (pending, answer) in batch.into_iter().zip(answers) {
            if let Some(sender) = pending.answer {
                // The request may have been given up meanwhile.
                let _ = sender.send(Ok(*answer));
            }
        }
    }

    fn too_large(&self, mut batch: Vec<Pending>, size: usize, limit: usize) {
        if batch.len() == 1 {
            for pending in batch.drain(..) {
                refuse(pending, &Error::TooLarge { size, limit });
            }
            return;
        }
        let mut queue = self.queue.lock();
        queue.singly += batch.len();
        for pending in batch.into_iter().rev() {
            queue.bytes += pending.size;
            queue.waiting.push_front(pending);
        }
    }
}

fn refuse(pending: Pending, error: &Error) {
    if let Some(sender) = pending.answer {
        // The request may have been given up meanwhile.
        let _ = sender.send(Err(error.clone()));
    }
}

fn stopped() -> Error {
    Error::Unavailable("the server stops".into())
}

impl fmt::Debug for Batcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("shard", &self.shard).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
