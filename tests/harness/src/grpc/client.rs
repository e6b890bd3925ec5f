//! A Nacos client as a test needs it: one connection, its bi-stream, and a queue of what was pushed.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::message::Message;
use super::transport::{CallError, Inbound, Outbound, Transport, TransportOptions};

const CALL_LIMIT: Duration = Duration::from_secs(5);
const SETUP_PAUSE: Duration = Duration::from_millis(300);

/// Makes the answer to a push from the push's request id.
pub type Reply = Arc<dyn Fn(&str) -> Message + Send + Sync>;
/// Is shown each push as it arrives, in place of the queue.
pub type Observer = Arc<dyn Fn(&Message) + Send + Sync>;

/// What is answered to pushes without being asked.
#[derive(Clone)]
pub struct AckPolicy {
    /// Answer each push at once.
    pub automatic: bool,
    /// Answer probes of idle connections at once and keep them out of the queue.
    pub detection: bool,
    /// Answers that differ from resultCode 200, by type of push.
    pub replies: HashMap<String, Reply>,
}

impl Default for AckPolicy {
    fn default() -> Self {
        Self { automatic: true, detection: true, replies: HashMap::new() }
    }
}

impl fmt::Debug for AckPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<&String> = self.replies.keys().collect();
        write!(formatter, "AckPolicy(automatic: {}, detection: {}, replies: {types:?})", self.automatic, self.detection)
    }
}

#[derive(Default)]
struct Inbox {
    pushes: Mutex<VecDeque<Message>>,
    arrived: Notify,
    acks: Mutex<AckPolicy>,
    observer: Option<Observer>,
}

#[derive(Debug)]
struct Stream {
    outbound: Arc<Outbound>,
    pump: JoinHandle<()>,
    ended: watch::Receiver<bool>,
    held: watch::Sender<bool>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// A client with its own TCP connection. Dropping it closes the socket.
pub struct Client {
    transport: Transport,
    stream: Mutex<Option<Stream>>,
    inbox: Arc<Inbox>,
    /// The connection id that the server gave in its answer to the server check, empty before.
    pub connection_id: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Client({})", self.connection_id)
    }
}

impl Client {
    /// Opens only the TCP connection.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Self::connect_with(address, TransportOptions::default(), None).await
    }

    /// As [`Client::connect`], with window sizes and with an observer that takes the pushes in place of the queue.
    ///
    /// # Errors
    /// When the server does not accept the connection.
    pub async fn connect_with(
        address: SocketAddr,
        options: TransportOptions,
        observer: Option<Observer>,
    ) -> Result<Self> {
        let transport = Transport::connect(address, options).await.with_context(|| format!("connect to {address}"))?;
        let inbox = Arc::new(Inbox { observer, ..Inbox::default() });
        Ok(Self { transport, stream: Mutex::new(None), inbox, connection_id: String::new() })
    }

    /// Connects and sets up as a client of version 2.5 with abilities does.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let mut client = Self::connect(address).await?;
        client.set_up(&default_setup()).await?;
        Ok(client)
    }

    /// Server check, bi-stream, setup; waits for the SetupAckRequest when one is to come.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn set_up(&mut self, setup: &Message) -> Result<()> {
        let check = Message::new("ServerCheckRequest", &json!({"headers": {}, "module": "internal"}));
        let reply = self.call(&check).await.context("server check")?;
        ensure!(reply.kind == "ServerCheckResponse", "server check answered {} {}", reply.kind, reply.text());
        let body = reply.json();
        self.connection_id = body["connectionId"].as_str().unwrap_or_default().to_owned();
        self.open_stream().await?;
        self.send(setup);
        let negotiates = body["supportAbilityNegotiation"] == json!(true);
        if negotiates && setup.json().get("abilityTable").is_some() {
            if self.inbox.observer.is_none() {
                self.next_push(Some("SetupAckRequest"), CALL_LIMIT).await.context("no SetupAckRequest")?;
            }
        } else {
            // Without negotiation nothing tells the client when the server has taken the setup.
            sleep(SETUP_PAUSE).await;
        }
        Ok(())
    }

    /// Opens the bi-directional stream; an earlier one goes on until it ends, but is no longer read.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn open_stream(&self) -> Result<()> {
        let (outbound, inbound) = self.transport.bidi().await.context("open the stream")?;
        let outbound = Arc::new(outbound);
        let (ended_sender, ended) = watch::channel(false);
        let (held, held_receiver) = watch::channel(false);
        let pump = pump(inbound, Arc::clone(&outbound), Arc::clone(&self.inbox), held_receiver, ended_sender);
        *self.stream.lock() = Some(Stream { outbound, pump: tokio::spawn(pump), ended, held });
        Ok(())
    }

    /// A unary call with 5 s of patience.
    ///
    /// # Errors
    /// When no reply message comes.
    pub async fn call(&self, message: &Message) -> Result<Message, CallError> {
        self.transport.unary(message, CALL_LIMIT).await
    }

    /// A unary call with a JSON body; answers the reply's body.
    ///
    /// # Errors
    /// When the call fails or its `resultCode` is not 200.
    pub async fn request(&self, kind: &str, body: &impl Serialize) -> Result<Value> {
        let reply = self.call(&Message::new(kind, body)).await.with_context(|| kind.to_owned())?;
        let json = reply.json();
        if json["resultCode"] != json!(200) {
            bail!("{kind} was answered by {} {}", reply.kind, reply.text());
        }
        Ok(json)
    }

    /// Sends a message on the bi-stream.
    pub fn send(&self, message: &Message) {
        if let Some(outbound) = self.outbound() {
            outbound.send(message);
        }
    }

    /// The sending half of the bi-stream.
    pub fn outbound(&self) -> Option<Arc<Outbound>> {
        self.stream.lock().as_ref().map(|stream| Arc::clone(&stream.outbound))
    }

    /// The connection below.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Changes how pushes are answered from now on.
    pub fn set_acks(&self, policy: AckPolicy) {
        *self.inbox.acks.lock() = policy;
    }

    /// How pushes are answered.
    pub fn acks(&self) -> AckPolicy {
        self.inbox.acks.lock().clone()
    }

    /// Answers a push: as the policy says for its type, or with resultCode 200.
    pub fn acknowledge(&self, push: &Message) {
        let answer = answer_to(push, &self.inbox.acks.lock());
        if let Some(answer) = answer {
            self.send(&answer);
        }
    }

    /// Takes the first push of a type (or of any) out of the queue, waiting for it for at most `limit`.
    pub async fn next_push(&self, kind: Option<&str>, limit: Duration) -> Option<Message> {
        let deadline = Instant::now() + limit;
        loop {
            let arrived = self.inbox.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            {
                let mut pushes = self.inbox.pushes.lock();
                let wanted = |push: &Message| kind.is_none_or(|kind| push.kind == kind);
                if let Some(position) = pushes.iter().position(wanted) {
                    return pushes.remove(position);
                }
            }
            if timeout_at(deadline, arrived).await.is_err() {
                return None;
            }
        }
    }

    /// Takes all pushes of a type (or all) out of the queue.
    pub fn take_pushes(&self, kind: Option<&str>) -> Vec<Message> {
        let mut pushes = self.inbox.pushes.lock();
        let (taken, kept) = pushes.drain(..).partition(|push| kind.is_none_or(|kind| push.kind == kind));
        *pushes = kept;
        taken.into()
    }

    /// How many pushes wait in the queue.
    pub fn queued(&self) -> usize {
        self.inbox.pushes.lock().len()
    }

    /// Waits until the server has ended the stream; false when it has not within `limit`.
    pub async fn ended(&self, limit: Duration) -> bool {
        let Some(mut ended) = self.stream.lock().as_ref().map(|stream| stream.ended.clone()) else { return true };
        matches!(tokio::time::timeout(limit, ended.wait_for(|ended| *ended)).await, Ok(Ok(_)))
    }

    /// Stops taking messages from the bi-stream, so that its HTTP/2 window fills up, or goes on taking them.
    pub fn hold_stream(&self, hold: bool) {
        if let Some(stream) = self.stream.lock().as_ref() {
            stream.held.send_replace(hold);
        }
    }

    /// Half-closes the stream and closes the connection.
    pub async fn close(self) {
        let stream = self.stream.lock().take();
        if let Some(stream) = &stream {
            stream.outbound.half_close();
        }
        drop(stream);
        self.transport.close().await;
    }

    /// Ends the connection with a TCP reset.
    pub async fn reset(self) {
        self.transport.reset().await;
    }
}

/// The ConnectionSetupRequest of a Java client of version 2.5.
pub fn default_setup() -> Message {
    let body = json!({
        "headers": {},
        "clientVersion": "Nacos-Java-Client:v2.5.1",
        "labels": {"source": "sdk", "module": "naming"},
        "abilityTable": {},
        "module": "internal",
    });
    Message::new("ConnectionSetupRequest", &body)
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "requestId")]
    request_id: String,
}

fn answer_to(push: &Message, policy: &AckPolicy) -> Option<Message> {
    let id = push.read::<Identified>()?.request_id;
    if let Some(reply) = policy.replies.get(&push.kind) {
        return Some(reply(&id));
    }
    let body = json!({"resultCode": 200, "errorCode": 0, "requestId": id, "success": true});
    Some(Message::new(&push.kind.replace("Request", "Response"), &body))
}

async fn pump(
    mut inbound: Inbound,
    outbound: Arc<Outbound>,
    inbox: Arc<Inbox>,
    mut held: watch::Receiver<bool>,
    ended: watch::Sender<bool>,
) {
    loop {
        // An error means that the client is going away; the next read ends then.
        let _ = held.wait_for(|held| !*held).await;
        let Some(push) = inbound.next().await else { break };
        let (answer, hide) = {
            let policy = inbox.acks.lock();
            let detection = push.kind == "ClientDetectionRequest";
            let answered = if detection { policy.detection } else { policy.automatic };
            (answered.then(|| answer_to(&push, &policy)).flatten(), detection && policy.detection)
        };
        if let Some(answer) = answer {
            outbound.send(&answer);
        }
        if hide {
            continue;
        }
        match &inbox.observer {
            Some(observer) => observer(&push),
            None => inbox.pushes.lock().push_back(push),
        }
        inbox.arrived.notify_waiters();
    }
    ended.send_replace(true);
    inbox.arrived.notify_waiters();
}
