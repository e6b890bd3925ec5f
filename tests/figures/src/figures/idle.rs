//! What a server needs that nobody uses.

use std::time::Duration;

use anyhow::Result;
use nacre_bench::{Row, Settings, Unit};
use tokio::time::{Instant, sleep};

/// The work of the start is over by then.
const SETTLE: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(20);
const WATCHED_QUICKLY: Duration = Duration::from_secs(1);

/// Resident memory, and processor time over a while.
pub(super) async fn measure(settings: &Settings) -> Result<Vec<Row>> {
    let mut server = super::fresh().start().await?;
    let process = super::process(&server)?;
    sleep(SETTLE).await;
    let (before, since) = (process.processor_time()?, Instant::now());
    sleep(if settings.quick { WATCHED_QUICKLY } else { WATCHED }).await;
    let used = process.processor_time()?.saturating_sub(before);
    let share = used.as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
    let megabytes = process.resident_bytes()? as f64 / f64::from(1 << 20);
    server.kill().await?;
    Ok(vec![
        Row::new("idle_memory", "idle, resident memory", megabytes, Unit::Megabytes),
        Row::new("idle_cpu", "idle, share of a core", share, Unit::Percent),
    ])
}
