//! A client that writes, comes back after every fault, and knows what must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use md5::{Digest, Md5};
use nacre_e2e::ledger::Ledger;
use nacre_e2e::nacos::{self, Hosts, Outcome, open_within};
use nacre_harness::grpc::{Client, Message};
use nacre_harness::http::{Http, Request, encode_pairs};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::plan::{self, BEATING, Operation, PERSISTENT};

const PATIENCE: Duration = Duration::from_secs(60);
const RETRY_PAUSE: Duration = Duration::from_millis(30);
const BETWEEN_BEATS: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Config(String),
    Persistent(u16),
}

/// Lower-case hexadecimal, as Nacos writes it.
pub(super) fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) struct Writer {
    number: usize,
    address: SocketAddr,
    client: Client,
    http: Http,
    ledger: Ledger<Key>,
    /// What is registered on the connection, and again on each new one.
    ephemeral: BTreeMap<String, u16>,
    beating: BTreeSet<u16>,
    beaten: Instant,
    acknowledged: usize,
}

impl Writer {
    pub(super) async fn connect(number: usize, address: SocketAddr, http: SocketAddr) -> Self {
        Self {
            number,
            address,
            client: open_within(address, PATIENCE).await.unwrap(),
            http: Http::new(http),
            ledger: Ledger::default(),
            ephemeral: BTreeMap::new(),
            beating: BTreeSet::new(),
            beaten: Instant::now(),
            acknowledged: 0,
        }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// How many operations were answered with success.
    pub(super) fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    fn ip(&self) -> String {
        format!("10.9.0.{}", self.number + 1)
    }

    /// Its configs and what they hold.
    pub(super) fn configs(&self) -> BTreeMap<String, Option<String>> {
        let all = (0..plan::CONFIGS).map(|config| plan::config(self.number, config));
        all.map(|id| (id.clone(), self.ledger.state(&Key::Config(id)).map(str::to_owned))).collect()
    }

    /// Its instances: service and `ip:port`.
    pub(super) fn instances(&self) -> Vec<(String, String)> {
        let host = |port: u16| format!("{}:{port}", self.ip());
        let persistent = self.ledger.states().filter_map(|(key, state)| match (key, state) {
            (Key::Persistent(port), Some(_)) => Some((PERSISTENT.to_owned(), host(*port))),
            _ => None,
        });
        let ephemeral = self.ephemeral.iter().map(|(service, port)| (service.clone(), host(*port)));
        let beating = self.beating.iter().map(|port| (BEATING.to_owned(), host(*port)));
        persistent.chain(ephemeral).chain(beating).collect()
    }

    pub(super) async fn perform(&mut self, operation: Operation) {
        if self.beaten.elapsed() >= BETWEEN_BEATS {
            self.beat().await;
        }
        match operation {
            Operation::Publish { config, content } => {
                let id = plan::config(self.number, config);
                let message = nacos::publish_message(&id, &content);
                self.write(Key::Config(id), Some(content), &message).await;
            }
            Operation::Swap { config, content } => {
                let id = plan::config(self.number, config);
                let key = Key::Config(id.clone());
                let known = self.ledger.state(&key).map(md5).unwrap_or_default();
                self.write(key, Some(content.clone()), &nacos::cas_message(&id, &content, &known)).await;
            }
            Operation::SwapWrongly { config } => self.swap_wrongly(&plan::config(self.number, config)).await,
            Operation::Remove { config } => {
                let id = plan::config(self.number, config);
                let message = nacos::remove_message(&id);
                self.write(Key::Config(id), None, &message).await;
            }
            Operation::Register { service, port } => {
                let service = plan::ephemeral(service);
                self.ephemeral.insert(service.clone(), port);
                self.until_done(&nacos::register_message(&service, &self.ip(), port, false)).await;
            }
            Operation::Deregister { service } => {
                let service = plan::ephemeral(service);
                if let Some(port) = self.ephemeral.remove(&service) {
                    self.until_done(&nacos::deregister_message(&service, &self.ip(), port, false)).await;
                }
            }
            Operation::RegisterPersistent { port } => {
                let message = nacos::register_message(PERSISTENT, &self.ip(), port, true);
                self.write(Key::Persistent(port), Some("registered".into()), &message).await;
            }
            Operation::DeregisterPersistent { port } => {
                let message = nacos::deregister_message(PERSISTENT, &self.ip(), port, true);
                self.write(Key::Persistent(port), None, &message).await;
            }
            Operation::BeginBeating { port } => self.begin_beating(port).await,
            Operation::EndBeating { port } => self.end_beating(port).await,
        }
    }

    /// A write whose fate is unknown when the server dies under it: what the server has then counts.
    async fn write(&mut self, key: Key, state: Option<String>, message: &Message) {
        self.ledger.begin(key.clone(), state);
        match nacos::write(&self.client, message).await {
            Outcome::Acknowledged => {
                self.ledger.acknowledged();
                self.acknowledged += 1;
            }
            Outcome::Refused(answer) if !self.is_going(&answer) => {
                panic!("writer {} was refused {key:?}: {answer}", self.number)
            }
            Outcome::Refused(_) | Outcome::Unknown(_) => {
                self.come_back().await;
                self.look_at(&key).await;
            }
        }
    }

    /// A swap that must be refused, and must change nothing.
    async fn swap_wrongly(&mut self, id: &str) {
        let message = nacos::cas_message(id, "must not be there", &md5("nobody has this"));
        // Nacos inserts a config that is not there whatever the md5, and so does the server.
        if self.ledger.state(&Key::Config(id.to_owned())).is_none() {
            return;
        }
        match nacos::write(&self.client, &message).await {
            Outcome::Acknowledged => panic!("writer {}: a swap from a wrong md5 was done on {id}", self.number),
            Outcome::Refused(_) => {}
            Outcome::Unknown(_) => self.come_back().await,
        }
        self.look_at(&Key::Config(id.to_owned())).await;
    }

    /// A request that may be made twice, until it is acknowledged.
    async fn until_done(&mut self, message: &Message) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match nacos::write(&self.client, message).await {
                Outcome::Acknowledged => break self.acknowledged += 1,
                Outcome::Refused(answer) if !self.is_going(&answer) => {
                    panic!("writer {} was refused: {answer}", self.number)
                }
                Outcome::Refused(_) | Outcome::Unknown(_) => self.come_back().await,
            }
            assert!(Instant::now() < deadline, "writer {}: not done in time", self.number);
        }
    }

    /// Whether a server that is about to end says so, or no longer knows the connection.
    fn is_going(&self, answer: &str) -> bool {
        ["\"errorCode\":300,", "\"errorCode\":301,"].iter().any(|code| answer.contains(code))
            || answer.contains("stopping")
    }

    /// A new connection with all that was registered on the one before.
    async fn come_back(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        'again: loop {
            assert!(Instant::now() < deadline, "writer {} did not come back", self.number);
            self.client = match open_within(self.address, PATIENCE).await {
                Ok(client) => client,
                Err(error) => panic!("writer {}: {error:#}", self.number),
            };
            for (service, port) in &self.ephemeral {
                let message = nacos::register_message(service, &self.ip(), *port, false);
                if !matches!(nacos::write(&self.client, &message).await, Outcome::Acknowledged) {
                    sleep(RETRY_PAUSE).await;
                    continue 'again;
                }
            }
            return;
        }
    }

    /// Compares one key with what the server has of it.
    async fn look_at(&mut self, key: &Key) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.find(key).await {
                Ok(found) => return self.ledger.found(key, found),
                Err(error) => assert!(Instant::now() < deadline, "writer {}: {error:#}", self.number),
            }
            self.come_back().await;
        }
    }

    async fn find(&self, key: &Key) -> anyhow::Result<Option<String>> {
        match key {
            Key::Config(id) => nacos::content(&self.client, id).await,
            Key::Persistent(port) => Ok(self.registered(&nacos::hosts(&self.client, PERSISTENT).await?, *port)),
        }
    }

    fn registered(&self, hosts: &Hosts, port: u16) -> Option<String> {
        hosts.contains(&format!("{}:{port}", self.ip())).then(|| "registered".into())
    }

    /// Compares the keys that were written since the last time, or all of them.
    pub(super) async fn verify(&mut self, client: &Client, persistent: &Hosts, all: bool) {
        for key in self.ledger.to_look_at(all) {
            let found = match &key {
                Key::Config(id) => nacos::content(client, id).await.unwrap(),
                Key::Persistent(port) => self.registered(persistent, *port),
            };
            self.ledger.found(&key, found);
        }
    }

    async fn begin_beating(&mut self, port: u16) {
        self.beating.insert(port);
        let (ip, port) = (self.ip(), port.to_string());
        let form = [("serviceName", BEATING), ("ip", ip.as_str()), ("port", &port), ("ephemeral", "true")];
        self.http_done(&Request::new("POST", "/nacos/v1/ns/instance").form(&form)).await;
    }

    async fn end_beating(&mut self, port: u16) {
        if !self.beating.remove(&port) {
            return;
        }
        let (ip, port) = (self.ip(), port.to_string());
        let query = [("serviceName", BEATING), ("ip", ip.as_str()), ("port", &port), ("ephemeral", "true")];
        self.http_done(&Request::new("DELETE", format!("/nacos/v1/ns/instance?{}", encode_pairs(query)))).await;
    }

    /// Keeps all instances that beat alive.
    pub(super) async fn beat(&mut self) {
        for port in self.beating.clone() {
            let beat = json!({
                "serviceName": format!("DEFAULT_GROUP@@{BEATING}"), "ip": self.ip(), "port": port,
                "cluster": "DEFAULT", "weight": 1.0, "metadata": {}, "scheduled": true,
            });
            let (service, beat) = (format!("DEFAULT_GROUP@@{BEATING}"), beat.to_string());
            let form = [("serviceName", service.as_str()), ("beat", &beat), ("ephemeral", "true")];
            self.http_done(&Request::new("PUT", "/nacos/v1/ns/instance/beat").form(&form)).await;
        }
        self.beaten = Instant::now();
    }

    /// A request over HTTP that may be made twice, until it is answered with success.
    async fn http_done(&mut self, request: &Request) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let failure = match self.http.send(request).await {
                Ok(reply) if reply.status == 200 => break self.acknowledged += 1,
                Ok(reply) => format!("{} {}", reply.status, reply.text()),
                Err(error) => format!("{error:#}"),
            };
            assert!(Instant::now() < deadline, "writer {}: {failure}", self.number);
            sleep(RETRY_PAUSE).await;
        }
    }
}
