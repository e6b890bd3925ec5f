//! The engine under a bad network and dying servers: it comes back by itself, with everything that it had, and never
//! shows what was not written.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod crowd;
mod kills;
mod network;
mod switching;

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use nacre_client::{
    Client, ConfigKey, ServiceKey, State,
    naming::{Instance, Query},
    options::Builder,
};
use nacre_harness::{Options, Server};
use tokio::time::{Instant, sleep};

/// The longest that anything takes to be as it should, on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(20);

async fn server() -> Server {
    Options::new().start().await.unwrap()
}

fn builder(address: SocketAddr) -> Builder {
    Client::builder()
        .server(address.to_string())
        .request_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_millis(500))
        .options(|options| options.health_check_timeout = Duration::from_millis(500))
}

async fn connected(address: SocketAddr) -> Client {
    builder(address).connect().await.unwrap()
}

/// A service name that no other test uses.
fn service() -> ServiceKey {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    ServiceKey::new("", &format!("service-{}", COUNT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

fn config(client: &Client, data_id: &str) -> ConfigKey {
    client.config().key("", data_id).unwrap()
}

/// Waits until `check` has something; panics with `what` after [`SOON`]. Answers how long it took.
async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> (T, Duration) {
    let begun = Instant::now();
    loop {
        if let Some(found) = check().await {
            return (found, begun.elapsed());
        }
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        sleep(AGAIN).await;
    }
}

/// The ports of a service's instances as the server has them.
async fn ports(client: &Client, service: &ServiceKey) -> Option<Vec<u16>> {
    let found = client.naming().instances(Query::new(service).direct()).await.ok()?;
    let mut ports: Vec<u16> = found.iter().map(|instance| instance.port).collect();
    ports.sort_unstable();
    Some(ports)
}

async fn wait_ports(client: &Client, service: &ServiceKey, expected: &[u16]) -> Duration {
    let what = format!("{service} has {expected:?}");
    eventually(&what, async || ports(client, service).await.filter(|found| found == expected)).await.1
}

async fn wait_connected(client: &Client) {
    eventually("connected", async || (client.status().state == State::Connected).then_some(())).await;
}

fn instance(port: u16) -> Instance {
    Instance::new("10.0.0.1", port)
}
