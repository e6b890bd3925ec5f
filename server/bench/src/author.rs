//! Who makes the changes that others are told of.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::bench::Bench;
use crate::board::{Board, Seen};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::fleet::{FIRST_PORT, Fleet};
use crate::pace::open_loop;
use crate::progress::Progress;
use crate::report::{Row, Unit};
use crate::wire;

/// The port of an instance tells its change.
const MOST_CHANGES: u64 = (u16::MAX - FIRST_PORT) as u64;

/// The port after so many changes.
pub(crate) fn port(number: u64) -> u16 {
    FIRST_PORT.saturating_add(u16::try_from(number).unwrap_or(u16::MAX))
}

/// Changes topics in turn. The changes of one topic are made one after the other.
pub(crate) struct Author<F> {
    /// Each topic has one of them.
    lanes: Vec<Connection>,
    board: Board,
    topics: usize,
    /// Makes the frame of a topic's change with this number.
    frame: Arc<F>,
}

/// How changes were seen, and what they cost.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) seen: Seen,
    changes: u64,
    used: Option<Duration>,
}

impl<F: Fn(usize, u64) -> Bytes + Send + Sync + 'static> Author<F> {
    /// Opens the connections.
    pub(crate) async fn open(bench: &Bench, lanes: usize, board: &Board, topics: usize, frame: F) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..lanes {
            connections.push(Connection::open(bench.target().grpc(), ()).await?);
        }
        Ok(Self { lanes: connections, board: board.clone(), topics, frame: Arc::new(frame) })
    }

    fn lane(&self, topic: usize) -> &Connection {
        &self.lanes[topic % self.lanes.len()]
    }

    /// A closed loop: makes each change when everybody has seen the one before.
    pub(crate) async fn one_by_one(
        &self,
        bench: &Bench,
        progress: &Progress,
        count: u64,
        pause: Duration,
    ) -> Result<Told> {
        let before = bench.target().processor_time()?;
        progress.begin("changing", usize::try_from(count).unwrap_or(usize::MAX));
        for number in 0..count {
            let topic = usize::try_from(number).unwrap_or(0) % self.topics;
            let frame = (self.frame)(topic, self.board.begun(topic) + 1);
            self.board.begin(topic, Instant::now());
            let (done, ()) = tokio::join!(change(self.lane(topic), frame), self.board.all_seen());
            done?;
            progress.step();
            sleep(pause).await;
        }
        self.told(bench, before, count)
    }

    /// An open loop: makes `rate` changes a second, each when it is due.
    pub(crate) async fn paced(&self, bench: &Bench, progress: &Progress, rate: u32, time: Duration) -> Result<Told> {
        let count = (f64::from(rate) * time.as_secs_f64()).round() as u64;
        if count / self.topics as u64 >= MOST_CHANGES - self.board.begun(0) {
            return Err(Error::usage(format!("{rate} changes a second are too many for {} s", time.as_secs())));
        }
        let before = bench.target().processor_time()?;
        let mut senders = Vec::new();
        let mut lanes = JoinSet::<Result<()>>::new();
        for connection in &self.lanes {
            // Holds at most the changes of this run.
            let (sender, mut frames) = mpsc::unbounded_channel::<Bytes>();
            let calls = connection.calls().clone();
            senders.push(sender);
            lanes.spawn(async move {
                while let Some(frame) = frames.recv().await {
                    answered(&calls.call(frame).await?)?;
                }
                Ok(())
            });
        }
        let (board, frame, topics) = (self.board.clone(), Arc::clone(&self.frame), self.topics);
        let pacing = open_loop(rate, Instant::now(), time, move |number, due| {
            let topic = usize::try_from(number).unwrap_or(0) % topics;
            let number = board.begin(topic, due);
            // Fails when the lane has, which is told below.
            let _ = senders[topic % senders.len()].send(frame(topic, number));
        });
        progress.during("changing", time, pacing).await;
        while let Some(lane) = lanes.join_next().await {
            lane.map_err(|error| Error::internal(format!("changes stopped: {error}")))??;
        }
        self.board.all_seen().await;
        self.told(bench, before, count)
    }

    fn told(&self, bench: &Bench, before: Option<Duration>, changes: u64) -> Result<Told> {
        let used = before.zip(bench.target().processor_time()?).map(|(before, after)| after.saturating_sub(before));
        Ok(Told { seen: self.board.take(), changes, used })
    }
}

async fn change(connection: &Connection, frame: Bytes) -> Result<()> {
    answered(&connection.calls().call(frame).await?)
}

fn answered(reply: &nacre_proto::Payload) -> Result<()> {
    if wire::is_success(reply) {
        return Ok(());
    }
    Err(Error::refused(format!("a change was answered by {} {}", reply.kind(), String::from_utf8_lossy(reply.json()))))
}

impl Told {
    /// Times, misses, and the server's processor time for each change if it is known.
    pub(crate) fn rows(&self, key: &str, label: &str) -> Vec<Row> {
        let mut rows = self.seen.latency.rows(key, label);
        let missed = self.seen.missed() as f64;
        rows.push(Row::new(format!("{key}_missed"), format!("{label}, missed"), missed, Unit::Count));
        rows.extend(self.used.map(|used| {
            let value = used.as_secs_f64() * 1e3 / self.changes.max(1) as f64;
            Row::new(format!("{key}_cpu"), format!("{label}, server CPU for each change"), value, Unit::Milliseconds)
        }));
        rows
    }
}

/// Subscribes each connection to the services that `services` names for it.
pub(crate) async fn subscribe(fleet: &Fleet, services: impl Fn(usize) -> Vec<String>) -> Result<()> {
    fleet.each(|number| services(number).iter().map(|service| wire::subscribe(service)).collect::<Vec<_>>()).await
}
