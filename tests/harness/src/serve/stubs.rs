//! Scripted servers.

use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Scope, covers, main_name, read, unknown, within_default};
use crate::Stub;
use crate::stub::{HttpScript, Script};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    #[serde(default = "main_name")]
    name: String,
    /// Whether the main port + 1000 is open too.
    #[serde(default = "yes")]
    grpc: bool,
    #[serde(default)]
    abilities: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replies {
    #[serde(default = "main_name")]
    name: String,
    #[serde(rename = "type")]
    kind: String,
    replies: Vec<Script>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpReplies {
    #[serde(default = "main_name")]
    name: String,
    route: String,
    replies: Vec<HttpScript>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    #[serde(default = "main_name")]
    name: String,
    #[serde(rename = "type")]
    kind: String,
    body: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    #[serde(default = "main_name")]
    name: String,
    #[serde(rename = "type")]
    kind: String,
    /// Members that the request's body has.
    #[serde(default)]
    body: Value,
    /// Headers that the request has.
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default = "within_default")]
    within_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    #[serde(default = "main_name")]
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn yes() -> bool {
    true
}

pub(super) async fn perform(scope: &Scope, verb: &str, args: Value) -> Result<Value> {
    match verb {
        "start" => {
            let Start { name, grpc, abilities } = read(args)?;
            let stub = Stub::start(grpc).await?;
            stub.abilities(abilities);
            let address = stub.address();
            scope.stubs.add(name, stub)?;
            return Ok(
                json!({"address": address.to_string(), "host": address.ip().to_string(), "port": address.port()}),
            );
        }
        "reply" => {
            let Replies { name, kind, replies } = read(args)?;
            scope.stubs.get(&name)?.reply(&kind, replies);
        }
        "http" => {
            let HttpReplies { name, route, replies } = read(args)?;
            scope.stubs.get(&name)?.http(&route, replies);
        }
        "push" => {
            let Push { name, kind, body } = read(args)?;
            return Ok(json!({"streams": scope.stubs.get(&name)?.push(&kind, &body)?}));
        }
        "wait" => return wait(scope, read(args)?).await,
        "received" => {
            let Of { name, kind } = read(args)?;
            let received = scope.stubs.get(&name)?.received(kind.as_deref());
            return Ok(received.iter().map(|received| received.message.json()).collect());
        }
        "http_received" => {
            let Of { name, .. } = read(args)?;
            return Ok(json!(scope.stubs.get(&name)?.http_received()));
        }
        "forget" => {
            let Of { name, .. } = read(args)?;
            scope.stubs.get(&name)?.forget();
        }
        "disconnect" => {
            let Of { name, .. } = read(args)?;
            scope.stubs.get(&name)?.disconnect().await;
        }
        "stop" => {
            let Of { name, .. } = read(args)?;
            drop(scope.stubs.remove(&name)?);
        }
        _ => return unknown(),
    }
    Ok(Value::Null)
}

async fn wait(scope: &Scope, wait: Wait) -> Result<Value> {
    let stub = scope.stubs.get(&wait.name)?;
    let expected = if wait.body.is_null() { json!({}) } else { wait.body };
    let headers = Value::Object(wait.headers);
    let limit = Duration::from_millis(wait.within_ms);
    let found = stub
        .wait_received(
            |received| {
                let message = &received.message;
                message.kind == wait.kind
                    && covers(&expected, &message.json())
                    && covers(&headers, &json!(message.headers))
            },
            limit,
        )
        .await?;
    Ok(json!({"connection": found.connection, "body": found.message.json(), "headers": found.message.headers}))
}
