//! Subscribers that never read must cost the others nothing, and the server little memory.

use std::time::Duration;

use tokio::time::{interval, sleep};

use crate::author::{Author, Told, port, subscribe};
use crate::bench::Bench;
use crate::board::Board;
use crate::connection::Connection;
use crate::error::Result;
use crate::fleet::{FIRST_PORT, Fleet, Subscriber};
use crate::progress::Progress;
use crate::report::{Row, Unit};
use crate::wire;

const SERVICES: usize = 10;
/// Instances of a service that do not change; one more does.
const STEADY: u16 = 99;
const CHANGES_A_SECOND: u32 = 100;
const LOOK: Duration = Duration::from_millis(100);

/// Measures the subscribers that read, first alone, then beside the frozen ones.
pub(super) async fn measure(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let (healthy, frozen) = (bench.scale.healthy, bench.scale.frozen);
    let endpoint = bench.target().grpc();
    let name = |number: usize| bench.name(&format!("frozen-{}", number % SERVICES));
    let provider = Connection::open(endpoint, ()).await?;
    for service in 0..SERVICES {
        provider.calls().ask(&wire::register_all(&name(service), FIRST_PORT - STEADY..FIRST_PORT)).await?;
    }
    let audience = (0..SERVICES).map(|service| (0..healthy).filter(|number| number % SERVICES == service).count());
    let board = Board::new(audience.collect());
    let readers = Fleet::open(endpoint, healthy, progress, |_| Subscriber::new(&board)).await?;
    subscribe(&readers, |number| vec![name(number)]).await?;
    let services: Vec<String> = (0..SERVICES).map(name).collect();
    let frame = move |topic: usize, number| wire::frame(&wire::register(&services[topic], port(number)));
    let author = Author::open(bench, SERVICES, &board, SERVICES, frame).await?;
    let rate = bench.settings().rate.unwrap_or(CHANGES_A_SECOND);
    sleep(bench.scale.settle).await;
    let alone = author.paced(bench, progress, rate, bench.scale.time).await?;

    let mut stuck = Fleet::open(endpoint, frozen, progress, |_| ()).await?;
    subscribe(&stuck, |number| vec![name(number)]).await?;
    sleep(bench.scale.settle).await;
    let before = bench.target().resident_bytes()?;
    stuck.freeze();
    let changing = author.paced(bench, progress, rate, bench.scale.time);
    let (beside, peak) = with_peak(bench, changing).await?;
    let mut rows = rows(&alone, &beside, &format!("{} readers", readers.count()), stuck.count());
    if let Some((before, peak)) = before.zip(peak) {
        let grown = peak.saturating_sub(before) as f64 / f64::from(1 << 20);
        rows.push(Row::new("frozen_memory", format!("memory for {frozen} frozen clients"), grown, Unit::Megabytes));
    }
    provider.close().await;
    Ok(rows)
}

/// Waits for `work`; answers the server's largest memory meanwhile, too.
async fn with_peak(bench: &Bench, work: impl Future<Output = Result<Told>>) -> Result<(Told, Option<u64>)> {
    let mut peak = None;
    let mut looks = interval(LOOK);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok((done?, peak)),
            _ = looks.tick() => peak = peak.max(bench.target().resident_bytes()?),
        }
    }
}

fn rows(alone: &Told, beside: &Told, who: &str, frozen: usize) -> Vec<Row> {
    let mut rows = alone.rows("frozen_without", &format!("services of 100 instances -> {who} alone"));
    rows.extend(beside.rows("frozen_with", &format!("services of 100 instances -> {who} beside {frozen} frozen")));
    let (before, after) = (alone.seen.latency.milliseconds(0.99), beside.seen.latency.milliseconds(0.99));
    if before > 0.0 {
        rows.push(Row::new(
            "frozen_p99_ratio",
            format!("p99 beside {frozen} frozen / alone"),
            after / before,
            Unit::Times,
        ));
    }
    rows
}
