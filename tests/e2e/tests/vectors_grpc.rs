//! Replays the captured gRPC scenarios against one server.
//!
//! `NACRE_VECTORS=part,part` chooses scenarios, `NACRE_TARGET=host:port` names the gRPC port of a running server.

use nacre_e2e::grpc::scenario::{Scenario, Target};
use nacre_e2e::report::{Job, KnownDifferences, chosen, data_file, run, scenario_files, slack};
use nacre_harness::Options;

const AT_ONCE: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_scenarios_replay() {
    let known: KnownDifferences = data_file("known-differences.toml").unwrap();
    let files = scenario_files("grpc").unwrap();
    assert!(known.grpc.keys().all(|name| files.contains_key(name)), "a known difference names no scenario");
    let (_server, target) = match std::env::var("NACRE_TARGET") {
        Ok(address) => {
            let grpc: std::net::SocketAddr = address.parse().unwrap();
            let http = (grpc.ip(), grpc.port() - 1000).into();
            (None, Target { grpc, http, slack: slack() })
        }
        Err(_) => {
            let server = Options::new().start().await.unwrap();
            let target = Target { grpc: server.grpc_address(), http: server.http_address(), slack: slack() };
            (Some(server), target)
        }
    };
    let jobs_of = |wanted: &dyn Fn(&str) -> bool| -> Vec<Job> {
        let scenarios = files.iter().filter(|(name, _)| wanted(name));
        let scenarios = scenarios.map(|(name, json)| (name.clone(), Scenario::new(json.clone())));
        scenarios
            .filter(|(_, scenario)| !scenario.has_tag("cluster-port"))
            .map(|(name, scenario)| {
                let expected = scenario.waiting();
                Job { name, expected, work: Box::pin(async move { scenario.run(target).await }) }
            })
            .collect()
    };
    let jobs = jobs_of(&chosen);
    assert!(!jobs.is_empty(), "no scenario was chosen");
    let suspects = run(jobs, AT_ONCE, &known.grpc).await;
    // A scenario that lost its time to its neighbours passes alone; one that is answered wrongly does not.
    let failed = run(jobs_of(&|name| suspects.iter().any(|suspect| suspect == name)), 1, &known.grpc).await;
    assert!(failed.is_empty(), "{} scenarios failed: {}", failed.len(), failed.join(", "));
}
