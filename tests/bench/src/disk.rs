//! How long the disk below the temporary directory takes to make a write durable.

use std::io::Write;

use anyhow::{Context, Result};
use tokio::time::Instant;

use crate::latency::Latency;
use crate::report::{Row, Unit};

const WRITES: usize = 200;
const WRITE_BYTES: usize = 4096;

/// Appends to a file, one sync after each write. Blocks.
pub(crate) fn rows() -> Result<Vec<Row>> {
    let mut file = tempfile::tempfile().context("temporary file")?;
    let block = [0x5a; WRITE_BYTES];
    let mut times = Latency::new();
    for _ in 0..WRITES {
        let started = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.record(started.elapsed());
    }
    Ok(vec![
        Row::new("fsync_p50", "disk: 4 KB written and synced, p50", times.milliseconds(0.5), Unit::Milliseconds),
        Row::new("fsync_p99", "disk: 4 KB written and synced, p99", times.milliseconds(0.99), Unit::Milliseconds),
    ])
}
