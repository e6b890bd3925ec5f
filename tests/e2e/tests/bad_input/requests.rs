//! Unary requests that are not what they should be.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use nacre_harness::Options;
use nacre_harness::grpc::{CallError, Client, Message};
use serde_json::{Value, json};

use super::{MEBIBYTE, assert_healthy, assert_usable, codes, error};

/// Every request that a client sends and whose body is read.
const TYPES: [&str; 11] = [
    "InstanceRequest",
    "BatchInstanceRequest",
    "PersistentInstanceRequest",
    "ServiceQueryRequest",
    "ServiceListRequest",
    "SubscribeServiceRequest",
    "ConfigPublishRequest",
    "ConfigQueryRequest",
    "ConfigRemoveRequest",
    "ConfigBatchListenRequest",
    "HealthCheckRequest",
];

fn raw(kind: &str, body: impl Into<Bytes>) -> Message {
    Message::raw(kind, Some(body.into()))
}

fn register(change: impl FnOnce(&mut Value)) -> Message {
    let mut body = json!({
        "headers": {}, "namespace": "public", "serviceName": "bad", "groupName": "DEFAULT_GROUP",
        "type": "registerInstance", "module": "naming",
        "instance": {"ip": "10.5.0.2", "port": 80, "clusterName": "DEFAULT", "metadata": {}},
    });
    change(&mut body);
    Message::new("InstanceRequest", &body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_request_are_answered_with_502() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let deep = "[".repeat(200_000);
    let nested = format!("{{\"headers\":{}", "{\"a\":".repeat(100_000));
    let bodies: [&[u8]; 10] = [
        b"",
        b"null",
        b"[]",
        b"17",
        b"\"text\"",
        b"{\"headers\":{},",
        b"{\"headers\":{\"a\":[}}",
        b"\xff\xfe\x00",
        deep.as_bytes(),
        nested.as_bytes(),
    ];
    for kind in TYPES {
        for body in bodies {
            let found = codes(&client, &raw(kind, body.to_vec())).await;
            assert_eq!(
                found,
                error(500, 502),
                "{kind} with {:?}",
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
        }
        assert_eq!(codes(&client, &Message::raw(kind, None)).await, error(500, 502), "{kind} without a body");
    }
    assert_usable(&client).await;
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_wrong_type_are_answered_with_502() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let wrong: [fn(&mut Value); 10] = [
        |body| body["namespace"] = json!({"a": 1}),
        |body| body["serviceName"] = json!(["a"]),
        |body| body["instance"] = json!("text"),
        |body| body["instance"] = json!([1]),
        |body| body["instance"]["port"] = json!("eighty"),
        |body| body["instance"]["port"] = json!(2_147_483_648_i64),
        |body| body["instance"]["port"] = json!({}),
        |body| body["instance"]["weight"] = json!([1.0]),
        |body| body["instance"]["metadata"] = json!("text"),
        |body| body["instance"]["healthy"] = json!({"a": true}),
    ];
    for change in wrong {
        let message = register(change);
        assert_eq!(codes(&client, &message).await, error(500, 502), "{}", message.text());
    }
    for kind in TYPES {
        for body in [json!({"headers": 5}), json!({"headers": [1]})] {
            assert_eq!(codes(&client, &Message::new(kind, &body)).await, error(500, 502), "{kind} {body}");
        }
    }
    assert_usable(&client).await;
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_types_and_requests_before_setup_are_refused() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let long = "A".repeat(100_000);
    for kind in ["", "NoSuchRequest", "instancerequest", "InstanceResponse", "com.x.InstanceRequest", &long, "中\u{0}"]
    {
        assert_eq!(codes(&client, &raw(kind, "{}")).await, error(500, 302), "{kind:.40}");
    }
    let mut bare = raw("InstanceRequest", "{}");
    bare.without_metadata = true;
    assert_eq!(codes(&client, &bare).await, error(500, 302));
    assert_usable(&client).await;

    let stranger = Client::connect(server.grpc_address()).await.unwrap();
    for kind in TYPES {
        assert_eq!(codes(&stranger, &raw(kind, "{}")).await, error(500, 301), "{kind} before setup");
    }
    assert_eq!(codes(&stranger, &raw("InstanceRequest", "no json")).await, error(500, 301));
    stranger.open_stream().await.unwrap();
    stranger.send(&raw("ConnectionSetupRequest", "no json"));
    stranger.send(&raw("NoSuchRequest", "{}"));
    assert_eq!(codes(&stranger, &raw("InstanceRequest", "{}")).await, error(500, 301));
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn illegal_names_ports_and_metadata_are_refused_with_400() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let wrong: [fn(&mut Value); 14] = [
        |body| body["namespace"] = json!("a b"),
        |body| body["namespace"] = json!("n".repeat(65)),
        |body| body["serviceName"] = json!("@a"),
        |body| body["serviceName"] = json!("a@@b"),
        |body| body["serviceName"] = json!("a b"),
        |body| body["serviceName"] = json!("s".repeat(513)),
        |body| body["groupName"] = json!("a/b"),
        |body| body["groupName"] = json!("g".repeat(129)),
        |body| body["instance"]["ip"] = json!("10.0.0.1 "),
        |body| body["instance"]["ip"] = json!("i".repeat(129)),
        |body| body["instance"]["port"] = json!(-1),
        |body| body["instance"]["port"] = json!(65_536),
        |body| body["instance"]["clusterName"] = json!("a,b c"),
        |body| body["instance"]["metadata"] = json!({"k": "v".repeat(1024)}),
    ];
    for change in wrong {
        let message = register(change);
        let found = codes(&client, &message).await;
        assert_eq!(found, ("InstanceResponse".to_owned(), 500, 400), "{:.300}", message.text());
    }
    for (member, value) in [("dataId", "a/b"), ("group", "a b"), ("tenant", "a b"), ("dataId", "中")] {
        let mut body =
            json!({"headers": {}, "dataId": "d", "group": "g", "tenant": "", "content": "c", "additionMap": {}});
        body[member] = json!(value);
        for kind in ["ConfigPublishRequest", "ConfigQueryRequest", "ConfigRemoveRequest"] {
            let (found, result, code) = codes(&client, &Message::new(kind, &body)).await;
            assert_eq!((found, result, code), (kind.replace("Request", "Response"), 500, 400), "{member} {value}");
        }
    }
    assert_usable(&client).await;
    assert_healthy(&mut server).await;
}

/// A weight that is no number must neither end the server nor spoil the list for others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_weights_do_no_harm() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    for weight in ["NaN", "-NaN", "\"NaN\"", "\"Infinity\"", "-Infinity", "1e999", "-1e999", "-5", "1e-320", "null"] {
        let text = register(|body| body["instance"]["weight"] = json!("W")).text().replace("\"W\"", weight);
        let reply = client.call(&raw("InstanceRequest", text)).await.unwrap();
        assert!(matches!(reply.kind.as_str(), "InstanceResponse" | "ErrorResponse"), "{weight}: {}", reply.kind);
        let query = json!({
            "headers": {}, "namespace": "public", "serviceName": "bad", "groupName": "DEFAULT_GROUP", "cluster": "",
        });
        let reply = client.call(&Message::new("ServiceQueryRequest", &query)).await.unwrap();
        assert_eq!(reply.json()["resultCode"], json!(200), "after weight {weight}: {}", reply.text());
    }
    let query = [("serviceName", "bad")];
    let reply = server.http().get("/nacos/v1/ns/instance/list", &query).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.json().is_object(), "no JSON: {}", reply.text());
    assert_healthy(&mut server).await;
    server.restart().await.unwrap();
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversized_messages_are_refused_and_the_connection_goes_on() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    assert_usable(&client).await;
    let before = server.resident_bytes().unwrap();
    for _ in 0..3 {
        let body = format!("{{\"headers\":{{}},\"x\":\"{}\"}}", "x".repeat(11 << 20));
        match client.call(&raw("ConfigQueryRequest", body)).await {
            Err(CallError::Status { code: 8, .. }) => {}
            other => panic!("expected RESOURCE_EXHAUSTED, got {other:?}"),
        }
        assert_usable(&client).await;
    }
    let mut bomb = raw("ConfigQueryRequest", vec![b' '; 200 << 20]);
    bomb.gzip = true;
    match client.call(&bomb).await {
        Err(CallError::Status { code: 8, .. }) => {}
        other => panic!("expected RESOURCE_EXHAUSTED for a bomb, got {other:?}"),
    }
    assert_usable(&client).await;
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 96 * MEBIBYTE, "memory grew by {} MiB", grown / MEBIBYTE);
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_headers_do_no_harm() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    let mut message = Message::new("HealthCheckRequest", &json!({"headers": {}, "module": "internal"}));
    for number in 0..20_000 {
        message.headers.insert(format!("header-{number}"), "value".repeat(10));
    }
    let reply = client.call(&message).await.unwrap();
    assert_eq!(reply.json()["resultCode"], json!(200));

    // On HTTP/2 itself they may be refused: with a status, a reset of the stream, or of this connection.
    let rude = Client::open(server.grpc_address()).await.unwrap();
    let mut request = Request::post("http://nacre/Request/request").header("content-type", "application/grpc");
    for number in 0..5000 {
        request = request.header(format!("header-{number}"), "some value");
    }
    let request = request.body(()).unwrap();
    let limit = Duration::from_secs(10);
    let answered = tokio::time::timeout(limit, rude.transport().exchange(request, Bytes::new())).await;
    assert!(answered.is_ok(), "no answer to thousands of HTTP/2 headers");
    assert_usable(&client).await;
    assert_healthy(&mut server).await;
}
