//! The answers and pushes of a running Nacos 2.5.1 (`tests/vectors`), played to the client.

use nacre_client::{
    Config, ConfigKey, Error, ErrorKind, Namespace,
    config::{Source, md5_hex},
};
use nacre_harness::{
    Stub,
    captured::{EPOCH_MS, Step, steps},
    stub::Received,
};
use serde_json::Value;

use super::support::{LIMIT, next, stub_client};

async fn open() -> (Stub, Config, ConfigKey) {
    let stub = Stub::start(true).await.unwrap();
    let config = stub_client(&stub).await.config();
    let key = config.key("G", "replayed").unwrap();
    (stub, config, key)
}

#[tokio::test]
async fn every_captured_value_is_read() {
    let (stub, config, key) = open().await;
    let steps = steps("grpc", "config-", &["ConfigQueryResponse"]).unwrap();
    assert!(steps.len() > 120, "{}", steps.len());
    for step in steps {
        stub.reply("ConfigQueryRequest", vec![step.script()]);
        let read = config.get(&key).await;
        match (step.number("resultCode"), step.number("errorCode")) {
            (200, 0) => {
                let raw = read.unwrap().unwrap().raw().clone();
                assert_eq!(Some(&*raw.content), step.text("content"), "{}", step.file);
                assert_eq!(raw.md5, md5_hex(&raw.content), "{}", step.file);
                assert_eq!((raw.source, raw.last_modified), (Source::Server, EPOCH_MS));
                let kind = step.text("contentType").unwrap_or("text");
                assert_eq!(raw.config_type.as_deref(), Some(kind), "{}", step.file);
                let data_key = step.text("encryptedDataKey").unwrap_or_default();
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
    let wanted = |step: &Step, result: Result<(), Error>| match step.number("resultCode") {
        200 => result.unwrap(),
        _ => {
            let error = result.unwrap_err();
            let (detail, text) = (step.number("errorCode"), step.text("message"));
            let code = if detail == 0 { 500 } else { detail };
            assert_eq!(i64::from(error.code()), code, "{}", step.file);
            assert_eq!(error.kind() == ErrorKind::InvalidParameter, code == 400, "{}", step.file);
            let lost = text.is_some_and(|text| text.contains("md5"));
            assert_eq!(error.kind() == ErrorKind::Conflict, lost, "{}", step.file);
            assert_eq!(Some(error.reason()), text, "{}", step.file);
        }
    };
    let publishes = steps("grpc", "config-", &["ConfigPublishResponse"]).unwrap();
    let removes = steps("grpc", "config-", &["ConfigRemoveResponse"]).unwrap();
    assert!(publishes.len() > 140 && removes.len() > 40, "{} {}", publishes.len(), removes.len());
    for step in publishes {
        stub.reply("ConfigPublishRequest", vec![step.script()]);
        let result = match step.asked.get("casMd5").and_then(Value::as_str) {
            Some(md5) if !md5.is_empty() => config.publish_cas(&key, "x", md5).await,
            _ => config.publish(&key, "x").await,
        };
        wanted(&step, result);
    }
    for step in removes {
        stub.reply("ConfigRemoveRequest", vec![step.script()]);
        wanted(&step, config.remove(&key).await);
    }
}

#[tokio::test]
async fn every_captured_push_is_acknowledged_and_told() {
    let (stub, config, _) = open().await;
    let pushes = steps("grpc", "config-", &["ConfigChangeNotifyRequest"]).unwrap();
    assert!(pushes.len() > 20, "{}", pushes.len());
    for (index, step) in pushes.iter().enumerate() {
        let namespace = Namespace::new(step.text("tenant").unwrap_or_default()).unwrap();
        let data_id = format!("{}-{index}", step.text("dataId").unwrap());
        let key = ConfigKey::new(&namespace, step.text("group").unwrap(), &data_id).unwrap();
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
