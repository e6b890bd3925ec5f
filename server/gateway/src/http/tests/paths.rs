//! What holds for every path: unknown ones, verbs, headers, limits, health.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::super::openapi;
use super::super::routes::{self, Style, Verb};
use super::{Server, Settings};

#[tokio::test]
async fn unknown_paths_are_refused_in_the_form_of_their_neighbours() {
    let server = Server::start().await;
    for (path, status, message, kind) in [
        ("/v1/nothing", 404, "No message available", "application/json"),
        ("/v1/cs/nothing", 404, "No message available", "application/json;charset=UTF-8"),
        ("/v1/ns/nothing", 501, "no such api:GET:/nacos/v1/ns/nothing", "application/json"),
        ("/v3/client/ns/instance", 404, "No message available", "application/json"),
        ("/actuator/env", 404, "No message available", "application/json"),
    ] {
        let reply = server.get(path).await;
        assert_eq!((reply.status, reply.content_type()), (status, Some(kind)), "{path}");
        let body = reply.json();
        assert_eq!(body["status"], status);
        assert_eq!(body["message"], message);
        assert_eq!(body["path"], format!("/nacos{path}"));
        assert!(body["timestamp"].as_str().is_some_and(|text| text.ends_with("+00:00")));
    }
    let outside = server.send(Request::get("/outside").body(Body::empty()).expect("well formed")).await;
    assert_eq!(outside.status, 404);
    assert_eq!(server.get("/v1/ns/instance/list%2f?serviceName=x").await.status, 400);
    assert_eq!(server.get("/v1//ns/instance").await.status, 500);
    assert_eq!(server.get("/v1/console/health/liveness/").await.text, "OK");
}

#[tokio::test]
async fn documented_paths_of_later_versions_say_so() {
    let server = Server::start().await;
    let later =
        [("GET", "/v1/auth/users"), ("PUT", "/v1/auth/users/password"), ("GET", "/v2/core/loader/smartReloadCluster")];
    for (method, path) in later {
        let reply = server.ask(method, path).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (501, Some("Not Implemented")), "{path}");
        assert!(reply.text.contains("not available yet"), "{}", reply.text);
    }
}

#[tokio::test]
async fn wrong_verbs_are_refused_as_nacos_does() {
    let server = Server::start().await;
    let naming = server.ask("POST", "/v1/ns/instance/list").await;
    assert_eq!((naming.status, naming.json()["error"].as_str()), (501, Some("Not Implemented")));
    assert!(server.ask("PUT", "/v1/cs/configs").await.is(500, "caused: Request method &#39;PUT&#39; not supported;"));
    let v2 = server.ask("PATCH", "/v2/console/namespace").await;
    let message = "caused: Request method &#39;PATCH&#39; not supported;";
    assert_eq!((v2.status, v2.json()), (500, json!({"code": 500, "message": message, "data": null})));
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let server = Server::start().await;
    for path in ["/v1/console/health/liveness", "/v1/nothing"] {
        let reply = server.get(path).await;
        assert_eq!(reply.header("content-security-policy"), Some("script-src 'self'"));
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    let preflight = Request::options("/nacos/v1/cs/configs")
        .header("origin", "http://example.org")
        .header("access-control-request-method", "GET");
    let reply = server.send(preflight.body(Body::empty()).expect("well formed")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("http://example.org"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.header("access-control-max-age"), Some("18000"));
    let plain = server.ask("OPTIONS", "/v1/cs/configs").await;
    assert_eq!((plain.status, plain.header("allow")), (200, Some("GET,HEAD,POST,DELETE,OPTIONS")));
    let strict = Server::with(Settings { allow_any_origin: false, ..Settings::default() }).await;
    let request = Request::get("/nacos/v1/console/health/liveness").header("origin", "http://example.org");
    let reply = strict.send(request.body(Body::empty()).expect("well formed")).await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn health_needs_no_token_and_follows_the_server() {
    let server = Server::start().await;
    for kind in ["liveness", "readiness"] {
        assert!(server.get(&format!("/v1/console/health/{kind}")).await.is(200, "OK"));
        let v2 = server.get(&format!("/v2/console/health/{kind}")).await;
        assert_eq!(v2.json(), json!({"code": 0, "message": "success", "data": "ok"}));
    }
    assert_eq!(server.get("/actuator/health").await.json(), json!({"status": "UP"}));
    server.host.is_starting.store(true, Ordering::Relaxed);
    assert_eq!(server.get("/v1/console/health/liveness").await.status, 200);
    assert_eq!(server.get("/v1/console/health/readiness").await.status, 500);
    assert_eq!(server.get("/v2/console/health/readiness").await.status, 500);
    assert_eq!(server.get("/actuator/health").await.status, 503);
    assert_eq!(server.get("/v1/ns/instance/list?serviceName=s").await.status, 503);
}

#[tokio::test]
async fn a_panic_costs_its_request_only() {
    let server = Server::start().await;
    server.host.panics.store(true, Ordering::Relaxed);
    let reply = server.get("/v2/core/loader/reloadClient?connectionId=c").await;
    assert_eq!((reply.status, reply.json()["message"].as_str()), (500, Some("internal error")));
    assert_eq!(server.get("/v1/console/health/liveness").await.status, 200);
    let metrics = server.get("/actuator/prometheus").await;
    assert!(metrics.text.contains("\nnacre_handler_panics_total 1\n"));
}

#[tokio::test]
async fn limits_hold() {
    let server = Server::with(Settings { max_body_bytes: 100_000, ..Settings::default() }).await;
    let large = format!("dataId=d&group=g&content={}", "x".repeat(100_000));
    assert_eq!(server.form("POST", "/v1/cs/configs", &[], &large).await.status, 413);
    let mut request = Request::get("/nacos/v1/console/health/liveness");
    for number in 0..200 {
        request = request.header(format!("h-{number}"), "v");
    }
    assert_eq!(server.send(request.body(Body::empty()).expect("well formed")).await.status, 431);
    let metrics = server.get("/actuator/prometheus").await.text;
    for limit in ["body_size", "headers"] {
        assert!(metrics.contains(&format!("\nnacre_limits_struck_total{{limit=\"{limit}\"}} 1\n")), "{limit}");
    }
}

#[tokio::test]
async fn clients_with_a_password_can_log_in_where_nobody_needs_one() {
    let server = Server::start().await;
    for path in ["/v1/auth/login", "/v1/auth/users/login"] {
        let reply = server.form("POST", &format!("{path}?username=nacos"), &[], "password=secret").await;
        assert_eq!(reply.header("authorization"), Some("Bearer AUTH_DISABLED"));
        let expected =
            json!({"accessToken": "AUTH_DISABLED", "tokenTtl": 18000, "globalAdmin": false, "username": "nacos"});
        assert_eq!((reply.status, reply.json()), (200, expected));
    }
    assert_eq!(server.form("POST", "/v1/auth/login", &[], "username=nacos").await.status, 500);
}

#[tokio::test]
async fn server_state_is_texts_only() {
    let server = Server::start().await;
    let state = server.get("/v1/console/server/state").await.json();
    assert_eq!(state["version"], "1.2.3");
    assert_eq!(state["server_port"], "8848");
    assert_eq!(state["maxContent"], "10485760");
    assert_eq!(state["function_mode"], json!(null));
    assert_eq!(state["auth_enabled"], "false");
    let values = state.as_object().expect("an object").values();
    assert!(values.into_iter().all(|value| value.is_string() || value.is_null()));
}

#[tokio::test]
async fn a_client_is_told_to_go() {
    let server = Server::start().await;
    let target = "/v2/core/loader/reloadClient?connectionId=c1";
    assert!(server.get(&format!("{target}&redirectAddress=10.0.0.2:8848")).await.is(200, "success"));
    assert!(server.get(target).await.is(200, "success"));
    let reloaded = server.host.reloaded.lock().clone();
    assert_eq!(reloaded, [("c1".to_owned(), Some("10.0.0.2:8848".to_owned())), ("c1".to_owned(), None)]);
    let missing = server.get("/v2/core/loader/reloadClient").await;
    assert_eq!((missing.status, missing.json()["code"].as_u64()), (500, Some(500)));
}

#[tokio::test]
async fn namespaces_v1() {
    let server = Server::start().await;
    let path = "/v1/console/namespaces";
    let created = server.ask("POST", &format!("{path}?customNamespaceId=dev&namespaceName=Dev&namespaceDesc=d")).await;
    assert!(created.is(200, "true"));
    assert_eq!(created.content_type(), Some("application/json"));
    let shown = json!({"namespace": "dev", "namespaceShowName": "Dev", "namespaceDesc": "d", "quota": 200,
        "configCount": 0, "type": 2});
    let public = json!({"namespace": "", "namespaceShowName": "public", "namespaceDesc": "Default Namespace",
        "quota": 200, "configCount": 0, "type": 0});
    let list = server.get(path).await.json();
    assert_eq!(list, json!({"code": 200, "message": null, "data": [public, shown]}));
    assert_eq!(server.get(&format!("{path}?show=all&namespaceId=dev")).await.json(), shown);
    assert_eq!(server.get(&format!("{path}?show=all&namespaceId=none")).await.status, 500);
    let exists = format!("{path}?checkNamespaceIdExist=true&customNamespaceId=");
    assert!(server.get(&format!("{exists}dev")).await.is(200, "true"));
    assert!(server.get(&format!("{exists}public")).await.is(200, "false"));
    for refused in ["dev", "public", "null"] {
        let again = server.ask("POST", &format!("{path}?customNamespaceId={refused}&namespaceName=x")).await;
        assert!(again.is(200, "false"), "{refused}");
    }
    let generated = server.ask("POST", &format!("{path}?customNamespaceId=&namespaceName=made")).await;
    assert!(generated.is(200, "true"));
    assert!(server.ask("PUT", &format!("{path}?namespace=dev&namespaceShowName=New")).await.is(200, "true"));
    assert!(server.ask("PUT", &format!("{path}?namespace=none&namespaceShowName=New")).await.is(200, "false"));
    assert!(server.ask("DELETE", &format!("{path}?namespaceId=dev")).await.is(200, "true"));
    assert!(server.ask("DELETE", &format!("{path}?namespaceId=dev")).await.is(200, "true"));
    assert_eq!(server.ask("DELETE", path).await.status, 500);
    let illegal = server.ask("POST", &format!("{path}?customNamespaceId=a%20b&namespaceName=x")).await;
    assert_eq!((illegal.status, illegal.content_type()), (400, None));
}

#[tokio::test]
async fn namespaces_v2() {
    let server = Server::start().await;
    let path = "/v2/console/namespace";
    let good = json!({"code": 0, "message": "success", "data": true});
    assert_eq!(server.form("POST", path, &[], "namespaceId=dev&namespaceName=Dev").await.json(), good);
    let again = server.form("POST", path, &[], "namespaceId=dev&namespaceName=Dev").await;
    assert_eq!((again.status, again.json()["code"].as_u64()), (400, Some(22000)));
    assert_eq!(server.form("PUT", path, &[], "namespaceId=none&namespaceName=x").await.json(), good);
    let shown = server.get(&format!("{path}?namespaceId=dev")).await.json();
    assert_eq!(shown["data"]["namespaceShowName"], "Dev");
    assert_eq!(shown["data"]["namespaceDesc"], json!(null));
    assert_eq!(server.get(&format!("{path}/list")).await.json()["data"].as_array().map(Vec::len), Some(2));
    let missing = server.get(&format!("{path}?namespaceId=none")).await;
    assert_eq!((missing.status, missing.json()["code"].as_u64()), (404, Some(22001)));
    for (form, name) in [("", "namespaceId"), ("namespaceId=x", "namespaceName")] {
        let refused = server.form("POST", path, &[], form).await;
        assert_eq!((refused.status, refused.json()["code"].as_u64()), (400, Some(10000)));
        assert!(refused.text.contains(name));
    }
    assert_eq!(server.ask("DELETE", &format!("{path}?namespaceId=dev")).await.json(), good);
}

#[tokio::test]
async fn metrics_carry_the_names_that_dashboards_use() {
    let server = Server::start().await;
    server.get("/v1/cs/configs?dataId=secret-name&group=g").await;
    server.get("/v1/ns/instance/list?serviceName=secret-name").await;
    let reply = server.get("/actuator/prometheus").await;
    assert_eq!(reply.status, 200);
    for line in [
        "nacos_monitor{module=\"naming\",name=\"serviceCount\"} 0",
        "nacos_monitor{module=\"config\",name=\"configCount\"} 0",
        "nacos_monitor{module=\"config\",name=\"getConfig\"} 1",
        "nacos_monitor{module=\"core\",name=\"longConnection\"} 3",
        "nacos_naming_subscriber{version=\"v2\"} 0",
        "nacos_config_subscriber{version=\"v1\"} 0",
        "nacos_timer_seconds_count{module=\"config\",name=\"readConfigRt\"} 1",
    ] {
        assert!(reply.text.lines().any(|known| known == line), "no {line}");
    }
    let uri = "uri=\"/v1/ns/instance/list\"";
    assert!(
        reply.text.lines().any(|line| line.starts_with("http_server_requests_seconds_count") && line.contains(uri))
    );
    assert!(!reply.text.contains("secret-name"), "a label shows what a client sent");
}

#[tokio::test]
async fn the_document_is_served_with_its_page() {
    let server = Server::with(Settings { context_path: "/nacos".to_owned(), ..Settings::default() }).await;
    let document = server.get("/openapi.json").await;
    assert_eq!((document.status, document.content_type()), (200, Some("application/json")));
    let document = document.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{document}");
    assert_eq!((&document["info"]["version"], &document["servers"][0]["url"]), (&json!("1.2.3"), &json!("/nacos")));
    let publish = &document["paths"]["/v2/cs/config"]["post"]["requestBody"]["content"];
    let form = &publish["application/x-www-form-urlencoded"]["schema"];
    assert_eq!(form["required"], json!(["dataId", "group", "content"]));
    assert_eq!(form["properties"]["namespaceId"]["type"], "string");
    let page = server.get("/openapi").await;
    assert_eq!((page.status, page.content_type()), (200, Some("text/html;charset=UTF-8")));
    assert!(page.text.contains("src=\"openapi.js\"") && !page.text.contains("https://"), "{}", page.text);
    // Pages run scripts of this server only, so the script is no part of the page.
    assert!(!page.text.contains("<script>"));
    assert_eq!(server.get("/openapi.js").await.content_type(), Some("text/javascript;charset=UTF-8"));
}

/// What the document calls required is required, on every path and with every verb.
#[tokio::test]
async fn a_missing_parameter_is_refused_everywhere() {
    let server = Server::start().await;
    let (mut refused, mut wrong) = (0, Vec::new());
    for route in routes::all().iter().filter(|route| !route.path.contains("{}")) {
        for (verb, operation) in route.operations {
            let is_wrapped = route.style == Style::Wrapped;
            if openapi::required_parameters(*operation, is_wrapped).is_empty() {
                continue;
            }
            let method = if *verb == Verb::Any { "GET".to_owned() } else { format!("{verb:?}").to_uppercase() };
            let reply = server.ask(&method, route.path).await;
            let is_wrapped_right = !is_wrapped || [400, 501].contains(&reply.status);
            if reply.status < 400 || !is_wrapped_right {
                wrong.push(format!("{method} {}: {} {}", route.path, reply.status, reply.text));
            }
            refused += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 60, "{refused}");
}
