//! Requests that are too large or too deep.

use bytes::{BufMut, Bytes, BytesMut};
use nacre_e2e::nacos;
use nacre_harness::grpc::{Client, Message};
use nacre_harness::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{LIMIT, MEBIBYTE, Victim};

const CONFIGS: &str = "/nacos/v1/cs/configs";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_bodies_are_refused() {
    let mut victim = Victim::start().await;
    let mut body = BytesMut::from(&b"dataId=huge&group=g&content="[..]);
    body.put_bytes(b'x', 20 * MEBIBYTE as usize);
    let body = body.freeze();
    let http = victim.server.http().within(LIMIT * 2);
    let mut tasks: JoinSet<u16> = (0..6)
        .map(|number| {
            let kind = if number % 3 == 0 { "text/plain" } else { FORM };
            let request = Request::new("POST", CONFIGS).header("Content-Type", kind).body(body.clone());
            // A server may close before it has read all: no answer is an answer, too.
            async move { http.send(&request).await.map_or(0, |reply| reply.status) }
        })
        .collect();
    victim.still_serves().await;
    while let Some(status) = tasks.join_next().await {
        let status = status.unwrap();
        assert_ne!(status, 200, "20 MiB were taken");
    }
    let client = Client::open(victim.server.grpc_address()).await.unwrap();
    for _ in 0..3 {
        let message = nacos::publish_message("huge", &"x".repeat(20 * MEBIBYTE as usize));
        assert!(client.call(&message).await.is_err());
    }
    nacos::publish(&client, "small", "text").await.unwrap();
    client.close().await;
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_headers_are_refused() {
    let mut victim = Victim::start().await;
    let many = (0..10_000).map(|number| format!("Header-{number}: v\r\n")).collect::<String>();
    let head = format!("GET {CONFIGS} HTTP/1.1\r\nHost: h\r\n{many}\r\n");
    for _ in 0..20 {
        let mut stream = TcpStream::connect(victim.server.http_address()).await.unwrap();
        // It is closed before all is written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("closed in time");
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 431") || text.starts_with("HTTP/1.1 400"), "{text}");
    }
    victim.still_serves().await;
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_json_overflows_nothing() {
    let mut victim = Victim::start().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let texts = [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(1_000_000), "{\"metadata\":".repeat(50_000)];
    let client = Client::open(victim.server.grpc_address()).await.unwrap();
    let http = victim.server.http().within(LIMIT);
    for text in &texts {
        for kind in ["InstanceRequest", "ConfigPublishRequest", "ConfigBatchListenRequest", "BatchInstanceRequest"] {
            let inner = format!("{{\"instance\":{text},\"configListenContexts\":{text},\"instances\":{text}}}");
            for body in [text.clone(), inner] {
                let reply = client.call(&Message::raw(kind, Some(Bytes::from(body)))).await.unwrap();
                assert_ne!(reply.json()["success"], true, "{kind}");
            }
        }
        let instance = [("serviceName", "deep"), ("ip", "10.9.0.3"), ("port", "80")];
        for (path, name) in [
            ("/nacos/v1/ns/instance", "metadata"),
            ("/nacos/v2/ns/instance", "metadata"),
            ("/nacos/v1/ns/instance/beat", "beat"),
            ("/nacos/v1/ns/service", "selector"),
        ] {
            let form = [&instance[..], &[(name, text.as_str())]].concat();
            let put = http.put(path, &form).await.unwrap();
            let post = http.post(path, &form).await.unwrap();
            assert!(put.status >= 400 && post.status >= 400, "{path}: {} {}", put.status, post.status);
        }
        let clone =
            Request::new("POST", format!("{CONFIGS}?clone=true&tenant=")).header("Content-Type", "application/json");
        let reply = http.send(&clone.body(text.clone())).await.unwrap();
        assert!(reply.status >= 400 || reply.json()["code"] != 200, "{}", reply.text());
    }
    victim.still_serves().await;
    client.close().await;
    victim.recovers().await;
}
