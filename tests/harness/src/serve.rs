//! What a behaviour case needs beside the client under test, as a process that speaks JSON lines.
//!
//! A line in is a request: `{"id": 1, "scope": "case", "do": "server.start", "args": {}}`; a line out answers it:
//! `{"id": 1, "value": ...}` or `{"id": 1, "error": "..."}`. Requests run side by side. The protocol is described in
//! `tests/cases/README.md`. What a scope has made goes when the scope ends, and everything when the input ends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

mod content;
mod files;
mod peers;
mod proxies;
mod servers;
mod stubs;

use crate::{Proxy, Server, Stub, grpc};

/// Raised when a request or an answer changes its meaning.
pub const PROTOCOL: u32 = 1;

const DEFAULT_LIMIT: Duration = Duration::from_secs(30);
const LONGEST_LIMIT: Duration = Duration::from_secs(120);
/// Answers that wait for the reader; requests are held back beyond it.
const ANSWERS: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    id: u64,
    #[serde(default)]
    scope: String,
    #[serde(rename = "do")]
    operation: String,
    #[serde(default)]
    args: Value,
    limit_ms: Option<u64>,
}

/// Things of one kind by the names that a case gave them.
#[derive(Debug)]
struct Table<T>(Mutex<HashMap<String, Arc<T>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Table<T> {
    fn get(&self, name: &str) -> Result<Arc<T>> {
        self.0.lock().get(name).cloned().with_context(|| format!("no {name:?} in this scope"))
    }

    fn add(&self, name: String, thing: T) -> Result<()> {
        let mut table = self.0.lock();
        ensure!(!table.contains_key(&name), "{name:?} is there already");
        table.insert(name, Arc::new(thing));
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<Arc<T>> {
        self.0.lock().remove(name).with_context(|| format!("no {name:?} in this scope"))
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().keys().cloned().collect()
    }
}

/// What one case has made.
#[derive(Debug)]
struct Scope {
    // Before the directory, so that they end before it is removed.
    servers: Table<tokio::sync::Mutex<Server>>,
    proxies: Table<tokio::sync::Mutex<Proxy>>,
    stubs: Table<Stub>,
    clients: Table<grpc::Client>,
    directory: tempfile::TempDir,
}

impl Scope {
    fn new() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("nacre-case-").tempdir().context("temporary directory")?;
        Ok(Self {
            servers: Table::default(),
            proxies: Table::default(),
            stubs: Table::default(),
            clients: Table::default(),
            directory,
        })
    }
}

#[derive(Debug, Default)]
struct Scopes(Mutex<HashMap<String, Arc<Scope>>>);

impl Scopes {
    /// The scope of that name, made at its first use.
    fn get(&self, name: &str) -> Result<Arc<Scope>> {
        let mut scopes = self.0.lock();
        if let Some(scope) = scopes.get(name) {
            return Ok(Arc::clone(scope));
        }
        let scope = Arc::new(Scope::new()?);
        scopes.insert(name.to_owned(), Arc::clone(&scope));
        Ok(scope)
    }
}

/// Serves until the input ends. Every server, proxy and directory made on the way is gone afterwards.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub async fn run(input: impl AsyncRead + Unpin, output: impl AsyncWrite + Unpin + Send + 'static) -> Result<()> {
    let (answers, receiver) = mpsc::channel(ANSWERS);
    let writer = tokio::spawn(write(output, receiver));
    answers.send(json!({"ready": {"protocol": PROTOCOL}})).await.ok();
    let scopes = Arc::new(Scopes::default());
    let mut running = JoinSet::new();
    let mut lines = BufReader::new(input).lines();
    while let Some(line) = lines.next_line().await.context("read a request")? {
        while running.try_join_next().is_some() {}
        if line.trim().is_empty() {
            continue;
        }
        let (scopes, answers) = (Arc::clone(&scopes), answers.clone());
        running.spawn(async move {
            let answer = answer(&line, &scopes).await;
            // Nobody reads any more: the input is about to end as well.
            let _ = answers.send(answer).await;
        });
    }
    running.shutdown().await;
    drop((answers, scopes));
    writer.await.context("the writer ended oddly")?
}

async fn write(mut output: impl AsyncWrite + Unpin, mut answers: mpsc::Receiver<Value>) -> Result<()> {
    while let Some(answer) = answers.recv().await {
        let mut line = answer.to_string();
        line.push('\n');
        output.write_all(line.as_bytes()).await.context("write an answer")?;
        output.flush().await.context("write an answer")?;
    }
    Ok(())
}

async fn answer(line: &str, scopes: &Scopes) -> Value {
    let request: Request = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return json!({"id": null, "error": format!("no request: {error}")}),
    };
    let limit = request.limit_ms.map_or(DEFAULT_LIMIT, Duration::from_millis).min(LONGEST_LIMIT);
    let outcome = match timeout(limit, perform(&request, scopes)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow::anyhow!("not done within {limit:?}")),
    };
    match outcome {
        Ok(value) => json!({"id": request.id, "value": value}),
        Err(error) => json!({"id": request.id, "error": format!("{}: {error:#}", request.operation)}),
    }
}

async fn perform(request: &Request, scopes: &Scopes) -> Result<Value> {
    if request.operation == "scope.end" {
        let ended = scopes.0.lock().remove(&request.scope);
        return end(ended).await;
    }
    let scope = scopes.get(&request.scope)?;
    let args = if request.args.is_null() { json!({}) } else { request.args.clone() };
    let (kind, verb) = request.operation.split_once('.').unwrap_or((&request.operation, ""));
    match kind {
        "scope" if verb == "begin" => Ok(json!({"dir": scope.directory.path()})),
        "server" => servers::perform(&scope, verb, args).await,
        "proxy" => proxies::perform(&scope, verb, args).await,
        "stub" => stubs::perform(&scope, verb, args).await,
        "client" => peers::perform(&scope, verb, args).await,
        "http" => peers::http(args).await,
        "file" => files::perform(&scope, verb, args).await,
        _ => unknown(),
    }
}

/// Kills what runs and answers the end of each server's log, for a case that has failed.
async fn end(scope: Option<Arc<Scope>>) -> Result<Value> {
    let mut logs = serde_json::Map::new();
    let Some(scope) = scope else { return Ok(Value::Null) };
    for name in scope.servers.names() {
        let server = scope.servers.remove(&name)?;
        let mut server = server.lock().await;
        logs.insert(name, json!(last_lines(&server.log())));
        if server.is_running() {
            server.kill().await?;
        }
    }
    Ok(json!({"logs": logs}))
}

fn last_lines(text: &str) -> String {
    const SHOWN: usize = 40;
    let skipped = text.lines().count().saturating_sub(SHOWN);
    text.lines().skip(skipped).collect::<Vec<_>>().join("\n")
}

fn unknown() -> Result<Value> {
    bail!("no such operation")
}

fn read<T: DeserializeOwned>(args: Value) -> Result<T> {
    serde_json::from_value(args).context("arguments")
}

/// The gRPC port of a server whose main port is `address`.
fn grpc_port(address: SocketAddr) -> Result<SocketAddr> {
    let port = address.port().checked_add(crate::server::ports::GRPC_OFFSET).context("port too high")?;
    Ok(SocketAddr::new(address.ip(), port))
}

/// Whether `actual` has all that `expected` has: members of objects at any depth, everything else equal.
fn covers(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            expected.iter().all(|(key, value)| covers(value, actual.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(left, right)| covers(left, right))
        }
        _ => expected == actual,
    }
}

fn main_name() -> String {
    "main".to_owned()
}

fn within_default() -> u64 {
    5_000
}
