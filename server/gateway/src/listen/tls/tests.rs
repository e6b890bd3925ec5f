use std::path::Path;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use super::*;

/// Puts a new certificate for `localhost` and its key into a directory.
fn issue(home: &Path) -> rcgen::Certificate {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()]).expect("a name").self_signed(&key);
    let certificate = certificate.expect("a certificate");
    std::fs::write(home.join("key.pem"), key.serialize_pem()).expect("written");
    std::fs::write(home.join("certificate.pem"), certificate.pem()).expect("written");
    certificate
}

fn settings(home: &Path) -> Settings {
    Settings {
        mode: Mode::Required,
        certificate: Some(home.join("certificate.pem")),
        key: Some(home.join("key.pem")),
        handshake_timeout_ms: 20_000,
        reload_seconds: 1,
        ..Settings::default()
    }
}

/// Whether a client that trusts only this certificate reaches the server.
async fn is_served(tls: &Arc<Tls>, trusted: &rcgen::Certificate) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let tls = Arc::clone(tls);
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let Ok(mut stream) = tls.accept(stream).await else { return };
        let _ = stream.write_all(b"x").await;
        let _ = stream.shutdown().await;
    });
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("connected");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut byte = [0];
    let read = match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(mut stream) => stream.read_exact(&mut byte).await.is_ok(),
        Err(_) => false,
    };
    server.await.expect("no panic");
    read
}

#[tokio::test]
async fn renewed_files_are_used_and_broken_ones_are_not() {
    let home = tempfile::tempdir().expect("a directory");
    let first = issue(home.path());
    let tls = Tls::start(settings(home.path())).expect("readable").expect("on");
    let mut seen = tls.seen().await;
    assert!(is_served(&tls, &first).await);
    let before = tls.config.load_full();
    std::fs::write(home.path().join("certificate.pem"), "no certificate").expect("written");
    tls.look(&mut seen).await;
    assert!(Arc::ptr_eq(&before, &tls.config.load_full()), "the good one stays");
    assert!(is_served(&tls, &first).await);
    let second = issue(home.path());
    tls.look(&mut seen).await;
    assert!(is_served(&tls, &second).await);
    assert!(!is_served(&tls, &first).await, "the first is not shown any more");
}

#[test]
fn files_that_do_not_fit_are_named_at_start() {
    let home = tempfile::tempdir().expect("a directory");
    let error = |settings: Settings| Tls::start(settings).err().expect("refused").to_string();
    assert!(error(Settings { certificate: None, ..settings(home.path()) }).contains("gateway.tls.certificate"));
    assert!(error(Settings { key: None, ..settings(home.path()) }).contains("gateway.tls.key"));
    assert!(error(settings(home.path())).contains("certificate.pem"));
    issue(home.path());
    let other = tempfile::tempdir().expect("a directory");
    issue(other.path());
    let mixed = Settings { key: Some(other.path().join("key.pem")), ..settings(home.path()) };
    assert!(error(mixed).contains("certificate.pem"));
    let main_only = Settings { mode: Mode::Off, main_port_mode: Some(Mode::Optional), ..settings(home.path()) };
    let tls = Tls::start(main_only).expect("readable").expect("on");
    assert_eq!((tls.mode(true), tls.mode(false)), (Mode::Optional, Mode::Off));
    assert!(Tls::start(Settings::default()).expect("nothing to read").is_none());
}
