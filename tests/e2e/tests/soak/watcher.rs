//! A client that subscribes to all services and listens to all configs, and keeps what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use nacre_e2e::nacos::{self, CONFIG_PUSH, Hosts, SERVICE_PUSH, open_within};
use nacre_harness::grpc::Client;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::plan;
use super::writer::md5;

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// What a watcher has.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) services: BTreeMap<String, Hosts>,
    pub(super) configs: BTreeMap<String, Option<String>>,
}

pub(super) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watcher {
    pub(super) fn start(address: SocketAddr) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                // Its connection ends with the server; it begins anew as long as the test lasts.
                let _ = watch(address, &shared).await;
                sleep(LOOK).await;
            }
        });
        Self { seen, task }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().clone()
    }
}

/// Until the connection ends.
async fn watch(address: SocketAddr, seen: &Mutex<Seen>) -> Result<()> {
    let client = open_within(address, PATIENCE).await?;
    for service in plan::services() {
        let hosts = nacos::subscribe(&client, &service).await?;
        seen.lock().services.insert(service, hosts);
    }
    let mut stale: BTreeSet<String> = plan::configs().into_iter().collect();
    loop {
        while let Some(id) = stale.pop_first() {
            if is_stale(&client, seen, &id).await? {
                stale.insert(id);
            }
        }
        match client.next_push(None, LOOK).await {
            Some(push) if push.kind == SERVICE_PUSH => {
                let service = nacos::service_of(&push).unwrap_or_default();
                seen.lock().services.insert(service, nacos::pushed(&push));
            }
            Some(push) if push.kind == CONFIG_PUSH => stale.extend(nacos::changed(&push)),
            Some(_) => {}
            None if client.ended(Duration::ZERO).await => return Ok(()),
            None => {}
        }
    }
}

/// Reads a config and listens to it from there on; true when it has changed in between.
async fn is_stale(client: &Client, seen: &Mutex<Seen>, id: &str) -> Result<bool> {
    let content = nacos::content(client, id).await?;
    let digest = content.as_deref().map(md5).unwrap_or_default();
    seen.lock().configs.insert(id.to_owned(), content);
    nacos::listen_from(client, id, &digest).await
}
