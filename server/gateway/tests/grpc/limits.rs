//! Requests and connections that take too long or are too many.

use std::time::Duration;

use nacre_gateway::http::Settings as HttpSettings;
use nacre_gateway::{ListenSettings, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::error_code;
use crate::support::Server;

const LIMIT: Duration = Duration::from_secs(20);

/// Sends bytes and reads what comes until the server closes.
async fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.doors.http_address()).await.expect("listens");
    // It may be closed before all is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    // A reset is as good as an end.
    let _ = timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("closed in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until the metrics say that a limit struck.
async fn struck(server: &Server, limit: &str) {
    let started = Instant::now();
    loop {
        let (_, page) = server.get("/nacos/actuator/prometheus").await;
        let line =
            page.lines().find(|line| line.contains(&format!("{{limit=\"{limit}\"}}"))).expect("a row").to_owned();
        if !line.ends_with(" 0") {
            return;
        }
        assert!(started.elapsed() < LIMIT, "{limit} did not strike");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_are_given_up() {
    let listen = ListenSettings { first_byte_timeout_ms: 1000, head_timeout_ms: 1000, ..ListenSettings::default() };
    let http = HttpSettings { body_timeout_ms: 500, ..HttpSettings::default() };
    let server = Server::start(Settings { listen, http, ..Settings::default() }).await;
    assert_eq!(send(&server, b"").await, "");
    struck(&server, "first_byte_time").await;
    assert_eq!(send(&server, b"PRI * HTTP/2").await, "");
    send(&server, b"GET /nacos/v1/console/health/liveness HTTP/1.1\r\nHost: a\r\n").await;
    struck(&server, "head_time").await;
    let form = b"POST /nacos/v1/cs/configs HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n\r\ndataId=";
    let answer = send(&server, form).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    struck(&server, "body_time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_heads_are_refused() {
    let server = Server::start(Settings::default()).await;
    let long = format!("GET /nacos/?{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(100_000));
    let answer = send(&server, long.as_bytes()).await;
    let is_refused = ["HTTP/1.1 431", "HTTP/1.1 414"].iter().any(|status| answer.starts_with(status));
    assert!(is_refused || answer.is_empty(), "{answer}");
    struck(&server, "head_size").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_second_are_counted_on_both_doors() {
    let listen = ListenSettings { max_requests_per_second: 1, ..ListenSettings::default() };
    let server = Server::start(Settings { listen, ..Settings::default() }).await;
    let (connection, _stream) = server.client("naming").await;
    let started = Instant::now();
    let (mut http, mut grpc) = (0, 0);
    while http == 0 || grpc == 0 {
        let (status, text) = server.get("/nacos/v1/ns/operator/metrics").await;
        assert!(status == 200 || status == 503, "{status} {text}");
        http += u32::from(status == 503);
        let query = serde_json::json!({"serviceName": "s", "groupName": "g", "namespace": "public"});
        let (kind, body) = connection.call("ServiceQueryRequest", query).await;
        if body["errorCode"] == 503 {
            assert_eq!(kind, "ErrorResponse");
            grpc += 1;
        }
        assert_eq!(error_code(&connection, "HealthCheckRequest").await.1, 0, "a sign of life counts");
        assert!(started.elapsed() < LIMIT, "{http} over HTTP and {grpc} over gRPC were refused");
    }
    assert_eq!(server.get("/nacos/v1/console/health/liveness").await.0, 200, "probes are served");
    struck(&server, "requests_per_second").await;
}
