//! What operators and consoles ask: catalog, clients, switches, archives, capacities, pushes by datagram.

use std::io::{Cursor, Read, Write};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::Request;
use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use zip::write::SimpleFileOptions;

use super::{Body, Reply, Server};
use crate::http::naming::udp::Pusher;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_catalog_is_paged_and_filtered() {
    let server = Server::start().await;
    for number in 0..5 {
        let path = format!("/v1/ns/instance?serviceName=svc-{number}&ip=10.0.0.{number}&port=80");
        assert!(server.ask("POST", &path).await.is(200, "ok"));
    }
    assert!(server.ask("POST", "/v1/ns/service?serviceName=empty").await.is(200, "ok"));
    let list = "/v1/ns/catalog/services?pageSize=2";
    let last = server.get(&format!("{list}&pageNo=3&hasIpCount=true")).await.json();
    assert_eq!((last["count"].as_u64(), last["serviceList"][0]["name"].as_str()), (Some(5), Some("svc-4")));
    let beyond = server.get(&format!("{list}&pageNo=9")).await.json();
    assert_eq!(beyond, json!({"count": 6, "serviceList": []}));
    // Text of a filter is no expression.
    assert_eq!(server.get(&format!("{list}&pageNo=1&serviceNameParam=.*")).await.json()["count"], 0);
    let full = server.get(&format!("{list}&pageNo=1&withInstances=true&serviceNameParam=svc-1")).await.json();
    assert_eq!(full[0]["clusterMap"]["DEFAULT"]["hosts"][0]["ip"], "10.0.0.1");
    let healthy = "/v2/ns/catalog/instances?serviceName=svc-1&clusterName=DEFAULT&pageNo=1&pageSize=9&enabledOnly=true";
    assert_eq!(server.get(healthy).await.json()["data"]["count"], 1);
}

#[tokio::test]
async fn switches_last_and_take_effect() {
    let server = Server::start().await;
    let set = |entry: &str, value: &str| format!("/v1/ns/operator/switches?entry={entry}&value={value}");
    assert!(server.ask("PUT", &set("pushCacheMillis", "12000")).await.is(200, "ok"));
    assert_eq!(server.get("/v1/ns/instance/list?serviceName=x").await.json()["cacheMillis"], 12_000);
    assert_eq!(server.ask("PUT", &set("pushCacheMillis", "1")).await.status, 400);
    assert_eq!(server.get("/v2/ns/operator/switches").await.json()["data"]["defaultPushCacheMillis"], 12_000);
    assert!(server.ask("PUT", &set("lightBeatEnabled", "false")).await.is(200, "ok"));
    let beat = server.ask("PUT", "/v1/ns/instance/beat?serviceName=x&ip=10.0.0.1&port=1").await.json();
    assert_eq!(beat["lightBeatEnabled"], false);
    // The server is taken out of service, and back: the path of the switches stays open.
    assert!(server.ask("PUT", &set("overriddenServerStatus", "DOWN")).await.is(200, "ok"));
    assert_eq!(server.get("/v1/ns/instance/list?serviceName=x").await.status, 503);
    assert!(server.ask("PUT", &set("overriddenServerStatus", "READ_ONLY")).await.is(200, "ok"));
    assert_eq!(server.get("/v1/ns/instance/list?serviceName=x").await.status, 200);
    assert_eq!(server.ask("POST", "/v1/ns/instance?serviceName=x&ip=10.0.0.1&port=1").await.status, 503);
    assert!(server.ask("PUT", &set("overriddenServerStatus", "NULL")).await.is(200, "ok"));
    assert!(server.ask("PUT", &set("limitedUrlMap", "/nacos/v1/ns/service:429")).await.is(200, "ok"));
    assert_eq!(server.get("/v1/ns/service/list?pageNo=1&pageSize=1").await.status, 429);
    assert!(server.ask("PUT", &set("limitedUrlMap", "")).await.is(200, "ok"));
    assert_eq!(server.get("/v1/ns/service/list?pageNo=1&pageSize=1").await.status, 200);
}

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a new entry");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

async fn import(server: &Server, query: &str, file: &[u8]) -> Reply {
    let mut body = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.zip\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = Request::post(format!("/nacos/v1/cs/configs?import=true{query}"));
    let request = request.header("content-type", "multipart/form-data; boundary=edge");
    server.send(request.body(Body::from(body)).expect("well formed")).await
}

#[tokio::test]
async fn an_import_stops_skips_or_replaces() {
    let server = Server::start().await;
    let file = archive(&[("G/a.yaml", "a: 1"), ("G/b.json", "{}"), ("G/c", "c"), ("deep/er/x", "")]);
    let publish = "dataId=b.json&group=G&content=old";
    assert_eq!(server.form("POST", "/v1/cs/configs", &[], publish).await.text, "true");
    let counts = |reply: &Reply| {
        let data = reply.json()["data"].take();
        let length = |name: &str| data[name].as_array().map_or(0, Vec::len);
        (data["succCount"].as_u64(), length("failData"), length("skipData"), length("unrecognizedData"))
    };
    let aborted = import(&server, "&policy=ABORT", &file).await;
    assert_eq!(counts(&aborted), (Some(1), 1, 1, 1), "{}", aborted.text);
    let skipped = import(&server, "&policy=SKIP", &file).await;
    assert_eq!(counts(&skipped), (Some(1), 0, 2, 1), "{}", skipped.text);
    assert!(server.get("/v1/cs/configs?dataId=b.json&group=G").await.is(200, "old"));
    let replaced = import(&server, "&policy=OVERWRITE", &file).await;
    assert_eq!(counts(&replaced), (Some(3), 0, 0, 1), "{}", replaced.text);
    let shown = server.get("/v1/cs/configs?dataId=a.yaml&group=G&show=all").await.json();
    assert_eq!((shown["content"].as_str(), shown["type"].as_str()), (Some("a: 1"), Some("yaml")));
    // Names are checked like all others; nothing leaves the store.
    let climbing = import(&server, "", &archive(&[("G/../x", ""), ("a b/c", "x"), ("G/ok", "y")])).await;
    assert_eq!(counts(&climbing), (Some(1), 1, 0, 1), "{}", climbing.text);
    assert_eq!(import(&server, "&namespace=none", &file).await.json()["code"], 100_001);
    assert_eq!(import(&server, "", b"no archive").await.json()["code"], 100_005);
}

#[tokio::test]
async fn capacities_are_kept() {
    let server = Server::start().await;
    assert_eq!(server.form("POST", "/v1/cs/configs", &[], "dataId=a&group=G&content=x").await.text, "true");
    assert_eq!(server.form("POST", "/v1/cs/capacity", &[], "group=G&quota=7").await.json()["data"], true);
    let shown = server.get("/v1/cs/capacity?group=G").await.json();
    assert_eq!((shown["data"]["quota"].as_u64(), shown["data"]["usage"].as_u64()), (Some(7), Some(1)));
    assert_eq!(server.get("/v1/cs/capacity?group=").await.json()["data"]["usage"], 1, "all configs");
    assert_eq!(server.form("POST", "/v1/cs/capacity", &[], "group=G&quota=-1").await.status, 400);
}

/// A push as a client reads it: larger ones are compressed.
fn packet(bytes: &[u8]) -> Value {
    let mut text = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
    } else {
        assert!(bytes.len() < 1024, "large pushes are compressed");
        text.extend_from_slice(bytes);
    }
    serde_json::from_slice(&text).expect("JSON")
}

#[tokio::test]
async fn a_client_that_names_its_port_is_pushed_to() {
    let server = Server::start().await;
    let _pusher = Pusher::start(&server.door_state.udp, &server.door_state.naming);
    let client = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let port = client.local_addr().expect("bound").port();
    let query = |ip: &str| format!("/nacos/v1/ns/instance/list?serviceName=svc&clientIP={ip}&udpPort={port}");
    // The address that a client names as its own, here one of the network, is not where it calls from.
    for (ip, agent, count) in [("127.0.0.1", "curl", 0), ("192.0.2.7", "Nacos-Java-Client:v1.4.2", 1)] {
        let request = Request::get(query(ip)).header("user-agent", agent);
        assert_eq!(server.send(request.body(Body::empty()).expect("well formed")).await.status, 200);
        let subscribers = server.get("/v1/ns/service/subscribers?serviceName=svc").await.json();
        assert_eq!(subscribers["count"], count, "{subscribers}");
        if count > 0 {
            assert_eq!(subscribers["subscribers"][0]["addrStr"], format!("127.0.0.1:{port}"), "{subscribers}");
        }
    }
    for ip in ["10.0.0.1", "10.0.0.2"] {
        let path = format!("/v1/ns/instance?serviceName=svc&ip={ip}&port=80");
        assert!(server.ask("POST", &path).await.is(200, "ok"));
        // The list may be pushed more than once on the way to what it is now.
        loop {
            let mut bytes = vec![0; 65_536];
            let (length, from) =
                timeout(SOON, client.recv_from(&mut bytes)).await.expect("a push comes").expect("a datagram");
            let packet = packet(&bytes[..length]);
            assert_eq!(packet["type"], "dom");
            let ack = json!({"type": "push-ack", "lastRefTime": packet["lastRefTime"].to_string(), "data": ""});
            client.send_to(ack.to_string().as_bytes(), from).await.expect("sent");
            let list: Value = serde_json::from_str(packet["data"].as_str().expect("text")).expect("a list");
            if list["hosts"].as_array().is_some_and(|hosts| hosts.iter().any(|host| host["ip"] == ip)) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn clients_are_named_with_what_they_publish() {
    let server = Server::start().await;
    assert!(server.ask("POST", "/v1/ns/instance?serviceName=svc&ip=10.0.0.1&port=80").await.is(200, "ok"));
    let persistent = "/v1/ns/instance?serviceName=kept&ip=10.0.0.1&port=80&ephemeral=false";
    assert!(server.ask("POST", persistent).await.is(200, "ok"));
    let all = server.get("/v2/ns/client/list").await.json();
    assert_eq!(all["data"], json!(["10.0.0.1:80#true", "10.0.0.1:80#false"]));
    let kept = server.get("/v2/ns/client?clientId=10.0.0.1:80%23false").await.json();
    assert_eq!(
        (kept["data"]["ephemeral"].as_bool(), kept["data"]["clientType"].as_str()),
        (Some(false), Some("ipPort"))
    );
    let published = server.get("/v2/ns/client/publish/list?clientId=10.0.0.1:80%23true").await.json();
    assert_eq!(published["data"][0]["serviceName"], "svc");
    let publishers = "/v2/ns/client/service/publisher/list?serviceName=kept&ip=10.0.0.1&port=80";
    assert_eq!(server.get(publishers).await.json()["data"][0]["clientId"], "10.0.0.1:80#false");
}
