//! What must not grow, however much comes and goes. One after the other in a process of their own, because they look at
//! the memory of the process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod config;
mod naming;

use std::time::Duration;

use nacre_client::Client;
use nacre_harness::{Options, Server};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{sleep, timeout},
};

const LIMIT: Duration = Duration::from_secs(20);
/// What the allocator may keep.
const SLACK: u64 = 2 << 20;

async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

async fn server() -> Server {
    Options::new().start().await.unwrap()
}

async fn client(server: &Server) -> Client {
    Client::builder().server(server.http_address().to_string()).connect().await.unwrap()
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !check().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(LIMIT, wait).await.is_ok(), "not within {LIMIT:?}: {what}");
}
