//! HTTP requests that are not what they should be.

use std::time::Duration;

use nacre_harness::Options;
use nacre_harness::http::{Http, Request};

use super::{MEBIBYTE, assert_healthy};

const INSTANCE: &str = "/nacos/v1/ns/instance";
const CONFIGS: &str = "/nacos/v1/cs/configs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn illegal_parameters_are_refused() {
    let mut server = Options::new().start().await.unwrap();
    let http = server.http();
    let good = [("serviceName", "bad"), ("ip", "10.8.0.1"), ("port", "80")];
    let wrong = [
        ("port", "-1"),
        ("port", "65536"),
        ("port", "eighty"),
        ("port", "99999999999999999999"),
        ("ip", "a b"),
        ("serviceName", "a b"),
        ("serviceName", "@@"),
        ("namespaceId", "a b"),
        ("groupName", "a/b"),
        ("clusterName", "a b"),
        ("metadata", "no json and no pairs"),
        ("weight", "-1"),
        ("weight", "10001"),
        ("weight", "heavy"),
    ];
    for (name, value) in wrong {
        let mut form: Vec<(&str, &str)> = good.iter().copied().filter(|(other, _)| *other != name).collect();
        form.push((name, value));
        for path in [INSTANCE, "/nacos/v2/ns/instance"] {
            let reply = http.post(path, &form).await.unwrap();
            assert!((400..=501).contains(&reply.status), "{path} {name}={value}: {} {}", reply.status, reply.text());
        }
    }
    let list = http.get("/nacos/v1/ns/instance/list", &[("serviceName", "bad")]).await.unwrap();
    assert_eq!(list.json()["hosts"], serde_json::json!([]), "a refused instance is listed");
    // Nacos takes a weight that is no number; whether it is taken here or not, the list stays readable.
    let odd = [("serviceName", "odd"), ("ip", "10.8.0.2"), ("port", "80"), ("weight", "NaN")];
    http.post(INSTANCE, &odd).await.unwrap();
    let list = http.get("/nacos/v1/ns/instance/list", &[("serviceName", "odd")]).await.unwrap();
    assert!(list.json()["hosts"].is_array(), "no list: {}", list.text());
    for (name, value) in [("dataId", "a/b"), ("group", "a b"), ("tenant", "a b"), ("content", "")] {
        let mut form = vec![("dataId", "d"), ("group", "g"), ("content", "c")];
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        let reply = http.post(CONFIGS, &form).await.unwrap();
        assert!((400..=500).contains(&reply.status), "{name}={value}: {} {}", reply.status, reply.text());
    }
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_requests_get_an_answer() {
    let mut server = Options::new().start().await.unwrap();
    let http = server.http().within(Duration::from_secs(10));
    let form = "application/x-www-form-urlencoded";
    let listening = "/nacos/v1/cs/configs/listener";
    let pairs = "&".repeat(100_000);
    let listens = format!("Listening-Configs={}", "a%02b%02%01".repeat(20_000));
    let requests = [
        Request::new("GET", format!("{CONFIGS}?dataId=%zz&group=%")),
        Request::new("GET", format!("{CONFIGS}?dataId=%ff%fe&group=%00")),
        Request::new("GET", format!("{CONFIGS}?{}", "a=b&".repeat(5000))),
        Request::new("POST", CONFIGS).header("Content-Type", form).body(pairs),
        Request::new("POST", CONFIGS).header("Content-Type", form).body(vec![0xff; 5000]),
        Request::new("POST", CONFIGS)
            .header("Content-Type", "application/x-www-form-urlencoded;charset=klingon")
            .body("a=b"),
        Request::new("POST", CONFIGS).header("Content-Type", "multipart/form-data").body("no parts"),
        Request::new("POST", CONFIGS).header("Content-Type", "application/grpc").body("no frame"),
        Request::new("POST", listening).header("Content-Type", form).body("Listening-Configs=%01%02%01"),
        Request::new("POST", listening)
            .header("Content-Type", form)
            .header("Long-Pulling-Timeout", "soon")
            .body("Listening-Configs=a"),
        Request::new("POST", listening)
            .header("Content-Type", form)
            .header("Long-Pulling-Timeout-No-Hangup", "true")
            .body(listens),
        Request::new("PUT", "/nacos/v1/ns/instance/beat?serviceName=a&beat=%7B%22port%22%3A"),
        Request::new("PUT", "/nacos/v1/ns/instance/beat?serviceName=a&beat=%5B%5B%5B"),
        Request::new("NONSENSE", "/nacos/v1/ns/instance"),
        Request::new("GET", "/nacos/%2e%2e/%2e%2e/etc/passwd"),
        Request::new("GET", "/nacos//v1//ns//instance"),
        Request::new("OPTIONS", "*"),
    ];
    for request in requests {
        let reply = http.send(&request).await.unwrap_or_else(|error| panic!("{:.120} {error:#}", request.target));
        assert!((200..=505).contains(&reply.status), "{:.120}: {}", request.target, reply.status);
        assert_ne!(reply.status, 502, "{:.120}", request.target);
    }
    assert_healthy(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_bodies_and_too_many_headers_are_refused() {
    let mut server = Options::new().start().await.unwrap();
    assert_healthy(&mut server).await;
    let before = server.resident_bytes().unwrap();
    let http = Http::new(server.http_address()).within(Duration::from_secs(20));
    for _ in 0..3 {
        let body = format!("dataId=d&group=g&content={}", "x".repeat(100 << 20));
        let request =
            Request::new("POST", CONFIGS).header("Content-Type", "application/x-www-form-urlencoded").body(body);
        // The server may close before it has read all: then there is no answer to see.
        if let Ok(reply) = http.send(&request).await {
            assert!((400..=500).contains(&reply.status), "{}", reply.status);
        }
    }
    let many =
        (0..3000).fold(Request::new("GET", CONFIGS), |request, number| request.header(&format!("H-{number}"), "v"));
    if let Ok(reply) = http.send(&many).await {
        assert!((400..=500).contains(&reply.status), "{}", reply.status);
    }
    let content = http.get(CONFIGS, &[("dataId", "d"), ("group", "g")]).await.unwrap();
    assert_eq!(content.status, 404);
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 128 * MEBIBYTE, "memory grew by {} MiB", grown / MEBIBYTE);
    assert_healthy(&mut server).await;
}
