//! A registry on shards without a log, for tests that stop time.

use std::{
    collections::VecDeque,
    future::poll_fn,
    ops::Deref,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use nacre_consensus::{Applied, Leadership, NodeId, ProposeError, SlotTable, StateBatch, StateMachine};
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};

use crate::{
    Client, Encoder, Listing, Naming, NewInstance, Options, ServiceKey, Session, Settings,
    link::Link,
    shard::{Answer, Operation, ShardCommand, ShardMachine},
};

/// Applies at once what is proposed, unless told otherwise.
pub(crate) struct FakeLink {
    machines: Vec<Arc<ShardMachine>>,
    /// What was applied, in order.
    pub(crate) log: Mutex<Vec<ShardCommand>>,
    /// One permit per proposal; plenty unless a test takes them away.
    pub(crate) gate: Semaphore,
    /// What the next proposals end with. `Unknown` ends one that was applied, `None` goes well.
    pub(crate) failures: Mutex<VecDeque<Option<ProposeError>>>,
    /// While set, what may not use the reserve is refused.
    pub(crate) full: Mutex<bool>,
    pub(crate) leader: watch::Sender<Leadership>,
    started: Instant,
}

const PLENTY: usize = 1 << 20;

impl FakeLink {
    fn new(shards: u16) -> Arc<Self> {
        let machines = (0..shards).map(|_| Arc::new(ShardMachine::new())).collect();
        let leadership = Leadership { leader: Some(NodeId(1)), is_local: true, term: 1 };
        Arc::new(Self {
            machines,
            log: Mutex::default(),
            gate: Semaphore::new(PLENTY),
            failures: Mutex::default(),
            full: Mutex::default(),
            leader: watch::channel(leadership).0,
            started: Instant::now(),
        })
    }

    /// Lets no proposal through until [`FakeLink::open`].
    pub(crate) fn shut(&self) {
        self.gate.forget_permits(PLENTY);
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(PLENTY);
    }

    pub(crate) fn entries(&self) -> usize {
        self.log.lock().len()
    }

    /// The operations of the last entries, starting at `from`.
    pub(crate) fn operations(&self, from: usize) -> Vec<Operation> {
        self.log.lock()[from..].iter().flat_map(|command| command.operations.to_vec()).collect()
    }

    fn apply(&self, shard: usize, command: &ShardCommand) -> Arc<[Answer]> {
        let mut log = self.log.lock();
        log.push(command.clone());
        let stamp = 1_000_000 + self.started.elapsed().as_millis() as u64;
        let at = Applied { index: log.len() as u64, stamp };
        self.machines[shard].apply(at, command, &mut StateBatch::default())
    }
}

impl Link for FakeLink {
    fn propose(
        &self,
        _target: NodeId,
        shard: usize,
        command: ShardCommand,
    ) -> BoxFuture<'_, Result<Arc<[Answer]>, ProposeError>> {
        Box::pin(async move {
            self.gate.acquire().await.expect("the gate is never closed").forget();
            self.gate.add_permits(1);
            let failure = self.failures.lock().pop_front().flatten();
            match failure {
                Some(ProposeError::Unknown) => {
                    self.apply(shard, &command);
                    return Err(ProposeError::Unknown);
                }
                Some(failure) => return Err(failure),
                None => {}
            }
            if *self.full.lock() && !nacre_consensus::Command::may_use_reserve(&command) {
                return Err(ProposeError::StorageFull { free: 1, reserve: 2 });
            }
            Ok(self.apply(shard, &command))
        })
    }

    fn leader(&self, _shard: usize) -> watch::Receiver<Leadership> {
        self.leader.subscribe()
    }
}

/// `name/clusters:port,port`, an unhealthy port with `!`, a protected list with `*`.
struct TextEncoder;

impl Encoder for TextEncoder {
    fn info(&self, listing: &Listing<'_>) -> Bytes {
        let hosts = listing.hosts.iter();
        let ports: Vec<String> =
            hosts.map(|host| format!("{}{}", host.port, if host.healthy { "" } else { "!" })).collect();
        let protected = if listing.reach_protection_threshold { "*" } else { "" };
        let clusters = listing.clusters.unwrap_or("-");
        format!("{}/{clusters}:{}{protected}", listing.service.name(), ports.join(",")).into()
    }

    fn push(&self, request_id: u64, info: &Bytes) -> Bytes {
        [request_id.to_string().as_bytes(), b"|", info].concat().into()
    }
}

/// A registry, and the shards that outlive it.
pub(crate) struct Rig {
    naming: Naming,
    pub(crate) link: Arc<FakeLink>,
    settings: Settings,
    epoch: u64,
}

impl Deref for Rig {
    type Target = Naming;

    fn deref(&self) -> &Naming {
        &self.naming
    }
}

async fn start(link: &Arc<FakeLink>, settings: &Settings, epoch: u64) -> Naming {
    let options = Options {
        settings: settings.clone(),
        node: NodeId(1),
        epoch,
        shards: Vec::new(),
        slots: SlotTable::even(link.machines.len() as u16),
        switches: None,
        encoder: Arc::new(TextEncoder),
        request_ids: Arc::new(AtomicU64::new(epoch * 1_000)),
    };
    Naming::start_with(options, link.machines.clone(), link.clone()).await.expect("shards take writes")
}

impl Rig {
    pub(crate) async fn new() -> Self {
        // Time is paused in most tests, and checks open real connections.
        Self::with(Settings { health_checks_at_once: 0, ..Settings::default() }, 1).await
    }

    pub(crate) async fn with(settings: Settings, shards: u16) -> Self {
        let link = FakeLink::new(shards);
        Self { naming: start(&link, &settings, 1).await, link, settings, epoch: 1 }
    }

    /// The server stops as on SIGTERM, or without a word, and starts again.
    pub(crate) async fn restart(&mut self, orderly: bool) {
        if orderly {
            self.naming.shutdown().await;
        }
        self.epoch += 1;
        self.naming = start(&self.link, &self.settings, self.epoch).await;
    }

    pub(crate) fn connect(&self, connection: &str) -> Session {
        self.open(Client { connection: connection.into(), ..Client::default() })
    }

    /// The list as everybody sees it.
    pub(crate) fn shown(&self, name: &str) -> String {
        let info = self.query(&service(name), &crate::Filter::all());
        String::from_utf8(info.to_vec())
            .expect("the encoder writes text")
            .split_once(':')
            .expect("a colon")
            .1
            .to_owned()
    }

    /// Lets all tasks do what they can without time passing.
    pub(crate) async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn service(name: &str) -> ServiceKey {
    ServiceKey::new("public", "DEFAULT_GROUP", name)
}

pub(crate) fn at(port: i32) -> NewInstance {
    NewInstance { cluster: Some("DEFAULT".into()), ..NewInstance::at("10.0.0.1", port) }
}

/// The next push within `millis`: its request id and body.
pub(crate) async fn push_within(session: &Session, millis: u64) -> Option<(u64, String)> {
    let frame = timeout(Duration::from_millis(millis), poll_fn(|context| session.poll_push(context))).await;
    let frame = frame.ok()?.expect("the session is open");
    let text = String::from_utf8(frame.to_vec()).expect("the encoder writes text");
    let (id, body) = text.split_once('|').expect("an id");
    Some((id.parse().expect("a number"), body.to_owned()))
}

/// Takes and acknowledges what comes until nothing comes for a second.
pub(crate) async fn drain(session: &Session) -> usize {
    let mut count = 0;
    while let Some((id, _)) = push_within(session, 1_000).await {
        assert!(session.acked(id, true));
        count += 1;
    }
    count
}
