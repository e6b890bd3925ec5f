//! Locks, on servers that have them and on those that have not.

use std::time::Duration;

use nacre_client::{ErrorKind, LockRequest};
use nacre_harness::{captured::steps, stub::Stub};
use serde_json::{Map, json};

use crate::support::{client, reply};

fn abilities() -> Map<String, serde_json::Value> {
    Map::from_iter([("lock".to_owned(), json!(true))])
}

#[tokio::test]
async fn locks_are_taken_and_released() {
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(abilities());
    let answer = |result: bool| reply("LockOperationResponse", json!({"result": result}));
    stub.reply("LockOperationRequest", vec![answer(true), answer(false), answer(true)]);
    let lock = client(&[stub.address()]).connect().await.unwrap().lock();
    let job = LockRequest::new("job-1").lease(Duration::from_secs(60));
    assert!(lock.acquire(&job).await.unwrap());
    assert!(!lock.acquire(&LockRequest::new("job-1")).await.unwrap());
    assert!(lock.release(&job).await.unwrap());
    let sent: Vec<_> = stub.received(Some("LockOperationRequest")).iter().map(|sent| sent.message.json()).collect();
    assert_eq!(sent[0]["lockOperationEnum"], "ACQUIRE");
    assert_eq!(sent[0]["lockInstance"], json!({"key": "job-1", "expiredTime": 60_000, "lockType": "NACOS_LOCK"}));
    assert_eq!(sent[1]["lockInstance"]["expiredTime"], -1);
    assert_eq!(sent[2]["lockOperationEnum"], "RELEASE");
}

#[tokio::test]
async fn what_a_server_refuses_is_an_error() {
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(abilities());
    let failure = json!({"resultCode": 500, "errorCode": 0, "message": "no such type", "result": false});
    stub.reply("LockOperationRequest", vec![reply("LockOperationResponse", failure)]);
    let lock = client(&[stub.address()]).connect().await.unwrap().lock();
    let error = lock.acquire(&LockRequest::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.reason()), (ErrorKind::Refused, 500, "no such type"));
    for bad in [LockRequest::new(" "), LockRequest::new("a").lease(Duration::from_secs(1801))] {
        assert_eq!(lock.acquire(&bad).await.unwrap_err().kind(), ErrorKind::InvalidParameter);
    }
}

#[tokio::test]
async fn a_lock_is_not_asked_for_twice_when_the_answer_is_lost() {
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(abilities());
    let mut late = reply("LockOperationResponse", json!({"result": true}));
    late.after_ms = 10_000;
    stub.reply("LockOperationRequest", vec![late]);
    let client = client(&[stub.address()]).connect().await.unwrap();
    let waiting = tokio::spawn({
        let lock = client.lock();
        async move { lock.acquire(&LockRequest::new("a")).await }
    });
    stub.wait_received(|sent| sent.message.kind == "LockOperationRequest", crate::support::PATIENCE).await.unwrap();
    stub.disconnect().await;
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(stub.received(Some("LockOperationRequest")).len(), 1);
}

#[tokio::test]
async fn a_server_without_locks_is_not_asked() {
    let stub = Stub::start(true).await.unwrap();
    let lock = client(&[stub.address()]).connect().await.unwrap().lock();
    let error = lock.acquire(&LockRequest::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, 501));
    assert!(stub.received(Some("LockOperationRequest")).is_empty());
}

#[tokio::test]
async fn captured_answers_of_a_server_with_locks_are_understood() {
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(abilities());
    let lock = client(&[stub.address()]).connect().await.unwrap().lock();
    let steps = steps("grpc-v3", "v3-lock-", &["LockOperationResponse"]).unwrap();
    assert!(steps.len() > 10, "{}", steps.len());
    for step in steps {
        stub.forget();
        stub.reply("LockOperationRequest", vec![step.script()]);
        let asked = &step.asked["lockInstance"];
        let mut request = LockRequest::new(asked["key"].as_str().unwrap());
        request.lease = asked["expiredTime"].as_u64().map(Duration::from_millis);
        let result = match step.asked["lockOperationEnum"].as_str().unwrap() {
            "ACQUIRE" => lock.acquire(&request).await,
            _ => lock.release(&request).await,
        };
        if step.number("resultCode") == 200 {
            assert_eq!(result.unwrap(), step.answer["result"], "{}", step.file);
        } else {
            assert_eq!(result.unwrap_err().code(), 500, "{}", step.file);
        }
        // What was sent is what the official client sends.
        let sent = stub.received(Some("LockOperationRequest"));
        assert_eq!(sent[0].message.json()["lockInstance"], *asked, "{}", step.file);
    }
}
