//! Services and instances over HTTP.

use serde_json::{Value, json};

use super::{Reply, Server};

const INSTANCE: &str = "/v1/ns/instance";
const AT: &str = "serviceName=s&ip=10.0.0.1&port=8080";

async fn hosts(server: &Server, query: &str) -> Vec<Value> {
    let list = server.get(&format!("{INSTANCE}/list?{query}")).await;
    assert_eq!((list.status, list.content_type()), (200, Some("application/json")));
    list.json()["hosts"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn register_list_detail_deregister() {
    let server = Server::start().await;
    let metadata = "metadata=%7B%22zone%22%3A%22a%22%7D";
    let done = server.ask("POST", &format!("{INSTANCE}?{AT}&weight=2.5&clusterName=c1&{metadata}")).await;
    assert!(done.is(200, "ok"));
    assert_eq!(done.content_type(), Some("text/plain;charset=UTF-8"));
    let list = server.get(&format!("{INSTANCE}/list?serviceName=s&clusters=c1")).await.json();
    let expected = json!([{"instanceId": "10.0.0.1#8080#c1#DEFAULT_GROUP@@s", "ip": "10.0.0.1", "port": 8080,
        "weight": 2.5, "healthy": true, "enabled": true, "ephemeral": true, "clusterName": "c1",
        "serviceName": "DEFAULT_GROUP@@s", "metadata": {"zone": "a"}, "instanceHeartBeatInterval": 5000,
        "instanceHeartBeatTimeOut": 15000, "ipDeleteTimeout": 30000}]);
    assert_eq!(list["hosts"], expected);
    assert_eq!(list["name"], "DEFAULT_GROUP@@s");
    assert_eq!(list["clusters"], "c1");
    assert_eq!((&list["checksum"], &list["allIPs"], &list["valid"]), (&json!(""), &json!(false), &json!(true)));
    let detail = server.get(&format!("{INSTANCE}?{AT}&clusterName=c1")).await;
    assert_eq!(
        detail.text,
        r#"{"service":"DEFAULT_GROUP@@s","ip":"10.0.0.1","port":8080,"clusterName":"c1","weight":2.5,"healthy":true,"#
            .to_owned()
            + r#""instanceId":"10.0.0.1#8080#c1#DEFAULT_GROUP@@s","metadata":{"zone":"a"}}"#
    );
    assert!(server.get(&format!("{INSTANCE}?{AT}")).await.is(404, "no matched ip found!"));
    let statuses = server.get(&format!("{INSTANCE}/statuses?key=public%23%23DEFAULT_GROUP@@s")).await;
    assert!(statuses.is(200, r#"{"ips":["10.0.0.1:8080_true"]}"#));
    let v2 = server.get("/v2/ns/instance/statuses/public%23%23DEFAULT_GROUP@@s").await;
    assert_eq!(v2.text, statuses.text);
    for _ in 0..2 {
        assert!(server.ask("DELETE", &format!("{INSTANCE}?{AT}")).await.is(200, "ok"));
    }
    assert!(hosts(&server, "serviceName=s").await.is_empty());
}

#[tokio::test]
async fn parameters_may_stand_in_a_form() {
    let server = Server::start().await;
    assert!(
        server.form("POST", INSTANCE, &[], &format!("{AT}&metadata=a%3D1%2Cb%3D2&enable=true")).await.is(200, "ok")
    );
    assert_eq!(hosts(&server, "serviceName=s").await[0]["metadata"], json!({"a": "1", "b": "2"}));
    assert!(server.form("PUT", INSTANCE, &[], &format!("{AT}&weight=4")).await.is(200, "ok"));
    assert_eq!(hosts(&server, "serviceName=s").await[0]["weight"], 4.0);
    assert!(server.form("DELETE", INSTANCE, &[], AT).await.is(200, "ok"));
    let gbk = server.ask("POST", &format!("{INSTANCE}?{AT}&encoding=GBK&metadata=a%3D%D6%D0")).await;
    assert_eq!(gbk.status, 200);
    assert_eq!(hosts(&server, "serviceName=s").await[0]["metadata"], json!({"a": "\u{4E2D}"}));
}

#[tokio::test]
async fn grouped_names_win_over_the_group() {
    let server = Server::start().await;
    assert_eq!(server.ask("POST", &format!("{INSTANCE}?serviceName=G@@s&ip=a&port=1&groupName=H")).await.status, 200);
    assert_eq!(hosts(&server, "serviceName=s&groupName=G").await.len(), 1);
    assert_eq!(hosts(&server, "serviceName=s&groupName=H").await.len(), 0);
    assert_eq!(server.get("/v2/ns/instance/list?serviceName=G@@s").await.json()["data"]["groupName"], "G");
    let halved = server.ask("POST", &format!("{INSTANCE}?serviceName=a@@&ip=a&port=1")).await;
    assert_eq!((halved.status, halved.json()["error"].as_str()), (400, Some("Bad Request")));
}

#[tokio::test]
async fn values_are_checked_v1() {
    let server = Server::start().await;
    for (query, status, text) in [
        ("", 400, "Param 'serviceName' is required."),
        ("serviceName=s", 400, "Param 'ip' is required."),
        ("serviceName=s&ip=a", 400, "Param 'port' is required."),
        ("serviceName=s&ip=a&port=70000", 400, "Param 'port' is illegal, the value should be between 0 and 65535.\r\n"),
        ("serviceName=s&ip=a&port=1&weight=-1", 400, "instance format invalid: The weights range from 0.0 to 10000.0"),
        ("serviceName=s&ip=a&port=1&weight=NaN", 400, "instance format invalid: The weights range from 0.0 to 10000.0"),
    ] {
        assert!(server.ask("POST", &format!("{INSTANCE}?{query}")).await.is(status, text), "{query}");
    }
    let refused: [(&str, u16, Option<&str>); 5] = [
        ("weight=x", 400, Some("text/plain;charset=UTF-8")),
        ("clusterName=a_b", 400, Some("text/plain;charset=UTF-8")),
        ("clusterName=a%20b", 400, None),
        ("groupName=a/b", 400, None),
        ("metadata=none", 500, Some("application/json")),
    ];
    for (query, status, kind) in refused {
        let reply = server.ask("POST", &format!("{INSTANCE}?{AT}&{query}")).await;
        assert_eq!((reply.status, reply.content_type()), (status, kind), "{query}");
    }
    assert_eq!(hosts(&server, "serviceName=s").await.len(), 0);
    assert_eq!(server.ask("POST", &format!("{INSTANCE}?{AT}&ephemeral=false")).await.status, 200);
    assert_eq!(server.ask("POST", &format!("{INSTANCE}?{AT}")).await.status, 400, "the service is persistent");
}

fn code(reply: &Reply) -> (u16, Option<u64>) {
    (reply.status, reply.json()["code"].as_u64())
}

#[tokio::test]
async fn values_are_checked_v2() {
    let server = Server::start().await;
    let path = "/v2/ns/instance";
    for (method, query, expected) in [
        ("POST", "", (400, 10000)),
        ("POST", "serviceName=s&ip=a", (400, 10000)),
        ("POST", "serviceName=s&ip=a&port=1&weight=-1", (400, 21001)),
        ("POST", "serviceName=s&ip=a&port=1&weight=x", (500, 30000)),
        ("POST", "serviceName=s&ip=a&port=1&healthy=x", (500, 30000)),
        ("POST", "serviceName=s&ip=a&port=1&clusterName=a_b", (400, 21004)),
        ("PUT", "serviceName=s&ip=a&port=1", (400, 21004)),
        ("GET", "serviceName=s&ip=a&port=1", (404, 20004)),
        ("PATCH", "serviceName=G@@s&ip=a&port=1&weight=5", (400, 10000)),
        ("PATCH", "serviceName=s&ip=a&port=1&weight=5&enabled=true&metadata=", (400, 20002)),
    ] {
        let reply = server.ask(method, &format!("{path}?{query}")).await;
        assert_eq!(code(&reply), (expected.0, Some(expected.1)), "{method} {query}");
    }
    let metadata = server.ask("POST", &format!("{path}?{AT}&metadata=bad")).await;
    assert_eq!((metadata.status, metadata.json()["error"].as_str()), (500, Some("Internal Server Error")));
    let beat = server.ask("PUT", &format!("{path}/beat?{AT}")).await;
    assert_eq!(code(&beat), (400, Some(20002)));
}

#[tokio::test]
async fn version_two_wraps_its_answers() {
    let server = Server::start().await;
    let path = "/v2/ns/instance";
    let good = json!({"code": 0, "message": "success", "data": "ok"});
    assert_eq!(server.ask("POST", &format!("{path}?{AT}&metadata=a%3D1")).await.json(), good);
    let detail = server.get(&format!("{path}?{AT}")).await.json();
    assert_eq!(detail["data"]["serviceName"], "DEFAULT_GROUP@@s");
    assert_eq!(detail["data"]["instanceId"], json!(null));
    assert_eq!(server.ask("PUT", &format!("{path}?{AT}&weight=4&metadata=b%3D2")).await.json(), good);
    let list = server.get(&format!("{path}/list?serviceName=s&clusterName=DEFAULT")).await.json();
    assert_eq!(list["data"]["clusters"], "DEFAULT");
    assert_eq!(list["data"]["hosts"][0]["metadata"], json!({"a": "1", "b": "2"}));
    assert_eq!(list["data"]["hosts"][0].get("instanceId"), None);
    let patch = "serviceName=DEFAULT_GROUP@@s&ip=10.0.0.1&port=8080&weight=5&enabled=true&metadata=%7B%7D";
    assert!(server.ask("PATCH", &format!("{path}?{patch}")).await.is(200, "ok"));
    assert_eq!(hosts(&server, "serviceName=s").await[0]["weight"], 5.0);
    assert_eq!(server.ask("DELETE", &format!("{path}?{AT}")).await.json(), good);
}

#[tokio::test]
async fn patches_change_parts() {
    let server = Server::start().await;
    assert!(server.ask("POST", &format!("{INSTANCE}?{AT}&weight=2&metadata=a%3D1")).await.is(200, "ok"));
    assert!(server.ask("PATCH", &format!("{INSTANCE}?{AT}&metadata=b%3D2")).await.is(200, "ok"));
    let host = hosts(&server, "serviceName=s").await.remove(0);
    assert_eq!((&host["weight"], &host["metadata"]), (&json!(2.0), &json!({"a": "1", "b": "2"})));
    assert!(server.ask("PATCH", &format!("{INSTANCE}?{AT}&enabled=false")).await.is(200, "ok"));
    assert!(hosts(&server, "serviceName=s").await.is_empty());
    let unknown = server.ask("PATCH", &format!("{INSTANCE}?serviceName=s&ip=b&port=1&weight=1")).await;
    assert!(unknown.is(404, "no matched ip found!"));
    let nowhere = server.ask("PATCH", &format!("{INSTANCE}?serviceName=none&ip=b&port=1&weight=1")).await;
    assert!(nowhere.is(404, "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@none"));
}

#[tokio::test]
async fn beats_keep_and_register() {
    let server = Server::start().await;
    let light = format!("{INSTANCE}/beat?{AT}");
    let unknown = server.ask("PUT", &light).await;
    assert!(unknown.is(200, r#"{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}"#));
    let full = "beat=%7B%22ip%22%3A%2210.0.0.1%22%2C%22port%22%3A8080%2C%22weight%22%3A3%7D";
    let taken = server.form("PUT", "/v1/ns/instance/beat?serviceName=s", &[], full).await;
    assert!(taken.is(200, r#"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#));
    assert_eq!(hosts(&server, "serviceName=s").await[0]["weight"], 3.0);
    assert_eq!(server.ask("PUT", &light).await.json()["code"], 10200);
    let broken = server.ask("PUT", &format!("{light}&beat=%7Bbad")).await;
    assert_eq!((broken.status, broken.json()["error"].as_str()), (500, Some("Internal Server Error")));
    assert_eq!(server.ask("PUT", &format!("{INSTANCE}/beat")).await.status, 400);
}

#[tokio::test]
async fn services_v1() {
    let server = Server::start().await;
    let path = "/v1/ns/service";
    let selector = "%7B%22type%22%3A%22label%22%2C%22expression%22%3A%22CONSUMER.label.z+%3D+PROVIDER.label.z%22%7D";
    let created = format!("{path}?serviceName=s&protectThreshold=0.3&metadata=a%3D1&selector={selector}");
    assert!(server.ask("POST", &created).await.is(200, "ok"));
    assert!(server.ask("POST", &created).await.is(400, "specified service DEFAULT_GROUP@@s already exists!"));
    let detail = server.get(&format!("{path}?serviceName=s")).await;
    assert!(detail.text.starts_with(
        r#"{"namespaceId":"public","groupName":"DEFAULT_GROUP","name":"s","protectThreshold":0.3,"metadata":{"a":"1"},"#
    ));
    assert_eq!(detail.json()["selector"]["labels"], json!(["z"]));
    assert_eq!(detail.json()["selector"]["contextType"], "CMDB");
    assert!(server.ask("PUT", &format!("{path}?serviceName=s&protectThreshold=0.6")).await.is(200, "ok"));
    let changed = server.get(&format!("{path}?serviceName=s")).await.json();
    assert_eq!((&changed["protectThreshold"], &changed["selector"]["type"]), (&json!(0.6), &json!("none")));
    assert!(server.ask("PUT", &format!("{path}?serviceName=s")).await.is(400, "Param 'protectThreshold' is required."));
    let list = server.get(&format!("{path}/list?pageNo=x&pageSize=10")).await;
    assert!(list.is(200, r#"{"count":1,"doms":["s"]}"#));
    assert_eq!(server.get(&format!("{path}/list?pageNo=1")).await.status, 400);
    for (query, status) in [
        ("protectThreshold=abc", 500),
        ("protectThreshold=2", 400),
        ("selector=%7Bbad", 400),
        ("selector=%7B%22type%22%3A%22nope%22%7D", 400),
        ("selector=%7B%22type%22%3A%22label%22%2C%22expression%22%3A%22x%22%7D", 500),
        ("metadata=bad", 500),
    ] {
        let refused = server.ask("POST", &format!("{path}?serviceName=t&{query}")).await;
        assert_eq!(refused.status, status, "{query}");
    }
    assert!(server.ask("DELETE", &format!("{path}?serviceName=s")).await.is(200, "ok"));
    assert!(
        server.ask("DELETE", &format!("{path}?serviceName=s")).await.is(400, "service DEFAULT_GROUP@@s not found!")
    );
}

#[tokio::test]
async fn services_v2() {
    let server = Server::start().await;
    let path = "/v2/ns/service";
    assert_eq!(server.ask("POST", &format!("{path}?serviceName=s&ephemeral=true")).await.status, 200);
    assert_eq!(server.ask("POST", &format!("/v2/ns/instance?{AT}")).await.status, 200);
    let detail = server.get(&format!("{path}?serviceName=s")).await.json();
    let cluster = json!({"clusterName": "DEFAULT", "healthChecker": {"type": "TCP"}, "metadata": {}, "hosts": null});
    let expected = json!({"namespace": "public", "serviceName": "s", "groupName": "DEFAULT_GROUP",
        "clusterMap": {"DEFAULT": cluster}, "metadata": {}, "protectThreshold": 0.0,
        "selector": {"type": "none", "contextType": "NONE"}, "ephemeral": true});
    assert_eq!(detail["data"], expected);
    for (method, query, expected) in [
        ("POST", "serviceName=s", (400, 21007)),
        ("DELETE", "serviceName=s", (400, 21009)),
        ("GET", "serviceName=none", (400, 21008)),
        ("PUT", "serviceName=none", (400, 21008)),
        ("DELETE", "serviceName=none", (400, 21008)),
        ("GET", "", (400, 10000)),
        ("POST", "serviceName=t&protectThreshold=abc", (500, 30000)),
    ] {
        let reply = server.ask(method, &format!("{path}?{query}")).await;
        assert_eq!(code(&reply), (expected.0, Some(expected.1)), "{method} {query}");
    }
    let list = server.get(&format!("{path}/list")).await.json();
    assert_eq!(list["data"], json!({"count": 1, "services": ["s"]}));
    assert_eq!(code(&server.get(&format!("{path}/list?pageNo=x")).await), (500, Some(30000)));
}

#[tokio::test]
async fn operator_metrics_count() {
    let server = Server::start().await;
    assert!(server.get("/v1/ns/operator/metrics").await.is(200, r#"{"status":"UP"}"#));
    server.ask("POST", &format!("{INSTANCE}?{AT}")).await;
    let full = server.get("/v1/ns/operator/metrics?onlyStatus=false").await.json();
    assert_eq!((&full["serviceCount"], &full["instanceCount"]), (&json!(1), &json!(1)));
    assert_eq!((&full["clientCount"], &full["ephemeralIpPortClientCount"]), (&json!(1), &json!(1)));
    let v2 = server.get("/v2/ns/ops/metrics?onlyStatus=false").await.json();
    assert_eq!(v2["data"].get("responsibleInstanceCount"), None);
}
