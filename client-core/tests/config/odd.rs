//! What servers other than ours answer: captured from Nacos 2.5 and 3.x, or made up.

use std::time::Duration;

use nacre_client::{Client, ErrorKind, config::md5_hex};
use nacre_harness::{
    Stub,
    stub::{Received, Script},
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::support::{LIMIT, next, quiet, stub_client, until};

const LISTEN: &str = "ConfigBatchListenRequest";
const QUERY: &str = "ConfigQueryRequest";
const NOTIFY: &str = "ConfigChangeNotifyRequest";

fn script(body: Value) -> Script {
    scripted([("body", body)])
}

fn scripted<const N: usize>(members: [(&str, Value); N]) -> Script {
    let members = members.map(|(name, value)| (name.to_owned(), value));
    serde_json::from_value(Value::Object(Map::from_iter(members))).unwrap()
}

fn listened(changed: Value) -> Script {
    let body = Map::from_iter([("changedConfigs".to_owned(), changed)]);
    scripted([("type", json!("ConfigChangeBatchListenResponse")), ("body", Value::Object(body))])
}

/// As a Nacos 2.5.1 server answers a query.
fn found(content: &str) -> Script {
    script(json!({"content": content, "encryptedDataKey": "", "contentType": "yaml", "md5": md5_hex(content),
        "lastModified": 1_735_689_600_000_i64, "beta": false}))
}

fn absent() -> Script {
    script(
        json!({"resultCode": 500, "errorCode": 300, "message": "config data not exist", "lastModified": 0, "beta": false}),
    )
}

fn body(received: &Received) -> Value {
    serde_json::from_slice(received.message.body.as_ref().unwrap()).unwrap()
}

fn count(stub: &Stub, kind: &str) -> usize {
    stub.received(Some(kind)).len()
}

#[tokio::test]
async fn the_listen_is_as_nacos_clients_send_it() {
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([]))]);
    let client =
        Client::builder().server(stub.address().to_string()).app_name("orders").app_label("Vipserver-Tag", "blue");
    let client = client.connect().await.unwrap();
    let mut watch = client.config().watch(&client.config().key("G", "app.yaml").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    let sent = stub.received(Some(LISTEN)).remove(0);
    assert_eq!(
        body(&sent),
        json!({"headers": {}, "listen": true, "module": "config",
            "configListenContexts": [{"group": "G", "md5": "", "dataId": "app.yaml", "tenant": ""}]})
    );
    let header = |name: &str| sent.message.headers.get(name).map(String::as_str);
    assert_eq!(
        (header("Client-AppName"), header("exConfigInfo"), header("charset")),
        (Some("orders"), Some("true"), Some("UTF-8"))
    );
    assert_eq!(header("Vipserver-Tag"), Some("blue"));
    assert_eq!(header("Client-RequestToken"), Some(&*md5_hex(header("Client-RequestTS").unwrap())));
}

#[tokio::test]
async fn a_push_under_either_spelling_is_answered_and_told() {
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([{"dataId": "a", "group": "G", "tenant": "public"}])), listened(json!([]))]);
    stub.reply(QUERY, vec![found("v0")]);
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch(&client.config().key("G", "a").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "v0");
    for (id, tenant) in [("1", None), ("2", Some("")), ("3", Some("public"))] {
        let content = format!("v{id}");
        stub.reply(QUERY, vec![found(&content)]);
        let mut push = Map::from_iter([
            ("headers".to_owned(), json!({})),
            ("requestId".to_owned(), json!(id)),
            ("dataId".to_owned(), json!("a")),
            ("group".to_owned(), json!("G")),
        ]);
        push.extend(tenant.map(|tenant| ("tenant".to_owned(), json!(tenant))));
        stub.push(NOTIFY, &Value::Object(push)).unwrap();
        assert_eq!(next(&mut watch).await, content);
        let is_answer = |received: &Received| {
            received.message.kind == "ConfigChangeNotifyResponse" && body(received)["requestId"] == json!(id)
        };
        let answer = stub.wait_received(is_answer, LIMIT).await.unwrap();
        assert_eq!(body(&answer)["resultCode"], 200);
    }
}

#[tokio::test]
async fn the_same_push_again_tells_nothing_new() {
    // A Nacos server repeats a push that was answered late or with a failure.
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([{"dataId": "a", "group": "G"}])), listened(json!([]))]);
    stub.reply(QUERY, vec![found("v1")]);
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch(&client.config().key("G", "a").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    for id in ["7", "7", "8"] {
        stub.push(NOTIFY, &json!({"headers": {}, "requestId": id, "dataId": "a", "group": "G"})).unwrap();
    }
    stub.push(NOTIFY, &json!({"headers": {}, "requestId": "9", "dataId": "unknown", "group": "G"})).unwrap();
    quiet(&mut watch).await;
    assert_eq!(count(&stub, "ConfigChangeNotifyResponse"), 4);
}

#[tokio::test]
async fn a_server_that_always_reports_a_change_is_not_asked_without_end() {
    // As Nacos 2.5.1 does for listeners under `public`.
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([{"dataId": "a", "group": "G", "tenant": "public"}]))]);
    stub.reply(QUERY, vec![found("v1")]);
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch(&client.config().key("G", "a").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    sleep(Duration::from_secs(3)).await;
    let asked = count(&stub, LISTEN);
    assert!((3..=6).contains(&asked), "{asked} listens in three seconds");
    assert!(!watch.raw().is_ready());
}

#[tokio::test]
async fn a_config_that_is_being_written_is_asked_again() {
    let stub = Stub::start(true).await.unwrap();
    let busy = || script(json!({"resultCode": 500, "errorCode": 400, "message": "requested file is being modified"}));
    stub.reply(LISTEN, vec![listened(json!([{"dataId": "a", "group": "G"}])), listened(json!([]))]);
    stub.reply(QUERY, vec![busy(), busy(), found("v1")]);
    let client = stub_client(&stub).await;
    let key = client.config().key("G", "a").unwrap();
    let mut watch = client.config().watch(&key).unwrap();
    assert_eq!(until(&mut watch, "v1").await, ["v1"]);
    stub.reply(QUERY, vec![busy()]);
    let error = client.config().with_timeout(Duration::from_millis(300)).get(&key).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Timeout), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn an_answer_without_the_usual_members_is_read() {
    let stub = Stub::start(true).await.unwrap();
    // A gray version without a formal config: no type, no key.
    stub.reply(
        QUERY,
        vec![script(json!({"content": "x", "md5": md5_hex("x"), "lastModified": "5", "beta": true, "new": 1}))],
    );
    let client = stub_client(&stub).await;
    let key = client.config().key("G", "a").unwrap();
    let value = client.config().get(&key).await.unwrap().unwrap();
    assert_eq!(
        (value.content(), value.raw().config_type.as_deref(), value.raw().last_modified),
        ("x", Some("text"), 5)
    );
    stub.reply(QUERY, vec![absent()]);
    assert_eq!(client.config().get(&key).await.unwrap(), None);
    // The server is starting: that is no answer about the config.
    let starting =
        json!({"type": "ErrorResponse", "body": {"resultCode": 500, "errorCode": 300, "message": "starting"}});
    stub.reply(QUERY, vec![serde_json::from_value(starting).unwrap()]);
    let error = client.config().with_timeout(Duration::from_millis(500)).get(&key).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout), "{error:?}");
}

#[tokio::test]
async fn a_listen_that_gets_no_answer_is_repeated() {
    let stub = Stub::start(true).await.unwrap();
    let silent: Script = serde_json::from_value(json!({"silent": true})).unwrap();
    stub.reply(LISTEN, vec![silent, listened(json!([{"dataId": "a", "group": "G"}])), listened(json!([]))]);
    stub.reply(QUERY, vec![found("v1")]);
    let options = Client::builder().server(stub.address().to_string()).request_timeout(Duration::from_millis(300));
    let client = options.connect().await.unwrap();
    let mut watch = client.config().watch(&client.config().key("G", "a").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
}

#[tokio::test]
async fn a_refused_listener_says_why() {
    let stub = Stub::start(true).await.unwrap();
    let denied = json!({"type": "ConfigChangeBatchListenResponse",
        "body": {"resultCode": 500, "errorCode": 403, "message": "Code: 403, Message: authorization failed!."}});
    stub.reply(LISTEN, vec![serde_json::from_value(denied).unwrap()]);
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch(&client.config().key("G", "a").unwrap()).unwrap();
    let end = Instant::now() + LIMIT;
    while watch.error().is_none() {
        assert!(Instant::now() < end, "the refusal is told");
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(watch.error().unwrap().kind(), ErrorKind::Forbidden);
    quiet(&mut watch).await;
    assert!(count(&stub, LISTEN) <= 3, "a refusal is not repeated at once");
}

#[tokio::test]
async fn a_new_connection_gets_the_listens_again() {
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([]))]);
    let client = stub_client(&stub).await;
    let config = client.config();
    let watches: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|data_id| config.listen(&config.key("G", data_id).unwrap(), &md5_hex(data_id)).unwrap())
        .collect();
    let contexts = |received: &Received| body(received)["configListenContexts"].as_array().unwrap().len();
    let end = Instant::now() + LIMIT;
    while stub.received(Some(LISTEN)).iter().map(contexts).sum::<usize>() < 3 {
        assert!(Instant::now() < end);
        sleep(Duration::from_millis(10)).await;
    }
    stub.forget();
    stub.disconnect().await;
    stub.wait_received(|received| received.message.kind == LISTEN && contexts(received) == 3, LIMIT).await.unwrap();
    assert_eq!(client.metrics().redone, 3);
    drop(watches);
    stub.wait_received(|received| received.message.kind == LISTEN && body(received)["listen"] == json!(false), LIMIT)
        .await
        .unwrap();
}

#[tokio::test]
async fn operators_can_ask_what_a_client_holds() {
    let stub = Stub::start(true).await.unwrap();
    stub.reply(LISTEN, vec![listened(json!([{"dataId": "app.yaml", "group": "DEFAULT_GROUP"}])), listened(json!([]))]);
    stub.reply(QUERY, vec![found("v1")]);
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch(&client.config().key("", "app.yaml").unwrap()).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    let question = json!({"headers": {}, "requestId": "60", "module": "config",
        "metricsKeys": [{"type": "cacheData", "key": "app.yaml+DEFAULT_GROUP"}]});
    stub.push("ClientConfigMetricRequest", &question).unwrap();
    let answer =
        stub.wait_received(|received| received.message.kind == "ClientConfigMetricResponse", LIMIT).await.unwrap();
    let answer = body(&answer);
    assert_eq!(answer["requestId"], "60");
    let about = answer["metrics"].as_object().unwrap().values().next().unwrap().as_str().unwrap();
    let about: Value = serde_json::from_str(about).unwrap();
    assert_eq!(about["listenConfigSize"], "1");
    let held = &about["metricValues"]["MetricsKey{type='cacheData', key='app.yaml+DEFAULT_GROUP'}"];
    assert_eq!(held, "v1:6654c734ccab8f440ff0825eb443dc7f");
}

#[tokio::test]
async fn patterns_are_watched_where_the_server_offers_it() {
    // The pushes of a Nacos 3.0.3 server.
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(Map::from_iter([("fuzzyWatch".to_owned(), json!(true))]));
    let client = stub_client(&stub).await;
    let mut watch = client.config().watch_set("G", "m-*").await.unwrap();
    let request =
        stub.wait_received(|received| received.message.kind == "ConfigFuzzyWatchRequest", LIMIT).await.unwrap();
    assert_eq!(body(&request)["groupKeyPattern"], "public>>G>>m-*");
    assert!(watch.current().is_none());
    let sync = |id: &str, names: &[&str], total: usize, number: usize| {
        let contexts: Vec<Value> = names
            .iter()
            .map(|name| json!({"groupKey": format!("{name}+G+public"), "changedType": "ADD_CONFIG"}))
            .collect();
        json!({"headers": {}, "requestId": id, "groupKeyPattern": "public>>G>>m-*", "contexts": contexts,
            "syncType": "FUZZY_WATCH_INIT_NOTIFY", "totalBatch": total, "currentBatch": number, "module": "config"})
    };
    // Batches may come in any order.
    stub.push("ConfigFuzzyWatchSyncRequest", &sync("2", &["m-3"], 2, 2)).unwrap();
    stub.push("ConfigFuzzyWatchSyncRequest", &sync("1", &["m-1", "m-2"], 2, 1)).unwrap();
    let finish = json!({"headers": {}, "requestId": "3", "groupKeyPattern": "public>>G>>m-*",
        "syncType": "FINISH_FUZZY_WATCH_INIT_NOTIFY", "totalBatch": 0, "currentBatch": 0, "module": "config"});
    stub.push("ConfigFuzzyWatchSyncRequest", &finish).unwrap();
    let first = timeout(LIMIT, watch.next()).await.unwrap().unwrap();
    let names = |keys: &[nacre_client::ConfigKey]| keys.iter().map(|key| key.data_id().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (names(&first.added), first.removed.len(), first.keys.len()),
        (vec!["m-1".into(), "m-2".into(), "m-3".into()], 0, 3)
    );
    for (id, name, change) in [("4", "m-4", "CONFIG_CHANGED"), ("5", "m-1", "DELETE_CONFIG")] {
        let push =
            json!({"headers": {}, "requestId": id, "groupKey": format!("{name}+G+public"), "changeType": change});
        stub.push("ConfigFuzzyWatchChangeNotifyRequest", &push).unwrap();
        let change = timeout(LIMIT, watch.next()).await.unwrap().unwrap();
        assert_eq!(names(if id == "4" { &change.added } else { &change.removed }), [name]);
        let is_answer = |received: &Received| {
            received.message.kind == "ConfigFuzzyWatchChangeNotifyResponse" && body(received)["requestId"] == json!(id)
        };
        stub.wait_received(is_answer, LIMIT).await.unwrap();
    }
    drop(watch);
    let is_cancel = |received: &Received| {
        received.message.kind == "ConfigFuzzyWatchRequest" && body(received)["watchType"] == json!("CANCEL_WATCH")
    };
    stub.wait_received(is_cancel, LIMIT).await.unwrap();
}
