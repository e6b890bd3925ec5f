//! How soon all who asked are told of a change.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use crate::author::{Author, port, subscribe};
use crate::bench::Bench;
use crate::board::Board;
use crate::connection::{Connection, Watch};
use crate::error::{Error, Result};
use crate::fleet::{Fleet, Listener, Reader, Subscriber};
use crate::progress::Progress;
use crate::report::Row;
use crate::wire;

/// Longer than the window in which the server merges changes, so that each stands alone.
const BETWEEN_REGISTRY_CHANGES: Duration = Duration::from_millis(100);
const BETWEEN_CONFIG_CHANGES: Duration = Duration::from_millis(300);
/// Nacos renews what it answers from shortly after it has answered a publish.
const RENEWED: Duration = Duration::from_secs(1);
/// Each config is changed once, and each listener listens to all of them.
const MOST_CONFIGS: u64 = 200;

/// One provider changes its instance again and again.
pub(super) async fn naming(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let service = bench.name("changing-0");
    let board = Board::new(vec![bench.scale.subscribers]);
    let watch = |_| Subscriber::new(&board);
    let fleet = Fleet::open(bench.target().grpc(), bench.scale.subscribers, progress, watch).await?;
    subscribe(&fleet, |_| vec![service.clone()]).await?;
    let frame = move |_, number| wire::frame(&wire::register(&service, port(number)));
    let author = Author::open(bench, 1, &board, 1, frame).await?;
    sleep(bench.scale.settle).await;
    let (told, label) = match bench.settings().rate {
        None => {
            let count = bench.scale.registry_changes;
            let told = author.one_by_one(bench, progress, count, BETWEEN_REGISTRY_CHANGES).await?;
            (told, format!("registry change -> {} subscribers", fleet.count()))
        }
        Some(rate) => {
            let told = author.paced(bench, progress, rate, bench.scale.time).await?;
            (told, format!("{rate} registry changes a second -> {} subscribers", fleet.count()))
        }
    };
    Ok(told.rows("naming_push", &label))
}

/// Each listener listens to all configs; it has seen a change when it has the notification.
pub(super) async fn config(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    publish_to(bench, progress, "config_push", "notified", |board, _| Listener::new(board)).await
}

/// As [`config`]; a listener has seen a change when it has read the new content.
pub(super) async fn config_reread(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    publish_to(bench, progress, "config_reread", "have the new content", Reader::new).await
}

async fn publish_to<W: Watch>(
    bench: &Bench,
    progress: &Progress,
    key: &str,
    what: &str,
    watch: impl Fn(&Board, &Arc<[Bytes]>) -> W,
) -> Result<Vec<Row>> {
    let count = match bench.settings().rate {
        None => bench.scale.config_changes,
        Some(rate) => (u64::from(rate) * bench.scale.time.as_secs()).clamp(1, MOST_CONFIGS),
    };
    let prefix = bench.name(key);
    let names: Vec<String> = (0..count).map(|number| format!("{prefix}-{number}")).collect();
    let publisher = Connection::open(bench.target().grpc(), ()).await?;
    let configs = published(&publisher, &names).await?;
    let reads: Arc<[Bytes]> = names.iter().map(|name| wire::frame(&wire::read(name))).collect();
    let board = Board::new(vec![bench.scale.listeners; names.len()]);
    let watch = |_| watch(&board, &reads);
    let fleet = Fleet::open(bench.target().grpc(), bench.scale.listeners, progress, watch).await?;
    fleet.each(|_| [wire::listen(&configs)]).await?;
    let changed = names.clone();
    let frame = move |topic: usize, number| wire::frame(&wire::publish(&changed[topic], number));
    let author = Author::open(bench, 1, &board, names.len(), frame).await?;
    sleep(bench.scale.settle).await;
    let (told, label) = match bench.settings().rate {
        None => {
            let told = author.one_by_one(bench, progress, count, BETWEEN_CONFIG_CHANGES).await?;
            (told, format!("publish -> {} listeners {what}", fleet.count()))
        }
        Some(rate) => {
            let time = Duration::from_secs_f64(count as f64 / f64::from(rate));
            let told = author.paced(bench, progress, rate, time).await?;
            (told, format!("{rate} publishes a second -> {} listeners {what}", fleet.count()))
        }
    };
    drop(fleet);
    for name in &names {
        publisher.calls().ask(&wire::remove(name)).await?;
    }
    Ok(told.rows(key, &label))
}

/// Publishes the first version of each config; answers the names with the md5.
async fn published(publisher: &Connection, names: &[String]) -> Result<Vec<(String, String)>> {
    for name in names {
        publisher.calls().ask(&wire::publish(name, 0)).await?;
    }
    sleep(RENEWED).await;
    let mut configs = Vec::with_capacity(names.len());
    for name in names {
        let config = publisher.calls().ask(&wire::read(name)).await?;
        let md5 = config.md5.ok_or_else(|| Error::internal("a config without md5"))?;
        configs.push((name.clone(), md5));
    }
    Ok(configs)
}
