//! Configs over HTTP.

use std::time::Duration;

use serde_json::json;

use super::{Server, Settings};

const CONFIGS: &str = "/v1/cs/configs";
const KEY: &str = "dataId=d.yaml&group=g";
const JSON: Option<&str> = Some("application/json;charset=UTF-8");

async fn publish(server: &Server, form: &str) {
    let reply = server.form("POST", CONFIGS, &[], form).await;
    assert!(reply.is(200, "true"));
    assert_eq!(reply.content_type(), JSON);
}

#[tokio::test]
async fn publish_read_remove() {
    let server = Server::start().await;
    publish(&server, &format!("{KEY}&content=a%3A+1%0A&type=yaml")).await;
    let read = server.get(&format!("{CONFIGS}?{KEY}")).await;
    assert!(read.is(200, "a: 1\n"));
    assert_eq!(read.header("config-type"), Some("yaml"));
    assert_eq!(read.header("content-md5"), Some("e0ccdaf42c593022e15b18cc0e96d201"));
    assert_eq!(read.header("encrypted-data-key"), Some(""));
    assert_eq!(read.header("cache-control"), Some("no-cache,no-store"));
    assert!(read.header("last-modified").is_some_and(|date| date.ends_with(" GMT")));
    for tenant in ["public", "null", ""] {
        assert_eq!(server.get(&format!("{CONFIGS}?{KEY}&tenant={tenant}")).await.status, 200, "{tenant}");
    }
    assert_eq!(server.get(&format!("{CONFIGS}?{KEY}&tenant=other")).await.status, 404);
    for _ in 0..2 {
        assert!(server.ask("DELETE", &format!("{CONFIGS}?{KEY}")).await.is(200, "true"));
    }
    let missing = server.get(&format!("{CONFIGS}?{KEY}")).await;
    assert!(missing.is(404, "config data not exist\n"));
    assert_eq!(missing.content_type(), JSON);
}

#[tokio::test]
async fn version_two_wraps_contents() {
    let server = Server::start().await;
    let path = "/v2/cs/config";
    let form = format!("{KEY}&content=a%3A+1&namespaceId=dev&srcUser=bob&configTags=t1&desc=text");
    let good = json!({"code": 0, "message": "success", "data": true});
    assert_eq!(server.form("POST", path, &[], &form).await.json(), good);
    let read = server.get(&format!("{path}?{KEY}&namespaceId=dev")).await;
    assert_eq!((read.content_type(), &read.json()["data"]), (JSON, &json!("a: 1")));
    let all = server.get(&format!("{CONFIGS}?{KEY}&tenant=dev&show=all")).await.json();
    assert_eq!((&all["createUser"], &all["createIp"]), (&json!("bob"), &json!("127.0.0.1")));
    assert_eq!((&all["configTags"], &all["desc"], &all["use"]), (&json!("t1"), &json!("text"), &json!(null)));
    let missing = server.get(&format!("{path}?{KEY}")).await;
    assert_eq!((missing.status, missing.content_type()), (404, None));
    assert_eq!(missing.json()["code"], 20004);
    for (form, code) in
        [("", 10000), ("dataId=d&group=g&content=", 10000), ("dataId=d&group=g&content=x&tag=t/1", 20002)]
    {
        let refused = server.form("POST", path, &[], form).await;
        assert_eq!((refused.status, refused.json()["code"].as_u64()), (400, Some(code)), "{form}");
    }
    assert_eq!(server.ask("DELETE", &format!("{path}?{KEY}&namespaceId=dev")).await.json(), good);
}

#[tokio::test]
async fn a_wrong_md5_publishes_nothing() {
    let server = Server::start().await;
    publish(&server, &format!("{KEY}&content=v1")).await;
    let wrong = [("casMd5", "00000000000000000000000000000000")];
    let v1 = server.form("POST", CONFIGS, &wrong, &format!("{KEY}&content=v2")).await;
    assert_eq!(v1.status, 500);
    assert!(v1.text.contains("Cas publish fail"));
    let v2 = server.form("POST", "/v2/cs/config", &wrong, &format!("{KEY}&content=v2")).await;
    assert_eq!((v2.status, v2.json()["code"].as_u64()), (500, Some(20005)));
    let right = [("casMd5", "6654c734ccab8f440ff0825eb443dc7f")];
    assert_eq!(server.form("POST", CONFIGS, &right, &format!("{KEY}&content=v2")).await.status, 200);
}

#[tokio::test]
async fn gray_versions_are_for_some() {
    let server = Server::start().await;
    publish(&server, &format!("{KEY}&content=formal")).await;
    let beta = [("betaIps", "127.0.0.1,10.1.1.1")];
    assert!(server.form("POST", CONFIGS, &beta, &format!("{KEY}&content=beta")).await.is(200, "true"));
    let mine = server.get(&format!("{CONFIGS}?{KEY}")).await;
    assert_eq!((mine.text.as_str(), mine.header("isbeta")), ("beta", Some("true")));
    assert_eq!(mine.header("encrypted-data-key"), None);
    let elsewhere = [("X-Forwarded-For", "10.2.2.2, 127.0.0.1")];
    assert_eq!(server.form("GET", &format!("{CONFIGS}?{KEY}"), &elsewhere, "").await.text, "formal");
    let shown = server.get(&format!("{CONFIGS}?{KEY}&beta=true")).await.json();
    assert_eq!((&shown["message"], &shown["data"]["betaIps"]), (&json!("query beta ok"), &json!("127.0.0.1,10.1.1.1")));
    let stop = format!("{CONFIGS}?{KEY}&beta=true");
    let stopped = server.ask("DELETE", &stop).await;
    assert!(stopped.is(200, r#"{"code":200,"message":"stop beta ok","data":true}"#));
    assert_eq!(server.ask("DELETE", &stop).await.json()["code"], 500);
    publish(&server, &format!("{KEY}&content=tagged&tag=t1")).await;
    let tagged = server.form("GET", &format!("{CONFIGS}?{KEY}"), &[("Vipserver-Tag", "t1")], "").await;
    assert_eq!((tagged.text.as_str(), tagged.header("tag")), ("tagged", Some("t1")));
    assert_eq!(server.get(&format!("{CONFIGS}?{KEY}&tag=t2")).await.status, 404);
    assert!(server.ask("DELETE", &format!("{CONFIGS}?{KEY}&tag=t1")).await.is(200, "true"));
    assert_eq!(server.get(&format!("{CONFIGS}?{KEY}&tag=t1")).await.status, 404);
}

#[tokio::test]
async fn values_are_checked() {
    let server = Server::start().await;
    let missing = server.form("POST", CONFIGS, &[], "dataId=d").await;
    let text = "caused: Required request parameter &#39;group&#39; for method parameter type String is not present;";
    assert!(missing.is(500, text));
    for (form, text) in [
        ("dataId=d&group=g&content=", "caused: content is blank : ;"),
        ("dataId=d&group=g&content=x&tag=t%2F1", "caused: invalid tag : t/1;"),
        ("dataId=d&group=g&content=x&config_tags=1,2,3,4,5,6", "caused: too much config_tags, over 5;"),
    ] {
        assert!(server.form("POST", CONFIGS, &[], form).await.is(400, text), "{form}");
    }
    let filtered = server.form("POST", CONFIGS, &[], "dataId=a+b&group=g&content=x").await;
    assert!(filtered.is(400, "Param 'dataId' is illegal, illegal characters should not appear in the param.\r\n"));
    assert_eq!(filtered.content_type(), JSON);
    assert!(server.get(&format!("{CONFIGS}?dataId=&group=g")).await.is(400, "caused: invalid dataId : ;"));
    assert!(server.get(&format!("{CONFIGS}?{KEY}&show=all")).await.is(200, ""));
}

#[tokio::test]
async fn parameters_of_query_and_form_are_joined() {
    let server = Server::start().await;
    let joined = server.form("POST", &format!("{CONFIGS}?{KEY}&content=q"), &[], "content=b").await;
    assert_eq!(joined.status, 200);
    assert_eq!(server.get(&format!("{CONFIGS}?{KEY}")).await.text, "q,b");
}

#[tokio::test]
async fn searches_page_through_a_namespace() {
    let server = Server::start().await;
    for (data_id, group, more) in [
        ("alpha", "G1", "appName=app1&type=json&config_tags=red"),
        ("beta", "G1", "config_tags=red,blue"),
        ("c", "G2", ""),
    ] {
        publish(&server, &format!("dataId={data_id}&group={group}&content=x&tenant=t&{more}")).await;
    }
    for (query, count) in [
        ("search=accurate&dataId=&group=", 3),
        ("search=accurate&dataId=alpha&group=G1", 1),
        ("search=accurate&dataId=alph&group=", 0),
        ("search=accurate&dataId=&group=&config_tags=blue", 1),
        ("search=accurate&dataId=&group=&appName=app1", 1),
        ("search=blur&dataId=*et*&group=*", 1),
        ("search=blur&dataId=a*b&group=", 0),
        ("search=blur&dataId=&group=G*&types=json,text", 3),
    ] {
        let found = server.get(&format!("{CONFIGS}?{query}&tenant=t&pageNo=1&pageSize=10")).await.json();
        assert_eq!(found["totalCount"], count, "{query}");
        assert_eq!(found["pageItems"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let page =
        server.get(&format!("{CONFIGS}?search=accurate&dataId=&group=&tenant=t&pageNo=2&pageSize=2")).await.json();
    assert_eq!((&page["pagesAvailable"], &page["pageItems"][0]["dataId"]), (&json!(2), &json!("c")));
    let none = server.get(&format!("{CONFIGS}?search=blur&dataId=&group=&pageNo=1&pageSize=0")).await;
    assert_eq!(none.status, 400);
}

#[tokio::test]
async fn client_metrics_ask_by_group_key() {
    let server = Server::start().await;
    let reply = server.get("/v1/cs/metrics/current?ip=10.0.0.1&dataId=d&group=g&tenant=t").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"10.0.0.1": "d+g+t"})));
    assert_eq!(server.get("/v1/cs/metrics/current").await.status, 500);
    assert_eq!(server.get("/v1/cs/metrics/current?ip=10.0.0.1").await.status, 400);
}

const LISTENER: &str = "/v1/cs/configs/listener";
const HOLD: (&str, &str) = ("Long-Pulling-Timeout", "30000");

#[tokio::test]
async fn polls_are_held_until_something_changes() {
    let server = Server::with(Settings { min_long_poll_ms: 400, ..Settings::default() }).await;
    let watching = "Listening-Configs=d.yaml%02g%02%01other%02g%02%02t%01";
    let poll = server.form("POST", LISTENER, &[HOLD], watching);
    let change = async {
        wait_for_poll(&server).await;
        publish(&server, &format!("{KEY}&content=x")).await;
    };
    let (answer, ()) = tokio::join!(poll, change);
    assert!(answer.is(200, "d.yaml%02g%01\n"));
    assert_eq!((answer.content_type(), answer.header("pragma")), (JSON, Some("no-cache")));
    assert!(server.form("POST", LISTENER, &[HOLD], watching).await.is(200, "d.yaml%02g%01\n"), "it differs at once");
    let started = tokio::time::Instant::now();
    let short = [("Long-Pulling-Timeout", "100")];
    let quiet = server.form("POST", LISTENER, &short, "Listening-Configs=none%2502g%2502%2501").await;
    assert!(quiet.is(200, ""));
    assert_eq!(quiet.header("pragma"), None);
    assert!(started.elapsed() >= Duration::from_millis(400), "the shortest time to hold a poll");
}

async fn wait_for_poll(server: &Server) {
    while server.door_state.config.metrics().polls.get() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stop_answers_held_polls() {
    let server = Server::start().await;
    let poll = server.form("POST", LISTENER, &[HOLD], "Listening-Configs=none%02g%02%01");
    let stop = async {
        wait_for_poll(&server).await;
        server.host.stop.cancel();
    };
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(poll, stop) })
        .await
        .expect("the poll is answered long before its time");
    assert!(answer.is(200, ""));
}

#[tokio::test]
async fn polls_that_need_not_wait() {
    let server = Server::start().await;
    publish(&server, &format!("{KEY}&content=x")).await;
    let differs = "Listening-Configs=d.yaml%02g%02%01";
    let now = [HOLD, ("Long-Pulling-Timeout-No-Hangup", "true")];
    assert!(server.form("POST", LISTENER, &now, "Listening-Configs=none%02g%02%01").await.is(200, ""));
    assert!(server.form("POST", LISTENER, &now, differs).await.is(200, "d.yaml%02g%01\n"));
    let old = server.form("POST", LISTENER, &[("Client-Version", "2.0.3")], differs).await;
    assert!(old.is(200, ""));
    assert_eq!(old.header("probe-modify-response"), Some("d.yaml:g;"));
    assert_eq!(old.header("probe-modify-response-new"), Some("d.yaml%02g%01"));
    let newer = server.form("POST", LISTENER, &[("Client-Version", "2.0.4")], differs).await;
    assert!(newer.is(200, "d.yaml%02g%01\n"));
    for (form, status) in [("", 400), ("Listening-Configs=", 400), ("Listening-Configs=nonsense", 500)] {
        assert_eq!(server.form("POST", LISTENER, &[HOLD], form).await.status, status, "{form}");
    }
    let illegal = server.form("POST", LISTENER, &[HOLD], "Listening-Configs=a+b%02g%02%01").await;
    assert_eq!((illegal.status, illegal.content_type()), (400, JSON));
}

#[tokio::test]
async fn a_row_of_history_shows_what_it_changed() {
    let server = Server::start().await;
    for content in ["one", "two", "three"] {
        publish(&server, &format!("{KEY}&content={content}&desc=d-{content}")).await;
    }
    publish(&server, &format!("{KEY}&content=gray&tag=t1")).await;
    assert!(server.ask("DELETE", &format!("{CONFIGS}?{KEY}")).await.is(200, "true"));
    publish(&server, &format!("{KEY}&content=again")).await;
    let page = server.get(&format!("/v2/cs/history/list?{KEY}")).await.json();
    let rows = page["data"]["pageItems"].as_array().expect("rows").clone();
    let mut seen = Vec::new();
    for row in rows.iter().rev() {
        let id = row["id"].as_str().expect("an id");
        let detail = server.get(&format!("/v2/cs/history/detail?{KEY}&nid={id}")).await.json()["data"].clone();
        let text = |name: &str| detail[name].as_str().expect("a text").to_owned();
        seen.push([text("opType"), text("grayName"), text("originalContent"), text("updatedContent")]);
    }
    let wanted = [
        ["I", "", "", "one"],
        ["U", "", "one", "two"],
        ["U", "", "two", "three"],
        ["I", "tag_t1", "", "gray"],
        ["D", "", "three", ""],
        ["I", "", "", "again"],
    ];
    assert_eq!(seen, wanted.map(|row| row.map(str::to_owned)));
    let id = rows[3]["id"].as_str().expect("an id");
    let detail = server.get(&format!("/v2/cs/history/detail?{KEY}&nid={id}")).await.json();
    assert!(detail["data"]["updateExtInfo"].as_str().is_some_and(|text| text.contains("d-three")), "{detail}");
    for (query, status) in [("nid=-1", 200), ("nid=x", 500), ("", 400)] {
        let reply = server.get(&format!("/v2/cs/history/detail?{KEY}&{query}")).await;
        assert_eq!(reply.status, status, "{query}: {}", reply.text);
    }
    let other = server.get(&format!("/v1/cs/history?dataId=other&group=g&nid={id}")).await;
    assert_eq!(other.status, 403);
    for page in ["pageNo=0", "pageSize=0", "pageNo=-1"] {
        assert_eq!(server.get(&format!("/v1/cs/history?{KEY}&search=accurate&{page}")).await.status, 400, "{page}");
    }
}

#[tokio::test]
async fn capacities_are_enforced_where_the_settings_say_so() {
    let capacity = nacre_config::capacity::Settings {
        enforce: true,
        cluster_quota: 5,
        group_quota: 1,
        namespace_quota: 2,
        max_size: 4,
        ..Default::default()
    };
    let config = nacre_config::Settings { capacity, ..Default::default() };
    let server = Server::with_config(Settings::default(), config).await;
    let put = async |form: &str| {
        let reply = server.form("POST", "/v2/cs/config", &[], form).await;
        (reply.status, reply.json()["code"].as_u64())
    };
    assert_eq!(put("dataId=a&group=g&content=1").await, (200, Some(0)));
    assert_eq!(put("dataId=a&group=g&content=1234").await, (200, Some(0)), "a change takes no place");
    assert_eq!(put("dataId=a&group=g&content=12345").await, (403, Some(5034)));
    assert_eq!(put("dataId=b&group=g&content=1").await, (403, Some(5032)));
    assert_eq!(put("dataId=b&group=h&content=1").await, (200, Some(0)));
    let v1 = server.form("POST", CONFIGS, &[], "dataId=b&group=g&content=1").await;
    assert_eq!(v1.status, 403);
    assert!(v1.text.contains("5032"), "{}", v1.text);
    for data_id in ["a", "b"] {
        assert_eq!(put(&format!("dataId={data_id}&group=g&namespaceId=dev&content=1")).await, (200, Some(0)));
    }
    assert_eq!(put("dataId=c&group=g&namespaceId=dev&content=1").await, (403, Some(5033)));
    let set = "tenant=dev&quota=9&maxSize=6";
    assert_eq!(server.form("POST", "/v1/cs/capacity", &[], set).await.status, 200);
    assert_eq!(put("dataId=c&group=g&namespaceId=dev&content=123456").await, (200, Some(0)));
    assert_eq!(put("dataId=d&group=g&namespaceId=dev&content=1").await, (403, Some(5031)));
    assert!(server.ask("DELETE", &format!("{CONFIGS}?dataId=a&group=g")).await.is(200, "true"));
    assert_eq!(put("dataId=b&group=g&content=1").await, (200, Some(0)), "what went made room");
    let shown = server.get("/v1/cs/capacity?tenant=dev").await.json()["data"].clone();
    assert_eq!((&shown["quota"], &shown["usage"], &shown["maxSize"]), (&json!(9), &json!(3), &json!(6)));
    let all = server.get("/v1/cs/capacity?group=").await.json()["data"].clone();
    assert_eq!((&all["quota"], &all["usage"]), (&json!(5), &json!(5)));
}

#[tokio::test]
async fn a_copy_over_the_quota_counts_as_failed() {
    let capacity = nacre_config::capacity::Settings { enforce: true, namespace_quota: 1, ..Default::default() };
    let config = nacre_config::Settings { capacity, ..Default::default() };
    let server = Server::with_config(Settings::default(), config).await;
    server.form("POST", "/v1/console/namespaces", &[], "customNamespaceId=dev&namespaceName=dev&namespaceDesc=").await;
    let mut chosen = Vec::new();
    for data_id in ["a", "b", "c"] {
        publish(&server, &format!("dataId={data_id}&group=g&content=x")).await;
        let all = server.get(&format!("{CONFIGS}?dataId={data_id}&group=g&show=all")).await.json();
        chosen.push(json!({"cfgId": all["id"], "dataId": data_id, "group": "g"}));
    }
    let request = http::Request::post(format!("/nacos{CONFIGS}?clone=true&tenant=dev&policy=OVERWRITE"));
    let request = request.header("content-type", "application/json");
    let copied = server.send(request.body(serde_json::to_string(&chosen).expect("JSON").into()).expect("well formed"));
    let copied = copied.await.json();
    assert_eq!((&copied["code"], &copied["data"]["succCount"]), (&json!(200), &json!(1)));
    assert_eq!(copied["data"]["failData"].as_array().map(Vec::len), Some(2));
}
