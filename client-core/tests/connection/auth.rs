//! Tokens: where they come from, how long they serve, and what happens when they do not.

use std::time::Duration;

use nacre_client::{
    ErrorKind, Event,
    options::{Keys, TemporaryKeys},
};
use nacre_harness::stub::{HttpScript, Script, Stub};
use serde_json::{Value, json};

use crate::support::{PATIENCE, call, client, http, reply, timed, until};

const NEW: &str = "POST /nacos/v3/auth/user/login";
const OLD: &str = "POST /nacos/v1/auth/users/login";

fn token(text: &str, seconds: u64) -> HttpScript {
    http(200, json!({"accessToken": text, "tokenTtl": seconds, "globalAdmin": false}))
}

fn denied() -> Script {
    reply("ServiceListResponse", json!({"resultCode": 500, "errorCode": 403, "message": "token invalid!"}))
}

fn fine() -> Script {
    reply("ServiceListResponse", json!({"count": 1, "serviceNames": ["a"]}))
}

/// The tokens of the requests, in order.
fn tokens(stub: &Stub) -> Vec<Option<String>> {
    let requests = stub.received(Some("ServiceListRequest"));
    requests.iter().map(|request| request.message.headers.get("accessToken").cloned()).collect()
}

fn logins(stub: &Stub) -> Vec<Value> {
    stub.http_received().into_iter().filter(|request| request["method"] == "POST").collect()
}

#[tokio::test]
async fn a_login_gives_the_token_of_all_requests() {
    let stub = Stub::start(true).await.unwrap();
    stub.http(NEW, vec![token("t-1", 3600)]);
    stub.reply("ServiceListRequest", vec![fine()]);
    let client = client(&[stub.address()]).login("o'brien", "p&ss w\u{f6}rd").connect().await.unwrap();
    call(&client).await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(tokens(&stub), [Some("t-1".to_owned()), Some("t-1".to_owned())]);
    let logins = logins(&stub);
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0]["query"], "username=o%27brien");
    assert_eq!(logins[0]["body"], "username=o%27brien&password=p%26ss%20w%C3%B6rd");
    assert_eq!(logins[0]["headers"]["content-type"], "application/x-www-form-urlencoded;charset=UTF-8");
    assert_eq!(client.metrics().logins, 1);
}

#[tokio::test]
async fn servers_with_the_old_login_are_served_too() {
    let stub = Stub::start(true).await.unwrap();
    stub.http(NEW, vec![http(404, json!(null))]);
    stub.http(OLD, vec![token("a", 1), token("b", 3600)]);
    stub.reply("ServiceListRequest", vec![fine()]);
    let client = client(&[stub.address()]).login("u", "p").connect().await.unwrap();
    call(&client).await.unwrap();
    // The first token lives for a second, so it is replaced within that.
    assert!(until(|| client.metrics().logins == 2).await);
    call(&client).await.unwrap();
    assert_eq!(tokens(&stub), [Some("a".to_owned()), Some("b".to_owned())]);
    let paths: Vec<Value> = logins(&stub).iter().map(|login| login["path"].clone()).collect();
    let (new, old) = (json!("/nacos/v3/auth/user/login"), json!("/nacos/v1/auth/users/login"));
    assert_eq!(paths, [new, old.clone(), old], "what answered is asked first");
}

#[tokio::test]
async fn a_refused_token_is_replaced_under_the_request() {
    let stub = Stub::start(true).await.unwrap();
    stub.http(NEW, vec![token("old", 3600), token("new", 3600)]);
    stub.reply("ServiceListRequest", vec![denied(), fine()]);
    let client = client(&[stub.address()]).login("u", "p").connect().await.unwrap();
    assert_eq!(call(&client).await.unwrap().count, 1);
    assert_eq!(tokens(&stub), [Some("old".to_owned()), Some("new".to_owned())]);
    assert_eq!(client.metrics().failed_calls, 0);

    // A right that is missing is no reason to log in again and again.
    stub.reply("ServiceListRequest", vec![denied()]);
    for _ in 0..3 {
        let error = call(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.is_retryable()), (ErrorKind::Forbidden, 403, false));
    }
    assert_eq!(logins(&stub).len(), 2);
}

#[tokio::test]
async fn a_server_without_logins_is_asked_without_a_token() {
    for script in [http(200, json!("no token here")), http(404, json!(null)), http(403, json!("user not found!"))] {
        let stub = Stub::start(true).await.unwrap();
        stub.http(NEW, vec![script.clone()]);
        stub.http(OLD, vec![script.clone()]);
        stub.reply("ServiceListRequest", vec![fine()]);
        let builder = client(&[stub.address()]).login("u", "p");
        let client = builder.build().unwrap();
        let mut events = client.events();
        let (result, took) = timed(call(&client)).await;
        result.unwrap();
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(tokens(&stub), [None]);
        if script.status != 200 {
            let failed = async {
                loop {
                    if let Some(Event::LoginFailed { error }) = events.next().await {
                        break error;
                    }
                }
            };
            let error = tokio::time::timeout(PATIENCE, failed).await.unwrap();
            assert_eq!(error.code(), i32::from(script.status), "{error}");
        }
    }
}

#[tokio::test]
async fn the_next_server_may_know_the_user() {
    let (first, second) = (Stub::start(true).await.unwrap(), Stub::start(true).await.unwrap());
    first.http(NEW, vec![http(500, json!("caused: User u not found;"))]);
    second.http(NEW, vec![token("t", 3600)]);
    first.reply("ServiceListRequest", vec![fine()]);
    let client = client(&[first.address(), second.address()]).login("u", "p").connect().await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(tokens(&first), [Some("t".to_owned())]);
}

#[tokio::test]
async fn a_login_goes_below_the_context_path_of_its_server() {
    let stub = Stub::start(true).await.unwrap();
    stub.http("POST /own/v3/auth/user/login", vec![token("t", 3600)]);
    stub.reply("ServiceListRequest", vec![fine()]);
    let address = format!("http://{}/own", stub.address());
    let client = nacre_client::Client::builder().server(address).login("u", "p").connect().await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(tokens(&stub), [Some("t".to_owned())]);
}

#[tokio::test]
async fn passwords_and_keys_do_not_show() {
    let builder = client(&[([127, 0, 0, 1], 1).into()])
        .login("u", "very-secret")
        .keys(nacre_client::options::Keys::new("ak", "very-secret"));
    let client = builder.clone().build().unwrap();
    for text in [format!("{builder:?}"), format!("{client:?}")] {
        assert!(!text.contains("very-secret") && text.contains("***"), "{text}");
    }
}

fn keys(name: &str, end: &str) -> HttpScript {
    http(
        200,
        json!({
            "Code": "Success", "AccessKeyId": name, "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": end,
            "LastUpdated": "2020-01-01T00:00:00Z",
        }),
    )
}

/// The keys that signed the requests, in order.
fn signers(stub: &Stub) -> Vec<Option<String>> {
    let requests = stub.received(Some("ServiceListRequest"));
    requests.iter().map(|request| request.message.headers.get("ak").cloned()).collect()
}

#[tokio::test]
async fn temporary_keys_sign_until_they_end() {
    let (stub, service) = (Stub::start(true).await.unwrap(), Stub::start(false).await.unwrap());
    stub.reply("ServiceListRequest", vec![fine()]);
    // Those of the past are due at once, those of the future serve on.
    let (past, future) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    service.http("GET /keys/role", vec![keys("a", past), keys("b", future), keys("c", future)]);
    let url = format!("http://{}/keys/role", service.address());
    let static_keys = Keys::new("static", "s");
    let client = client(&[stub.address()]).keys(static_keys).temporary_keys(TemporaryKeys::at(url));
    let client = client.connect().await.unwrap();
    for _ in 0..3 {
        call(&client).await.unwrap();
    }
    // What has ended does not sign: the permanent keys do.
    let signed = ["static", "b", "b"].map(|key| Some(key.to_owned()));
    assert_eq!(signers(&stub), signed);
    let requests = stub.received(Some("ServiceListRequest"));
    let token = |number: usize| requests[number].message.headers.get("Spas-SecurityToken").map(String::as_str);
    assert_eq!([token(0), token(1)], [None, Some("t")]);
    assert_eq!(service.http_received().len(), 2);
}

#[tokio::test]
async fn without_temporary_keys_requests_go_unsigned_and_the_service_is_left_in_peace() {
    let (stub, service) = (Stub::start(true).await.unwrap(), Stub::start(false).await.unwrap());
    stub.reply("ServiceListRequest", vec![fine()]);
    service.http("GET /keys/role", vec![http(500, json!(null))]);
    let keys = TemporaryKeys::at(format!("http://{}/keys/role", service.address()));
    let client = client(&[stub.address()]).temporary_keys(keys).connect().await.unwrap();
    for _ in 0..5 {
        call(&client).await.unwrap();
    }
    assert_eq!(signers(&stub), [const { None::<String> }; 5]);
    assert_eq!(service.http_received().len(), 1);
}

#[tokio::test]
async fn a_url_of_keys_that_is_none_is_refused() {
    for url in ["", "keys", "ftp://host/keys", "http://"] {
        let refused = client(&["127.0.0.1:1".parse().unwrap()]).temporary_keys(TemporaryKeys::at(url)).build();
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidParameter, "{url}");
    }
}
