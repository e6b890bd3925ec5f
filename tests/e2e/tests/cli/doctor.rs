use std::net::TcpListener;

use nacre_harness::Options;
use serde_json::Value;

use super::{nacre, output, server, text};

/// What the doctor says, and its exit code.
async fn report(words: &str) -> (Value, i32) {
    let output = output(nacre(None, &format!("doctor {words} --output json"))).await;
    let code = output.status.code().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{words}: {error}: {}", text(&output.stderr)));
    // What the machine is like decides about the code, so nothing else does.
    let failed = report["checks"].as_array().unwrap().iter().any(|check| check["status"] == "fail");
    assert_eq!((code, report["ok"].as_bool().unwrap()), (i32::from(failed), !failed), "{report}");
    (report, code)
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name} in {report}"))
}

#[tokio::test]
async fn a_running_server_is_recognized_and_another_program_is_named() {
    let server = server().await;
    let (http, data) = (server.http_address().port(), server.data_dir().display());
    let (found, _) = report(&format!("--bind 127.0.0.1 --port {http} --data-dir {data}")).await;
    for name in ["data directory", "file system", "free space", "disk speed", "processors", "clock"] {
        check(&found, name);
    }
    assert_eq!(check(&found, "data directory")["status"], "ok");
    let ports = |report: &Value| {
        let checks = report["checks"].as_array().unwrap().iter();
        let ports = checks.filter(|check| check["check"].as_str().unwrap().starts_with("port"));
        ports.map(|check| (check["status"].clone(), check["found"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    for (status, text) in ports(&found) {
        assert!(status == "ok" && text.contains("this server"), "{text}");
    }
    // The same ports without the data directory are those of a stranger.
    let (found, code) = report(&format!("--bind 127.0.0.1 --port {http} --data-dir {data}/elsewhere")).await;
    assert_eq!(code, 1);
    let pid = server.pid().unwrap();
    for (status, text) in ports(&found) {
        assert!(status == "fail" && text.contains(&format!("process {pid}")), "{text}");
    }
}

#[tokio::test]
async fn a_server_is_looked_at_from_outside() {
    let server = server().await;
    let (found, code) = report(&format!("--server {}", server.http_address())).await;
    assert_eq!(code, 0, "{found}");
    for name in ["name", "http port", "grpc port", "http answer", "clock", "client"] {
        assert_eq!(check(&found, name)["status"], "ok", "{found}");
    }
}

#[tokio::test]
async fn a_closed_port_is_told_with_what_clients_feel() {
    let mut nobody = Options::new().prepare().unwrap();
    nobody.free_ports();
    let address = nobody.http_address();
    let (found, code) = report(&format!("--server {address} --timeout 1")).await;
    assert_eq!(code, 1);
    let (http, grpc) = (check(&found, "http port"), check(&found, "grpc port"));
    assert!(http["found"].as_str().unwrap().contains("closed"), "{http}");
    assert!(grpc["advice"].as_str().unwrap().contains("STARTING"), "{grpc}");

    // Something that is no server has the HTTP port: it takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (found, code) = report(&format!("--server {address} --timeout 1")).await;
    assert_eq!(code, 1);
    assert_eq!(check(&found, "http port")["status"], "ok");
    assert_eq!(check(&found, "http answer")["status"], "fail");
    let table = output(nacre(None, &format!("doctor --server {address} --timeout 1"))).await;
    let (shown, errors) = (text(&table.stdout), text(&table.stderr));
    assert!(shown.starts_with("STATUS  CHECK") && shown.contains("fail    http answer"), "{shown}");
    assert!(errors.starts_with("nacre: ") && errors.ends_with("failed\n"), "{errors}");
}

#[tokio::test]
async fn bad_settings_are_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (found, code) = report(&format!("--data-dir {} --set storage.reserve_md=1", data.display())).await;
    assert_eq!(code, 1);
    assert!(
        check(&found, "settings")["found"].as_str().unwrap().contains("did you mean storage.reserve_mb?"),
        "{found}"
    );
    assert!(!data.exists(), "nothing is made");
}
