//! Many connections that note when each of them is told of a change.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use nacre_harness::grpc::{Client, Message, Observer, TransportOptions, default_setup};
use nacre_proto::Request;
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use crate::wire;

/// Connections that are opened, or calls that are made, side by side.
const SIDE_BY_SIDE: usize = 64;
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// A server that does not negotiate sends no such message; the next call shows whether it is ready.
const SETUP_LIMIT: Duration = Duration::from_secs(2);
/// Room for what a watcher sees while nobody collects.
const SIGHTINGS_EACH: usize = 64;

/// Tells which change a push is about; `None` for a push that is of no interest.
pub(crate) type Mark = fn(&Message) -> Option<u64>;

/// The mark of a list without instances.
pub(crate) const EMPTY: u64 = 0;

/// The port of the first instance of a pushed list, or [`EMPTY`].
pub(crate) fn first_port(push: &Message) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Push {
        service_info: List,
    }
    #[derive(Deserialize)]
    struct List {
        hosts: Vec<Host>,
    }
    #[derive(Deserialize)]
    struct Host {
        port: u64,
    }
    if push.kind != "NotifySubscriberRequest" {
        return None;
    }
    let list = push.read::<Push>()?.service_info;
    Some(list.hosts.first().map_or(EMPTY, |host| host.port))
}

/// The number at the end of the name of a changed config.
pub(crate) fn config_number(push: &Message) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Push {
        data_id: String,
    }
    if push.kind != "ConfigChangeNotifyRequest" {
        return None;
    }
    push.read::<Push>()?.data_id.rsplit('-').next()?.parse().ok()
}

#[derive(Debug)]
struct Sighting {
    watcher: usize,
    mark: u64,
    at: Instant,
}

/// How one change reached the watchers.
#[derive(Debug)]
pub(crate) struct Round {
    /// From the start of the change until it was received, for each watcher that did.
    pub(crate) times: Vec<Duration>,
    /// Watchers that did not receive it in time.
    pub(crate) missed: usize,
}

/// The connections. Dropping them closes all.
#[derive(Debug)]
pub(crate) struct Watchers {
    clients: Vec<Client>,
    sightings: mpsc::Receiver<Sighting>,
    overflow: Arc<AtomicU64>,
}

impl Watchers {
    /// Opens connections whose pushes are acknowledged and noted.
    pub(crate) async fn open(address: SocketAddr, count: usize, mark: Mark) -> Result<Self> {
        let (sender, sightings) = mpsc::channel(count * SIGHTINGS_EACH);
        let overflow = Arc::new(AtomicU64::new(0));
        let open = |watcher| {
            let (sender, overflow) = (sender.clone(), Arc::clone(&overflow));
            let note = move |push: &Message| {
                let at = Instant::now();
                let Some(mark) = mark(push) else { return };
                if sender.try_send(Sighting { watcher, mark, at }).is_err() {
                    overflow.fetch_add(1, Ordering::Relaxed);
                }
            };
            async move {
                let opened = timeout(CONNECT_LIMIT, open_one(address, note)).await;
                opened.context("not set up in time").flatten().with_context(|| format!("connection {watcher}"))
            }
        };
        let clients = stream::iter((0..count).map(open)).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        Ok(Self { clients, sightings, overflow })
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.clients.len()
    }

    /// Sends a request on each connection and demands success.
    pub(crate) async fn each<R: Request>(&self, request: impl Fn(usize) -> R) -> Result<()> {
        let calls = self.clients.iter().enumerate().map(|(number, client)| {
            let request = request(number);
            async move { wire::ask(client, &request).await.map(drop) }
        });
        stream::iter(calls).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    /// Forgets what was seen so far.
    pub(crate) fn forget(&mut self) {
        while self.sightings.try_recv().is_ok() {}
    }

    /// Collects until each watcher has seen this mark, for at most `limit` after `since`.
    pub(crate) async fn round(&mut self, mark: u64, since: Instant, limit: Duration) -> Result<Round> {
        let round = collect(&mut self.sightings, self.clients.len(), mark, since, limit).await;
        ensure!(self.overflow.load(Ordering::Relaxed) == 0, "more pushes came than can be noted");
        Ok(round)
    }
}

async fn collect(
    sightings: &mut mpsc::Receiver<Sighting>,
    count: usize,
    mark: u64,
    since: Instant,
    limit: Duration,
) -> Round {
    let mut seen = vec![false; count];
    let mut times = Vec::with_capacity(count);
    while times.len() < count {
        let Ok(Some(sighting)) = timeout_at(since + limit, sightings.recv()).await else { break };
        let fits = sighting.mark == mark && sighting.at >= since;
        if fits && !std::mem::replace(&mut seen[sighting.watcher], true) {
            times.push(sighting.at - since);
        }
    }
    Round { missed: count - times.len(), times }
}

async fn open_one(address: SocketAddr, note: impl Fn(&Message) + Send + Sync + 'static) -> Result<Client> {
    let ready = Arc::new(Notify::new());
    let observer: Observer = {
        let ready = Arc::clone(&ready);
        Arc::new(move |push| match push.kind.as_str() {
            "SetupAckRequest" => ready.notify_one(),
            _ => note(push),
        })
    };
    let mut client = Client::connect_with(address, TransportOptions::default(), Some(observer)).await?;
    client.set_up(&default_setup()).await?;
    // Too late is no failure here, see the constant.
    let _ = timeout(SETUP_LIMIT, ready.notified()).await;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(kind: &str, body: &'static str) -> Message {
        Message::raw(kind, Some(bytes::Bytes::from_static(body.as_bytes())))
    }

    #[test]
    fn lists_are_marked_by_their_first_port() {
        let list = push("NotifySubscriberRequest", r#"{"serviceInfo":{"hosts":[{"ip":"a","port":81},{"port":82}]}}"#);
        assert_eq!(first_port(&list), Some(81));
        let empty = push("NotifySubscriberRequest", r#"{"serviceInfo":{"hosts":[]}}"#);
        assert_eq!(first_port(&empty), Some(EMPTY));
        assert_eq!(first_port(&push("ClientDetectionRequest", "{}")), None);
    }

    #[test]
    fn configs_are_marked_by_their_number() {
        let change = r#"{"requestId":"5","dataId":"bench-1f-listen-12","group":"DEFAULT_GROUP"}"#;
        assert_eq!(config_number(&push("ConfigChangeNotifyRequest", change)), Some(12));
        assert_eq!(config_number(&push("ConfigChangeNotifyRequest", r#"{"dataId":"app.yaml"}"#)), None);
        assert_eq!(config_number(&push("NotifySubscriberRequest", change)), None);
    }

    #[tokio::test]
    async fn rounds_count_each_watcher_once_and_only_what_fits() {
        let (sender, mut sightings) = mpsc::channel(8);
        let since = Instant::now();
        let millis = Duration::from_millis;
        for (mark, after) in [(6, millis(1)), (7, millis(3)), (7, millis(9))] {
            sender.try_send(Sighting { watcher: 0, mark, at: since + after }).unwrap();
        }
        let round = collect(&mut sightings, 2, 7, since, millis(50)).await;
        assert_eq!((round.times, round.missed), (vec![millis(3)], 1));
        assert!(since.elapsed() >= millis(50));
    }
}
