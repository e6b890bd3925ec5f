//! Bytes on both ports that are neither HTTP nor gRPC, and peers that are slow or gone.

use std::net::SocketAddr;
use std::time::Duration;

use nacre_e2e::nacos;
use nacre_harness::Options;
use nacre_harness::grpc::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{MEBIBYTE, assert_healthy, assert_usable};

/// Sends bytes and reads until the server closes or half a second has passed.
async fn poke(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = vec![0; 65_536];
    let _ = timeout(Duration::from_millis(500), async { while stream.read(&mut answer).await.is_ok_and(|n| n > 0) {} })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_both_ports_does_no_harm() {
    let mut server = Options::new().start().await.unwrap();
    let long_line = [b"GET /".as_slice(), &vec![b'a'; 200_000], b" HTTP/1.1\r\n\r\n"].concat();
    let many = (0..5000).map(|number| format!("Header-{number}: v\r\n")).collect::<String>();
    let many = format!("GET /nacos/v1/ns/operator/metrics HTTP/1.1\r\nHost: h\r\n{many}\r\n");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    let settings = [preface, b"\0\0\0\x04\0\0\0\0\0"].concat();
    let huge_frame = [settings.as_slice(), b"\xff\xff\xff\0\0\0\0\0\x01"].concat();
    let bad_headers = [settings.as_slice(), b"\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff"].concat();
    let pings = [settings.clone(), b"\0\0\x08\x06\0\0\0\0\0pingping".repeat(2000)].concat();
    let resets: Vec<u8> = (0..500_u32)
        .flat_map(|number| {
            let id = (number * 2 + 1).to_be_bytes();
            // HEADERS with an indexed method, scheme and path, then RST_STREAM.
            [b"\0\0\x03\x01\x04".as_slice(), &id, b"\x83\x86\x84", b"\0\0\x04\x03\0", &id, b"\0\0\0\x08"].concat()
        })
        .collect();
    let resets = [settings.clone(), resets].concat();
    let cases: [&[u8]; 15] = [
        b"\0",
        b"\r\n\r\n",
        &[0xff; 10_000],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /nacos/v1/cs/configs HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nabc",
        &long_line,
        many.as_bytes(),
        &settings,
        &huge_frame,
        &bad_headers,
        &pings,
        &resets,
    ];
    for case in cases {
        tokio::join!(poke(server.http_address(), case), poke(server.grpc_address(), case));
    }
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_and_slow_peers_cost_little() {
    let mut server = Options::new().start().await.unwrap();
    assert_healthy(&mut server).await;
    let before = server.resident_bytes().unwrap();
    let mut peers = Vec::new();
    for number in 0..400 {
        let address = if number % 2 == 0 { server.http_address() } else { server.grpc_address() };
        let mut stream = TcpStream::connect(address).await.unwrap();
        let part: &[u8] = if number % 3 == 0 { b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHo" } else { b"PRI * HT" };
        stream.write_all(part).await.unwrap();
        peers.push(stream);
    }
    assert_healthy(&mut server).await;
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 48 * MEBIBYTE, "400 idle peers cost {} MiB", grown / MEBIBYTE);
    drop(peers);
    server.terminate().await.unwrap();
}

/// A reset is noticed at once, and what the connection had published goes with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_connection_takes_its_instances_along() {
    let mut server = Options::new().start().await.unwrap();
    let observer = Client::open(server.grpc_address()).await.unwrap();
    for round in 0..20 {
        let client = Client::open(server.grpc_address()).await.unwrap();
        nacos::register(&client, "reset", "10.7.0.1", 80).await.unwrap();
        assert_eq!(nacos::hosts(&observer, "reset").await.unwrap().len(), 1, "round {round}");
        client.reset().await;
        let deadline = Instant::now() + Duration::from_secs(5);
        while !nacos::hosts(&observer, "reset").await.unwrap().is_empty() {
            assert!(Instant::now() < deadline, "round {round}: the instance is still there");
            sleep(Duration::from_millis(5)).await;
        }
    }
    assert_usable(&observer).await;
    assert_healthy(&mut server).await;
}
