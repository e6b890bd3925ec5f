//! `nacre bench` as a shell sees it: the table, the JSON file, exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::time::Duration;

use nacre_harness::{Options, Server, Stub, stub::Script};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

/// A machine that does other things too may need many times what it takes alone.
const LIMIT: Duration = Duration::from_secs(240);
/// Of each scenario one row that only it has.
const KEYS: [&str; 14] = [
    "connection_memory",
    "register_rate",
    "query_rate",
    "naming_push_p50",
    "storm_p999",
    "departure_reset_max",
    "publish_cpu",
    "read_rate",
    "config_push_p99",
    "config_reread_max",
    "mixed_p90",
    "frozen_p99_ratio",
    "frozen_memory",
    "config_list_p99",
];

async fn bench(words: &str) -> Output {
    let mut command = Command::new(nacre_harness::server::binary().unwrap());
    command.arg("bench").args(words.split_whitespace()).kill_on_drop(true).stdin(Stdio::null());
    timeout(LIMIT, command.output()).await.expect("ends in time").unwrap()
}

async fn fails(words: &str) -> (Option<i32>, String) {
    let output = bench(words).await;
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Runs with a file for the numbers; answers what it holds and the printed table.
async fn measured(words: &str) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.json");
    let output = bench(&format!("{words} --json {}", file.display())).await;
    let (table, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{words}: {} {errors}\n{table}", output.status);
    assert_eq!(errors, "", "nothing is drawn where nobody looks");
    (serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap(), table)
}

async fn server() -> Server {
    Options::new().start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_is_measured() {
    let server = server().await;
    let (address, pid) = (server.http_address(), server.pid().unwrap());
    let (found, table) = measured(&format!("--quick --target {address} --pid {pid}")).await;
    assert_eq!(found["target"], address.to_string());
    assert_eq!(found["settings"]["quick"], true);
    assert_eq!(found["failures"], json!([]));
    let mut rows = BTreeMap::new();
    for row in found["rows"].as_array().unwrap() {
        let (key, value) = (row["key"].as_str().unwrap(), row["value"].as_f64().unwrap());
        assert!(row["unit"].is_string() && table.contains(row["label"].as_str().unwrap()), "{row}");
        assert!(rows.insert(key.to_owned(), value).is_none(), "{key} is there twice");
        // Twice the same connection or none at all would show here.
        let may_be_nothing = ["_cpu", "_missed", "_memory"].iter().any(|end| key.ends_with(end));
        assert!(value > 0.0 || may_be_nothing, "{key} is {value}");
        assert!(value < 1.0 || !key.ends_with("_missed"), "{key} is {value}");
    }
    for key in KEYS {
        assert!(rows.contains_key(key), "no row {key}");
    }
    let left = [("search", "accurate"), ("dataId", ""), ("group", ""), ("pageNo", "1"), ("pageSize", "10")];
    let list = server.http().get("/nacos/v1/cs/configs", &left).await.unwrap();
    let list: Value = serde_json::from_str(&list.text()).unwrap();
    assert_eq!(list["totalCount"], 0, "what was published is removed: {list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_loop_keeps_its_rate() {
    let server = server().await;
    let words = format!("read naming-push --rate 100 --quick --seconds 1 --target {}", server.http_address());
    let (found, _) = measured(&words).await;
    let rows = found["rows"].as_array().unwrap();
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no row {key}"));
    assert_eq!(row("read_rate")["label"], "config read, 100 a second");
    assert!((row("read_rate")["value"].as_f64().unwrap() - 100.0).abs() < 2.0, "{}", row("read_rate"));
    assert!(row("naming_push_p50")["label"].as_str().unwrap().starts_with("100 registry changes a second"));
    assert!(rows.iter().all(|row| !row["key"].as_str().unwrap().ends_with("_cpu")), "no process was named");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_are_measured_in_turns() {
    let (first, second) = (server().await, server().await);
    let (first, second) = (first.http_address(), second.http_address());
    let (found, table) = measured(&format!("query --quick --rounds 2 --compare {first} {second}")).await;
    assert_eq!(found["targets"], json!([first.to_string(), second.to_string()]));
    assert_eq!((found["rounds"].as_u64(), &found["failures"]), (Some(2), &json!([])));
    let rate = found["rows"].as_array().unwrap().iter().find(|row| row["key"] == "query_rate").unwrap();
    for list in ["first", "second", "ratios"] {
        assert_eq!(rate[list].as_array().unwrap().len(), 2, "{rate}");
    }
    let expected = rate["first"][1].as_f64().unwrap() / rate["second"][1].as_f64().unwrap();
    assert!((rate["ratios"][1].as_f64().unwrap() - expected).abs() < 1e-9, "{rate}");
    assert!(table.contains("RATIO") && table.contains(" .. "), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_tells_why_nothing_was_measured() {
    for words in [
        "speed",
        "--rate 5",
        "read --rate 0",
        "--seconds 0",
        "--target nowhere",
        "--target 127.0.0.1:65000",
        "--target 127.0.0.1:8848 --pid 4294967295",
        "--target 127.0.0.1:8848 --pid 1,1",
        "--compare 127.0.0.1:8848",
        "--rounds 2",
    ] {
        let (code, error) = fails(words).await;
        assert_eq!(code, Some(2), "{words}: {error}");
        assert!(!error.is_empty(), "{words}");
    }
    let mut nobody = Options::new().prepare().unwrap();
    nobody.free_ports();
    let (code, error) = fails(&format!("--quick --target {}", nobody.http_address())).await;
    assert_eq!(code, Some(5), "{error}");
    assert!(error.contains(&nobody.grpc_address().to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_and_does_not_stop_the_rest() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.json");
    let stub = Stub::start(true).await.unwrap();
    let denied: Script = serde_json::from_value(json!({"body": {"resultCode": 500, "errorCode": 403}})).unwrap();
    stub.reply("ConfigPublishRequest", vec![denied]);
    let (code, error) = fails(&format!("read --quick --target {}", stub.address())).await;
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("403"), "{error}");

    // The process is not the server's, so the memory that it shows is nobody's; the rates are the server's.
    let words =
        format!("naming-push read --rate 70000 --quick --target {} --json {}", server.http_address(), file.display());
    let (code, error) = fails(&words).await;
    assert_eq!(code, Some(2), "{error}");
    let found: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(found["failures"][0]["scenario"], "naming-push");
    assert!(found["rows"].as_array().unwrap().iter().any(|row| row["key"] == "read_rate"), "{found}");
}
