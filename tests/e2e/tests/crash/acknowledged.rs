//! Kill -9 straight after an acknowledgement, over and over on one directory, and the sync before it.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nacre_e2e::ledger::Ledger;
use nacre_e2e::long;
use nacre_e2e::nacos::{
    self, Hosts, Outcome, deregister_message, open_within, publish_message, register_message, remove_message,
};
use nacre_harness::Options;
use nacre_harness::grpc::{Client, Message};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::time::sleep;

const WRITERS: usize = 8;
const WRITES_PER_ROUND: usize = 100;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const SERVICE: &str = "persistent";
const SYNCED_WRITES: u16 = 40;
const ATTACH_PAUSE: Duration = Duration::from_millis(700);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Config(String),
    Instance(u16),
}

/// One writer and what it knows about its keys.
#[derive(Default)]
struct Writer {
    number: usize,
    sequence: usize,
    ledger: Ledger<Key>,
}

impl Writer {
    /// The next write: new configs and instances, one config written again and again, and removals of both.
    fn next(&self) -> (Key, Option<String>, Message) {
        let (number, sequence) = (self.number, self.sequence);
        let present = |wanted: fn(&Key) -> bool| {
            self.ledger.states().find(|(key, state)| wanted(key) && state.is_some()).map(|(key, _)| key.clone())
        };
        let text = format!("content {number} {sequence}");
        let removable = match sequence % 10 {
            4 => present(|key| matches!(key, Key::Config(id) if !id.starts_with("counter"))),
            9 => present(|key| matches!(key, Key::Instance(_))),
            _ => None,
        };
        match (removable, sequence % 3) {
            (Some(Key::Config(id)), _) => (Key::Config(id.clone()), None, remove_message(&id)),
            (Some(Key::Instance(port)), _) => {
                (Key::Instance(port), None, deregister_message(SERVICE, "10.1.1.1", port, true))
            }
            (None, 0) => {
                let id = format!("counter-{number}");
                (Key::Config(id.clone()), Some(text.clone()), publish_message(&id, &text))
            }
            (None, 1) => {
                let id = format!("config-{number}-{sequence}");
                (Key::Config(id.clone()), Some(text.clone()), publish_message(&id, &text))
            }
            (None, _) => {
                let port =
                    u16::try_from(1 + number * 8000 + sequence % 8000).expect("eight writers fit into the ports");
                let message = register_message(SERVICE, "10.1.1.1", port, true);
                (Key::Instance(port), Some("registered".into()), message)
            }
        }
    }

    async fn run(mut self, client: Client, acknowledged: Arc<AtomicUsize>, enough: Arc<Notify>) -> Self {
        loop {
            let (key, state, message) = self.next();
            self.sequence += 1;
            self.ledger.begin(key.clone(), state);
            match nacos::write(&client, &message).await {
                Outcome::Acknowledged => {
                    if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 >= WRITES_PER_ROUND {
                        enough.notify_one();
                    }
                    self.ledger.acknowledged();
                }
                Outcome::Refused(answer) => panic!("writer {} was refused {key:?}: {answer}", self.number),
                Outcome::Unknown(_) => return self,
            }
        }
    }

    /// Looks at the keys that were written since the last look, or at all of them.
    async fn verify(&mut self, client: &Client, instances: &Hosts, all: bool) {
        for key in self.ledger.to_look_at(all) {
            let found = match &key {
                Key::Config(id) => nacos::content(client, id).await.unwrap(),
                Key::Instance(port) => instances.contains(&format!("10.1.1.1:{port}")).then(|| "registered".into()),
            };
            self.ledger.found(&key, found);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_acknowledged() {
    let rounds = if long() { 100 } else { 12 };
    let mut server = Options::new().start().await.unwrap();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer { number, ..Writer::default() }).collect();
    let mut total = 0;
    for round in 1..=rounds {
        let (acknowledged, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let mut running = Vec::new();
        for writer in writers.drain(..) {
            let client = open_within(server.grpc_address(), CONNECT_LIMIT).await.unwrap();
            running.push(tokio::spawn(writer.run(client, Arc::clone(&acknowledged), Arc::clone(&enough))));
        }
        tokio::time::timeout(Duration::from_secs(60), enough.notified()).await.expect("a hundred writes in a minute");
        server.kill().await.unwrap();
        for writer in running {
            writers.push(writer.await.unwrap());
        }
        total += acknowledged.load(Ordering::SeqCst);
        server.start().await.unwrap();
        let client = open_within(server.grpc_address(), CONNECT_LIMIT).await.unwrap();
        let instances = nacos::hosts(&client, SERVICE).await.unwrap();
        for writer in &mut writers {
            writer.verify(&client, &instances, round == rounds).await;
        }
    }
    assert!(total >= rounds * WRITES_PER_ROUND);
    server.terminate().await.unwrap();
}

async fn write_one_by_one(client: &Client, writes: u16) {
    for number in 0..writes {
        if number % 2 == 0 {
            nacos::publish(client, "synced", &format!("content {number}")).await.unwrap();
        } else {
            nacos::register(client, "synced", "10.1.1.2", number).await.unwrap();
        }
    }
}

/// One writer that waits for each answer cannot share a sync with anybody, so the kernel sees one for each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_acknowledgement_follows_a_system_call_that_syncs() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"]).arg(&trace);
    command.arg("-p").arg(server.pid().unwrap().to_string()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(mut tracer) = command.spawn() else {
        println!("skipped: strace is not installed");
        return;
    };
    sleep(ATTACH_PAUSE).await;
    if tracer.try_wait().unwrap().is_some() {
        println!("skipped: strace may not trace here");
        return;
    }
    write_one_by_one(&client, SYNCED_WRITES).await;
    let pid = rustix::process::Pid::from_raw(tracer.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    tracer.wait().await.unwrap();
    let trace = std::fs::read_to_string(&trace).unwrap();
    let syncs = trace.lines().filter(|line| line.contains("fsync(") || line.contains("fdatasync(")).count();
    assert!(syncs >= usize::from(SYNCED_WRITES), "{SYNCED_WRITES} acknowledgements and {syncs} syncs:\n{trace}");
    server.terminate().await.unwrap();
}
