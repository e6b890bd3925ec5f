use std::time::Duration;

use nacre_harness::Server;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Running, done, fails, json, nacre, server};

async fn instances(server: &Server, words: &str) -> Vec<Value> {
    json(server, &format!("service get {words}")).await["instances"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_instance_is_registered_until_ctrl_c() {
    let server = server().await;
    let (code, _) = fails(nacre(Some(&server), "service get orders")).await;
    assert_eq!(code, 3);
    let words = "service register orders --ip 10.0.0.1 --port 8080 --weight 2.5 --cluster east \
        --metadata zone=a --metadata note=b=c --namespace dev --group shop";
    let mut watch = Running::start(nacre(Some(&server), "service watch orders --namespace dev --group shop"));
    assert_eq!(watch.line().await["instances"], json!([]));
    let provider = Running::start(nacre(Some(&server), words));
    let one = json!({
        "ip": "10.0.0.1", "port": 8080, "cluster": "east", "healthy": true, "enabled": true, "weight": 2.5,
        "ephemeral": true, "metadata": {"zone": "a", "note": "b=c"},
    });
    let line = watch.line().await;
    let place = (&line["namespace"], &line["group"], &line["service"]);
    assert_eq!(place, (&json!("dev"), &json!("shop"), &json!("orders")));
    assert_eq!((&line["instances"], &line["added"], &line["removed"]), (&json!([one]), &json!([one]), &json!([])));
    assert_eq!(instances(&server, "orders --namespace dev --group shop").await, std::slice::from_ref(&one));
    let (code, said) = provider.stop(Signal::INT).await;
    assert_eq!(code, Some(0), "{said}");
    let said: Vec<&str> = said.lines().collect();
    let expected =
        ["registered shop@@orders at 10.0.0.1:8080, until Ctrl-C", "deregistered shop@@orders at 10.0.0.1:8080"];
    assert_eq!(said, expected);
    let line = watch.line_with(|line| line["instances"] == json!([])).await;
    assert_eq!(line["removed"], json!([one]));
    let (code, errors) = watch.stop(Signal::TERM).await;
    assert_eq!((code, errors.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_registration_survives_a_restart_of_the_server() {
    let mut server = server().await;
    let provider = Running::start(nacre(Some(&server), "service register orders --ip 10.0.0.1 --port 8080"));
    let deadline = Instant::now() + super::SOON;
    while server.http().get("/nacos/v1/ns/instance/list", &[("serviceName", "orders")]).await.unwrap().json()["hosts"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        assert!(Instant::now() < deadline, "never registered");
        sleep(Duration::from_millis(20)).await;
    }
    server.crash_and_start().await.unwrap();
    let found = instances(&server, "orders").await;
    assert_eq!((found.len(), &found[0]["ip"]), (1, &json!("10.0.0.1")));
    let (code, said) = provider.stop(Signal::TERM).await;
    assert_eq!(code, Some(0));
    assert!(
        said.contains("connection lost: ") && said.ends_with("deregistered DEFAULT_GROUP@@orders at 10.0.0.1:8080\n"),
        "{said}"
    );
}

#[tokio::test]
async fn services_are_listed() {
    let server = server().await;
    assert_eq!(done(&server, "service list").await, "GROUP  SERVICE\n");
    for service in ["orders", "prices"] {
        let form = [("serviceName", service), ("ip", "10.0.0.1"), ("port", "1"), ("ephemeral", "false")];
        assert_eq!(server.http().post("/nacos/v1/ns/instance", &form).await.unwrap().status, 200);
    }
    let expected = "GROUP          SERVICE\nDEFAULT_GROUP  orders\nDEFAULT_GROUP  prices\n";
    assert_eq!(done(&server, "service list").await, expected);
    let services =
        json!({"namespace": "public", "group": "DEFAULT_GROUP", "count": 2, "services": ["orders", "prices"]});
    assert_eq!(json(&server, "service list").await, services);
    let table = done(&server, "service get orders").await;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["ADDRESS", "CLUSTER", "HEALTHY", "ENABLED", "WEIGHT", "KIND", "METADATA"]);
    assert_eq!(lines[1][..2], ["10.0.0.1:1", "DEFAULT"]);
    assert_eq!(lines[1][3..], ["yes", "1", "persistent"]);
    let yaml = done(&server, "service list --output yaml").await;
    assert!(yaml.contains("count: 2") && yaml.contains("- orders"), "{yaml}");
}

#[tokio::test]
async fn colours_are_for_terminals() {
    let server = server().await;
    let form = [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "1"), ("ephemeral", "false")];
    assert_eq!(server.http().post("/nacos/v1/ns/instance", &form).await.unwrap().status, 200);
    let words = format!(
        "{} service get orders --server {}",
        nacre_harness::server::binary().unwrap().display(),
        server.http_address()
    );
    // `script` gives the command a terminal of its own.
    let on_terminal = |declined: bool| {
        let mut command = tokio::process::Command::new("script");
        command.args(["--quiet", "--return", "--command", &words, "/dev/null"]);
        if declined {
            command.env("NO_COLOR", "1")
        } else {
            command.env_remove("NO_COLOR")
        };
        command
    };
    let coloured = super::output(on_terminal(false)).await;
    let text = super::text(&coloured.stdout);
    assert!(text.contains("\x1b[32myes\x1b[0m"), "{text:?}");
    let declined = super::text(&super::output(on_terminal(true)).await.stdout);
    assert!(declined.contains("yes") && !declined.contains("\x1b[32m"), "{declined:?}");
    assert!(!done(&server, "service get orders").await.contains('\x1b'));
}
