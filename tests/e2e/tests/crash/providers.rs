//! Restarts under five hundred providers: no subscriber ever sees a shorter list.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nacre_e2e::nacos::{self, SERVICE_PUSH, open_within};
use nacre_harness::{Options, Server};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const PROVIDERS: usize = 500;
const SUBSCRIBERS: usize = 3;
const LOST: usize = 20;
const SERVICE: &str = "steady";
const LIMIT: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(12);
/// Official clients come back within about this time.
const SLOWEST_RETURN_MS: u64 = 3000;

/// What all tasks of the test look at.
#[derive(Default)]
struct Shared {
    registered: AtomicUsize,
    armed: AtomicBool,
    least: AtomicUsize,
    last: Mutex<Vec<usize>>,
    seen: AtomicUsize,
    stay_away: AtomicBool,
}

impl Shared {
    fn saw(&self, subscriber: usize, size: usize) {
        self.last.lock()[subscriber] = size;
        if self.armed.load(Ordering::SeqCst) {
            self.least.fetch_min(size, Ordering::SeqCst);
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn all_registered(&self, wanted: usize) {
        wait_until(|| self.registered.load(Ordering::SeqCst) >= wanted, "all providers are registered").await;
    }

    async fn all_see(&self, wanted: usize) {
        wait_until(|| self.last.lock().iter().all(|size| *size == wanted), "all subscribers see the list").await;
    }
}

async fn wait_until(condition: impl Fn() -> bool, what: &str) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn provide(number: usize, address: std::net::SocketAddr, shared: Arc<Shared>) {
    loop {
        if shared.stay_away.load(Ordering::SeqCst) && number < LOST {
            return;
        }
        let ip = format!("10.3.{}.{}", number / 250, number % 250);
        if let Ok(client) = open_within(address, LIMIT).await
            && nacos::register(&client, SERVICE, &ip, 8080).await.is_ok()
        {
            shared.registered.fetch_add(1, Ordering::SeqCst);
            while !client.ended(LIMIT).await {}
        }
        sleep(Duration::from_millis(rand::random_range(0..SLOWEST_RETURN_MS))).await;
    }
}

async fn watch(number: usize, address: std::net::SocketAddr, shared: Arc<Shared>) {
    loop {
        let Ok(client) = open_within(address, LIMIT).await else { continue };
        let Ok(hosts) = nacos::subscribe(&client, SERVICE).await else { continue };
        shared.saw(number, hosts.len());
        loop {
            match client.next_push(Some(SERVICE_PUSH), Duration::from_millis(100)).await {
                Some(push) => shared.saw(number, nacos::pushed(&push).len()),
                None if client.ended(Duration::ZERO).await => break,
                None => {}
            }
        }
    }
}

async fn start_all(server: &Server, tasks: &mut JoinSet<()>) -> Arc<Shared> {
    let shared = Arc::new(Shared::default());
    *shared.last.lock() = vec![0; SUBSCRIBERS];
    shared.least.store(usize::MAX, Ordering::SeqCst);
    for number in 0..PROVIDERS {
        tasks.spawn(provide(number, server.grpc_address(), Arc::clone(&shared)));
    }
    for number in 0..SUBSCRIBERS {
        tasks.spawn(watch(number, server.grpc_address(), Arc::clone(&shared)));
    }
    shared.all_registered(PROVIDERS).await;
    shared.all_see(PROVIDERS).await;
    shared.armed.store(true, Ordering::SeqCst);
    shared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_never_shorten_a_list() {
    let grace = GRACE.as_millis();
    let mut server = Options::new().set("naming.restart_grace", &grace).start().await.unwrap();
    let mut tasks = JoinSet::new();
    let shared = start_all(&server, &mut tasks).await;
    for how in ["SIGTERM", "SIGKILL"] {
        shared.registered.store(0, Ordering::SeqCst);
        let seen = shared.seen.load(Ordering::SeqCst);
        if how == "SIGTERM" {
            server.restart().await.unwrap()
        } else {
            server.crash_and_start().await.unwrap()
        };
        shared.all_registered(PROVIDERS).await;
        // Past the grace: what was claimed again must stay.
        sleep(GRACE + Duration::from_secs(2)).await;
        shared.all_see(PROVIDERS).await;
        assert!(shared.seen.load(Ordering::SeqCst) >= seen + SUBSCRIBERS, "{how}: subscribers came back");
        assert_eq!(shared.least.load(Ordering::SeqCst), PROVIDERS, "a subscriber saw a shorter list after {how}");
    }
    // Some stay away now: when the grace is over, they and nobody else are gone.
    shared.stay_away.store(true, Ordering::SeqCst);
    server.crash_and_start().await.unwrap();
    shared.all_see(PROVIDERS - LOST).await;
    assert_eq!(shared.least.load(Ordering::SeqCst), PROVIDERS - LOST);
    tasks.shutdown().await;
    server.terminate().await.unwrap();
}
