//! How soon subscribers are told that a provider's connection has ended.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nacre_harness::grpc::Client;
use tokio::time::{Instant, sleep, timeout};

use crate::latency::Latency;
use crate::report::{Row, Unit};
use crate::subject::Bench;
use crate::watch::{EMPTY, Watchers, first_port};
use crate::wire;

const SUBSCRIBERS: usize = 20;
const ROUND_LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// The server pushes once more half a second after a subscription; that must not meet the first round.
const SETTLE: Duration = Duration::from_secs(2);
/// Longer than the window in which the server merges changes.
const BETWEEN: Duration = Duration::from_millis(300);
const FIRST_PORT: u16 = 1000;

#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    Reset,
}

/// A provider comes and goes, by closing its connection and by resetting it.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let service = bench.name("leaving");
    let mut watchers = Watchers::open(subject.grpc, SUBSCRIBERS, first_port).await?;
    watchers.each(|_| wire::subscribe(&service)).await?;
    sleep(SETTLE).await;
    let mut rows = Vec::new();
    let mut port = FIRST_PORT;
    for (end, name) in [(End::Close, "closed"), (End::Reset, "reset")] {
        let mut times = Latency::new();
        let mut missed = 0;
        for _ in 0..bench.scale.departures {
            port += 1;
            let provider = timeout(CONNECT_LIMIT, Client::open(subject.grpc)).await.context("not set up in time")??;
            watchers.forget();
            let since = Instant::now();
            wire::ask(&provider, &wire::register(&service, port)).await?;
            let arrival = watchers.round(u64::from(port), since, ROUND_LIMIT).await?;
            ensure!(arrival.missed == 0, "{} subscribers did not see the provider come", arrival.missed);
            sleep(BETWEEN).await;
            let since = Instant::now();
            let leave = async {
                match end {
                    End::Close => provider.close().await,
                    End::Reset => provider.reset().await,
                }
            };
            let ((), departure) = tokio::join!(leave, watchers.round(EMPTY, since, ROUND_LIMIT));
            let departure = departure?;
            missed += departure.missed;
            times.extend(departure.times);
            sleep(BETWEEN).await;
        }
        let label = format!("provider's connection {name} -> {SUBSCRIBERS} subscribers");
        let key = format!("departure_{name}");
        let longest = times.longest_milliseconds();
        rows.push(Row::new(format!("{key}_max"), format!("{label}, max"), longest, Unit::Milliseconds).at_most(30.0));
        let missed = f64::from(u32::try_from(missed).unwrap_or(u32::MAX));
        rows.push(Row::new(format!("{key}_missed"), format!("{label}, missed"), missed, Unit::Count).at_most(0.0));
    }
    drop(watchers);
    subject.finish().await?;
    Ok(rows)
}
