//! Input that is wrong, too much or never ends: the error that Nacos gives, and a server that lives on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "bad_input/bytes.rs"]
mod bytes;
#[path = "bad_input/http.rs"]
mod http;
#[path = "bad_input/requests.rs"]
mod requests;
#[path = "bad_input/streams.rs"]
mod streams;
#[path = "bad_input/sweep.rs"]
mod sweep;

use std::time::Duration;

use nacre_e2e::nacos;
use nacre_harness::Server;
use nacre_harness::grpc::{Client, Message};
use serde_json::json;

const MEBIBYTE: u64 = 1 << 20;

/// Both doors still work for a client that behaves.
async fn assert_healthy(server: &mut Server) {
    assert!(server.is_running(), "the server has ended\n{}", server.log());
    let client = Client::open(server.grpc_address()).await.unwrap();
    assert_usable(&client).await;
    let reply = server.http().within(Duration::from_secs(5)).get("/nacos/v1/console/health/readiness", &[]).await;
    assert_eq!(reply.unwrap().status, 200);
    let log = server.log();
    assert!(!log.contains("panicked"), "a panic in the log:\n{log}");
}

/// The connection still serves reads and writes.
async fn assert_usable(client: &Client) {
    let service = format!("usable-{:x}", rand::random::<u64>());
    nacos::register(client, &service, "10.5.0.1", 80).await.unwrap();
    assert_eq!(nacos::hosts(client, &service).await.unwrap().len(), 1);
    nacos::publish(client, &service, "text").await.unwrap();
    assert_eq!(nacos::content(client, &service).await.unwrap().as_deref(), Some("text"));
}

/// The reply to a request: its type, `resultCode` and `errorCode`.
async fn codes(client: &Client, message: &Message) -> (String, i64, i64) {
    let reply = client.call(message).await.unwrap_or_else(|error| panic!("{}: {error}", message.kind));
    let body = reply.json();
    assert_ne!(body["success"], json!(true), "{} with {} was taken", message.kind, message.text());
    let code = |name: &str| body[name].as_i64().unwrap_or_default();
    (reply.kind.clone(), code("resultCode"), code("errorCode"))
}

fn error(result: i64, code: i64) -> (String, i64, i64) {
    ("ErrorResponse".to_owned(), result, code)
}
