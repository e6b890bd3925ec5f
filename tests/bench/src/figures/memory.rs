//! Memory that the server needs for connections on which nothing happens.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::report::{Row, Unit};
use crate::subject::Bench;
use crate::watch::Watchers;
use crate::wire;

const SERVICES: usize = 100;
/// Long enough for the push that follows each first subscription.
const SETTLE: Duration = Duration::from_secs(3);

/// Opens idle connections with one subscription each; 100 services share them.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    sleep(SETTLE).await;
    let before = subject.process()?.resident_bytes()?;
    let watchers = Watchers::open(subject.grpc, bench.scale.idle_connections, |_| None).await?;
    watchers.each(|number| wire::subscribe(&bench.name(&format!("idle-{}", number % SERVICES)))).await?;
    sleep(SETTLE).await;
    let after = subject.process()?.resident_bytes()?;
    ensure!(after > before, "resident memory did not grow");
    let count = watchers.count();
    drop(watchers);
    subject.finish().await?;
    let each = (after - before) as f64 / 1024.0 / count as f64;
    let label = format!("memory for each of {count} idle connections");
    Ok(vec![Row::new("connection_memory", label, each, Unit::Kilobytes).at_most(32.0)])
}
