//! Many services that change all the time.

use tokio::time::sleep;

use crate::author::{Author, port, subscribe};
use crate::bench::Bench;
use crate::board::Board;
use crate::error::Result;
use crate::fleet::{Fleet, Subscriber};
use crate::progress::Progress;
use crate::report::Row;
use crate::wire;

/// Connections of the providers; each of them makes its changes one after the other.
const PROVIDERS: usize = 32;
/// Services that each subscriber watches.
const SERVICES_EACH: usize = 20;

/// Each service has one instance, which changes in its turn.
pub(super) async fn measure(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let (services, subscribers) = (bench.scale.storm_services, bench.scale.storm_subscribers);
    let each = SERVICES_EACH.min(services);
    let watched = |number: usize| (0..each).map(move |step| (number * each + step) % services);
    let mut audience = vec![0; services];
    (0..subscribers).flat_map(watched).for_each(|service| audience[service] += 1);
    let prefix = bench.name("storm");
    let board = Board::new(audience);
    let watch = |_| Subscriber::new(&board);
    let fleet = Fleet::open(bench.target().grpc(), subscribers, progress, watch).await?;
    subscribe(&fleet, |number| watched(number).map(|service| format!("{prefix}-{service}")).collect()).await?;
    let frame = move |topic, number| wire::frame(&wire::register(&format!("{prefix}-{topic}"), port(number)));
    let author = Author::open(bench, PROVIDERS.min(services), &board, services, frame).await?;
    sleep(bench.scale.settle).await;
    let rate = bench.settings().rate.unwrap_or(bench.scale.storm_rate);
    let told = author.paced(bench, progress, rate, bench.scale.time).await?;
    let label = format!("{rate} changes a second of {services} services -> {} subscribers", fleet.count());
    Ok(told.rows("storm", &label))
}
