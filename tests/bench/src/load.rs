//! Closed-loop load: 64 requests in flight over 8 connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, Version};
use nacre_harness::grpc::Client;
use nacre_proto::payload::REQUEST_PATH;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::latency::Latency;
use crate::subject::Subject;

/// Requests in flight.
pub(crate) const IN_FLIGHT: usize = 64;
const CONNECTIONS: usize = 8;
/// How long the last requests may take after the end.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
const FILL_LIMIT: Duration = Duration::from_secs(600);
/// All servers write this member first, so that looking for it costs little.
const SUCCESS: &[u8] = b"\"resultCode\":200";

/// The connections of a load.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    clients: Vec<Arc<Client>>,
}

/// What a load reached.
#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) latency: Latency,
    /// Processor time of the server for each request, in microseconds.
    pub(crate) processor_microseconds: Option<f64>,
}

impl Load {
    /// Opens the connections.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let mut clients = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let client = timeout(CONNECT_LIMIT, Client::open(address)).await.context("not set up in time")??;
            clients.push(Arc::new(client));
        }
        Ok(Self { clients })
    }

    /// The connection of a slot; slots count from 0 to [`IN_FLIGHT`].
    pub(crate) fn client(&self, slot: usize) -> &Arc<Client> {
        &self.clients[slot % self.clients.len()]
    }

    /// Keeps all slots busy for `time` after a warm-up. `frame` makes the bytes of a request from the slot and a
    /// count that rises from 0. The first request that fails ends the measurement.
    pub(crate) async fn rate<F>(&self, subject: &Subject, time: Duration, frame: F) -> Result<Rate>
    where
        F: Fn(usize, u64) -> Bytes + Send + Sync + 'static,
    {
        let frame = Arc::new(frame);
        let begin = Instant::now() + time / 5;
        let end = begin + time;
        let mut slots = JoinSet::new();
        for slot in 0..IN_FLIGHT {
            let (client, frame) = (Arc::clone(self.client(slot)), Arc::clone(&frame));
            slots.spawn(async move {
                let template = call();
                let mut latency = Latency::new();
                for step in 0.. {
                    let body = frame(slot, step);
                    let sent = Instant::now();
                    if sent >= end {
                        break;
                    }
                    exchange(&client, &template, body).await?;
                    let received = Instant::now();
                    if received >= begin && received < end {
                        latency.record(received - sent);
                    }
                }
                Ok(latency)
            });
        }
        sleep_until(begin).await;
        let before = subject.processor_time()?;
        sleep_until(end).await;
        let after = subject.processor_time()?;
        let latency = timeout(LAST_ANSWERS, merge(slots)).await.context("the last answers did not come")??;
        let count = latency.count() as f64;
        let used = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        Ok(Rate {
            per_second: count / time.as_secs_f64(),
            latency,
            processor_microseconds: used.map(|used| used.as_secs_f64() * 1e6 / count.max(1.0)),
        })
    }

    /// Sends `count` different requests as fast as it goes.
    pub(crate) async fn send<F>(&self, count: u64, frame: F) -> Result<()>
    where
        F: Fn(u64) -> Bytes + Send + Sync + 'static,
    {
        let (frame, next) = (Arc::new(frame), Arc::new(AtomicU64::new(0)));
        let mut slots = JoinSet::new();
        for slot in 0..IN_FLIGHT {
            let (client, frame, next) = (Arc::clone(self.client(slot)), Arc::clone(&frame), Arc::clone(&next));
            slots.spawn(async move {
                let template = call();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(Latency::new());
                    }
                    exchange(&client, &template, frame(number)).await?;
                }
            });
        }
        timeout(FILL_LIMIT, merge(slots)).await.context("not sent in time")?.map(drop)
    }
}

async fn merge(mut slots: JoinSet<Result<Latency>>) -> Result<Latency> {
    let mut all = Latency::new();
    while let Some(slot) = slots.join_next().await {
        all.merge(&slot.context("a slot stopped")??);
    }
    Ok(all)
}

fn call() -> Request<()> {
    Request::post(format!("http://nacre{REQUEST_PATH}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("the parts of this request are valid")
}

async fn exchange(client: &Client, template: &Request<()>, body: Bytes) -> Result<()> {
    let reply = client.transport().exchange(template.clone(), body).await?;
    ensure!(reply.grpc_status() == Some(0), "http status {}, grpc status {:?}", reply.status, reply.grpc_status());
    let success = reply.body.windows(SUCCESS.len()).any(|window| window == SUCCESS);
    ensure!(success, "refused: {}", String::from_utf8_lossy(&reply.body));
    Ok(())
}
