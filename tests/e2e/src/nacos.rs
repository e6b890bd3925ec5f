//! The requests that end-to-end tests make, each as one function over the raw client.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nacre_harness::grpc::{CallError, Client, Message};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// The type of the push that carries a service's new list.
pub const SERVICE_PUSH: &str = "NotifySubscriberRequest";
/// The type of the push that says that a config has changed.
pub const CONFIG_PUSH: &str = "ConfigChangeNotifyRequest";

/// `ip:port` of the instances in a list.
pub type Hosts = BTreeSet<String>;

/// The register request of an ephemeral or persistent instance.
pub fn register_message(service: &str, ip: &str, port: u16, persistent: bool) -> Message {
    instance_message("registerInstance", service, ip, port, persistent)
}

/// The deregister request of an ephemeral or persistent instance.
pub fn deregister_message(service: &str, ip: &str, port: u16, persistent: bool) -> Message {
    instance_message("deregisterInstance", service, ip, port, persistent)
}

fn instance_message(operation: &str, service: &str, ip: &str, port: u16, persistent: bool) -> Message {
    let kind = if persistent { "PersistentInstanceRequest" } else { "InstanceRequest" };
    let body = json!({
        "headers": {}, "namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP", "type": operation,
        "instance": {
            "ip": ip, "port": port, "weight": 1.0, "healthy": true, "enabled": true, "ephemeral": !persistent,
            "clusterName": "DEFAULT", "metadata": {},
        },
        "module": "naming",
    });
    Message::new(kind, &body)
}

/// The publish request of a config.
pub fn publish_message(data_id: &str, content: &str) -> Message {
    let body = json!({
        "headers": {}, "dataId": data_id, "group": "DEFAULT_GROUP", "tenant": "", "content": content,
        "additionMap": {}, "module": "config",
    });
    Message::new("ConfigPublishRequest", &body)
}

/// The publish request of a config that must have this md5, which is empty when there must be none.
pub fn cas_message(data_id: &str, content: &str, md5: &str) -> Message {
    let body = json!({
        "headers": {}, "dataId": data_id, "group": "DEFAULT_GROUP", "tenant": "", "content": content, "casMd5": md5,
        "additionMap": {}, "module": "config",
    });
    Message::new("ConfigPublishRequest", &body)
}

/// The remove request of a config.
pub fn remove_message(data_id: &str) -> Message {
    let body = json!({"headers": {}, "dataId": data_id, "group": "DEFAULT_GROUP", "tenant": "", "tag": "", "module": "config"});
    Message::new("ConfigRemoveRequest", &body)
}

/// What a write came to.
#[derive(Debug)]
pub enum Outcome {
    /// Answered with success.
    Acknowledged,
    /// Answered with an error: type and body of the answer.
    Refused(String),
    /// Not answered; whether it was done is unknown.
    Unknown(CallError),
}

/// Sends a write and tells what became of it.
pub async fn write(client: &Client, message: &Message) -> Outcome {
    match client.call(message).await {
        Ok(reply) if reply.json()["resultCode"] == json!(200) => Outcome::Acknowledged,
        Ok(reply) => Outcome::Refused(format!("{} {}", reply.kind, reply.text())),
        Err(error) => Outcome::Unknown(error),
    }
}

/// Sends a write that must succeed.
///
/// # Errors
/// When it is refused or not answered.
pub async fn must(client: &Client, message: &Message) -> Result<()> {
    match write(client, message).await {
        Outcome::Acknowledged => Ok(()),
        other => bail!("{}: {other:?}", message.kind),
    }
}

/// Registers an ephemeral instance.
///
/// # Errors
/// When it is refused or not answered.
pub async fn register(client: &Client, service: &str, ip: &str, port: u16) -> Result<()> {
    must(client, &register_message(service, ip, port, false)).await
}

/// Publishes a config.
///
/// # Errors
/// When it is refused or not answered.
pub async fn publish(client: &Client, data_id: &str, content: &str) -> Result<()> {
    must(client, &publish_message(data_id, content)).await
}

/// The instances of a service.
///
/// # Errors
/// When the query is refused or not answered.
pub async fn hosts(client: &Client, service: &str) -> Result<Hosts> {
    let body = json!({
        "headers": {}, "namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP", "cluster": "",
        "healthyOnly": false, "udpPort": 0, "module": "naming",
    });
    let reply = client.request("ServiceQueryRequest", &body).await?;
    Ok(listed(&reply["serviceInfo"]))
}

/// Subscribes to a service; answers its instances.
///
/// # Errors
/// When it is refused or not answered.
pub async fn subscribe(client: &Client, service: &str) -> Result<Hosts> {
    let body = json!({
        "headers": {}, "namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP", "subscribe": true,
        "clusters": "", "module": "naming",
    });
    let reply = client.request("SubscribeServiceRequest", &body).await?;
    Ok(listed(&reply["serviceInfo"]))
}

/// The content of a config, `None` when there is none.
///
/// # Errors
/// When the query fails otherwise.
pub async fn content(client: &Client, data_id: &str) -> Result<Option<String>> {
    let body = json!({"headers": {}, "dataId": data_id, "group": "DEFAULT_GROUP", "tenant": "", "module": "config"});
    let reply = client.call(&Message::new("ConfigQueryRequest", &body)).await?;
    let json = reply.json();
    if json["resultCode"] == json!(200) {
        return Ok(Some(json["content"].as_str().context("no content")?.to_owned()));
    }
    if reply.kind == "ConfigQueryResponse" && json["errorCode"] == json!(300) {
        return Ok(None);
    }
    bail!("query of {data_id} was answered by {} {}", reply.kind, reply.text())
}

/// Listens to a config whose content the client has not seen.
///
/// # Errors
/// When it is refused or not answered.
pub async fn listen(client: &Client, data_id: &str) -> Result<()> {
    listen_from(client, data_id, "").await.map(drop)
}

/// Listens to a config of which the client has the content with this md5, empty for none; true when the server has
/// another one.
///
/// # Errors
/// When it is refused or not answered.
pub async fn listen_from(client: &Client, data_id: &str, md5: &str) -> Result<bool> {
    let body = json!({
        "headers": {}, "listen": true, "module": "config",
        "configListenContexts": [{"group": "DEFAULT_GROUP", "md5": md5, "dataId": data_id, "tenant": ""}],
    });
    let reply = client.request("ConfigBatchListenRequest", &body).await?;
    Ok(reply["changedConfigs"].as_array().is_some_and(|changed| !changed.is_empty()))
}

/// The config that a push says has changed.
pub fn changed(push: &Message) -> Option<String> {
    Some(push.json()["dataId"].as_str()?.to_owned())
}

/// The service whose list a push carries.
pub fn service_of(push: &Message) -> Option<String> {
    Some(push.json()["serviceInfo"]["name"].as_str()?.to_owned())
}

/// The instances in a service push.
pub fn pushed(push: &Message) -> Hosts {
    listed(&push.json()["serviceInfo"])
}

fn listed(service: &Value) -> Hosts {
    let Some(hosts) = service["hosts"].as_array() else { return Hosts::new() };
    hosts.iter().map(|host| format!("{}:{}", host["ip"].as_str().unwrap_or_default(), host["port"])).collect()
}

/// Opens a client as soon as the server takes one.
///
/// # Errors
/// When there is none within `limit`.
pub async fn open_within(address: std::net::SocketAddr, limit: Duration) -> Result<Client> {
    let deadline = Instant::now() + limit;
    loop {
        match Client::open(address).await {
            Ok(client) => return Ok(client),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => sleep(RETRY_PAUSE).await,
        }
    }
}
