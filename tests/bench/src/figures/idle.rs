//! What a server needs that nobody uses.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use crate::report::{Row, Unit};
use crate::subject::{Bench, processor_time};

/// The work of the start is over by then.
const SETTLE: Duration = Duration::from_secs(3);

/// Resident memory, and processor time over a while.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let server = subject.process()?;
    sleep(SETTLE).await;
    let (before, since) = (processor_time(server)?, Instant::now());
    sleep(bench.scale.idle_time).await;
    let used = processor_time(server)?.saturating_sub(before);
    let share = used.as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
    let megabytes = server.resident_bytes()? as f64 / f64::from(1 << 20);
    subject.finish().await?;
    Ok(vec![
        Row::new("idle_memory", "idle, resident memory", megabytes, Unit::Megabytes).at_most(30.0),
        Row::new("idle_cpu", "idle, share of a core", share, Unit::Percent).at_most(0.5),
    ])
}
