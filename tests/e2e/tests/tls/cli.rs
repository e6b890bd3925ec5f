//! The commands of `nacre` and servers with TLS: options, variables, and what is told when they do not fit.

use std::{path::PathBuf, process::Stdio, time::Duration};

use nacre_client::options::Identity;
use nacre_harness::{Server, server::binary};
use tokio::{process::Command, time::timeout};

use super::{Authority, options};

/// A bench takes its time on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// Commands over gRPC and over HTTP, each with the word before the address.
const BOTH: [&str; 3] =
    ["config get tls.yaml --timeout 2 --server", "namespace list --timeout 2 --server", "bench read --quick --target"];

/// Runs `nacre` with these words, cut at blanks; answers its exit code and what it has said.
async fn nacre(words: &str, variables: &[(&str, PathBuf)]) -> (i32, String) {
    let mut command = Command::new(binary().unwrap());
    command.args(words.split_whitespace()).envs(variables.iter().map(|(name, path)| (*name, path)));
    let output = timeout(LIMIT, command.kill_on_drop(true).stdin(Stdio::null()).output()).await;
    let output = output.expect("ends in time").unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A server that only serves TLS, to clients with a certificate.
async fn strict(authority: &Authority, clients: &Authority) -> Server {
    let options = options(authority, "required").set("gateway.tls.client_ca", &clients.path("ca.pem").display());
    options.start().await.unwrap()
}

fn trusting(authority: &Authority) -> String {
    format!("--tls-ca {}", authority.path("ca.pem").display())
}

fn showing(identity: &Identity) -> String {
    format!("--tls-certificate {} --tls-key {}", identity.certificates.display(), identity.key.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_talks_to_a_server_takes_the_files() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = strict(&authority, &clients).await;
    let identity = clients.issue("operator");
    let files = format!("{} {}", trusting(&authority), showing(&identity));
    let address = server.http_address();
    for words in [
        "config set tls.yaml --content hidden",
        "config list",
        "config history tls.yaml",
        "namespace list",
        "service create orders",
        "service list",
        "switches get",
        "backup",
        "doctor",
    ] {
        let (code, said) = nacre(&format!("{words} --server {address} {files}"), &[]).await;
        assert_eq!(code, 0, "{words}: {said}");
    }
    let bench = format!("bench read departure config-list --quick --seconds 1 --configs 5 --target {address} {files}");
    let (code, said) = nacre(&bench, &[]).await;
    assert_eq!(code, 0, "{said}");

    let variables = [
        ("NACRE_TLS_CA", authority.path("ca.pem")),
        ("NACRE_TLS_CERTIFICATE", identity.certificates.clone()),
        ("NACRE_TLS_KEY", identity.key.clone()),
    ];
    let (code, said) = nacre(&format!("config get tls.yaml --server {address}"), &variables).await;
    assert_eq!((code, said.trim()), (0, "hidden"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_fit_is_not_served() {
    let (authority, clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let server = strict(&authority, &clients).await;
    let good = showing(&clients.issue("operator"));
    let without = String::new();
    let anonymous = trusting(&authority);
    let impostor = format!("{anonymous} {}", showing(&stranger.issue("operator")));
    let elsewhere = format!("{} {good}", trusting(&stranger));
    for files in [without, anonymous.clone(), impostor, elsewhere, good.clone()] {
        for words in BOTH {
            let (code, said) = nacre(&format!("{words} {} {files}", server.http_address()), &[]).await;
            assert_eq!(code, 5, "{words} {files}: {said}");
        }
    }
    // An address may still say that HTTP is not encrypted.
    let (code, said) =
        nacre(&format!("namespace list --server http://{} {anonymous} {good}", server.http_address()), &[]).await;
    assert_eq!(code, 5, "{said}");
    let (code, said) = nacre(&format!("doctor --timeout 2 --server {} {anonymous}", server.http_address()), &[]).await;
    assert_eq!(code, 1, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_used_are_named() {
    let authority = Authority::new();
    let (one, other) = (authority.issue("one"), authority.issue("other"));
    let mixed = showing(&Identity::new(one.certificates.clone(), other.key));
    let key_as_authority = format!("--tls-ca {}", one.key.display());
    for (files, named) in [
        ("--tls-ca /no/such/ca.pem", "/no/such/ca.pem"),
        (key_as_authority.as_str(), "one.key"),
        ("--tls-certificate /no/such/client.pem", "--tls-key"),
        ("--tls-key /no/such/client.key", "--tls-certificate"),
        (mixed.as_str(), "one.pem"),
    ] {
        for words in BOTH {
            let (code, said) = nacre(&format!("{words} 127.0.0.1:1 {files}"), &[]).await;
            assert_eq!(code, 2, "{words} {files}: {said}");
            assert!(said.contains(named), "{words} {files}: {said}");
        }
    }
}
