//! The answers and pushes of a running Nacos 2.5.1 (`tests/vectors`), played to the client.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use nacre_client::{
    Client, Error, ErrorKind, Group, ServiceKey,
    naming::{Instance, Naming, Query},
};
use nacre_harness::{
    Stub,
    captured::{EPOCH_MS, Step, steps},
    stub::Received,
};
use serde_json::{Value, json};

use crate::support::{LIMIT, eventually};

async fn open() -> Result<(Stub, Naming)> {
    let stub = Stub::start(true).await?;
    let client = Client::builder().server(stub.address().to_string()).connect().await?;
    Ok((stub, client.naming()))
}

fn captured(kind: &str) -> Result<Vec<Step>> {
    steps("grpc", "naming-", &[kind])
}

/// What both sides say of an instance. A host without an address is not shown.
fn hosts(info: &Value) -> Vec<Value> {
    let hosts = info["hosts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = |host: &Value| {
        json!([
            host["ip"].as_str().unwrap_or_default(),
            host["port"],
            host["weight"].as_f64(),
            host["healthy"].as_bool().unwrap_or(true),
            host["enabled"],
            host["ephemeral"],
            host["clusterName"],
            host["metadata"],
        ])
    };
    sorted(hosts.iter().map(shown).collect())
}

fn shown<'a>(instances: impl IntoIterator<Item = &'a Instance>) -> Vec<Value> {
    let shown = |host: &Instance| {
        json!([
            host.ip,
            host.port,
            host.weight,
            host.healthy,
            host.enabled,
            host.ephemeral,
            host.cluster,
            host.metadata,
        ])
    };
    sorted(instances.into_iter().map(shown).collect())
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}

/// The service that a list is of, under a name that no other step uses.
fn renamed(info: &Value, number: usize) -> Result<(ServiceKey, Value)> {
    let text = |name: &str| info[name].as_str().with_context(|| format!("no {name}"));
    let (group, name) = (text("groupName")?, format!("{}-{number}", text("name")?));
    let mut info = info.clone();
    info["name"] = name.as_str().into();
    Ok((ServiceKey::new(group, &name)?, info))
}

fn failed(step: &Step, error: &Error) -> Result<()> {
    let code = step.number("errorCode");
    let code = if code == 0 { 500 } else { code };
    let same_text = step.text("message").is_none_or(|text| text == error.reason());
    ensure!(i64::from(error.code()) == code && same_text, "{}: {error:?}", step.file);
    Ok(())
}

#[tokio::test]
async fn every_captured_list_is_read() -> Result<()> {
    let (stub, naming) = open().await?;
    let lists = captured("QueryServiceResponse")?;
    ensure!(lists.len() > 120, "{}", lists.len());
    for step in lists {
        stub.reply("ServiceQueryRequest", vec![step.script()]);
        let read = naming.instances(Query::new(&ServiceKey::new("G", "s")?).direct()).await;
        if step.number("resultCode") == 200 {
            let read = read.with_context(|| step.file.clone())?;
            assert_eq!(shown(read.iter().map(|host| &**host)), hosts(&step.answer["serviceInfo"]), "{}", step.file);
        } else {
            failed(&step, &read.expect_err("a refusal"))?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_captured_first_list_is_shown() -> Result<()> {
    let (stub, naming) = open().await?;
    let lists = captured("SubscribeServiceResponse")?;
    ensure!(lists.len() > 30, "{}", lists.len());
    for (number, mut step) in lists.into_iter().enumerate() {
        // The end of a subscription is answered without a list.
        let Some(info) = step.answer.get("serviceInfo").filter(|info| info["name"].is_string()) else { continue };
        let (service, info) = renamed(info, number)?;
        step.answer.insert("serviceInfo".into(), info.clone());
        stub.reply("SubscribeServiceRequest", vec![step.script()]);
        let watch = naming.subscribe(&service).await.with_context(|| step.file.clone())?;
        let list = watch.current().context("a list")?;
        assert_eq!(shown(list.instances().iter().map(|host| &**host)), hosts(&info), "{}", step.file);
        assert_eq!(list.last_ref_time(), EPOCH_MS, "{}", step.file);
    }
    Ok(())
}

#[tokio::test]
async fn every_captured_push_is_acknowledged_and_shown() -> Result<()> {
    let (stub, naming) = open().await?;
    let mut scenarios: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    let pushes = captured("NotifySubscriberRequest")?;
    ensure!(pushes.len() > 30, "{}", pushes.len());
    for push in pushes {
        scenarios.entry(push.file.clone()).or_default().push(push);
    }
    for (number, (file, pushes)) in scenarios.into_iter().enumerate() {
        let mut watches = BTreeMap::new();
        for (index, mut push) in pushes.into_iter().enumerate() {
            let (service, mut info) = renamed(&push.answer["serviceInfo"], number)?;
            // Times that a scenario leaves open pass all the same.
            info["lastRefTime"] = (EPOCH_MS + 1 + i64::try_from(index)?).into();
            if !watches.contains_key(&service) {
                let empty = json!({"name": service.name(), "groupName": service.group().as_str(), "hosts": [],
                    "lastRefTime": EPOCH_MS, "cacheMillis": 10_000, "clusters": ""});
                let answer = json!({"type": "SubscribeServiceResponse", "body": {"serviceInfo": empty}});
                stub.reply("SubscribeServiceRequest", vec![serde_json::from_value(answer)?]);
                watches.insert(service.clone(), naming.subscribe(&service).await?);
            }
            let id = format!("{number}-{index}");
            push.answer.insert("requestId".into(), id.as_str().into());
            push.answer.insert("serviceInfo".into(), info.clone());
            stub.push(&push.kind, &Value::Object(push.answer))?;
            let watch = &watches[&service];
            eventually(hosts(&info), || async {
                let list = watch.current().context("a list")?;
                Ok::<_, anyhow::Error>(shown(list.instances().iter().map(|host| &**host)))
            })
            .await
            .with_context(|| file.clone())?;
            let answers = |received: &Received| {
                received.message.kind == "NotifySubscriberResponse" && received.message.json()["requestId"] == *id
            };
            stub.wait_received(answers, LIMIT).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_captured_answer_to_a_registration_is_understood() -> Result<()> {
    let (stub, naming) = open().await?;
    let (single, batch) = (captured("InstanceResponse")?, captured("BatchInstanceResponse")?);
    ensure!(single.len() > 150 && batch.len() > 20, "{} {}", single.len(), batch.len());
    for (number, step) in single.into_iter().enumerate() {
        let service = ServiceKey::new("G", &format!("single-{number}"))?;
        let instance = Instance::new("10.0.0.1", 80);
        let withdraws = step.asked["type"] == "deregisterInstance";
        stub.reply("InstanceRequest", vec![step.script()]);
        let result = if withdraws {
            naming.deregister(&service, &instance).await
        } else {
            naming.register(&service, instance).await
        };
        understood(&step, result)?;
    }
    for (number, step) in batch.into_iter().enumerate() {
        let service = ServiceKey::new("G", &format!("batch-{number}"))?;
        stub.reply("BatchInstanceRequest", vec![step.script()]);
        let hosts = vec![Instance::new("10.0.0.1", 80), Instance::new("10.0.0.2", 80)];
        understood(&step, naming.register_batch(&service, hosts).await)?;
    }
    Ok(())
}

fn understood(step: &Step, result: Result<(), Error>) -> Result<()> {
    match result {
        Ok(()) => ensure!(step.number("resultCode") == 200, "{}: taken", step.file),
        Err(error) => failed(step, &error)?,
    }
    Ok(())
}

#[tokio::test]
async fn every_captured_refusal_has_its_code() -> Result<()> {
    let (stub, naming) = open().await?;
    let refusals = captured("ErrorResponse")?;
    ensure!(refusals.len() > 30, "{}", refusals.len());
    let service = ServiceKey::new("G", "s")?;
    for step in refusals {
        stub.reply("ServiceQueryRequest", vec![step.script()]);
        let error = naming.instances(Query::new(&service).direct()).await.expect_err("a refusal");
        failed(&step, &error)?;
        assert_eq!(error.kind() == ErrorKind::InvalidParameter, error.code() == 400, "{}", step.file);
    }
    Ok(())
}

#[tokio::test]
async fn every_captured_list_of_services_is_read() -> Result<()> {
    let (stub, naming) = open().await?;
    let lists = captured("ServiceListResponse")?;
    ensure!(lists.len() > 30, "{}", lists.len());
    for step in lists {
        stub.reply("ServiceListRequest", vec![step.script()]);
        let page = match naming.services(&Group::new("G")?, 1, 10).await {
            Ok(page) => page,
            Err(error) => {
                failed(&step, &error)?;
                continue;
            }
        };
        assert_eq!(step.number("resultCode"), 200, "{}", step.file);
        let empty = Value::Array(Vec::new());
        let names = step.answer.get("serviceNames").unwrap_or(&empty);
        assert_eq!(json!(page.names), *names, "{}", step.file);
        assert_eq!(i64::from(page.count), step.number("count"), "{}", step.file);
    }
    Ok(())
}
