//! `nacre-harness serve` as a runner of cases sees it: a process, lines in and lines out.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

struct Harness {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    last: u64,
}

impl Harness {
    async fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nacre-harness"))
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program was built with this test");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut harness = Self { child, input, output, last: 0 };
        assert_eq!(harness.line().await, json!({"ready": {"protocol": 1}}));
        harness
    }

    async fn line(&mut self) -> Value {
        let line = timeout(Duration::from_secs(60), self.output.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.expect("lines are text").expect("the process lives")).expect("lines are JSON")
    }

    async fn send(&mut self, request: &Value) {
        self.input.write_all(format!("{request}\n").as_bytes()).await.expect("the process reads");
    }

    async fn perform(&mut self, operation: &str, args: Value) -> Result<Value, String> {
        self.last += 1;
        self.send(&json!({"id": self.last, "scope": "case", "do": operation, "args": args})).await;
        let answer = self.line().await;
        assert_eq!(answer["id"], json!(self.last), "{answer}");
        match answer.get("error") {
            Some(error) => Err(error.as_str().expect("errors are text").to_owned()),
            None => Ok(answer["value"].clone()),
        }
    }

    async fn value(&mut self, operation: &str, args: Value) -> Value {
        self.perform(operation, args).await.expect("the operation succeeds")
    }
}

#[tokio::test]
async fn files_stay_below_their_directory() {
    let mut harness = Harness::start().await;
    let dir = harness.value("scope.begin", json!({})).await["dir"].as_str().unwrap().to_owned();
    harness.value("file.write", json!({"path": "a/b.txt", "content": {"repeat": "xy", "times": 3}})).await;
    assert_eq!(std::fs::read_to_string(format!("{dir}/a/b.txt")).unwrap(), "xyxyxy");
    harness.value("file.write", json!({"path": "a/c", "content": {"base64": "/w=="}})).await;
    assert_eq!(harness.value("file.read", json!({"path": "a/c"})).await, json!({"base64": "/w=="}));
    assert_eq!(harness.value("file.list", json!({"path": "a"})).await, json!(["a/b.txt", "a/c"]));
    let late = json!({"path": "a/b.txt", "content": "never", "within_ms": 50});
    assert!(harness.perform("file.wait", late).await.unwrap_err().contains("xyxyxy"));
    harness.value("file.remove", json!({"path": "a"})).await;
    harness.value("file.wait", json!({"path": "a/b.txt", "absent": true})).await;
    for path in ["../x", "/etc/passwd", "a/../../x"] {
        let error = harness.perform("file.read", json!({"path": path})).await.unwrap_err();
        assert!(error.contains("not below"), "{error}");
    }
    harness.value("scope.end", json!({})).await;
    assert!(!std::path::Path::new(&dir).exists());
}

#[tokio::test]
async fn runs_a_server_behind_a_proxy_with_a_second_client() {
    let mut harness = Harness::start().await;
    let server = harness.value("server.start", json!({})).await["address"].clone();
    let proxy = harness.value("proxy.start", json!({"to": server})).await["address"].clone();
    harness.value("client.open", json!({"name": "b", "to": proxy})).await;
    let publish = json!({"dataId": "d", "group": "g", "tenant": "", "content": "x"});
    let call = json!({"name": "b", "type": "ConfigPublishRequest", "body": publish});
    let reply = harness.value("client.call", call.clone()).await;
    assert_eq!((&reply["type"], &reply["body"]["resultCode"]), (&json!("ConfigPublishResponse"), &json!(200)));
    assert_eq!(harness.value("proxy.connections", json!({})).await, json!({"open": 1, "accepted": 1}));
    let read = json!({"to": server, "path": "/nacos/v1/cs/configs", "query": {"dataId": "d", "group": "g"}});
    assert_eq!(harness.value("http.call", read.clone()).await, json!({"status": 200, "body": "x"}));
    harness.value("proxy.disconnect", json!({"end": "reset"})).await;
    harness.value("proxy.wait", json!({"open": 0})).await;
    assert!(harness.perform("client.call", call).await.is_err());
    harness.value("client.close", json!({"name": "b"})).await;
    harness.value("server.restart", json!({"how": "kill"})).await;
    assert_eq!(harness.value("http.call", read).await["body"], json!("x"));
    harness.value("server.stop", json!({})).await;
    assert_eq!(harness.value("server.status", json!({})).await, json!({"running": false}));
    assert!(harness.perform("server.stop", json!({})).await.is_err());
}

#[tokio::test]
async fn requests_run_side_by_side_and_bad_ones_are_named() {
    let mut harness = Harness::start().await;
    harness.send(&json!({"id": 1, "do": "file.wait", "args": {"path": "later"}})).await;
    harness.send(&json!({"id": 2, "do": "file.write", "args": {"path": "later", "content": "now"}})).await;
    let (first, second) = (harness.line().await, harness.line().await);
    assert_eq!((first, second), (json!({"id": 2, "value": null}), json!({"id": 1, "value": {"content": "now"}})));
    harness.send(&json!({"id": 3, "do": "file.wait", "args": {"path": "never"}, "limit_ms": 50})).await;
    assert_eq!(harness.line().await, json!({"id": 3, "error": "file.wait: not done within 50ms"}));
    for (request, part) in [
        (json!({"id": 4, "do": "file.fly"}), "no such operation"),
        (json!({"id": 5, "do": "file.read", "args": {"path": "x", "colour": 1}}), "unknown field `colour`"),
        (json!({"id": 6, "do": "proxy.fault", "args": {"fault": "delay"}}), "ms"),
        (json!([]), "no request"),
    ] {
        harness.send(&request).await;
        let answer = harness.line().await;
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(part)), "{answer}");
    }
    drop(harness.input);
    let ended = timeout(Duration::from_secs(10), harness.child.wait()).await.expect("ends with its input").unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn a_stub_says_what_it_is_told_to() {
    let mut harness = Harness::start().await;
    let stub = harness.value("stub.start", json!({"abilities": {"lock": true}})).await["address"].clone();
    let refusal = json!({"type": "ConfigQueryRequest", "replies": [{"body": {"resultCode": 500, "errorCode": 503}}]});
    harness.value("stub.reply", refusal).await;
    harness.value("client.open", json!({"name": "a", "to": stub, "labels": {"AppName": "shop"}})).await;
    let call = json!({"name": "a", "type": "ConfigQueryRequest", "headers": {"k": "v"}, "body": {"dataId": "d"}});
    assert_eq!(harness.value("client.call", call).await["body"]["errorCode"], json!(503));
    let wait = json!({"type": "ConfigQueryRequest", "body": {"dataId": "d"}, "headers": {"k": "v"}});
    assert_eq!(harness.value("stub.wait", wait).await["connection"], json!(1));
    let labels = json!({"type": "ConnectionSetupRequest", "body": {"labels": {"AppName": "shop"}}});
    harness.value("stub.wait", labels).await;
    let push = json!({"type": "ConfigChangeNotifyRequest", "body": {"requestId": "9", "dataId": "d"}});
    assert_eq!(harness.value("stub.push", push).await, json!({"streams": 1}));
    let pushed = harness.value("client.push", json!({"name": "a", "type": "ConfigChangeNotifyRequest"})).await;
    assert_eq!(pushed["body"]["dataId"], json!("d"));
    harness.value("stub.wait", json!({"type": "ConfigChangeNotifyResponse", "body": {"requestId": "9"}})).await;
}
