//! How soon subscribers are told that a provider's connection has ended.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::author::{port, subscribe};
use crate::bench::Bench;
use crate::board::Board;
use crate::connection::{Connection, Watch};
use crate::error::{Error, Result};
use crate::fleet::{FIRST_PORT, Fleet};
use crate::latency::Latency;
use crate::progress::Progress;
use crate::push::Push;
use crate::report::{Row, Unit};
use crate::wire;

const SUBSCRIBERS: usize = 20;
/// Longer than the window in which the server merges changes.
const BETWEEN: Duration = Duration::from_millis(300);

/// Sees the provider come with a port that tells how many came before, and sees it go again.
struct Departures {
    board: Board,
    seen: u64,
}

impl Watch for Departures {
    fn notice(&mut self, push: &Push) -> Option<Bytes> {
        let now = match push.list()?.highest_port() {
            Some(port) => u64::from(port.saturating_sub(FIRST_PORT)) * 2 - 1,
            None if self.seen % 2 == 1 => self.seen + 1,
            None => self.seen,
        };
        self.seen = self.board.note(0, self.seen, now);
        None
    }
}

/// A provider comes and goes, by closing its connection and by resetting it.
pub(super) async fn measure(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let service = bench.name("leaving-0");
    let endpoint = bench.target().grpc();
    let board = Board::new(vec![SUBSCRIBERS]);
    let watch = |_| Departures { board: board.clone(), seen: 0 };
    let fleet = Fleet::open(endpoint, SUBSCRIBERS, progress, watch).await?;
    subscribe(&fleet, |_| vec![service.clone()]).await?;
    sleep(bench.scale.settle).await;
    let mut rows = Vec::new();
    let mut number = 0;
    for (reset, name) in [(false, "closed"), (true, "reset")] {
        let mut times = Latency::new();
        let mut missed = 0;
        progress.begin(name, bench.scale.departures);
        for _ in 0..bench.scale.departures {
            number += 1;
            let provider = match reset {
                false => Connection::open(endpoint, ()).await?,
                true => Connection::open_to_reset(endpoint, ()).await?,
            };
            board.begin(0, Instant::now());
            provider.calls().ask(&wire::register(&service, port(number))).await?;
            board.all_seen().await;
            let arrival = board.take();
            if arrival.missed() > 0 {
                return Err(Error::timeout(format!("{} subscribers did not see a provider come", arrival.missed())));
            }
            sleep(BETWEEN).await;
            board.begin(0, Instant::now());
            let leave = async {
                match reset {
                    false => provider.close().await,
                    true => drop(provider),
                }
            };
            tokio::join!(leave, board.all_seen());
            let departure = board.take();
            missed += departure.missed();
            times.merge(&departure.latency);
            progress.step();
            sleep(BETWEEN).await;
        }
        let label = format!("provider's connection {name} -> {SUBSCRIBERS} subscribers");
        let longest = times.longest_milliseconds();
        rows.push(Row::new(format!("departure_{name}_max"), format!("{label}, max"), longest, Unit::Milliseconds));
        let label = format!("{label}, missed");
        rows.push(Row::new(format!("departure_{name}_missed"), label, missed as f64, Unit::Count));
    }
    Ok(rows)
}
