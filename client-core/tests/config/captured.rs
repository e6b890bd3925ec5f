//! The answers and pushes of a running Nacos 2.5.1 (`tests/vectors`), played to the client.

use std::{fs, path::Path};

use nacre_client::{
    Config, ConfigKey, Error, ErrorKind, Namespace,
    config::{Source, md5_hex},
};
use nacre_harness::{
    Stub,
    stub::{Received, Script},
};
use serde_json::{Map, Value};

use super::support::{LIMIT, next, stub_client};

/// One step of a captured scenario, with its file's name.
struct Step {
    file: String,
    kind: String,
    asked: Value,
    answer: Map<String, Value>,
}

/// What a scenario allows to vary, as one value.
fn settled(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Object(members) => match members.iter().next() {
            Some((name, rule)) if name.starts_with('$') => match name.as_str() {
                "$epochMs" => 1_735_689_600_000_i64.into(),
                "$string" => "8".into(),
                "$text" => rule.clone(),
                "$optional" | "$any" => return None,
                "$unordered" => rule.clone(),
                "$repeat" => {
                    let count = usize::try_from(rule["count"].as_u64().unwrap()).unwrap();
                    rule["text"].as_str().unwrap().repeat(count).into()
                }
                other => panic!("unknown matcher {other}"),
            },
            _ => members.iter().filter_map(|(name, value)| Some((name.clone(), settled(value)?))).collect(),
        },
        Value::Array(items) => items.iter().filter_map(settled).collect(),
        Value::String(text) => text.replace("${run}", "1").into(),
        other => other.clone(),
    })
}

/// The steps of all config scenarios that `wanted` takes: what was asked, and the answer's type and body.
fn steps(wanted: impl Fn(&Value) -> Option<(&str, &Value, &Value)>) -> Vec<Step> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/grpc");
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !file.starts_with("config-") {
            continue;
        }
        let scenario: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for step in scenario["steps"].as_array().unwrap() {
            let Some((kind, asked, answer)) = wanted(step) else { continue };
            let Some(Value::Object(answer)) = settled(answer) else { continue };
            found.push(Step { file: file.clone(), kind: kind.into(), asked: asked.clone(), answer });
        }
    }
    found
}

fn answered<'a>(step: &'a Value, kind: &str) -> Option<(&'a str, &'a Value, &'a Value)> {
    let expected = &step["expect"];
    let kind = expected["type"].as_str().filter(|found| step["do"] == "call" && *found == kind)?;
    Some((kind, &step["body"], &expected["body"]))
}

fn script(step: &Step) -> Script {
    let members = [("type".to_owned(), step.kind.clone().into()), ("body".to_owned(), step.answer.clone().into())];
    serde_json::from_value(Value::Object(Map::from_iter(members))).unwrap()
}

async fn open() -> (Stub, Config, ConfigKey) {
    let stub = Stub::start(true).await.unwrap();
    let config = stub_client(&stub).await.config();
    let key = config.key("G", "replayed").unwrap();
    (stub, config, key)
}

fn number(step: &Step, name: &str) -> i64 {
    step.answer[name].as_i64().unwrap()
}

#[tokio::test]
async fn every_captured_value_is_read() {
    let (stub, config, key) = open().await;
    let steps = steps(|step| answered(step, "ConfigQueryResponse"));
    assert!(steps.len() > 120, "{}", steps.len());
    for step in steps {
        stub.reply("ConfigQueryRequest", vec![script(&step)]);
        let read = config.get(&key).await;
        match (number(&step, "resultCode"), number(&step, "errorCode")) {
            (200, 0) => {
                let raw = read.unwrap().unwrap().raw().clone();
                assert_eq!(Some(&*raw.content), step.answer["content"].as_str(), "{}", step.file);
                assert_eq!(raw.md5, md5_hex(&raw.content), "{}", step.file);
                assert_eq!((raw.source, raw.last_modified), (Source::Server, 1_735_689_600_000));
                let kind = step.answer.get("contentType").and_then(Value::as_str).unwrap_or("text");
                assert_eq!(raw.config_type.as_deref(), Some(kind), "{}", step.file);
                let data_key = step.answer.get("encryptedDataKey").and_then(Value::as_str).unwrap_or_default();
                assert_eq!(raw.encrypted_data_key.as_deref().unwrap_or_default(), data_key, "{}", step.file);
            }
            (500, 300) => assert_eq!(read.unwrap(), None, "{}", step.file),
            // These names were illegal; a client that checks them takes the code for "is being written".
            (500, 400) => assert_eq!(read.unwrap_err().kind(), ErrorKind::Conflict, "{}", step.file),
            (500, 500) => assert_eq!(read.unwrap_err().kind(), ErrorKind::Refused, "{}", step.file),
            other => panic!("{}: {other:?}", step.file),
        }
    }
}

#[tokio::test]
async fn every_captured_answer_to_a_write_is_understood() {
    let (stub, config, key) = open().await;
    let wanted = |step: &Step, result: Result<(), Error>| match number(step, "resultCode") {
        200 => result.unwrap(),
        _ => {
            let error = result.unwrap_err();
            let (detail, text) = (number(step, "errorCode"), step.answer.get("message").and_then(Value::as_str));
            let code = if detail == 0 { 500 } else { detail };
            assert_eq!(i64::from(error.code()), code, "{}", step.file);
            assert_eq!(error.kind() == ErrorKind::InvalidParameter, code == 400, "{}", step.file);
            let lost = text.is_some_and(|text| text.contains("md5"));
            assert_eq!(error.kind() == ErrorKind::Conflict, lost, "{}", step.file);
            assert_eq!(Some(error.reason()), text, "{}", step.file);
        }
    };
    let publishes = steps(|step| answered(step, "ConfigPublishResponse"));
    let removes = steps(|step| answered(step, "ConfigRemoveResponse"));
    assert!(publishes.len() > 140 && removes.len() > 40, "{} {}", publishes.len(), removes.len());
    for step in publishes {
        stub.reply("ConfigPublishRequest", vec![script(&step)]);
        let result = match step.asked.get("casMd5").and_then(Value::as_str) {
            Some(md5) if !md5.is_empty() => config.publish_cas(&key, "x", md5).await,
            _ => config.publish(&key, "x").await,
        };
        wanted(&step, result);
    }
    for step in removes {
        stub.reply("ConfigRemoveRequest", vec![script(&step)]);
        wanted(&step, config.remove(&key).await);
    }
}

#[tokio::test]
async fn every_captured_push_is_acknowledged_and_told() {
    let (stub, config, _) = open().await;
    let pushes = steps(|step| {
        let notice = step["do"] == "expectPush" && step["type"] == "ConfigChangeNotifyRequest";
        notice.then(|| ("ConfigChangeNotifyRequest", &step["do"], &step["body"]))
    });
    assert!(pushes.len() > 20, "{}", pushes.len());
    for (index, step) in pushes.iter().enumerate() {
        let text = |name: &str| step.answer.get(name).and_then(Value::as_str);
        let namespace = Namespace::new(text("tenant").unwrap_or_default()).unwrap();
        let data_id = format!("{}-{index}", text("dataId").unwrap());
        let key = ConfigKey::new(&namespace, text("group").unwrap(), &data_id).unwrap();
        let content = format!("content {index}");
        let query = serde_json::json!({"body": {"content": content, "md5": md5_hex(&content), "lastModified": 1}});
        // The listener has what is not there; the push alone tells it of the content.
        let mut watch = config.watch(&key).unwrap();
        stub.reply(
            "ConfigBatchListenRequest",
            vec![
                serde_json::from_str(r#"{"type": "ConfigChangeBatchListenResponse", "body": {"changedConfigs": []}}"#)
                    .unwrap(),
            ],
        );
        assert_eq!(next(&mut watch).await, "absent", "{}", step.file);
        stub.reply("ConfigQueryRequest", vec![serde_json::from_value(query).unwrap()]);
        let mut body = step.answer.clone();
        body.insert("requestId".into(), index.to_string().into());
        body.insert("dataId".into(), data_id.into());
        stub.push("ConfigChangeNotifyRequest", &Value::Object(body)).unwrap();
        assert_eq!(next(&mut watch).await, content, "{}", step.file);
        let is_answer = |received: &Received| {
            let body = received.message.body.as_deref().unwrap_or_default();
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            received.message.kind == "ConfigChangeNotifyResponse"
                && body["requestId"].as_str() == Some(index.to_string().as_str())
        };
        stub.wait_received(is_answer, LIMIT).await.unwrap();
        drop(watch);
    }
}
