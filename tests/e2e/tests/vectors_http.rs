//! Replays those captured HTTP scenarios that are in scope against one server.
//!
//! `NACRE_VECTORS=part,part` chooses scenarios, `NACRE_TARGET_HTTP=host:port` names the port of a running server.

use std::collections::BTreeMap;

use nacre_e2e::http::scenario::Scenario;
use nacre_e2e::report::{Job, KnownDifferences, chosen, data_file, run, scenario_files};
use nacre_harness::Options;
use serde::Deserialize;

const AT_ONCE: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    run: Vec<String>,
    later: BTreeMap<String, String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_scenarios_replay() {
    let known: KnownDifferences = data_file("known-differences.toml").unwrap();
    let scope: Scope = data_file("http-scope.toml").unwrap();
    let mut files = scenario_files("http").unwrap();
    assert!(known.http.keys().all(|name| files.contains_key(name)), "a known difference names no scenario");
    let (_server, address) = match std::env::var("NACRE_TARGET_HTTP") {
        Ok(address) => (None, address.parse().unwrap()),
        Err(_) => {
            let server = Options::new().start().await.unwrap();
            let address = server.http_address();
            (Some(server), address)
        }
    };
    // The discovery for Prometheus is off by default; the captured server had it on.
    let with_discovery = Options::new().set("gateway.http.prometheus_discovery", "true").start().await.unwrap();
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for name in scope.run.into_iter().filter(|name| chosen(name)) {
        let scenario = Scenario::new(files.remove(&name).unwrap_or_else(|| panic!("no scenario {name}")));
        let exclusive = scenario.is_exclusive();
        let expected = scenario.waiting();
        let address = if scenario.needs("prometheus") { with_discovery.http_address() } else { address };
        let job = Job { name, expected, work: Box::pin(async move { scenario.run(address).await }) };
        if exclusive { alone.push(job) } else { together.push(job) }
    }
    assert!(!together.is_empty(), "no scenario was chosen");
    let mut failed = run(together, AT_ONCE, &known.http).await;
    if !alone.is_empty() {
        failed.extend(run(alone, 1, &known.http).await);
    }
    assert!(failed.is_empty(), "{} scenarios failed: {}", failed.len(), failed.join(", "));
}

/// A new scenario must be decided upon: it runs, or the list says why not yet.
#[test]
fn the_scope_names_every_scenario_once() {
    let scope: Scope = data_file("http-scope.toml").unwrap();
    let files = scenario_files("http").unwrap();
    let mut named: Vec<&String> = scope.run.iter().chain(scope.later.keys()).collect();
    named.sort();
    assert_eq!(named, files.keys().collect::<Vec<_>>());
    assert!(scope.later.values().all(|reason| !reason.is_empty()));
}
