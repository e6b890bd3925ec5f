//! Servers: start, stop, kill, pause, restart.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Scope, last_lines, main_name, read, unknown};
use crate::{Options, Server};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    #[serde(default = "main_name")]
    name: String,
    /// `--set` of the server.
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    /// False only reserves the ports: nobody answers there.
    #[serde(default = "yes")]
    start: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(default = "main_name")]
    name: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Stop,
    Kill,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    #[serde(default = "main_name")]
    name: String,
    #[serde(default)]
    how: How,
    /// How long nobody listens in between.
    #[serde(default)]
    down_ms: u64,
}

fn yes() -> bool {
    true
}

pub(super) async fn perform(scope: &Scope, verb: &str, args: Value) -> Result<Value> {
    match verb {
        "start" => return start(scope, read(args)?).await,
        "restart" => return restart(scope, read(args)?).await,
        _ => {}
    }
    let Named { name } = read(args)?;
    let server = scope.servers.get(&name)?;
    let mut server = server.lock().await;
    match verb {
        "up" => return Ok(json!({"took_ms": server.start().await?.as_millis()})),
        "stop" => server.terminate().await?,
        "kill" => server.kill().await?,
        "pause" => server.signal(Signal::STOP)?,
        "resume" => server.signal(Signal::CONT)?,
        "log" => return Ok(json!(last_lines(&server.log()))),
        "status" => return Ok(json!({"running": server.is_running()})),
        _ => return unknown(),
    }
    Ok(Value::Null)
}

async fn start(scope: &Scope, start: Start) -> Result<Value> {
    let options = start.settings.iter().fold(Options::new(), |options, (key, value)| match value {
        Value::String(text) => options.set(key, text),
        other => options.set(key, other),
    });
    let mut server: Server = options.prepare()?;
    if start.start {
        server.start().await?;
    } else {
        server.free_ports();
    }
    let address = server.http_address();
    scope.servers.add(start.name, tokio::sync::Mutex::new(server))?;
    Ok(json!({"address": address.to_string(), "host": address.ip().to_string(), "port": address.port()}))
}

async fn restart(scope: &Scope, restart: Restart) -> Result<Value> {
    let server = scope.servers.get(&restart.name)?;
    let mut server = server.lock().await;
    let begun = Instant::now();
    match restart.how {
        How::Stop => server.terminate().await?,
        How::Kill => server.kill().await?,
    }
    sleep(Duration::from_millis(restart.down_ms)).await;
    server.start().await?;
    Ok(json!({"took_ms": begun.elapsed().as_millis()}))
}
