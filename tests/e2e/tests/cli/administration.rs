use serde_json::{Value, json};

use super::{Running, done, fails, json, nacre, server};

async fn code(server: &nacre_harness::Server, words: &str) -> i32 {
    fails(nacre(Some(server), words)).await.0
}

#[tokio::test]
async fn namespaces_come_and_go() {
    let server = server().await;
    let made = json(&server, "namespace create Shop --id shop --description sells").await;
    assert_eq!(made, json!({"id": "shop", "name": "Shop", "description": "sells", "configs": 0}));
    let random = json(&server, "namespace create Other").await;
    assert_eq!(random["id"].as_str().unwrap().len(), 36);
    let ids = json(&server, "namespace list").await;
    let ids: Vec<&str> = ids.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"public") && ids.contains(&"shop") && ids.len() == 3, "{ids:?}");
    let changed = json(&server, "namespace update shop --name Store").await;
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Store"), &json!("sells")));
    assert_eq!(code(&server, "namespace create Again --id shop").await, 4);
    assert_eq!(code(&server, "namespace update nobody --name x").await, 3);
    assert_eq!(code(&server, "namespace remove public").await, 2);
    done(&server, "config set app --content x --namespace shop").await;
    assert_eq!(code(&server, "namespace remove shop").await, 4);
    done(&server, "namespace remove shop --force").await;
    assert_eq!(code(&server, "namespace remove shop").await, 3);
}

#[tokio::test]
async fn services_come_and_go() {
    let server = server().await;
    let made = json(&server, "service create orders --group shop --protect-threshold 0.5 --metadata a=1").await;
    let expected = json!({
        "namespace": "public", "group": "shop", "service": "orders", "protect_threshold": 0.5, "metadata": {"a": "1"},
    });
    assert_eq!(made, expected);
    let changed = json(&server, "service update orders --group shop --metadata b=2").await;
    assert_eq!((&changed["protect_threshold"], &changed["metadata"]), (&json!(0.5), &json!({"a": "1", "b": "2"})));
    let catalog = json(&server, "service catalog ord --group shop").await;
    assert_eq!((&catalog[0]["service"], &catalog[0]["ip_count"]), (&json!("orders"), &json!(0)));
    assert_eq!(json(&server, "service catalog --hide-empty").await, json!([]));
    done(&server, "service set-cluster orders --group shop --checker none").await;
    for words in
        ["update orders --metadata a=1", "remove orders", "instances orders", "set-cluster orders --checker tcp"]
    {
        assert_eq!(code(&server, &format!("service {words}")).await, 3, "{words}");
    }
    done(&server, "service remove orders --group shop").await;
    assert_eq!(json(&server, "service catalog").await, json!([]));
}

#[tokio::test]
async fn operators_hide_and_weigh_instances() {
    let server = server().await;
    let form = [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "80"), ("ephemeral", "false"), ("weight", "3")];
    assert_eq!(server.http().post("/nacos/v1/ns/instance", &form).await.unwrap().status, 200);
    let set = |words: &str| format!("service set-instance orders --ip 10.0.0.1 --port 80 {words}");
    let hidden = json(&server, &set("--enabled false")).await;
    assert_eq!((&hidden[0]["enabled"], &hidden[0]["weight"]), (&json!(false), &json!(3.0)));
    let listed = server.http().get("/nacos/v1/ns/instance/list", &[("serviceName", "orders")]).await.unwrap();
    assert_eq!(listed.json()["hosts"], json!([]), "clients do not see it");
    let shown = json(&server, "service instances orders").await;
    assert_eq!((&shown[0]["enabled"], &shown[0]["cluster"]), (&json!(false), &json!("DEFAULT")));
    let weighed = json(&server, &set("--enabled true --weight 0.5 --metadata zone=a")).await;
    let expected = (&json!(true), &json!(0.5), &json!("a"));
    assert_eq!((&weighed[0]["enabled"], &weighed[0]["weight"], &weighed[0]["metadata"]["zone"]), expected);
    assert_eq!(code(&server, &set("")).await, 2);
    assert_eq!(code(&server, "service set-instance orders --ip 10.0.0.9 --port 80 --weight 1").await, 3);
}

#[tokio::test]
async fn subscribers_are_listed() {
    let server = server().await;
    let mut watch = Running::start(nacre(Some(&server), "service watch orders"));
    watch.line().await;
    let subscribers = json(&server, "service subscribers orders").await;
    let subscribers = subscribers.as_array().unwrap();
    assert_eq!(subscribers.len(), 1);
    assert!(subscribers[0]["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{subscribers:?}");
}

#[tokio::test]
async fn switches_are_read_and_set() {
    let server = server().await;
    let all = json(&server, "switches get").await;
    assert_eq!(all["pushEnabled"], json!(true));
    done(&server, "switches set pushEnabled false").await;
    assert_eq!(json(&server, "switches get pushEnabled").await, json!({"pushEnabled": false}));
    assert_eq!(code(&server, "switches get nothing").await, 3);
    assert_eq!(code(&server, "switches set pushCacheMillis 1").await, 4);
    let table: Value = done(&server, "switches get pushEnabled").await.into();
    assert_eq!(table, "SWITCH       VALUE\npushEnabled  false\n");
}
