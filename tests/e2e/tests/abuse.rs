//! What nobody should send. After each kind a client that behaves is answered soon, and memory is back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "abuse/archives.rs"]
mod archives;
#[path = "abuse/connections.rs"]
mod connections;
#[path = "abuse/requests.rs"]
mod requests;

use std::time::Duration;

use nacre_e2e::nacos;
use nacre_harness::grpc::Client;
use nacre_harness::{Options, Server};
use tokio::time::{Instant, sleep};

const MEBIBYTE: u64 = 1 << 20;
/// Longer than anything takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
/// How soon a client that behaves is answered.
const SOON: Duration = Duration::from_secs(2);
/// What may stay in memory: caches that filled, and what the allocator has not given back.
const KEPT: u64 = 128 * MEBIBYTE;

/// A server that is being abused.
struct Victim {
    server: Server,
    before: u64,
}

impl Victim {
    async fn start() -> Self {
        Self::with(Options::new()).await
    }

    async fn with(options: Options) -> Self {
        // Memory that is free is given back at once, so that what stays is in use.
        let options = options.env("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0");
        let mut server = options.start().await.unwrap();
        serve(&mut server).await;
        let before = server.resident_bytes().unwrap();
        Self { server, before }
    }

    /// Both doors serve others, soon.
    async fn still_serves(&mut self) {
        let started = Instant::now();
        loop {
            let asked = Instant::now();
            serve(&mut self.server).await;
            let took = asked.elapsed();
            if took < SOON {
                return;
            }
            // The machine of a test may be busy with others; the server may not.
            assert!(started.elapsed() < LIMIT, "a healthy client waits {took:?}");
        }
    }

    /// The same, when all that was sent is gone, and memory is as it was before, or nearly so.
    async fn recovers(mut self) {
        self.still_serves().await;
        let started = Instant::now();
        loop {
            let now = self.server.resident_bytes().unwrap();
            if now <= self.before + KEPT {
                break;
            }
            let grown = (now - self.before) / MEBIBYTE;
            assert!(started.elapsed() < LIMIT, "{grown} MiB more than before are in use");
            serve(&mut self.server).await;
            sleep(Duration::from_millis(200)).await;
        }
        let log = self.server.log();
        assert!(!log.contains("panicked"), "a panic in the log:\n{log}");
        self.server.terminate().await.unwrap();
    }
}

/// One healthy client over gRPC, and one over HTTP.
async fn serve(server: &mut Server) {
    assert!(server.is_running(), "the server has ended\n{}", server.log());
    let client = Client::open(server.grpc_address()).await.unwrap();
    nacos::register(&client, "healthy", "10.9.0.1", 80).await.unwrap();
    assert_eq!(nacos::hosts(&client, "healthy").await.unwrap().len(), 1);
    nacos::publish(&client, "healthy", "text").await.unwrap();
    assert_eq!(nacos::content(&client, "healthy").await.unwrap().as_deref(), Some("text"));
    client.close().await;
    let query = [("dataId", "healthy"), ("group", "DEFAULT_GROUP")];
    let reply = server.http().within(LIMIT).get("/nacos/v1/cs/configs", &query).await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, "text"));
}
