//! Streams that are half open, never read or full of nonsense.

use std::time::Duration;

use bytes::Bytes;
use nacre_e2e::long;
use nacre_e2e::nacos::{self, SERVICE_PUSH};
use nacre_harness::Options;
use nacre_harness::grpc::{Client, Message, Transport, TransportOptions};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{MEBIBYTE, assert_healthy, assert_usable};

const LIMIT: Duration = Duration::from_secs(10);
const SERVICE: &str = "busy";

/// A register whose list is large, so that pushes fill windows and buffers soon.
fn large_register(port: u16) -> Message {
    let instances: Vec<_> = (0..50)
        .map(|number| {
            let ip = format!("10.6.0.{number}");
            json!({"ip": ip, "port": port, "clusterName": "DEFAULT", "metadata": {"filler": "x".repeat(900)}})
        })
        .collect();
    let body = json!({
        "headers": {}, "namespace": "public", "serviceName": SERVICE, "groupName": "DEFAULT_GROUP",
        "type": "batchRegisterInstance", "instances": instances, "module": "naming",
    });
    Message::new("BatchInstanceRequest", &body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_closed_stream_keeps_its_connection() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    nacos::register(&client, "half", "10.6.1.1", 80).await.unwrap();
    client.outbound().unwrap().half_close();
    assert!(client.ended(LIMIT).await, "the server closes its half too");
    assert_usable(&client).await;
    assert_eq!(nacos::hosts(&client, "half").await.unwrap().len(), 1);
    let observer = Client::open(server.grpc_address()).await.unwrap();
    client.close().await;
    let deadline = Instant::now() + LIMIT;
    while !nacos::hosts(&observer, "half").await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "the closed connection's instance is still there");
        sleep(Duration::from_millis(20)).await;
    }
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_never_end_cost_little() {
    let mut server = Options::new().start().await.unwrap();
    assert_healthy(&mut server).await;
    let before = server.resident_bytes().unwrap();
    let (mut transports, mut held) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let transport = Transport::connect(server.grpc_address(), TransportOptions::default()).await.unwrap();
        for _ in 0..50 {
            // A prefix that promises nine mebibytes, and a few bytes of them.
            let call =
                tokio::time::timeout(LIMIT, transport.begin_unary(Bytes::from_static(b"\0\0\x90\0\0some"))).await;
            if let Ok(Ok(call)) = call {
                held.push(call);
            }
        }
        held.extend(tokio::time::timeout(LIMIT, transport.bidi()).await.into_iter().flatten());
        assert_healthy(&mut server).await;
        transports.push(transport);
    }
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 64 * MEBIBYTE, "memory grew by {} MiB", grown / MEBIBYTE);
    drop((transports, held));
    assert_healthy(&mut server).await;
}

/// Answers to nothing, answers that are no JSON, types that nobody knows, and requests that belong elsewhere.
fn send_nonsense(client: &Client, times: usize) {
    for number in 0..times {
        let answer = json!({"resultCode": 200, "errorCode": 0, "requestId": number.to_string(), "success": true});
        client.send(&Message::new("NotifySubscriberResponse", &answer));
        client.send(&Message::raw("ConfigChangeNotifyResponse", Some(Bytes::from_static(b"[[["))));
        client.send(&Message::raw("NoSuchType", None));
        client.send(&Message::new("InstanceRequest", &json!({})));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_on_a_stream_is_dropped() {
    let mut server = Options::new().start().await.unwrap();
    let client = Client::open(server.grpc_address()).await.unwrap();
    send_nonsense(&client, 300);
    assert_usable(&client).await;
    for _ in 0..200 {
        client.send(&nacre_harness::grpc::default_setup());
    }
    assert_usable(&client).await;

    // A flood of tiny frames may cost its sender the connection, and nobody else anything.
    let flooder = Client::open(server.grpc_address()).await.unwrap();
    send_nonsense(&flooder, 10_000);
    assert_usable(&client).await;

    // Bytes that are no message end the stream at most, not the server.
    let rude = Client::open(server.grpc_address()).await.unwrap();
    let outbound = rude.outbound().unwrap();
    outbound.send_bytes(Bytes::from_static(b"\0\0\0\0\x05\xff\xff\xff\xff\xff"), false);
    outbound.send_bytes(Bytes::from_static(b"\x07\xff\xff\xff\xffrest"), false);
    sleep(Duration::from_millis(200)).await;
    assert_healthy(&mut server).await;
}

/// One subscriber never takes anything: on the level of HTTP/2, and on that of TCP. The others are not held up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_never_reads_costs_bounded_memory() {
    let changes = if long() { 4000 } else { 400 };
    let mut server = Options::new().start().await.unwrap();
    let address = server.grpc_address();
    let provider = Client::open(address).await.unwrap();
    let reader = Client::open(address).await.unwrap();
    let small = TransportOptions { stream_window: 65_535, connection_window: 65_535, ..TransportOptions::default() };
    let mut holders = Vec::new();
    for number in 0..10 {
        let mut client = Client::connect_with(address, small, None).await.unwrap();
        client.set_up(&nacre_harness::grpc::default_setup()).await.unwrap();
        nacos::subscribe(&client, SERVICE).await.unwrap();
        if number % 2 == 0 {
            client.hold_stream(true);
        } else {
            client.transport().stop_reading();
        }
        holders.push(client);
    }
    nacos::must(&provider, &large_register(1)).await.unwrap();
    nacos::subscribe(&reader, SERVICE).await.unwrap();
    let before = server.resident_bytes().unwrap();
    let mut slowest = Duration::ZERO;
    for change in 0..changes {
        let port = 2 + change;
        let started = Instant::now();
        nacos::must(&provider, &large_register(port)).await.unwrap();
        if change % 20 == 0 {
            let wanted = format!("10.6.0.0:{port}");
            loop {
                let push = reader.next_push(Some(SERVICE_PUSH), LIMIT).await.expect("the reader is served");
                if nacos::pushed(&push).contains(&wanted) {
                    break;
                }
            }
            slowest = slowest.max(started.elapsed());
        }
    }
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 64 * MEBIBYTE, "memory grew by {} MiB in {changes} changes", grown / MEBIBYTE);
    assert!(slowest < Duration::from_secs(5), "a change took {slowest:?} to reach a subscriber that reads");
    assert_healthy(&mut server).await;
    if long() {
        sleep(Duration::from_secs(40)).await;
        nacos::must(&provider, &large_register(1)).await.unwrap();
        for client in &holders {
            client.transport().thaw();
            client.hold_stream(false);
            assert!(client.ended(LIMIT).await, "a stream that took nothing for more than 30 s is ended");
        }
    }
}
