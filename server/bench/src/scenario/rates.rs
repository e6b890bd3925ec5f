//! Requests a second, and how long each takes.

use bytes::Bytes;

use crate::author::{port, subscribe};
use crate::bench::Bench;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::fleet::{FIRST_PORT, Fleet};
use crate::load::Load;
use crate::progress::Progress;
use crate::report::Row;
use crate::wire;

const CONFIGS_EACH: u64 = 16;
const INSTANCES: u16 = 10;
const PORTS: u64 = 60_000;

/// Each slot changes its own 16 configs in turn.
pub(super) async fn publish(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let load = Load::connect(bench).await?;
    let prefix = bench.name("publish");
    let names = prefix.clone();
    let frames = move |slot: usize, step: u64| {
        wire::frame(&wire::publish(&format!("{prefix}-{slot}-{}", step % CONFIGS_EACH), step))
    };
    let rate = load.measure(bench, progress, frames).await?;
    let count = load.slots() as u64 * CONFIGS_EACH;
    let name = move |number: u64| format!("{names}-{}-{}", number / CONFIGS_EACH, number % CONFIGS_EACH);
    remove(&load, progress, count, name).await?;
    Ok(rate.rows("publish", "publish"))
}

/// Each slot changes the one instance of its own service.
pub(super) async fn register(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let load = Load::connect(bench).await?;
    let services: Vec<String> = (0..load.slots()).map(|slot| bench.name(&format!("register-{slot}"))).collect();
    let frames = move |slot: usize, step: u64| wire::frame(&wire::register(&services[slot], port(step % PORTS)));
    Ok(load.measure(bench, progress, frames).await?.rows("register", "register"))
}

/// All slots read one service of 10 instances.
pub(super) async fn query(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let service = bench.name("query");
    let provider = Connection::open(bench.target().grpc(), ()).await?;
    provider.calls().ask(&wire::register_all(&service, FIRST_PORT..FIRST_PORT + INSTANCES)).await?;
    let load = Load::connect(bench).await?;
    let listed = load.calls(0).ask(&wire::query(&service)).await?;
    let count = listed.service_info.map_or(0, |list| list.hosts.len());
    if count != usize::from(INSTANCES) {
        return Err(Error::refused(format!("{INSTANCES} instances were registered, {count} are listed")));
    }
    let frame = wire::frame(&wire::query(&service));
    let rate = load.measure(bench, progress, move |_, _| frame.clone()).await?;
    provider.close().await;
    Ok(rate.rows("query", "service query"))
}

/// Each slot reads its own config.
pub(super) async fn read(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let load = Load::connect(bench).await?;
    let prefix = bench.name("read");
    let frames = prepared(&load, &prefix).await?;
    // Some servers answer reads from what they renew shortly after a publish.
    tokio::time::sleep(bench.scale.settle).await;
    let rate = load.measure(bench, progress, move |slot, _| frames[slot].clone()).await?;
    remove(&load, progress, load.slots() as u64, move |number| format!("{prefix}-{number}")).await?;
    Ok(rate.rows("read", "config read"))
}

/// Of 10 requests of a slot, 4 are queries, 4 are reads, one registers and one publishes, and some clients watch all
/// of that.
pub(super) async fn mixed(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let load = Load::connect(bench).await?;
    let (services, configs) = (bench.name("mixed"), bench.name("mixed"));
    let slots = load.slots();
    let reads = prepared(&load, &configs).await?;
    for slot in 0..slots {
        load.calls(slot).ask(&wire::register(&format!("{services}-{slot}"), FIRST_PORT)).await?;
    }
    let watchers = Fleet::open(bench.target().grpc(), bench.scale.mixed_watchers, progress, |_| ()).await?;
    subscribe(&watchers, |number| vec![format!("{services}-{}", number % slots)]).await?;
    watchers.each(|number| [wire::listen(&[(format!("{configs}-{}", number % slots), String::new())])]).await?;
    tokio::time::sleep(bench.scale.settle).await;
    let names = configs.clone();
    let frames = move |slot: usize, step: u64| match step % 10 {
        3 => wire::frame(&wire::register(&format!("{services}-{slot}"), port(step % PORTS))),
        8 => wire::frame(&wire::publish(&format!("{configs}-{slot}"), step)),
        even if even % 2 == 0 => wire::frame(&wire::query(&format!("{services}-{slot}"))),
        _ => reads[slot].clone(),
    };
    let rate = load.measure(bench, progress, frames).await?;
    drop(watchers);
    remove(&load, progress, slots as u64, move |number| format!("{names}-{number}")).await?;
    Ok(rate.rows("mixed", "queries, reads and changes"))
}

/// Publishes one config for each slot; answers the requests that read them.
async fn prepared(load: &Load, prefix: &str) -> Result<Vec<Bytes>> {
    let mut frames = Vec::with_capacity(load.slots());
    for slot in 0..load.slots() {
        let data_id = format!("{prefix}-{slot}");
        load.calls(slot).ask(&wire::publish(&data_id, 0)).await?;
        frames.push(wire::frame(&wire::read(&data_id)));
    }
    Ok(frames)
}

/// Removes what was published.
pub(super) async fn remove(
    load: &Load,
    progress: &Progress,
    count: u64,
    name: impl Fn(u64) -> String + Send + Sync + 'static,
) -> Result<()> {
    load.send(progress, "removing", count, move |number| wire::frame(&wire::remove(&name(number)))).await
}
