use std::time::Duration;

use nacre_harness::{Options, Stub, stub::Script};
use serde_json::json;
use tokio::time::Instant;

use super::{fails, nacre, server};

#[tokio::test]
async fn wrong_words_are_usage() {
    for words in [
        "config get",
        "config fly",
        "config get app --output xml",
        "config set app --content a --file b",
        "config get app --timeout 0",
        "config get app --username u",
        "config get a/b",
        "config get app --namespace a.b",
        "config get app --group a/b",
        "config set app --file /no/such/file",
        "service get @orders",
        "service register orders --ip 10.0.0.1",
        "service register orders --ip 10.0.0.1 --port 70000",
        "service register orders --ip 10.0.0.1 --port 1 --metadata odd",
        "config list --page 0",
        "config rollback app",
        "config rollback app --id 1 --force --if-md5 x",
        "config import /no/such/file.zip",
        "config import /no/such/file.zip --policy sometimes",
        "namespace create x --id a.b",
        "service create orders --protect-threshold 2",
        "service set-cluster orders --checker ftp",
    ] {
        let (code, error) = fails(nacre(None, words)).await;
        assert_eq!(code, 2, "{words}: {error}");
        assert!(!error.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let mut nobody = Options::new().prepare().unwrap();
    nobody.free_ports();
    for words in [
        "config get app",
        "config set app --content x",
        "config list",
        "namespace list",
        "service list",
        "service watch orders",
        "switches get",
    ] {
        let begun = Instant::now();
        let (code, error) = fails(nacre(Some(&nobody), &format!("{words} --timeout 1"))).await;
        assert_eq!(code, 5, "{words}: {error}");
        assert!(error.contains(&nobody.http_address().to_string()), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{words}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_a_refusal() {
    let stub = Stub::start(true).await.unwrap();
    let denied: Script = serde_json::from_value(json!({"body": {"resultCode": 500, "errorCode": 403}})).unwrap();
    for kind in
        ["ConfigQueryRequest", "ConfigPublishRequest", "ServiceListRequest", "ServiceQueryRequest", "InstanceRequest"]
    {
        stub.reply(kind, vec![denied.clone()]);
    }
    for words in [
        "config get app",
        "config set app --content x",
        "service list",
        "service get orders",
        "service register orders --ip 10.0.0.1 --port 1",
    ] {
        let mut command = nacre(None, words);
        command.arg("--server").arg(stub.address().to_string());
        let (code, error) = fails(command).await;
        assert_eq!(code, 4, "{words}: {error}");
        assert!(error.contains("403"), "{error}");
    }
}

#[tokio::test]
async fn a_kind_of_service_that_does_not_fit_is_a_refusal() {
    let server = server().await;
    let form = [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "1"), ("ephemeral", "false")];
    assert_eq!(server.http().post("/nacos/v1/ns/instance", &form).await.unwrap().status, 200);
    let (code, error) = fails(nacre(Some(&server), "service register orders --ip 10.0.0.2 --port 2")).await;
    assert_eq!(code, 4, "{error}");
}

#[tokio::test]
async fn a_password_comes_from_the_environment() {
    let stub = Stub::start(true).await.unwrap();
    let token = json!([{"body": {"accessToken": "t", "tokenTtl": 18000}}]);
    for route in ["POST /nacos/v1/auth/login", "POST /nacos/v1/auth/users/login"] {
        stub.http(route, serde_json::from_value(token.clone()).unwrap());
    }
    let mut command = nacre(None, "service list --username ada");
    command.env("NACRE_PASSWORD", "secret").arg("--server").arg(stub.address().to_string());
    let output = super::output(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", super::text(&output.stderr));
    let login = stub.http_received()[0].to_string();
    assert!(login.contains("username=ada") && login.contains("password=secret"), "{login}");
    let listed = stub.received(Some("ServiceListRequest"));
    assert_eq!(listed[0].message.headers.get("accessToken").map(String::as_str), Some("t"));
}

#[tokio::test]
async fn administration_logs_in_over_http() {
    let stub = Stub::start(true).await.unwrap();
    let login = |script| stub.http("POST /nacos/v1/auth/login", serde_json::from_value(json!([script])).unwrap());
    let list = json!([{"body": {"code": 200, "message": null, "data": []}}]);
    stub.http("GET /nacos/v1/console/namespaces", serde_json::from_value(list).unwrap());
    let command = || {
        let mut command = nacre(None, "namespace list --username ada --output json");
        command.env("NACRE_PASSWORD", "secret").arg("--server").arg(stub.address().to_string());
        command
    };
    login(json!({"body": {"accessToken": "t", "tokenTtl": 18000}}));
    let output = super::output(command()).await;
    assert_eq!(output.status.code(), Some(0), "{}", super::text(&output.stderr));
    assert_eq!(super::text(&output.stdout), "[]\n");
    let sent = stub.http_received()[0].to_string();
    assert!(sent.contains("username=ada") && sent.contains("password=secret"), "{sent}");
    login(json!({"status": 403, "body": "user not found!"}));
    let (code, error) = fails(command()).await;
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("the login failed"), "{error}");
}
