//! The behaviour cases of `tests/cases`, run by the engine itself. See the README there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod expand;
mod harness;
mod matcher;
mod model;
mod perform;
mod run;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use harness::Harness;
use model::Case;

/// What this client can do beyond the common: everything. A capability that the schema gains must be added here.
const CAPABILITIES: [&str; 17] = [
    "balancers",
    "baseline",
    "batch",
    "client_metrics",
    "failover",
    "fuzzy_watch",
    "gray",
    "lazy_connect",
    "lock",
    "login",
    "maintenance",
    "naming_cache",
    "persistent",
    "pool",
    "reopen",
    "snapshots",
    "watch_services",
];
/// How many cases run at a time.
const SIDE_BY_SIDE: usize = 8;
const LEAST: usize = 80;

struct File {
    name: String,
    text: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All case files. Anything else in their folders is a mistake: it would not be run.
fn files() -> Vec<File> {
    let mut found = Vec::new();
    for part in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for path in std::fs::read_dir(part).unwrap().map(|entry| entry.unwrap().path()) {
            assert_eq!(path.extension().and_then(|end| end.to_str()), Some("json"), "{} is no case", path.display());
            let name = path.strip_prefix(folder()).unwrap().with_extension("").to_string_lossy().into_owned();
            found.push(File { name, text: read(&path) });
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// Operations that a case calls.
fn operations(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("op").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| operations(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| operations(item, found)),
        _ => {}
    }
}

#[test]
fn every_file_fits_the_schema() {
    let schema = read(&folder().join("schema.json"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let files = files();
    assert!(files.len() >= LEAST, "{} cases", files.len());
    let mut bad = Vec::new();
    for file in &files {
        bad.extend(validator.iter_errors(&file.text).map(|error| format!("{}: {error}", file.name)));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let odd = json!({"title": "An unknown member", "limit_ms": 1000, "steps": [{"stop": "w"}], "colour": 1});
    assert!(!validator.is_valid(&odd), "the schema refuses what it does not know");
    let no_argument =
        json!({"title": "A call without its arguments", "limit_ms": 1000, "steps": [{"op": "config.get", "on": "a"}]});
    assert!(!validator.is_valid(&no_argument), "the schema knows each operation's arguments");
}

#[test]
fn every_operation_has_a_case() {
    let schema = read(&folder().join("schema.json"));
    assert_eq!(words(&schema["$defs"]["capability"]["enum"]), CAPABILITIES.map(str::to_owned).into(), "capabilities");
    let mut called = BTreeSet::new();
    files().iter().for_each(|file| operations(&file.text, &mut called));
    assert_eq!(words(&schema["$defs"]["call"]["properties"]["op"]["enum"]), called);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds() {
    let chosen = std::env::var("NACRE_CASES").unwrap_or_default();
    let parts: Vec<&str> = chosen.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_chosen = |file: &File| parts.is_empty() || parts.iter().any(|part| file.name.contains(part));
    let files: Vec<File> = files().into_iter().filter(is_chosen).collect();
    let expected: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    assert!(!expected.is_empty(), "no case has {parts:?} in its name");
    let harness = Harness::start().await;
    let server = run::shared_server(&harness).await;
    let permits = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = JoinSet::new();
    for file in files {
        let (harness, server, permits) = (Arc::clone(&harness), server.clone(), Arc::clone(&permits));
        running.spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            let case: Case = serde_json::from_value(file.text).unwrap();
            let outcome = run::case(&file.name, case, harness, &server).await;
            (file.name, outcome)
        });
    }
    let mut run = BTreeSet::new();
    let mut failures = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (name, outcome) = ended.expect("a case does not panic");
        if let Err(failure) = outcome {
            println!("FAILED {name}\n{failure}\n");
            failures.push(name.clone());
        }
        run.insert(name);
    }
    harness.stop(Duration::from_secs(20)).await;
    assert_eq!(run, expected, "each case has run");
    failures.sort();
    println!("{} cases, {} failed", run.len(), failures.len());
    assert!(failures.is_empty(), "{} of {} failed: {failures:?}", failures.len(), run.len());
}
