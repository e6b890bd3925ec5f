//! Everything at once for a while: clients that write, read, register, beat, listen and subscribe, while the server
//! is stopped and killed. What was acknowledged is there, everybody who watches has it in the end, and memory is flat.
//!
//! `NACRE_SOAK_SECONDS` says for how long; `NACRE_SOAK_SEED` repeats the operations and faults of a run that printed
//! that number. When each of them meets which is up to the machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "soak/plan.rs"]
mod plan;
#[path = "soak/watcher.rs"]
mod watcher;
#[path = "soak/writer.rs"]
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nacre_e2e::nacos::{self, Hosts, open_within};
use nacre_harness::{Options, Server};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use plan::{Fault, Plan, WRITERS};
use watcher::{Seen, Watcher};
use writer::Writer;

const SHORT: Duration = Duration::from_secs(15);
/// Also when the machine is so slow that the time is over before.
const LEAST_ROUNDS: u64 = 3;
const WATCHERS: usize = 3;
/// In milliseconds; what nobody has claimed after a start is gone then.
const GRACE: u64 = 4_000;
/// For clients to come back and for watchers to see everything, on a busy machine.
const SOON: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// Rounds after which memory must not grow any more but for this.
const WARM_UP: usize = 2;
const MOST_GROWTH: u64 = 48 << 20;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse().expect("a number"))
}

/// What all watchers must see in the end.
#[derive(Debug, Default, PartialEq)]
struct Truth {
    services: BTreeMap<String, Hosts>,
    configs: BTreeMap<String, Option<String>>,
}

impl Truth {
    fn of(writers: &[Writer]) -> Self {
        let mut truth = Self::default();
        for service in plan::services() {
            truth.services.insert(service, Hosts::new());
        }
        for writer in writers {
            truth.configs.extend(writer.configs());
            for (service, host) in writer.instances() {
                truth.services.entry(service).or_default().insert(host);
            }
        }
        truth
    }

    /// The first thing that a watcher sees otherwise.
    fn difference(&self, seen: &Seen) -> Option<String> {
        let services = self.services.iter().find_map(|(service, wanted)| {
            let found = seen.services.get(service).cloned().unwrap_or_default();
            (found != *wanted).then(|| format!("{service}: {found:?} is seen, {wanted:?} is there"))
        });
        let configs = self.configs.iter().find_map(|(id, wanted)| {
            let found = seen.configs.get(id).cloned().flatten();
            (found != *wanted).then(|| format!("{id}: {found:?} is seen, {wanted:?} is there"))
        });
        services.or(configs)
    }
}

struct Soak {
    server: Server,
    writers: Vec<Writer>,
    watchers: Vec<Watcher>,
    /// Resident memory after each round; the process lives since the fault of that round.
    memory: Vec<u64>,
}

impl Soak {
    async fn start() -> Self {
        let server = Options::new().set("naming.restart_grace", &GRACE).start().await.unwrap();
        let address = server.grpc_address();
        let mut writers = Vec::new();
        for number in 0..WRITERS {
            writers.push(Writer::connect(number, address, server.http_address()).await);
        }
        let watchers = (0..WATCHERS).map(|_| Watcher::start(address)).collect();
        Self { server, writers, watchers, memory: Vec::new() }
    }

    /// All writers do what they are to do, and the fault meets them on the way.
    async fn round(&mut self, plan: Plan) {
        let done = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for (mut writer, operations) in self.writers.drain(..).zip(plan.operations) {
            let done = Arc::clone(&done);
            running.spawn(async move {
                for operation in operations {
                    writer.perform(operation).await;
                    done.fetch_add(1, Ordering::SeqCst);
                }
                writer
            });
        }
        while done.load(Ordering::SeqCst) < plan.fault_after && !running.is_empty() {
            sleep(LOOK).await;
        }
        match plan.fault {
            Fault::Kill => drop(self.server.crash_and_start().await.unwrap()),
            Fault::Restart => drop(self.server.restart().await.unwrap()),
        }
        while let Some(writer) = running.join_next().await {
            self.writers.push(writer.unwrap());
        }
        self.writers.sort_by_key(Writer::number);
        self.memory.push(self.server.resident_bytes().unwrap());
    }

    /// Compares what the server has with what the writers know.
    async fn verify(&mut self, all: bool) {
        let client = open_within(self.server.grpc_address(), SOON).await.unwrap();
        let persistent = nacos::hosts(&client, plan::PERSISTENT).await.unwrap();
        for writer in &mut self.writers {
            writer.verify(&client, &persistent, all).await;
        }
    }

    /// Waits until every watcher sees what there is, and nothing else.
    async fn all_see(&mut self) {
        let deadline = Instant::now() + SOON;
        loop {
            // Instances that beat live on as long as they do.
            for writer in &mut self.writers {
                writer.beat().await;
            }
            let truth = Truth::of(&self.writers);
            let different = self.watchers.iter().find_map(|watcher| truth.difference(&watcher.seen()));
            let Some(different) = different else { return };
            assert!(Instant::now() < deadline, "not within {SOON:?}: {different}");
            sleep(LOOK).await;
        }
    }

    fn assert_flat(&self) {
        let Some((first, later)) = self.memory.get(WARM_UP..).and_then(<[u64]>::split_first) else { return };
        let (Some(last), _) = (later.last(), later) else { return };
        println!("memory {} MB after round {}, {} MB in the end", first >> 20, WARM_UP + 1, last >> 20);
        assert!(last.saturating_sub(*first) < MOST_GROWTH, "memory grows: {:?}", self.memory);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mixed_load_survives_restarts_and_kills() {
    let seed = number("NACRE_SOAK_SEED").unwrap_or_else(rand::random);
    let time = number("NACRE_SOAK_SECONDS").map_or(SHORT, Duration::from_secs);
    println!("seed {seed}, repeat with NACRE_SOAK_SEED={seed}");
    let mut soak = Soak::start().await;
    let until = Instant::now() + time;
    let mut rounds = 0;
    while rounds < LEAST_ROUNDS || Instant::now() < until {
        soak.round(Plan::new(seed, rounds)).await;
        soak.verify(false).await;
        rounds += 1;
    }
    soak.verify(true).await;
    soak.all_see().await;
    let operations: usize = soak.writers.iter().map(Writer::acknowledged).sum();
    println!("{rounds} rounds, {operations} acknowledged operations");
    assert!(operations > 0);
    soak.assert_flat();
    soak.server.terminate().await.unwrap();
}
