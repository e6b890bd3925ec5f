//! Connections that are slow, half closed, or full of noise.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use nacre_harness::Options;
use nacre_harness::grpc::{Client, Transport, TransportOptions, default_setup};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{LIMIT, Victim};

/// Sends a head byte by byte until the server has enough of it.
async fn drip(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: a\r\nX: ".iter().chain(std::iter::repeat(&b'x'));
    for byte in head {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        let mut answer = [0; 512];
        match timeout(Duration::from_millis(100), stream.read(&mut answer)).await {
            Ok(Ok(1..)) | Err(_) => {}
            Ok(Ok(0) | Err(_)) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_drip_in_are_cut() {
    let options = Options::new().set("gateway.listen.head_timeout_ms", "1500");
    let mut victim = Victim::with(options.set("gateway.listen.first_byte_timeout_ms", "1500")).await;
    let addresses = [victim.server.http_address(), victim.server.grpc_address()];
    let mut tasks: JoinSet<()> = (0..200).map(|number| drip(addresses[number % 2])).collect();
    victim.still_serves().await;
    let all = async { while tasks.join_next().await.is_some() {} };
    timeout(LIMIT, all).await.expect("all are cut");
    assert!(victim.server.metric("nacre_limits_struck_total{limit=\"head_time\"}").await.unwrap() >= 150.0);
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_closed_connections_and_streams_are_let_go() {
    let mut victim = Victim::start().await;
    let mut held = Vec::new();
    for number in 0..100 {
        let address = if number % 2 == 0 { victim.server.http_address() } else { victim.server.grpc_address() };
        let mut stream = TcpStream::connect(address).await.unwrap();
        let half: &[u8] = b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
        stream.write_all(if number % 4 < 2 { half } else { b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }).await.unwrap();
        stream.shutdown().await.unwrap();
        held.push(stream);
    }
    let mut clients = Vec::new();
    for _ in 0..50 {
        let client = Client::open(victim.server.grpc_address()).await.unwrap();
        client.outbound().unwrap().half_close();
        clients.push(client);
    }
    victim.still_serves().await;
    for client in clients {
        assert!(client.ended(LIMIT).await, "the server closes its half too");
        client.close().await;
    }
    drop(held);
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_calls_cost_little() {
    let mut victim = Victim::start().await;
    let (mut transports, mut held) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let transport = Transport::connect(victim.server.grpc_address(), TransportOptions::default()).await.unwrap();
        for _ in 0..50 {
            // A prefix that promises nine mebibytes, and a few bytes of them.
            let call = transport.begin_unary(Bytes::from_static(b"\0\0\x90\0\0some"));
            if let Ok(Ok(call)) = timeout(LIMIT, call).await {
                held.push(call);
            }
        }
        assert!(!held.is_empty());
        victim.still_serves().await;
        transports.push(transport);
    }
    drop((held, transports));
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_setups_are_one_client() {
    let mut victim = Victim::start().await;
    let client = Client::open(victim.server.grpc_address()).await.unwrap();
    for _ in 0..1000 {
        client.send(&default_setup());
    }
    victim.still_serves().await;
    nacre_e2e::nacos::register(&client, "setups", "10.9.0.2", 80).await.unwrap();
    let metric = "nacos_monitor{module=\"core\",name=\"longConnection\"}";
    let started = Instant::now();
    // The client that was healthy goes in a moment.
    while victim.server.metric(metric).await.unwrap() != 1.0 {
        assert!(started.elapsed() < LIMIT, "more than one client is counted");
        sleep(Duration::from_millis(50)).await;
    }
    client.close().await;
    victim.recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_is_no_request() {
    let mut victim = Victim::start().await;
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..100 {
        let mut noise = vec![0; random.random_range(1..20_000)];
        random.fill(noise.as_mut_slice());
        // Some begin as if they meant something.
        let start: &[u8] = match round % 5 {
            0 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            1 => b"GET /nacos/v1/cs/configs HTTP/1.1\r\n",
            2 => b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            3 => b"\x16\x03\x01\x02\0\x01",
            _ => b"",
        };
        let address = if round % 2 == 0 { victim.server.http_address() } else { victim.server.grpc_address() };
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may be closed at once.
        let _ = stream.write_all(start).await;
        let _ = stream.write_all(&noise).await;
        let _ = stream.shutdown().await;
        if round % 20 == 0 {
            victim.still_serves().await;
        }
    }
    victim.recovers().await;
}
