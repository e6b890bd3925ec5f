//! Servers of other versions, played by a script: old ones without abilities, new ones with more.

use std::time::Duration;

use anyhow::{Context, Result};
use nacre_client::{
    Client, ErrorKind, Group, ServiceKey,
    naming::{FuzzyWatch, Instance},
};
use nacre_harness::stub::{HttpScript, Script, Stub};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::support::{LIMIT, addresses, key, next};

async fn stub(abilities: &[&str]) -> Result<(Stub, Client)> {
    let stub = Stub::start(true).await?;
    stub.abilities(abilities.iter().map(|name| ((*name).to_owned(), json!(true))).collect());
    let client = Client::builder().server(stub.address().to_string()).connect().await?;
    Ok((stub, client))
}

fn script(body: Value) -> Script {
    let Value::Object(body) = body else { panic!("a body is an object") };
    Script { kind: None, body, grpc_status: None, after_ms: 0, silent: false }
}

#[tokio::test]
async fn old_servers_get_persistent_instances_over_http() -> Result<()> {
    let (stub, client) = stub(&[]).await?;
    let ok = || vec![HttpScript { status: 200, body: json!("ok") }];
    stub.http("POST /nacos/v1/ns/instance", ok());
    stub.http("DELETE /nacos/v1/ns/instance", ok());
    let service = ServiceKey::new("shop", "orders")?;
    let instance = Instance::new("10.0.0.1", 80).with_weight(2.5).with_metadata("a b", "\u{e9}&=").persistent();
    client.naming().register(&service, instance.clone()).await?;
    client.naming().deregister(&service, &instance).await?;
    let sent = stub.http_received();
    let methods: Vec<_> = sent.iter().map(|request| request["method"].as_str().unwrap_or_default()).collect();
    assert_eq!(methods, ["POST", "DELETE"], "{sent:?}");
    let query = format!("&{}&", sent[0]["query"].as_str().unwrap_or_default());
    let expected = [
        ("namespaceId", "public"),
        ("serviceName", "shop%40%40orders"),
        ("groupName", "shop"),
        ("ip", "10.0.0.1"),
        ("port", "80"),
        ("weight", "2.5"),
        ("clusterName", "DEFAULT"),
        ("ephemeral", "false"),
        ("metadata", "%7B%22a%20b%22%3A%22%C3%A9%26%3D%22%7D"),
    ];
    for (name, value) in expected {
        assert!(query.contains(&format!("&{name}={value}&")), "{name} in {query}");
    }
    assert!(stub.received(Some("PersistentInstanceRequest")).is_empty());
    stub.http("POST /nacos/v1/ns/instance", vec![HttpScript { status: 400, body: json!("the other kind") }]);
    let refused = client.naming().register(&service, instance).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidParameter, 400));
    Ok(())
}

#[tokio::test]
async fn servers_that_can_get_them_over_grpc() -> Result<()> {
    let (stub, client) = stub(&["supportPersistentInstanceByGrpc"]).await?;
    client.naming().register(&key("orders"), Instance::new("10.0.0.1", 80).persistent()).await?;
    let sent = stub.received(Some("PersistentInstanceRequest"));
    let body = sent.first().context("sent")?.message.json();
    assert_eq!((&body["type"], &body["instance"]["ephemeral"]), (&json!("registerInstance"), &json!(false)));
    assert!(stub.http_received().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_reply_that_is_older_than_a_push_is_not_shown() -> Result<()> {
    let (stub, client) = stub(&[]).await?;
    let info = |stamp: u64, hosts: Value| {
        json!({"name": "orders", "groupName": "DEFAULT_GROUP", "clusters": "",
        "lastRefTime": stamp, "hosts": hosts})
    };
    let reply = json!({"serviceInfo": info(1_000, json!([]))});
    stub.reply("SubscribeServiceRequest", vec![Script { after_ms: 300, ..script(reply) }]);
    let naming = client.naming();
    let watch = naming.watch(&key("orders"), nacre_client::naming::Selector::new())?;
    stub.wait_received(|received| received.message.kind == "SubscribeServiceRequest", LIMIT).await?;
    let newer = info(1_001, json!([{"ip": "10.0.0.1", "port": 1}]));
    stub.push("NotifySubscriberRequest", &json!({"requestId": "7", "serviceInfo": newer}))?;
    let answered = |received: &nacre_harness::stub::Received| {
        received.message.kind == "NotifySubscriberResponse" && received.message.json()["requestId"] == json!("7")
    };
    stub.wait_received(answered, LIMIT).await?;
    assert_eq!(addresses(next(&watch).await?.instances.iter().map(|one| &**one)), ["10.0.0.1:1"]);
    watch.established().await?;
    assert!(watch.take_newest().is_none());
    assert_eq!(naming.instances(&key("orders")).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_subscription_ends_with_the_reason() -> Result<()> {
    let (stub, client) = stub(&[]).await?;
    let refusal = json!({"resultCode": 500, "errorCode": 400, "message": "no"});
    stub.reply("SubscribeServiceRequest", vec![script(refusal)]);
    let naming = client.naming();
    let refused = naming.instances(&key("orders")).await.expect_err("refused");
    assert_eq!(refused.code(), 400);
    assert!(naming.subscribed().is_empty(), "it is not tried again");
    let watch = naming.watch(&key("orders"), nacre_client::naming::Selector::new())?;
    assert!(!timeout(LIMIT, watch.changed()).await?);
    assert_eq!(watch.error().context("told")?.code(), 400);
    let denied = json!({"resultCode": 500, "errorCode": 403, "message": "no"});
    stub.reply("InstanceRequest", vec![script(denied), script(json!({"type": "registerInstance"}))]);
    let refused = naming.register(&key("pay"), Instance::new("h", 1)).await.expect_err("denied");
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let sent = |count: usize| {
        let stub = &stub;
        async move { Ok::<_, ()>(stub.received(Some("InstanceRequest")).len() >= count) }
    };
    crate::support::eventually(true, || sent(2)).await?;
    Ok(())
}

async fn change(watch: &FuzzyWatch) -> Result<(Vec<String>, Vec<String>)> {
    anyhow::ensure!(timeout(LIMIT, watch.changed()).await?, "it has ended");
    let change = watch.take_newest().context("a change")?;
    let names = |keys: Vec<ServiceKey>| keys.iter().map(ToString::to_string).collect();
    Ok((names(change.added), names(change.removed)))
}

fn sync(kind: &str, contexts: &[(&str, &str)]) -> Value {
    let contexts: Vec<_> = contexts.iter().map(|(key, kind)| json!({"serviceKey": key, "changedType": kind})).collect();
    json!({"requestId": "1", "syncType": kind, "groupKeyPattern": "public>>*>>order-*", "contexts": contexts,
        "totalBatch": 1, "currentBatch": 1})
}

#[tokio::test]
async fn patterns_are_watched_where_the_server_offers_it() -> Result<()> {
    let (stub, client) = stub(&["fuzzyWatch"]).await?;
    let watch = client.naming().watch_fuzzy("*", "order-*").await?;
    let sent = stub.received(Some("NamingFuzzyWatchRequest"))[0].message.json();
    assert_eq!((&sent["watchType"], &sent["initializing"]), (&json!("WATCH"), &json!(true)));
    assert_eq!(sent["receivedGroupKeys"], json!([]));
    let sync_request = "NamingFuzzyWatchSyncRequest";
    stub.push(sync_request, &sync("FUZZY_WATCH_INIT_NOTIFY", &[("public@@shop@@order-a", "ADD_SERVICE")]))?;
    stub.push(sync_request, &sync("FINISH_FUZZY_WATCH_INIT_NOTIFY", &[]))?;
    assert_eq!(change(&watch).await?, (vec!["shop@@order-a".to_owned()], vec![]));
    let notify = json!({"requestId": "2", "syncType": "FUZZY_WATCH_RESOURCE_CHANGED",
        "serviceKey": "public@@shop@@order-b", "changedType": "ADD_SERVICE"});
    stub.push("NamingFuzzyWatchChangeNotifyRequest", &notify)?;
    assert_eq!(change(&watch).await?, (vec!["shop@@order-b".to_owned()], vec![]));
    stub.push(sync_request, &sync("FUZZY_WATCH_DIFF_SYNC_NOTIFY", &[("public@@shop@@order-a", "DELETE_SERVICE")]))?;
    assert_eq!(change(&watch).await?, (vec![], vec!["shop@@order-a".to_owned()]));
    assert_eq!(watch.current().len(), 1);
    stub.forget();
    stub.disconnect().await;
    let again = |received: &nacre_harness::stub::Received| received.message.kind == "NamingFuzzyWatchRequest";
    let sent = stub.wait_received(again, LIMIT).await?.message.json();
    assert_eq!(sent["receivedGroupKeys"], json!(["public@@shop@@order-b"]));
    assert_eq!(sent["initializing"], json!(false));
    drop(watch);
    let cancelled = |received: &nacre_harness::stub::Received| {
        received.message.kind == "NamingFuzzyWatchRequest" && received.message.json()["watchType"] == "CANCEL_WATCH"
    };
    stub.wait_received(cancelled, LIMIT).await?;
    Ok(())
}

#[tokio::test]
async fn other_servers_say_that_they_do_not_offer_patterns() -> Result<()> {
    let (stub, client) = stub(&[]).await?;
    let refused = client.naming().watch_fuzzy("*", "*").await.expect_err("not offered");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unsupported, 501));
    assert!(stub.received(Some("NamingFuzzyWatchRequest")).is_empty());
    assert_eq!(client.naming().watch_fuzzy(" ", "*").await.expect_err("blank").code(), 400);
    Ok(())
}

#[tokio::test]
async fn where_it_is_offered_the_list_of_services_is_read_when_it_changes() -> Result<()> {
    let (stub, client) = stub(&["fuzzyWatch"]).await?;
    let list = |names: &[&str]| script(json!({"count": names.len(), "serviceNames": names}));
    stub.reply("ServiceListRequest", vec![list(&["b", "a"]), list(&["a", "b", "c"])]);
    let watch = client.naming().watch_services(&Group::default())?;
    assert!(timeout(LIMIT, watch.changed()).await?);
    assert_eq!(watch.take_newest().context("the first list")?.names.to_vec(), ["a", "b"]);
    let notify = json!({"requestId": "2", "syncType": "FINISH_FUZZY_WATCH_INIT_NOTIFY",
        "groupKeyPattern": "public>>DEFAULT_GROUP>>*", "contexts": [], "totalBatch": 1, "currentBatch": 1});
    stub.push("NamingFuzzyWatchSyncRequest", &notify)?;
    let started = tokio::time::Instant::now();
    assert!(timeout(LIMIT, watch.changed()).await?);
    assert!(started.elapsed() < Duration::from_secs(5), "not only with the next period");
    assert_eq!(watch.take_newest().context("the second list")?.names.to_vec(), ["a", "b", "c"]);
    Ok(())
}

#[tokio::test]
async fn pages_are_read_to_the_end() -> Result<()> {
    let (stub, client) = stub(&[]).await?;
    let first: Vec<_> = (0..5_000).map(|number| format!("s{number}")).collect();
    let replies =
        [json!({"count": 5_001, "serviceNames": first}), json!({"count": 5_001, "serviceNames": ["t", "s1"]})];
    stub.reply("ServiceListRequest", replies.into_iter().map(script).collect());
    let names = client.naming().all_services(&Group::default()).await?;
    assert_eq!(
        (names.len(), names.last().map(String::as_str)),
        (5_001, Some("t")),
        "duplicates of moving pages count once"
    );
    let pages: Vec<_> =
        stub.received(Some("ServiceListRequest")).iter().map(|one| one.message.json()["pageNo"].clone()).collect();
    assert_eq!(pages, [json!(1), json!(2)]);
    let _: Map<String, Value> = Map::new();
    Ok(())
}
