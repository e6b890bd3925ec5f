//! Operations of cases as calls of the engine.

use std::{fmt, sync::Arc, time::Duration};

use futures::StreamExt as _;
use nacre_client::{Client, Error, LockRequest, State};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{events::Events, model::Call, run::Stage};

#[path = "perform/config.rs"]
mod config;
#[path = "perform/naming.rs"]
mod naming;
#[path = "perform/options.rs"]
mod options;

pub(crate) use naming::Balancers;

/// What a call has given.
pub(crate) struct Done {
    pub(crate) value: Value,
    /// Of a watch.
    pub(crate) events: Option<Events>,
}

impl Done {
    fn nothing() -> Self {
        Value::Null.into()
    }

    fn watch(events: impl futures::Stream<Item = Value> + Send + 'static) -> Self {
        Self { value: Value::Null, events: Some(events.boxed()) }
    }
}

impl From<Value> for Done {
    fn from(value: Value) -> Self {
        Self { value, events: None }
    }
}

/// An error as cases see it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) code: i32,
    pub(crate) retryable: bool,
    reason: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind().name().to_owned(),
            code: error.code(),
            retryable: error.is_retryable(),
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retryable = if self.retryable { ", retryable" } else { "" };
        write!(formatter, "error {} {}{retryable}: {}", self.kind, self.code, self.reason)
    }
}

/// Why a call has no value: the engine's error, or a mistake in the case or the runner.
pub(crate) enum Trouble {
    Failed(Failure),
    Mistake(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

type Performed = Result<Done, Trouble>;

fn read<T: DeserializeOwned>(args: &Value) -> Result<T, Trouble> {
    let args = if args.is_null() { &json!({}) } else { args };
    T::deserialize(args).map_err(|error| Trouble::Mistake(format!("arguments: {error}")))
}

/// Carries out a call. The outer `Err` is a mistake of the case.
pub(crate) async fn perform(stage: &Arc<Stage>, call: &Call, args: &Value) -> Result<Result<Done, Failure>, String> {
    told(dispatch(stage, call, args).await)
}

/// Makes a client and keeps it under a name.
pub(crate) async fn connect(stage: &Stage, name: &str, options: &Value) -> Result<Result<Done, Failure>, String> {
    told(options::connect(stage, name, options).await)
}

fn told(performed: Performed) -> Result<Result<Done, Failure>, String> {
    match performed {
        Ok(done) => Ok(Ok(done)),
        Err(Trouble::Failed(failure)) => Ok(Err(failure)),
        Err(Trouble::Mistake(text)) => Err(text),
    }
}

async fn dispatch(stage: &Arc<Stage>, call: &Call, args: &Value) -> Performed {
    if call.op == "client.connect" {
        return options::connect(stage, &call.on, &args["options"]).await;
    }
    let client = stage.clients.lock().get(&call.on).cloned();
    let client = client.ok_or_else(|| Trouble::Mistake(format!("no client {}", call.on)))?;
    match call.op.split_once('.') {
        Some(("client", verb)) => of_client(&client, verb, args).await,
        Some(("naming", verb)) => naming::perform(stage, &client, &call.on, verb, args).await,
        Some(("config", verb)) => config::perform(&client, verb, args).await,
        Some(("lock", verb)) => of_lock(&client, verb, args).await,
        _ => Err(unknown(&call.op)),
    }
}

fn unknown(operation: &str) -> Trouble {
    Trouble::Mistake(format!("no operation {operation}"))
}

#[derive(Deserialize)]
struct Limit {
    limit_ms: u64,
}

async fn of_client(client: &Client, verb: &str, args: &Value) -> Performed {
    match verb {
        "ready" => {
            let Limit { limit_ms } = read(args)?;
            client.ready(Duration::from_millis(limit_ms)).await?;
        }
        "close" => client.close().await,
        "reopen" => client.reopen()?,
        "status" => return Ok(status(client).into()),
        "metrics" => return Ok(json!({"requests": client.metrics().calls}).into()),
        _ => return Err(unknown(verb)),
    }
    Ok(Done::nothing())
}

fn status(client: &Client) -> Value {
    let status = client.status();
    let state = match status.state {
        State::Connecting => "connecting",
        State::Connected => "connected",
        State::Reconnecting => "reconnecting",
        State::Closed => "closed",
        _ => "unknown",
    };
    let last_error = status.last_error.map(|error| json!({"kind": error.kind().name(), "code": error.code()}));
    json!({"state": state, "server": status.server, "generation": status.generation, "last_error": last_error})
}

#[derive(Deserialize)]
struct LockArgs {
    key: String,
    lease_ms: Option<u64>,
}

async fn of_lock(client: &Client, verb: &str, args: &Value) -> Performed {
    let LockArgs { key, lease_ms } = read(args)?;
    let mut request = LockRequest::new(key);
    request.lease = lease_ms.map(Duration::from_millis);
    let done = match verb {
        "acquire" => client.lock().acquire(&request).await?,
        "release" => client.lock().release(&request).await?,
        _ => return Err(unknown(verb)),
    };
    Ok(json!(done).into())
}
