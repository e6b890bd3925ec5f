//! Proxies and their faults.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Scope, main_name, read, unknown, within_default};
use crate::Proxy;
use crate::proxy::{Door, End, Fault, Way};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    #[serde(default = "main_name")]
    name: String,
    to: SocketAddr,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Doors {
    Main,
    Grpc,
    #[default]
    Both,
}

impl Doors {
    fn all(self) -> Vec<Door> {
        match self {
            Self::Main => vec![Door::Main],
            Self::Grpc => vec![Door::Grpc],
            Self::Both => Door::BOTH.to_vec(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ways {
    Up,
    Down,
    #[default]
    Both,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    #[default]
    Close,
    Reset,
}

impl From<Ending> for End {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Close => Self::Close,
            Ending::Reset => Self::Reset,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Pass,
    Delay,
    Drop,
    BlackHole,
    CutAfter,
    CutInFrame,
    Throttle,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFault {
    #[serde(default = "main_name")]
    name: String,
    #[serde(default)]
    door: Doors,
    #[serde(default)]
    way: Ways,
    fault: Kind,
    /// Of a delay.
    ms: Option<u64>,
    /// Until a cut.
    bytes: Option<u64>,
    /// Of a throttle, in bytes.
    per_second: Option<u64>,
    /// Of a cut.
    #[serde(default)]
    end: Ending,
}

impl SetFault {
    fn fault(&self) -> Result<Fault> {
        Ok(match self.fault {
            Kind::Pass => Fault::Pass,
            Kind::Delay => Fault::Delay(Duration::from_millis(self.ms.context("ms")?)),
            Kind::Drop => Fault::Drop,
            Kind::BlackHole => Fault::BlackHole,
            Kind::CutAfter => Fault::CutAfter(self.bytes.context("bytes")?, self.end.into()),
            Kind::CutInFrame => Fault::CutInFrame(self.end.into()),
            Kind::Throttle => Fault::Throttle(self.per_second.context("per_second")?),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    #[serde(default = "main_name")]
    name: String,
    #[serde(default)]
    door: Doors,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disconnect {
    #[serde(default = "main_name")]
    name: String,
    #[serde(default)]
    door: Doors,
    #[serde(default)]
    end: Ending,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    #[serde(default = "main_name")]
    name: String,
    #[serde(default)]
    door: Doors,
    /// How many open connections, in all the doors named.
    open: usize,
    #[serde(default = "within_default")]
    within_ms: u64,
}

pub(super) async fn perform(scope: &Scope, verb: &str, args: Value) -> Result<Value> {
    match verb {
        "start" => {
            let Start { name, to } = read(args)?;
            let proxy = Proxy::start(to).await?;
            let address = proxy.address();
            scope.proxies.add(name, tokio::sync::Mutex::new(proxy))?;
            Ok(json!({"address": address.to_string(), "host": address.ip().to_string(), "port": address.port()}))
        }
        "target" => {
            let Start { name, to } = read(args)?;
            scope.proxies.get(&name)?.lock().await.retarget(to)?;
            Ok(Value::Null)
        }
        "fault" => {
            let set: SetFault = read(args)?;
            let (fault, proxy) = (set.fault()?, scope.proxies.get(&set.name)?);
            let proxy = proxy.lock().await;
            let ways = match set.way {
                Ways::Up => vec![Way::Up],
                Ways::Down => vec![Way::Down],
                Ways::Both => Way::BOTH.to_vec(),
            };
            for door in set.door.all() {
                ways.iter().for_each(|way| proxy.set(door, *way, fault));
            }
            Ok(Value::Null)
        }
        "disconnect" => {
            let Disconnect { name, door, end } = read(args)?;
            let proxy = scope.proxies.get(&name)?;
            let proxy = proxy.lock().await;
            door.all().into_iter().for_each(|door| proxy.disconnect(door, end.into()));
            Ok(Value::Null)
        }
        "refuse" | "accept" => {
            let At { name, door } = read(args)?;
            let proxy = scope.proxies.get(&name)?;
            let mut proxy = proxy.lock().await;
            for door in door.all() {
                if verb == "refuse" { proxy.refuse(door) } else { proxy.accept(door).await? }
            }
            Ok(Value::Null)
        }
        "connections" => {
            let At { name, door } = read(args)?;
            let proxy = scope.proxies.get(&name)?;
            let proxy = proxy.lock().await;
            let open: usize = door.all().into_iter().map(|door| proxy.open(door)).sum();
            let accepted: u64 = door.all().into_iter().map(|door| proxy.accepted(door)).sum();
            Ok(json!({"open": open, "accepted": accepted}))
        }
        "wait" => wait(scope, read(args)?).await,
        _ => unknown(),
    }
}

async fn wait(scope: &Scope, wait: Wait) -> Result<Value> {
    let limit = Duration::from_millis(wait.within_ms);
    let proxy = scope.proxies.get(&wait.name)?;
    let proxy = proxy.lock().await;
    proxy.wait_open(&wait.door.all(), |open| open == wait.open, limit).await?;
    Ok(Value::Null)
}
