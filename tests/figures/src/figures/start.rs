//! How long the server takes from its start until it says that it is ready.

use std::time::Duration;

use anyhow::{Result, ensure};
use nacre_bench::{Bench, Row, Settings, Target, Unit};
use nacre_harness::Server;

const STARTS: usize = 5;
const STARTS_QUICKLY: usize = 1;
const CONFIGS_QUICKLY: u64 = 500;

/// Starts on an empty directory, on that of the start before, and on one with many configs.
pub(super) async fn measure(settings: &Settings) -> Result<Vec<Row>> {
    let starts = if settings.quick { STARTS_QUICKLY } else { STARTS };
    let mut empty = Vec::with_capacity(starts);
    for _ in 1..starts {
        let mut server = super::fresh().prepare()?;
        empty.push(server.start().await?);
        server.terminate().await?;
    }
    let mut server = super::fresh().prepare()?;
    empty.push(server.start().await?);
    let existing = restarts(&mut server, starts).await?;

    let count = if settings.quick { settings.configs.min(CONFIGS_QUICKLY) } else { settings.configs };
    let target = Target::resolve(&server.http_address().to_string(), None).await?;
    Bench::new(target, settings.clone())?.fill(count).await?;
    let filled = restarts(&mut server, starts).await?;
    server.kill().await?;

    let row = |key: &str, label: &str, times| {
        let label = format!("start to ready, {label}, median of {starts}");
        Row::new(format!("start_{key}"), label, median_milliseconds(times), Unit::Milliseconds)
    };
    ensure!(!empty.is_empty(), "no start was measured");
    Ok(vec![
        row("empty", "empty directory", empty),
        row("existing", "existing directory", existing),
        row("filled", &format!("{count} configs"), filled),
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
