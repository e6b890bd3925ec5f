//! How soon all who asked are told of a change.

use std::time::Duration;

use anyhow::{Context, Result};
use nacre_harness::grpc::Client;
use nacre_proto::Request;
use tokio::time::{Instant, sleep};

use crate::latency::Latency;
use crate::report::{Row, Unit};
use crate::subject::{Bench, Subject};
use crate::watch::{Watchers, config_number, first_port};
use crate::wire;

/// A watcher that has not received a change in this time has missed it.
const ROUND_LIMIT: Duration = Duration::from_secs(5);
/// The server pushes once more half a second after a subscription; that must not meet the first change.
const SETTLE: Duration = Duration::from_secs(2);
/// Longer than the window in which the server merges changes, so that each stands alone.
const BETWEEN_REGISTRY_CHANGES: Duration = Duration::from_millis(100);
const BETWEEN_CONFIG_CHANGES: Duration = Duration::from_millis(300);
const FIRST_PORT: u16 = 1000;

/// One provider changes its instance again and again.
pub(super) async fn naming(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let service = bench.name("changing");
    let mut watchers = Watchers::open(subject.grpc, bench.scale.subscribers, first_port).await?;
    watchers.each(|_| wire::subscribe(&service)).await?;
    let provider = Client::open(subject.grpc).await?;
    let port = |change: u64| FIRST_PORT + u16::try_from(change).unwrap_or(u16::MAX - FIRST_PORT);
    let changes = Changes { count: bench.scale.registry_changes, pause: BETWEEN_REGISTRY_CHANGES };
    let seen = changes
        .run(&subject, &provider, &mut watchers, |change| {
            (wire::register(&service, port(change)), u64::from(port(change)))
        })
        .await?;
    let label = format!("registry change -> {} subscribers", watchers.count());
    drop((watchers, provider));
    subject.finish().await?;
    let mut rows = seen.rows("naming_push", &label);
    rows[0] = rows[0].clone().at_most(8.0);
    rows[1] = rows[1].clone().at_most(20.0);
    Ok(rows)
}

/// Each listener listens to all configs; they are changed one after the other.
pub(super) async fn config(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let data_id = |number: u64| bench.name(&format!("listen-{number}"));
    let publisher = Client::open(subject.grpc).await?;
    let mut configs = Vec::new();
    for number in 0..bench.scale.config_changes {
        wire::ask(&publisher, &wire::publish(&data_id(number), 0)).await?;
    }
    // Nacos renews what it answers from shortly after it has answered the publish.
    sleep(Duration::from_secs(1)).await;
    for number in 0..bench.scale.config_changes {
        let config = wire::ask(&publisher, &wire::read(&data_id(number))).await?;
        configs.push((data_id(number), config.md5.context("a config without md5")?));
    }
    let mut watchers = Watchers::open(subject.grpc, bench.scale.listeners, config_number).await?;
    watchers.each(|_| wire::listen(&configs)).await?;
    let changes = Changes { count: bench.scale.config_changes, pause: BETWEEN_CONFIG_CHANGES };
    let seen = changes
        .run(&subject, &publisher, &mut watchers, |number| (wire::publish(&data_id(number), number + 1), number))
        .await?;
    let label = format!("publish -> {} listeners", watchers.count());
    drop((watchers, publisher));
    subject.finish().await?;
    let mut rows = seen.rows("config_push", &label);
    rows[1] = rows[1].clone().at_most(60.0);
    Ok(rows)
}

struct Changes {
    count: u64,
    pause: Duration,
}

impl Changes {
    /// Makes the changes, each when the one before has reached everybody. `change` gives the request and the mark
    /// by which watchers know it.
    async fn run<R: Request>(
        &self,
        subject: &Subject,
        author: &Client,
        watchers: &mut Watchers,
        change: impl Fn(u64) -> (R, u64),
    ) -> Result<Seen> {
        sleep(SETTLE).await;
        watchers.forget();
        let before = subject.processor_time()?;
        let mut seen = Seen { times: Latency::new(), missed: 0, processor_milliseconds: None };
        for number in 0..self.count {
            let (request, mark) = change(number);
            let since = Instant::now();
            let (answer, round) = tokio::join!(wire::ask(author, &request), watchers.round(mark, since, ROUND_LIMIT));
            answer?;
            let round = round?;
            seen.missed += round.missed;
            seen.times.extend(round.times);
            sleep(self.pause).await;
        }
        let used = before.zip(subject.processor_time()?).map(|(before, after)| after.saturating_sub(before));
        seen.processor_milliseconds = used.map(|used| used.as_secs_f64() * 1e3 / self.count as f64);
        Ok(seen)
    }
}

struct Seen {
    times: Latency,
    missed: usize,
    processor_milliseconds: Option<f64>,
}

impl Seen {
    /// p50, p99, longest, missed, and the server's processor time for each change if it is known.
    fn rows(&self, key: &str, label: &str) -> Vec<Row> {
        let time = |name: &str, value: f64| {
            Row::new(format!("{key}_{name}"), format!("{label}, {name}"), value, Unit::Milliseconds)
        };
        let missed = Row::new(format!("{key}_missed"), format!("{label}, missed"), self.missed as f64, Unit::Count);
        let mut rows = vec![
            time("p50", self.times.milliseconds(0.5)),
            time("p99", self.times.milliseconds(0.99)),
            time("max", self.times.longest_milliseconds()),
            missed.at_most(0.0),
        ];
        let cost = |value| {
            let label = format!("{label}, server CPU for each change");
            Row::new(format!("{key}_cpu"), label, value, Unit::Milliseconds)
        };
        rows.extend(self.processor_milliseconds.map(cost));
        rows
    }
}
