//! Where the servers are, and which of their ports speaks gRPC.

use std::{net::SocketAddr, time::Duration};

use nacre_client::{Client, ErrorKind, Event, ServerGeneration, State, options::Endpoint};
use nacre_harness::{Options, stub::Stub};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{PATIENCE, call, client, connected, http, timed, until};

#[tokio::test]
async fn the_status_of_a_real_server() {
    let server = Options::new().start().await.unwrap();
    let client = client(&[server.http_address()]).connect().await.unwrap();
    let status = client.status();
    assert_eq!((status.state, status.generation), (State::Connected, 1));
    assert_eq!(status.server, Some(server.http_address().to_string()));
    assert!(status.server_generation >= ServerGeneration::Two);
    assert!(status.local_address.unwrap().ip().is_loopback());
    assert!(status.since.elapsed().unwrap() < PATIENCE);
    assert!(status.last_error.is_none());
    call(&client).await.unwrap();
    let metrics = client.metrics();
    assert_eq!((metrics.connections, metrics.calls, metrics.failed_calls), (1, 1, 0));
    client.close().await;
}

#[tokio::test]
async fn a_name_and_a_scheme_are_as_good_as_an_address() {
    let server = Options::new().start().await.unwrap();
    let port = server.http_address().port();
    for address in [format!("localhost:{port}"), format!("http://127.0.0.1:{port}/nacos")] {
        let client = Client::builder().server(&address).connect().await.unwrap();
        call(&client).await.unwrap();
        client.close().await;
    }
}

#[tokio::test]
async fn one_open_port_is_enough() {
    let server = Options::new().start().await.unwrap();
    let client = client(&[server.http_address()]).grpc_port_offset(0).connect().await.unwrap();
    call(&client).await.unwrap();

    // Nobody listens on the other port.
    let stub = Stub::start(false).await.unwrap();
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let (client, took) = timed(crate::support::client(&[stub.address()]).connect()).await;
        assert_eq!(client.unwrap().status().server, Some(stub.address().to_string()));
        quickest = quickest.min(took);
    }
    assert!(quickest < Duration::from_millis(900), "a refused port is not waited for: {quickest:?}");
}

#[tokio::test]
async fn a_silent_port_costs_a_second_once() {
    let stub = Stub::start(false).await.unwrap();
    let grpc = SocketAddr::from(([127, 0, 0, 1], stub.address().port() + 1000));
    // Connections are made by the system and never answered.
    let _silent = TcpListener::bind(grpc).await.unwrap();
    let (client, took) = timed(client(&[stub.address()]).connect()).await;
    let client = client.unwrap();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "{took:?}");

    let mut quickest = Duration::MAX;
    for generation in 2..5 {
        stub.disconnect().await;
        quickest = quickest.min(timed(connected(&client, generation)).await.1);
    }
    assert!(quickest < Duration::from_millis(800), "the port that answered is remembered: {quickest:?}");
}

#[tokio::test]
async fn the_next_server_is_taken_when_one_refuses() {
    let stub = Stub::start(true).await.unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let client = client(&[nobody, stub.address()]).connect().await.unwrap();
    assert_eq!(client.status().server, Some(stub.address().to_string()));
    assert_eq!(client.servers(), [nobody.to_string(), stub.address().to_string()]);
}

#[tokio::test]
async fn no_server_at_all_is_told_with_its_reason() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let (result, took) = timed(client(&[nobody]).request_timeout(Duration::from_millis(300)).connect()).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unreachable, -401));
    assert!(error.reason().contains("127.0.0.1:1001"), "{error}");
    assert!(took < Duration::from_secs(4), "{took:?}");

    for bad in ["", "http://", "a:b", "ftp://x"] {
        assert_eq!(Client::builder().server(bad).build().unwrap_err().kind(), ErrorKind::InvalidParameter, "{bad}");
    }
    assert_eq!(Client::builder().namespace("a b").build().unwrap_err().code(), 400);
}

#[tokio::test]
async fn an_address_server_names_the_servers_and_changes_them() {
    let (addresses, first, second) =
        (Stub::start(false).await.unwrap(), Stub::start(true).await.unwrap(), Stub::start(true).await.unwrap());
    let route = "GET /nacos/serverlist";
    addresses.http(route, vec![http(500, json!("not yet")), http(200, json!(format!("{}\n", first.address())))]);
    let mut endpoint = Endpoint::new("127.0.0.1");
    endpoint.port = addresses.address().port();
    endpoint.refresh = Duration::from_millis(50);
    endpoint.query = "nofix=1".into();
    let client = Client::builder().endpoint(endpoint).namespace("dev").connect().await.unwrap();
    assert_eq!(client.status().server, Some(first.address().to_string()));
    assert_eq!(addresses.http_received()[0]["query"], "namespace=dev&nofix=1");

    let mut events = client.events();
    // An empty or broken list changes nothing.
    addresses.http(route, vec![http(200, json!("")), http(503, json!("")), http(200, json!("a:b"))]);
    let read = addresses.http_received().len();
    assert!(until(|| addresses.http_received().len() > read + 4).await);
    assert_eq!((client.status().generation, client.servers().len()), (1, 1));

    addresses.http(route, vec![http(200, json!(second.address().to_string()))]);
    connected(&client, 2).await;
    assert_eq!(client.status().server, Some(second.address().to_string()));
    assert!(matches!(events.next().await, Some(Event::ServersChanged { count: 1 })));
    assert!(matches!(events.next().await, Some(Event::Connected { generation: 2, .. })));
    assert!(client.status().last_error.is_none(), "nothing was lost");
}

#[tokio::test]
async fn a_reset_moves_the_client_to_the_server_that_it_names() {
    let stubs = [Stub::start(true).await.unwrap(), Stub::start(true).await.unwrap(), Stub::start(true).await.unwrap()];
    let addresses = stubs.each_ref().map(Stub::address);
    let client = client(&addresses).connect().await.unwrap();
    let mut events = client.events();
    let port = addresses[2].port().to_string();
    stubs[0]
        .push("ConnectResetRequest", &json!({"requestId": "1", "serverIp": "127.0.0.1", "serverPort": port}))
        .unwrap();
    connected(&client, 2).await;
    assert_eq!(client.status().server, Some(addresses[2].to_string()));
    stubs[0].wait_received(|received| received.message.kind == "ConnectResetResponse", PATIENCE).await.unwrap();
    let target = match events.next().await {
        Some(Event::Reset { target }) => target,
        other => panic!("{other:?}"),
    };
    assert_eq!(target, Some(addresses[2].to_string()));

    stubs[2].push("ConnectResetRequest", &json!({"requestId": "2"})).unwrap();
    connected(&client, 3).await;
    assert_ne!(client.status().server, Some(addresses[2].to_string()));
    assert_eq!(client.metrics().failed_connections, 0);
}
