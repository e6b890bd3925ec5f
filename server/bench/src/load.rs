//! Requests one after the other on a few connections: so many in flight, or so many a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::bench::Bench;
use crate::connection::{Calls, Connection, call_request};
use crate::error::{Error, Result};
use crate::latency::Latency;
use crate::pace::open_loop;
use crate::progress::Progress;
use crate::report::{Row, Unit};

/// How long the last requests may take after the end.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// Preparations of a hundred thousand writes on a slow server take a while.
const FILL_LIMIT: Duration = Duration::from_secs(1800);
/// An open loop that has this many requests unanswered does not begin more: they are missed.
const MOST_UNANSWERED: u64 = 20_000;
/// All servers write this member first, so that looking for it costs little.
const SUCCESS: &[u8] = b"\"resultCode\":200";
const REASON_BYTES: usize = 300;

/// Makes the bytes of a request from its slot and from a count that rises from 0.
pub(crate) trait Frames: Fn(usize, u64) -> Bytes + Send + Sync + 'static {}

impl<F: Fn(usize, u64) -> Bytes + Send + Sync + 'static> Frames for F {}

/// The connections of a load.
#[derive(Debug)]
pub(crate) struct Load {
    connections: Vec<Connection>,
    slots: usize,
}

/// What a load reached.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    latency: Latency,
    /// Requests that failed or were not begun; only an open loop goes on after one.
    missed: u64,
    how: String,
    /// Processor time of the server for each request, in microseconds.
    processor_microseconds: Option<f64>,
}

impl Load {
    /// Opens the connections.
    pub(crate) async fn connect(bench: &Bench) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..bench.scale.load_connections {
            connections.push(Connection::open(bench.target().grpc(), ()).await?);
        }
        Ok(Self { connections, slots: bench.scale.in_flight })
    }

    /// Requests that are in flight at once in a closed loop.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The connection of a slot.
    pub(crate) fn calls(&self, slot: usize) -> &Calls {
        self.connections[slot % self.connections.len()].calls()
    }

    /// Measures as the bench is told: in an open loop when it has a rate, otherwise in a closed one.
    pub(crate) async fn measure(&self, bench: &Bench, progress: &Progress, frames: impl Frames) -> Result<Rate> {
        let time = bench.scale.time;
        let whole = time + time / 5;
        match bench.settings().rate {
            None => progress.during("measuring", whole, self.closed(bench, time, Arc::new(frames))).await,
            Some(rate) => progress.during("measuring", whole, self.open(bench, rate, time, Arc::new(frames))).await,
        }
    }

    /// Keeps all slots busy after a warm-up. The first request that fails ends the measurement.
    async fn closed(&self, bench: &Bench, time: Duration, frames: Arc<impl Frames>) -> Result<Rate> {
        let begin = Instant::now() + time / 5;
        let end = begin + time;
        let mut slots = JoinSet::new();
        for slot in 0..self.slots {
            let (calls, frames) = (self.calls(slot).clone(), Arc::clone(&frames));
            slots.spawn(async move {
                let template = call_request();
                let mut latency = Latency::new();
                for step in 0.. {
                    let frame = frames(slot, step);
                    let sent = Instant::now();
                    if sent >= end {
                        break;
                    }
                    exchange(&calls, &template, frame).await?;
                    let received = Instant::now();
                    if received >= begin && received < end {
                        latency.record(received - sent);
                    }
                }
                Ok(latency)
            });
        }
        let answered = async {
            let answered = timeout(time + time / 5 + LAST_ANSWERS, merge(slots)).await;
            answered.unwrap_or_else(|_| Err(Error::timeout("the last answers did not come")))
        };
        let (latency, used) = tokio::try_join!(answered, used_processor(bench, begin, end))?;
        Ok(Rate::new(time, latency, 0, format!("{} in flight", self.slots), used))
    }

    /// Begins requests when they are due and counts their time from then on.
    async fn open(&self, bench: &Bench, rate: u32, time: Duration, frames: Arc<impl Frames>) -> Result<Rate> {
        let begin = Instant::now() + time / 5;
        let end = begin + time;
        let outcome = Arc::new(Outcome::new());
        let lanes: Vec<Calls> = (0..self.slots).map(|slot| self.calls(slot).clone()).collect();
        let (shared, template) = (Arc::clone(&outcome), Arc::new(call_request()));
        let pacing = open_loop(rate, Instant::now(), time + time / 5, move |number, due| {
            if shared.unanswered.load(Ordering::Relaxed) >= MOST_UNANSWERED {
                shared.missed.fetch_add(u64::from(due >= begin), Ordering::Relaxed);
                return;
            }
            shared.unanswered.fetch_add(1, Ordering::Relaxed);
            let slot = usize::try_from(number % lanes.len() as u64).expect("a slot's number is small");
            let frame = frames(slot, number / lanes.len() as u64);
            let (calls, shared, template) = (lanes[slot].clone(), Arc::clone(&shared), Arc::clone(&template));
            tokio::spawn(async move {
                let done = exchange(&calls, &template, frame).await;
                if due >= begin {
                    shared.record(done, due);
                }
                shared.unanswered.fetch_sub(1, Ordering::Relaxed);
            });
        });
        let (used, ()) = tokio::join!(used_processor(bench, begin, end), pacing);
        let deadline = Instant::now() + LAST_ANSWERS;
        while outcome.unanswered.load(Ordering::Relaxed) > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(20)).await;
        }
        let late = outcome.unanswered.load(Ordering::Relaxed);
        let latency = outcome.latency.lock().clone();
        if let (0, Some(error)) = (latency.count(), outcome.failure.lock().take()) {
            return Err(error);
        }
        let missed = outcome.missed.load(Ordering::Relaxed) + late;
        Ok(Rate::new(time, latency, missed, format!("{rate} a second"), used?))
    }

    /// Sends `count` different requests as fast as it goes.
    pub(crate) async fn send<F>(&self, progress: &Progress, part: &str, count: u64, frame: F) -> Result<()>
    where
        F: Fn(u64) -> Bytes + Send + Sync + 'static,
    {
        progress.begin(part, usize::try_from(count).unwrap_or(usize::MAX));
        let (frame, next) = (Arc::new(frame), Arc::new(AtomicU64::new(0)));
        let mut slots = JoinSet::new();
        for slot in 0..self.slots {
            let (calls, frame, next) = (self.calls(slot).clone(), Arc::clone(&frame), Arc::clone(&next));
            let progress = progress.clone();
            slots.spawn(async move {
                let template = call_request();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(Latency::new());
                    }
                    exchange(&calls, &template, frame(number)).await?;
                    progress.step();
                }
            });
        }
        let sent = timeout(FILL_LIMIT, merge(slots)).await;
        sent.unwrap_or_else(|_| Err(Error::timeout(format!("{count} requests were not answered")))).map(drop)
    }
}

struct Outcome {
    latency: Mutex<Latency>,
    missed: AtomicU64,
    unanswered: AtomicU64,
    /// Why the first one failed that did.
    failure: Mutex<Option<Error>>,
}

impl Outcome {
    fn new() -> Self {
        Self {
            latency: Mutex::new(Latency::new()),
            missed: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            failure: Mutex::new(None),
        }
    }

    fn record(&self, done: Result<()>, due: Instant) {
        match done {
            Ok(()) => self.latency.lock().record(due.elapsed()),
            Err(error) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
                self.failure.lock().get_or_insert(error);
            }
        }
    }
}

impl Rate {
    fn new(time: Duration, latency: Latency, missed: u64, how: String, used: Option<Duration>) -> Self {
        let count = latency.count() as f64;
        Self {
            per_second: count / time.as_secs_f64(),
            latency,
            missed,
            how,
            processor_microseconds: used.map(|used| used.as_secs_f64() * 1e6 / count.max(1.0)),
        }
    }

    /// Answers a second, times, misses, and the server's processor time for each if it is known.
    pub(crate) fn rows(&self, key: &str, label: &str) -> Vec<Row> {
        let label = format!("{label}, {}", self.how);
        let mut rows = vec![Row::new(format!("{key}_rate"), label.clone(), self.per_second, Unit::PerSecond)];
        rows.extend(self.latency.rows(key, &label));
        rows.push(Row::new(format!("{key}_missed"), format!("{label}, missed"), self.missed as f64, Unit::Count));
        let cost =
            |value| Row::new(format!("{key}_cpu"), format!("{label}, server CPU for each"), value, Unit::Microseconds);
        rows.extend(self.processor_microseconds.map(cost));
        rows
    }
}

/// Processor time of the server between two instants.
async fn used_processor(bench: &Bench, begin: Instant, end: Instant) -> Result<Option<Duration>> {
    sleep_until(begin).await;
    let before = bench.target().processor_time()?;
    sleep_until(end).await;
    let after = bench.target().processor_time()?;
    Ok(before.zip(after).map(|(before, after)| after.saturating_sub(before)))
}

async fn merge(mut slots: JoinSet<Result<Latency>>) -> Result<Latency> {
    let mut all = Latency::new();
    while let Some(slot) = slots.join_next().await {
        let slot = slot.map_err(|error| Error::internal(format!("a slot stopped: {error}")))?;
        all.merge(&slot?);
    }
    Ok(all)
}

async fn exchange(calls: &Calls, template: &Request<()>, frame: Bytes) -> Result<()> {
    let reply = calls.exchange(template, frame).await?;
    if reply.windows(SUCCESS.len()).any(|window| window == SUCCESS) {
        return Ok(());
    }
    let reply = &reply[..reply.len().min(REASON_BYTES)];
    Err(Error::refused(format!("the server refused: {}", String::from_utf8_lossy(reply))))
}
