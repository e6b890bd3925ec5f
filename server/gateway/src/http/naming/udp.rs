//! Pushes to 1.x clients: a client that names a port with its query is told by datagram when the list changes.
//!
//! A subscription lasts for a while after the last query, so that a client that is gone is forgotten. A datagram that
//! was not acknowledged is sent once more; what is lost then, the client finds with its next query.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use nacre_naming::shard::ChangeSink;
use nacre_naming::{Filter, Naming, ServiceKey};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::model;
use crate::http::answer::json_text;

/// A subscription ends so long after its last query; clients query every 10 s.
const LIFE: Duration = Duration::from_secs(30);
/// Changes that follow within this time go into one push.
const WINDOW: Duration = Duration::from_millis(20);
/// An acknowledgement that takes longer is not waited for.
const ACK: Duration = Duration::from_secs(3);
/// Pushes from this size on are compressed.
const COMPRESSED: usize = 1024;
/// What fits into one datagram.
const LARGEST: usize = 65_000;
/// Subscriptions at most; clients beyond it poll.
const MOST: usize = 100_000;
/// Clients that read pushes, by the beginning of their agent.
const AGENTS: [&str; 5] =
    ["Nacos-Java-Client", "Nacos-Go-Client", "Nacos-Python-Client", "Nacos-C-Client", "Nacos-CSharp-Client"];

/// Whether a client of this agent reads pushes.
pub(super) fn reads_pushes(agent: &str) -> bool {
    AGENTS.iter().any(|known| agent.starts_with(known))
}

/// A client that is pushed to by datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) service: ServiceKey,
    pub(super) address: SocketAddr,
    pub(super) agent: String,
    pub(super) app: String,
    pub(super) clusters: String,
}

#[derive(Debug)]
struct Known {
    subscriber: Subscriber,
    seen: Instant,
}

/// When a push went out, and what it was.
type Sent = (Instant, Arc<[u8]>);

#[derive(Debug, Default)]
struct State {
    /// By service, then by address.
    known: HashMap<ServiceKey, BTreeMap<SocketAddr, Known>>,
    count: usize,
    /// Services that changed and are subscribed to.
    changed: HashSet<ServiceKey>,
    /// Pushes that wait for their acknowledgement, by the time in them.
    waiting: HashMap<(SocketAddr, u64), Sent>,
}

/// All subscriptions by datagram.
#[derive(Debug, Default)]
pub(crate) struct Udp {
    state: Mutex<State>,
    /// Whether there is a subscription: most servers have none, and changes then cost no lock.
    is_used: AtomicBool,
    wake: Notify,
}

impl Udp {
    /// Enters a client, or notes that it is still there.
    pub(super) fn subscribe(&self, subscriber: Subscriber) {
        let mut state = self.state.lock();
        let State { known, count, .. } = &mut *state;
        let is_known = known.get(&subscriber.service).is_some_and(|of| of.contains_key(&subscriber.address));
        if !is_known && *count >= MOST {
            return;
        }
        *count += usize::from(!is_known);
        self.is_used.store(true, Ordering::Release);
        // Before the list is read for the answer, as `changed` has it the other way round: one of the two sees the other.
        fence(Ordering::SeqCst);
        let of_service = known.entry(subscriber.service.clone()).or_default();
        of_service.insert(subscriber.address, Known { subscriber, seen: Instant::now() });
    }

    /// The subscribers of the services that `matches` picks.
    pub(super) fn subscribers(&self, matches: impl Fn(&ServiceKey) -> bool) -> Vec<Subscriber> {
        let state = self.state.lock();
        let services = state.known.iter().filter(|(key, _)| matches(key));
        services.flat_map(|(_, of)| of.values().map(|known| known.subscriber.clone())).collect()
    }

    fn forget_old(&self) {
        let mut state = self.state.lock();
        let State { known, count, waiting, .. } = &mut *state;
        known.retain(|_, of| {
            let before = of.len();
            of.retain(|_, known| known.seen.elapsed() < LIFE);
            *count -= before - of.len();
            !of.is_empty()
        });
        self.is_used.store(*count > 0, Ordering::Release);
        waiting.retain(|_, (sent, _)| sent.elapsed() < ACK);
    }

    /// Runs until dropped: takes acknowledgements and sends what changed.
    async fn run(self: Arc<Self>, naming: Naming, sockets: Sockets) {
        let mut old = interval(Duration::from_secs(1));
        old.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bytes = vec![0; 4096];
        let mut other = vec![0; 4096];
        loop {
            tokio::select! {
                () = self.wake.notified() => {
                    sleep(WINDOW).await;
                    self.push(&naming, &sockets).await;
                }
                _ = old.tick() => {
                    self.forget_old();
                    self.repeat(&sockets).await;
                }
                received = receive(sockets.four.as_ref(), &mut bytes) => self.acked(received, &bytes),
                received = receive(sockets.six.as_ref(), &mut other) => self.acked(received, &other),
            }
        }
    }

    async fn push(&self, naming: &Naming, sockets: &Sockets) {
        let changed = std::mem::take(&mut self.state.lock().changed);
        for service in changed {
            let subscribers = self.subscribers(|key| *key == service);
            let mut packets: HashMap<String, (u64, Arc<[u8]>)> = HashMap::new();
            for subscriber in subscribers {
                let packet = packets.entry(subscriber.clusters.clone());
                let (time, bytes) = packet.or_insert_with(|| packet_of(naming, &service, &subscriber.clusters)).clone();
                if bytes.len() > LARGEST {
                    continue;
                }
                self.state.lock().waiting.insert((subscriber.address, time), (Instant::now(), bytes.clone()));
                sockets.send(&bytes, subscriber.address).await;
            }
        }
    }

    /// Sends once more what was not acknowledged for a second.
    async fn repeat(&self, sockets: &Sockets) {
        let mut late = Vec::new();
        self.state.lock().waiting.retain(|(address, _), (sent, bytes)| {
            let is_late = sent.elapsed() >= Duration::from_secs(1);
            if is_late {
                late.push((*address, bytes.clone()));
            }
            !is_late
        });
        for (address, bytes) in late {
            sockets.send(&bytes, address).await;
        }
    }

    fn acked(&self, received: Option<(usize, SocketAddr)>, bytes: &[u8]) {
        let Some((length, from)) = received else { return };
        let Ok(ack) = serde_json::from_slice::<Ack>(&bytes[..length]) else { return };
        let Some(time) = ack.last_ref_time.as_u64().or_else(|| ack.last_ref_time.as_str()?.parse().ok()) else {
            return;
        };
        self.state.lock().waiting.remove(&(plain(from), time));
    }
}

/// What a client answers to a push.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ack {
    last_ref_time: serde_json::Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Packet<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: &'a str,
    last_ref_time: u64,
}

/// A push of the service's list, and the time by which it is acknowledged.
fn packet_of(naming: &Naming, service: &ServiceKey, clusters: &str) -> (u64, Arc<[u8]>) {
    let list = naming.list(service, &Filter::clusters_of(Some(clusters)));
    let data = json_text(&model::Listing::new(&list));
    // Clients repeat this time in nanoseconds of their own; it only has to tell pushes apart.
    let last_ref_time = list.last_ref_time;
    let text = json_text(&Packet { kind: "dom", data: &data, last_ref_time });
    (last_ref_time, compressed(text.into_bytes()).into())
}

fn compressed(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < COMPRESSED {
        return bytes;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    // Writing into memory does not fail.
    written.unwrap_or(bytes)
}

/// A socket per family, as far as the machine has it.
struct Sockets {
    four: Option<UdpSocket>,
    six: Option<UdpSocket>,
}

impl Sockets {
    fn open() -> Self {
        let bind = |address: IpAddr| {
            let socket = std::net::UdpSocket::bind((address, 0)).ok()?;
            socket.set_nonblocking(true).ok()?;
            UdpSocket::from_std(socket).ok()
        };
        Self { four: bind(Ipv4Addr::UNSPECIFIED.into()), six: bind(Ipv6Addr::UNSPECIFIED.into()) }
    }

    async fn send(&self, bytes: &[u8], to: SocketAddr) {
        let socket = if to.is_ipv4() { &self.four } else { &self.six };
        let Some(socket) = socket else { return };
        if let Err(error) = socket.send_to(bytes, to).await {
            tracing::debug!(%error, %to, "cannot push by datagram");
        }
    }
}

async fn receive(socket: Option<&UdpSocket>, bytes: &mut [u8]) -> Option<(usize, SocketAddr)> {
    match socket {
        // Errors tell that an earlier datagram found nobody.
        Some(socket) => socket.recv_from(bytes).await.ok(),
        None => std::future::pending().await,
    }
}

fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

impl ChangeSink for Udp {
    fn changed(&self, service: &ServiceKey) {
        fence(Ordering::SeqCst);
        if !self.is_used.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.state.lock();
        if state.known.contains_key(service) && state.changed.insert(service.clone()) {
            drop(state);
            self.wake.notify_one();
        }
    }
}

/// The running pushes by datagram; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Pusher {
    task: JoinHandle<()>,
}

impl Pusher {
    /// Starts pushing. Must be called within a tokio runtime.
    pub(crate) fn start(udp: &Arc<Udp>, naming: &Naming) -> Self {
        naming.watch_changes(Arc::clone(udp) as Arc<dyn ChangeSink>);
        let task = tokio::spawn(Arc::clone(udp).run(naming.clone(), Sockets::open()));
        Self { task }
    }
}

impl Drop for Pusher {
    fn drop(&mut self) {
        self.task.abort();
    }
}
