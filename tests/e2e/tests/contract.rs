//! What tools rely on: the command line, settings, addresses, and both protocols on the main port.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::process::Output;
use std::time::Duration;

use nacre_e2e::nacos;
use nacre_harness::Options;
use nacre_harness::grpc::Client;
use nacre_harness::http::Http;
use nacre_harness::server::binary;
use tokio::process::Command;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);

async fn nacre(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary().unwrap());
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder.path()).kill_on_drop(true);
    timeout(LIMIT, command.output()).await.expect("the command ends by itself").unwrap()
}

fn shown(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn settings_are_documented_and_checked() {
    let settings = nacre(&["settings"], &[]).await;
    assert!(settings.status.success());
    let text = String::from_utf8_lossy(&settings.stdout).into_owned();
    for name in ["[auth]", "NACRE_AUTH_ENABLED", "restart_grace = 60000"] {
        assert!(text.contains(name), "`nacre settings` does not show {name}:\n{text}");
    }
    let typo = nacre(&["server", "--data-dir", "d", "--set", "naming.restart_grase=5"], &[]).await;
    assert!(!typo.status.success());
    assert!(shown(&typo).contains("restart_grace"), "no near name in: {}", shown(&typo));
    let kind = nacre(&["server", "--data-dir", "d", "--set", "naming.restart_grace=soon"], &[]).await;
    assert!(!kind.status.success());
    assert!(shown(&kind).contains("restart_grace"), "the setting is not named: {}", shown(&kind));
    let guarded = nacre(&["server", "--data-dir", "d", "--set", "auth.enabled=true"], &[]).await;
    assert!(!guarded.status.success());
    assert!(shown(&guarded).contains("auth"), "the reason is not named: {}", shown(&guarded));
    let guarded = nacre(&["server", "--data-dir", "d"], &[("NACRE_AUTH_ENABLED", "true")]).await;
    assert!(!guarded.status.success(), "the environment is not read");
    let help = nacre(&["--help"], &[]).await;
    assert!(help.status.success() && shown(&help).contains("server"));
}

#[tokio::test]
async fn a_settings_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nacre.toml");
    let run = |text: &'static str| {
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap().to_owned();
        async move { nacre(&["server", "--config", &path, "--data-dir", "d"], &[]).await }
    };
    let unknown = run("[naming]\nrestart_grase = 5\n").await;
    assert!(!unknown.status.success() && shown(&unknown).contains("restart_grace"), "{}", shown(&unknown));
    let guarded = run("[auth]\nenabled = true\n").await;
    assert!(!guarded.status.success() && shown(&guarded).contains("auth"), "{}", shown(&guarded));
    let broken = run("[naming\n").await;
    assert!(!broken.status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_serves_both_protocols_on_both_families() {
    let mut server = Options::new().bind_by_default().start().await.unwrap();
    let (http, grpc) = (server.http_address().port(), server.grpc_address().port());
    assert_eq!(grpc, http + 1000);
    let mut hosts = vec!["127.0.0.1"];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        hosts.push("[::1]");
    } else {
        println!("this machine has no IPv6: only IPv4 is tried");
    }
    for host in hosts {
        for port in [http, grpc] {
            let address: SocketAddr = format!("{host}:{port}").parse().unwrap();
            let client = Client::open(address).await.unwrap_or_else(|error| panic!("gRPC on {address}: {error:#}"));
            nacos::publish(&client, "both", host).await.unwrap();
            assert_eq!(nacos::content(&client, "both").await.unwrap().as_deref(), Some(host));
        }
        let http = Http::new(format!("{host}:{http}").parse().unwrap());
        let query = [("dataId", "both"), ("group", "DEFAULT_GROUP")];
        assert_eq!(http.get("/nacos/v1/cs/configs", &query).await.unwrap().text(), host);
    }
    server.terminate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_ends_the_start_with_its_address() {
    let server = Options::new().start().await.unwrap();
    let port = server.http_address().port().to_string();
    let arguments =
        ["server", "--data-dir", "d", "--bind", "127.0.0.1", "--port", &port, "--set", "auth.enabled=false"];
    let second = nacre(&arguments, &[]).await;
    assert!(!second.status.success());
    assert!(shown(&second).contains(&port), "the port is not named: {}", shown(&second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_paths_answer_501_and_unknown_ones_404() {
    let server = Options::new().start().await.unwrap();
    let http = server.http();
    for path in ["/nacos/v1/auth/users", "/nacos/v1/auth/roles", "/nacos/v2/core/loader/smartReloadCluster"] {
        let reply = http.get(path, &[("dataId", "a"), ("group", "b"), ("search", "accurate")]).await.unwrap();
        assert_eq!(reply.status, 501, "{path}: {}", reply.text());
        assert!(reply.json().is_object(), "{path} answers no JSON: {}", reply.text());
    }
    for path in ["/nacos/v2/ns/nothing", "/nacos/v1/cs/nothing", "/nothing"] {
        assert_eq!(http.get(path, &[]).await.unwrap().status, 404, "{path}");
    }
    for path in
        ["/nacos/v1/console/health/readiness", "/nacos/v2/console/health/liveness", "/nacos/actuator/prometheus"]
    {
        assert_eq!(http.get(path, &[]).await.unwrap().status, 200, "{path}");
    }
}

/// A directory that has lost its data must not look like a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_without_its_database_is_refused() {
    let mut server = Options::new().start().await.unwrap();
    server.terminate().await.unwrap();
    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    server.spawn().unwrap();
    let status = server.wait_exit(LIMIT).await.unwrap();
    assert!(!status.success(), "a directory that lost its database was taken as new");
}
