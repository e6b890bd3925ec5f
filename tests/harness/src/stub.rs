//! A server that answers what it is told to: replies by request type, pushes, and HTTP answers by path.
//!
//! It serves what a real server cannot be brought to say at will. Requests without a script succeed.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

mod service;

use crate::grpc::Message;
use crate::server::ports::Ports;

/// The most requests that are kept for inspection.
const KEPT: usize = 10_000;
/// Pushes that wait for a stream with room.
const PUSHES: usize = 1024;

/// How a request is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Type of the reply; by default that of the request with `Response` in place of `Request`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Members beside those of success.
    #[serde(default)]
    pub body: Map<String, Value>,
    /// A gRPC status in place of a reply.
    pub grpc_status: Option<u16>,
    /// Milliseconds until the answer.
    #[serde(default)]
    pub after_ms: u64,
    /// Never answers.
    #[serde(default)]
    pub silent: bool,
}

/// How an HTTP request is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpScript {
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body: text as it is, anything else as JSON.
    #[serde(default)]
    pub body: Value,
}

fn ok() -> u16 {
    200
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Which connection it came on: they are counted from 1.
    pub connection: u64,
}

#[derive(Debug, Default)]
struct State {
    scripts: Mutex<HashMap<String, VecDeque<Script>>>,
    http: Mutex<HashMap<String, VecDeque<HttpScript>>>,
    http_received: Mutex<Vec<Value>>,
    abilities: Mutex<Map<String, Value>>,
    received: watch::Sender<Vec<Received>>,
    streams: Mutex<Vec<mpsc::Sender<Message>>>,
    connections: watch::Sender<u64>,
}

impl State {
    /// The next script of a type; the last one stays.
    fn script(&self, kind: &str) -> Option<Script> {
        next(self.scripts.lock().get_mut(kind))
    }

    fn keep(&self, message: Message, connection: u64) {
        self.received.send_modify(|received| {
            if received.len() < KEPT {
                received.push(Received { message, connection });
            }
        });
    }
}

fn next<T: Clone>(scripts: Option<&mut VecDeque<T>>) -> Option<T> {
    let scripts = scripts?;
    if scripts.len() > 1 { scripts.pop_front() } else { scripts.front().cloned() }
}

/// A scripted server on a pair of ports. Dropping it ends its connections.
#[derive(Debug)]
pub struct Stub {
    ports: Ports,
    state: Arc<State>,
    connections: Arc<Mutex<JoinSet<()>>>,
    listeners: Vec<JoinHandle<()>>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.listeners.iter().for_each(JoinHandle::abort);
        self.connections.lock().abort_all();
    }
}

impl Stub {
    /// Listens; without `grpc` only the main port is open, which serves gRPC as well.
    ///
    /// # Errors
    /// When no ports are free.
    pub async fn start(grpc: bool) -> Result<Self> {
        let mut ports = Ports::reserve()?;
        ports.release();
        let (state, connections) = (Arc::<State>::default(), Arc::<Mutex<JoinSet<()>>>::default());
        let mut stub = Self { ports, state, connections, listeners: Vec::new() };
        for port in [Some(stub.ports.http()), grpc.then(|| stub.ports.grpc())].into_iter().flatten() {
            stub.listen(port).await?;
        }
        Ok(stub)
    }

    async fn listen(&mut self, port: u16) -> Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.context("listen")?;
        let (state, connections) = (Arc::clone(&self.state), Arc::clone(&self.connections));
        self.listeners.push(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut number = 0;
                state.connections.send_modify(|count| {
                    *count += 1;
                    number = *count;
                });
                connections.lock().spawn(service::connection(stream, Arc::clone(&state), number));
            }
        }));
        Ok(())
    }

    /// The main port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.http()))
    }

    /// Answers requests of a type with these in turn, the last one for ever; an empty list takes the script away.
    pub fn reply(&self, kind: &str, scripts: Vec<Script>) {
        set(&mut self.state.scripts.lock(), kind, scripts);
    }

    /// Answers `METHOD /path` with these in turn, the last one for ever.
    pub fn http(&self, route: &str, scripts: Vec<HttpScript>) {
        set(&mut self.state.http.lock(), route, scripts);
    }

    /// What a SetupAckRequest says from now on.
    pub fn abilities(&self, abilities: Map<String, Value>) {
        *self.state.abilities.lock() = abilities;
    }

    /// Sends a push on each open stream; answers how many there are.
    ///
    /// # Errors
    /// When a stream takes nothing any more.
    pub fn push(&self, kind: &str, body: &Value) -> Result<usize> {
        let mut streams = self.state.streams.lock();
        streams.retain(|stream| !stream.is_closed());
        for stream in streams.iter() {
            stream.try_send(Message::new(kind, body)).context("a stream is full")?;
        }
        Ok(streams.len())
    }

    /// The requests and acknowledgements so far, of one type or all.
    pub fn received(&self, kind: Option<&str>) -> Vec<Received> {
        let received = self.state.received.borrow();
        received.iter().filter(|received| kind.is_none_or(|kind| received.message.kind == kind)).cloned().collect()
    }

    /// The HTTP requests so far: method, path, query, body.
    pub fn http_received(&self) -> Vec<Value> {
        self.state.http_received.lock().clone()
    }

    /// Waits for a request that `wanted` accepts.
    ///
    /// # Errors
    /// When none has come within `limit`.
    pub async fn wait_received(&self, wanted: impl Fn(&Received) -> bool, limit: Duration) -> Result<Received> {
        let mut received = self.state.received.subscribe();
        let found = timeout(limit, async {
            loop {
                let found = received.borrow_and_update().iter().find(|received| wanted(received)).cloned();
                if found.is_some() || received.changed().await.is_err() {
                    return found;
                }
            }
        })
        .await;
        match found.ok().flatten() {
            Some(found) => Ok(found),
            None => bail!("no such request within {limit:?}; types so far: {:?}", self.kinds()),
        }
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state.received.send_modify(Vec::clear);
        self.state.http_received.lock().clear();
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        *self.state.connections.borrow()
    }

    /// Ends all connections.
    pub async fn disconnect(&self) {
        let mut connections = std::mem::take(&mut *self.connections.lock());
        connections.shutdown().await;
        self.state.streams.lock().clear();
    }

    fn kinds(&self) -> Vec<String> {
        self.state.received.borrow().iter().map(|received| received.message.kind.clone()).collect()
    }
}

fn set<T>(scripts: &mut HashMap<String, VecDeque<T>>, key: &str, new: Vec<T>) {
    if new.is_empty() {
        scripts.remove(key);
    } else {
        scripts.insert(key.to_owned(), new.into());
    }
}

/// The body of a success, with `members` in place of or beside its own.
fn success(members: Map<String, Value>) -> Value {
    let mut body = Map::from_iter([("resultCode".to_owned(), json!(200)), ("errorCode".to_owned(), json!(0))]);
    body.extend(members);
    let succeeded = body["resultCode"] == json!(200);
    body.insert("success".to_owned(), json!(succeeded));
    Value::Object(body)
}

#[cfg(test)]
mod tests;
