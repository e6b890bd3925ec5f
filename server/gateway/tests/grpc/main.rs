//! The gRPC door over loopback, with the real domains on a store in memory.

mod fuzz;
mod limits;
mod support;

use std::io::Write;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use nacre_gateway::{GrpcSettings, ListenSettings, Settings};
use nacre_proto::payload;
use serde_json::{Value, json};
use support::{Connection, Server, Upload};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

fn register(service: &str, port: u16) -> Value {
    let instance = json!({"ip": "10.0.0.11", "port": port, "clusterName": "DEFAULT"});
    let names = json!({"namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP"});
    with(names, &json!({"headers": {}, "type": "registerInstance", "instance": instance, "module": "naming"}))
}

fn subscribe(service: &str) -> Value {
    let names = json!({"namespace": "public", "serviceName": service, "groupName": "DEFAULT_GROUP"});
    with(names, &json!({"headers": {}, "subscribe": true, "clusters": "", "module": "naming"}))
}

fn with(mut object: Value, more: &Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    object.as_object_mut().expect("an object").extend(more);
    object
}

fn ports(push: &Value) -> Vec<u64> {
    let hosts = push["serviceInfo"]["hosts"].as_array().expect("a list");
    hosts.iter().map(|host| host["port"].as_u64().expect("a port")).collect()
}

async fn error_code(connection: &Connection, kind: &str) -> (String, i64) {
    let (reply, body) = connection.call(kind, json!({"headers": {}})).await;
    (reply, body["errorCode"].as_i64().expect("a code"))
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_come_in_order() {
    let server = Server::start_unready(Settings::default()).await;
    let connection = server.connect().await;
    let error = |code: i64| ("ErrorResponse".to_owned(), code);
    assert_eq!(error_code(&connection, "ServerReloadRequest").await, error(502));
    assert_eq!(error_code(&connection, "ServerCheckRequest").await, error(300));
    assert_eq!(error_code(&connection, "NoSuchRequest").await, error(300));
    let mut early = connection.stream().await;
    early.set_up("naming");
    assert_eq!(early.next().await, None);

    server.doors.ready();
    let connection = server.connect().await;
    assert_eq!(error_code(&connection, "ServerReloadRequest").await, error(502));
    assert_eq!(error_code(&connection, "NoSuchRequest").await, error(302));
    assert_eq!(error_code(&connection, "ConnectionSetupRequest").await, error(302));
    assert_eq!(error_code(&connection, "HealthCheckRequest").await, error(301));
    let (_, first) = connection.call("ServerCheckRequest", json!({})).await;
    let (_, second) = connection.call("ServerCheckRequest", json!({})).await;
    assert_eq!(first, second);
    assert!(first["connectionId"].as_str().is_some_and(|id| id.contains("_127.0.0.1_")), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_registers_once_and_tells_abilities_if_asked() {
    let server = Server::start(Settings::default()).await;
    let (connection, mut stream) = server.client("naming").await;
    assert_eq!(error_code(&connection, "HealthCheckRequest").await, ("HealthCheckResponse".to_owned(), 0));
    assert_eq!(server.doors.connections(), 1);
    // A second one is answered; the first registration and its stream stay.
    let mut second = connection.stream().await;
    second.set_up("config");
    assert_eq!(second.next().await.expect("answered").0, "SetupAckRequest");
    let (kind, _) = connection.call("InstanceRequest", register("s", 1)).await;
    assert_eq!(kind, "InstanceResponse");
    connection.call("SubscribeServiceRequest", subscribe("s")).await;
    assert_eq!(ports(&stream.expect("NotifySubscriberRequest").await), [1]);
    assert_eq!(server.doors.connections(), 1);

    let old = server.connect().await;
    let mut old_stream = old.stream().await;
    for labels in [json!(null), json!({"module": "naming"})] {
        old_stream.send("ConnectionSetupRequest", "", &json!({"clientVersion": "old", "labels": labels}));
    }
    assert!(old_stream.is_silent(300).await);
    assert_eq!(error_code(&old, "HealthCheckRequest").await.1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_pushed_until_the_provider_goes() {
    let server = Server::start(Settings::default()).await;
    let (provider, _provider_stream) = server.client("naming").await;
    let (subscriber, mut pushes) = server.client("naming").await;
    let (kind, reply) = subscriber.call("SubscribeServiceRequest", subscribe("orders")).await;
    assert_eq!((kind.as_str(), reply["message"].as_str()), ("SubscribeServiceResponse", Some("success")));
    assert!(ports(&reply).is_empty());
    let (_, reply) = provider.call("InstanceRequest", register("orders", 8080)).await;
    assert_eq!(reply["type"], "registerInstance");
    let push = loop {
        let push = pushes.expect("NotifySubscriberRequest").await;
        pushes.ack("NotifySubscriberResponse", &push);
        if !ports(&push).is_empty() {
            break push;
        }
    };
    assert_eq!(ports(&push), [8080]);
    let query = json!({"namespace": "public", "serviceName": "orders", "groupName": "DEFAULT_GROUP"});
    let (_, reply) = subscriber.call("ServiceQueryRequest", query).await;
    assert_eq!(ports(&reply), [8080]);
    let started = Instant::now();
    drop(provider);
    while !ports(&pushes.expect("NotifySubscriberRequest").await).is_empty() {}
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_stream_leaves_the_client_registered() {
    let server = Server::start(Settings::default()).await;
    let (connection, mut stream) = server.client("naming").await;
    connection.call("InstanceRequest", register("s", 1)).await;
    stream.finish();
    assert_eq!(stream.next().await, None);
    assert_eq!(error_code(&connection, "HealthCheckRequest").await.1, 0);
    let mut stream = connection.stream().await;
    stream.set_up("naming");
    assert_eq!(stream.next().await.expect("answered").0, "SetupAckRequest");
    connection.call("SubscribeServiceRequest", subscribe("s")).await;
    assert_eq!(ports(&stream.expect("NotifySubscriberRequest").await), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_a_limit_and_may_be_packed() {
    let grpc = GrpcSettings { max_message: 1 << 20, ..GrpcSettings::default() };
    let server = Server::start(Settings { grpc, ..Settings::default() }).await;
    let (connection, _stream) = server.client("config").await;
    let body = |length: usize| json!({"headers": {}, "x": "y".repeat(length)}).to_string();
    let frame = |length| payload::frame("HealthCheckRequest", "", &[body(length).as_bytes()]);
    assert_eq!(connection.send(&[], frame(1 << 20)).await, ("8".to_owned(), None));
    assert_eq!(connection.send(&[], frame(1000 << 10)).await.0, "0");

    let plain = frame(100);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&plain[payload::PREFIX_LENGTH..]).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    let length = u32::try_from(packed.len()).expect("small").to_be_bytes();
    let packed = [&[1][..], &length, &packed].concat();
    let (status, reply) = connection.send(&[("grpc-encoding", "gzip")], packed.clone().into()).await;
    assert_eq!((status.as_str(), reply.expect("a message").0.as_str()), ("0", "HealthCheckResponse"));
    assert_eq!(connection.send(&[], packed.into()).await.0, "12");
    assert_eq!(connection.send(&[], vec![0, 0, 0, 0, 2, 0xff, 0xff].into()).await.0, "13");
    assert_eq!(connection.post("/No/such", &[], Upload::whole(frame(1))).await.headers()["grpc-status"], "12");
    assert_eq!(error_code(&connection, "HealthCheckRequest").await.1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_are_asked_and_ended() {
    let grpc = GrpcSettings { idle_timeout: 300, probe_timeout: 300, probe_interval: 50, ..GrpcSettings::default() };
    let server = Server::start(Settings { grpc, ..Settings::default() }).await;
    let (_alive, mut alive_stream) = server.client("naming").await;
    let (silent, mut silent_stream) = server.client("naming").await;
    let (refusing, mut refusing_stream) = server.client("naming").await;
    silent.call("InstanceRequest", register("s", 1)).await;
    let answering = tokio::spawn(async move {
        for _ in 0..3 {
            let probe = alive_stream.expect("ClientDetectionRequest").await;
            alive_stream.ack("ClientDetectionResponse", &probe);
        }
        alive_stream
    });
    let probe = refusing_stream.expect("ClientDetectionRequest").await;
    let refusal = json!({"resultCode": 500, "errorCode": -500, "requestId": probe["requestId"]});
    refusing_stream.send("ErrorResponse", "", &refusal);
    silent_stream.expect("ClientDetectionRequest").await;
    assert_eq!(silent_stream.next().await, None);
    assert_eq!(refusing_stream.next().await, None);
    let _alive_stream = answering.await.expect("lives on");
    assert_eq!(server.doors.connections(), 1);
    drop((silent, refusing));
    let (_, body) = server.get("/nacos/v1/ns/instance/list?serviceName=s").await;
    assert!(body.contains(r#""hosts":[]"#), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_are_published_read_and_listened_to() {
    let server = Server::start(Settings::default()).await;
    let (connection, mut stream) = server.client("config").await;
    let names = json!({"headers": {}, "dataId": "app.yaml", "group": "G", "tenant": ""});
    let listen = json!({"group": "G", "dataId": "app.yaml", "tenant": "public", "md5": ""});
    let listens = json!({"headers": {}, "listen": true, "configListenContexts": [listen]});
    let (kind, reply) = connection.call("ConfigBatchListenRequest", listens.clone()).await;
    assert_eq!((kind.as_str(), &reply["changedConfigs"]), ("ConfigChangeBatchListenResponse", &json!([])));
    let addition = json!({"type": "yaml", "encryptedDataKey": "k"});
    let publish = with(names.clone(), &json!({"content": "a: ü", "additionMap": addition}));
    assert_eq!(connection.call("ConfigPublishRequest", publish).await.1["resultCode"], 200);
    let push = stream.expect("ConfigChangeNotifyRequest").await;
    assert_eq!((&push["dataId"], &push["tenant"]), (&json!("app.yaml"), &json!("public")));
    stream.ack("ConfigChangeNotifyResponse", &push);
    let (_, reply) = connection.call("ConfigQueryRequest", names.clone()).await;
    assert_eq!((&reply["content"], &reply["contentType"]), (&json!("a: ü"), &json!("yaml")));
    assert_eq!((&reply["encryptedDataKey"], &reply["beta"]), (&json!("k"), &json!(false)));
    let (_, reply) = connection.call("ConfigBatchListenRequest", listens).await;
    assert_eq!(reply["changedConfigs"], json!([{"group": "G", "dataId": "app.yaml", "tenant": "public"}]));
    assert_eq!(connection.call("ConfigRemoveRequest", names.clone()).await.1["resultCode"], 200);
    assert_eq!(connection.call("ConfigQueryRequest", names).await.1["errorCode"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_reach_clients_through_http() {
    let server = Server::start(Settings::default()).await;
    let (connection, mut stream) = server.client("config").await;
    let (_, check) = connection.call("ServerCheckRequest", json!({})).await;
    let id = check["connectionId"].as_str().expect("an id").to_owned();
    let path = format!("/nacos/v2/core/loader/reloadClient?connectionId={id}&redirectAddress=10.0.0.2:8848");
    assert_eq!(server.get(&path).await.0, 200);
    let reset = stream.expect("ConnectResetRequest").await;
    assert_eq!((&reset["serverIp"], &reset["serverPort"]), (&json!("10.0.0.2"), &json!("8848")));
    assert_eq!(reset["connectionId"], id);
    stream.ack("ConnectResetResponse", &reset);

    let answering = tokio::spawn(async move {
        let push = stream.expect("ClientConfigMetricRequest").await;
        let metrics = json!({"client-1": "{}"});
        let body = json!({"resultCode": 200, "requestId": push["requestId"], "metrics": metrics});
        stream.send("ClientConfigMetricResponse", "", &body);
        (stream, push)
    });
    let path = "/nacos/v1/cs/metrics/current?ip=10.1.2.3&dataId=a&group=G&tenant=t";
    let (status, body) = server.get(path).await;
    assert_eq!((status, body.as_str()), (200, r#"{"client-1":"{}"}"#));
    let (_stream, push) = answering.await.expect("asked");
    assert_eq!(push["metricsKeys"][0], json!({"type": "cacheData", "key": "a+G+t"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doors_share_the_http_port() {
    let server = Server::start(Settings::default()).await;
    let connection = Connection::open(server.doors.http_address()).await;
    assert_eq!(error_code(&connection, "HealthCheckRequest").await.1, 301);
    assert_eq!(server.get("/nacos/v1/console/health/liveness").await.0, 200);
    // The other port speaks gRPC only.
    let connection = server.connect().await;
    let response = connection.post("/nacos/v1/x", &[], Upload::whole("")).await;
    assert_eq!(response.headers()["grpc-status"], "12");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_have_limits() {
    let listen = ListenSettings { max_connections_per_ip: 2, ..ListenSettings::default() };
    let server = Server::start(Settings { listen, ..Settings::default() }).await;
    let first = server.connect().await;
    let second = server.connect().await;
    assert_eq!(error_code(&second, "NoSuchRequest").await.1, 302);
    let mut third = tokio::net::TcpStream::connect(server.doors.grpc_address()).await.expect("listens");
    let closed = tokio::io::AsyncReadExt::read(&mut third, &mut [0]).await;
    assert!(!matches!(closed, Ok(1..)), "{closed:?}");
    drop(first);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut next = tokio::net::TcpStream::connect(server.doors.grpc_address()).await.expect("listens");
        next.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("writable");
        if let Ok(1..) = tokio::io::AsyncReadExt::read(&mut next, &mut [0]).await {
            break;
        }
        assert!(Instant::now() < deadline, "the place does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_up_nobody() {
    let server = Server::start(Settings::default()).await;
    let (lazy, lazy_stream) = server.client("naming").await;
    let (reader, mut reader_stream) = server.client("naming").await;
    lazy.call("SubscribeServiceRequest", subscribe("s")).await;
    reader.call("SubscribeServiceRequest", subscribe("s")).await;
    let (provider, _provider_stream) = server.client("naming").await;
    for port in 1..=300 {
        let mut request = register("s", port);
        request["instance"]["metadata"] = json!({"padding": "x".repeat(900)});
        provider.call("InstanceRequest", request).await;
    }
    loop {
        let push = reader_stream.expect("NotifySubscriberRequest").await;
        reader_stream.ack("NotifySubscriberResponse", &push);
        if ports(&push) == [300] {
            break;
        }
    }
    assert_eq!(error_code(&lazy, "HealthCheckRequest").await.1, 0);
    drop(lazy_stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_streams_and_keeps_instances() {
    let server = Server::start(Settings::default()).await;
    let (connection, mut stream) = server.client("naming").await;
    connection.call("InstanceRequest", register("s", 1)).await;
    let started = Instant::now();
    server.doors.drain().await;
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(stream.next().await, None);
    assert_eq!(server.doors.connections(), 0);
    let service = nacre_naming::ServiceKey::new("public", "DEFAULT_GROUP", "s");
    assert_eq!(server.naming.view(&service).instances().len(), 1);
}
