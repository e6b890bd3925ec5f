//! How long the server takes from its start until it says that it is ready.

use std::time::Duration;

use anyhow::{Result, ensure};
use nacre_harness::Server;

use crate::load::Load;
use crate::report::{Row, Unit};
use crate::subject::Bench;
use crate::wire;

/// Starts on an empty directory, on that of the start before, and on one with many configs.
pub(super) async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let starts = bench.scale.starts;
    let mut empty = Vec::with_capacity(starts);
    for _ in 1..starts {
        let mut server = Bench::prepare()?;
        empty.push(server.start().await?);
        server.terminate().await?;
    }
    let mut server = Bench::prepare()?;
    empty.push(server.start().await?);
    let existing = restarts(&mut server, starts).await?;

    let count = bench.scale.stored_configs;
    let prefix = bench.name("stored");
    let load = Load::connect(server.grpc_address()).await?;
    load.send(count, move |number| wire::frame(&wire::publish(&format!("{prefix}-{number}"), number))).await?;
    drop(load);
    let filled = restarts(&mut server, starts).await?;
    server.kill().await?;

    let row = |key: &str, label: &str, times, goal| {
        let label = format!("start to ready, {label}, median of {starts}");
        Row::new(format!("start_{key}"), label, median_milliseconds(times), Unit::Milliseconds).at_most(goal)
    };
    ensure!(!empty.is_empty(), "no start was measured");
    Ok(vec![
        row("empty", "empty directory", empty, 100.0),
        row("existing", "existing directory", existing, 60.0),
        row("filled", &format!("{count} configs"), filled, 2_000.0),
    ])
}

async fn restarts(server: &mut Server, count: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        server.terminate().await?;
        times.push(server.start().await?);
    }
    Ok(times)
}

fn median_milliseconds(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_one() {
        let times = [9, 1, 5].map(Duration::from_millis).to_vec();
        assert!((median_milliseconds(times) - 5.0).abs() < 1e-9);
        assert!(median_milliseconds(Vec::new()).abs() < 1e-9);
    }
}
