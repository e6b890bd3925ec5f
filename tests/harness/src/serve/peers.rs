//! Second clients: raw gRPC ones that stay connected, and single HTTP requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Scope, grpc_port, read, unknown, within_default};
use crate::grpc::{Client, Message};
use crate::http::{Http, Request, encode_pairs};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    name: String,
    /// A main port; the connection goes to it + 1000.
    to: SocketAddr,
    #[serde(default)]
    labels: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NextPush {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default = "within_default")]
    within_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Close {
    name: String,
    /// With a TCP reset.
    #[serde(default)]
    reset: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpCall {
    to: SocketAddr,
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    form: Option<BTreeMap<String, String>>,
}

fn get() -> String {
    "GET".to_owned()
}

pub(super) async fn perform(scope: &Scope, verb: &str, args: Value) -> Result<Value> {
    match verb {
        "open" => {
            let Open { name, to, labels } = read(args)?;
            let mut client = Client::connect(grpc_port(to)?).await?;
            client.set_up(&setup(labels)).await?;
            let id = client.connection_id.clone();
            scope.clients.add(name, client)?;
            Ok(json!({"connection_id": id}))
        }
        "call" => {
            let Call { name, kind, headers, body } = read(args)?;
            let mut message = Message::new(&kind, &body);
            message.headers = headers;
            let reply = scope.clients.get(&name)?.call(&message).await?;
            Ok(json!({"type": reply.kind, "body": reply.json()}))
        }
        "push" => {
            let NextPush { name, kind, within_ms } = read(args)?;
            let client = scope.clients.get(&name)?;
            match client.next_push(kind.as_deref(), Duration::from_millis(within_ms)).await {
                Some(push) => Ok(json!({"type": push.kind, "body": push.json()})),
                None => bail!("no push within {within_ms} ms"),
            }
        }
        "close" => {
            let Close { name, reset } = read(args)?;
            let client = scope.clients.remove(&name)?;
            // A call that still runs keeps the client; it ends with the connection then.
            match std::sync::Arc::try_unwrap(client) {
                Ok(client) if reset => client.reset().await,
                Ok(client) => client.close().await,
                Err(_) => bail!("{name:?} is in use"),
            }
            Ok(Value::Null)
        }
        _ => unknown(),
    }
}

fn setup(labels: Map<String, Value>) -> Message {
    let mut all = Map::from_iter([("source".to_owned(), json!("sdk")), ("module".to_owned(), json!("naming"))]);
    all.extend(labels);
    let body = json!({
        "headers": {},
        "clientVersion": "Nacos-Java-Client:v2.5.1",
        "labels": all,
        "abilityTable": {},
        "module": "internal",
    });
    Message::new("ConnectionSetupRequest", &body)
}

pub(super) async fn http(args: Value) -> Result<Value> {
    let HttpCall { to, method, path, query, form } = read(args)?;
    let pairs = |pairs: &BTreeMap<String, String>| {
        encode_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let target = if query.is_empty() { path } else { format!("{path}?{}", pairs(&query)) };
    let mut request = Request::new(&method, target);
    if let Some(form) = form {
        request = request.header("Content-Type", "application/x-www-form-urlencoded").body(pairs(&form));
    }
    let reply = Http::new(to).within(Duration::from_secs(20)).send(&request).await?;
    let body = serde_json::from_slice(&reply.body).unwrap_or_else(|_| json!(reply.text()));
    Ok(json!({"status": reply.status, "body": body}))
}
