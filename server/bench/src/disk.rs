//! How long a disk takes to make a write durable.

use std::io::Write;
use std::path::Path;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::latency::Latency;
use crate::report::{Row, Unit};

const WRITES: usize = 200;
const WRITE_BYTES: usize = 4096;

/// Appends to an unnamed file in `folder`, one sync after each write. Blocks.
///
/// # Errors
/// When that is not possible.
pub fn disk(folder: &Path) -> Result<Vec<Row>> {
    let mut times = Latency::new();
    write(folder, &mut times).map_err(|error| Error::internal(format!("{}: {error}", folder.display())))?;
    Ok(vec![
        Row::new("fsync_p50", "disk: 4 KB written and synced, p50", times.milliseconds(0.5), Unit::Milliseconds),
        Row::new("fsync_p99", "disk: 4 KB written and synced, p99", times.milliseconds(0.99), Unit::Milliseconds),
    ])
}

fn write(folder: &Path, times: &mut Latency) -> std::io::Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    for _ in 0..WRITES {
        let started = Instant::now();
        file.write_all(&[0x5a; WRITE_BYTES])?;
        file.sync_data()?;
        times.record(started.elapsed());
    }
    Ok(())
}
