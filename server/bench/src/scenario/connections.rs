//! Connections on which nothing happens.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::author::subscribe;
use crate::bench::Bench;
use crate::error::Result;
use crate::fleet::Fleet;
use crate::progress::Progress;
use crate::report::{Row, Unit};

const SERVICES: usize = 100;
/// Beside the usual pause: long enough for a server to be done with what the subscriptions began.
const QUIET: Duration = Duration::from_secs(1);

/// Opens idle connections with one subscription each; 100 services share them.
pub(super) async fn measure(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    sleep(bench.scale.settle + QUIET).await;
    let before = bench.target().resident_bytes()?;
    let begun = Instant::now();
    let fleet = Fleet::open(bench.target().grpc(), bench.scale.idle_connections, progress, |_| ()).await?;
    subscribe(&fleet, |number| vec![bench.name(&format!("idle-{}", number % SERVICES))]).await?;
    let count = fleet.count();
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    sleep(bench.scale.settle + QUIET).await;
    let label = format!("{count} connections set up and subscribed");
    let mut rows = vec![Row::new("connection_rate", label, per_second, Unit::PerSecond)];
    if let Some((before, after)) = before.zip(bench.target().resident_bytes()?) {
        let each = after.saturating_sub(before) as f64 / 1024.0 / count as f64;
        let label = format!("memory for each of {count} idle connections");
        rows.push(Row::new("connection_memory", label, each, Unit::Kilobytes));
    }
    Ok(rows)
}
