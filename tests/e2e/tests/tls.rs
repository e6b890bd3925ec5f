//! Both ports behind TLS, as clients, browsers and operators meet it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tls/cli.rs"]
mod cli;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use nacre_client::{
    Client, Error, ErrorKind, ServiceKey,
    naming::Instance,
    options::{Identity, Roots, Tls},
};
use nacre_harness::{Options, Server, http::Http};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsConnector;

/// Longer than anything waits on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
const METRICS: &str = "/nacos/actuator/prometheus";

/// An authority, and the folder where its files are.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), parameters.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(parameters, key), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a new certificate for the loopback address, and its key.
    fn issue(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let (certificates, keys) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&certificates, certificate.pem()).unwrap();
        std::fs::write(&keys, key.serialize_pem()).unwrap();
        Identity::new(certificates, keys)
    }
}

fn options(authority: &Authority, mode: &str) -> Options {
    let identity = authority.issue("server");
    Options::new()
        .set("gateway.tls.mode", mode)
        .set("gateway.tls.certificate", &identity.certificates.display())
        .set("gateway.tls.key", &identity.key.display())
        .set("gateway.tls.reload_seconds", "1")
}

fn trusting(authority: &Authority) -> Tls {
    let mut tls = Tls::default();
    tls.roots = Roots::File(authority.path("ca.pem"));
    tls
}

/// The client engine, connected.
async fn client(server: &Server, tls: Option<Tls>) -> Result<Client, Error> {
    let builder = Client::builder().server(server.http_address().to_string()).request_timeout(Duration::from_secs(5));
    match tls {
        Some(tls) => builder.tls(tls).connect().await,
        None => builder.connect().await,
    }
}

/// Writes and reads of a client that is connected.
async fn use_client(client: &Client) {
    let config = client.config();
    let key = config.key("g", "tls.yaml").unwrap();
    config.publish(&key, "a: 1").await.unwrap();
    assert_eq!(config.get(&key).await.unwrap().unwrap().content(), "a: 1");
    let service = ServiceKey::new("g", "tls").unwrap();
    client.naming().register(&service, Instance::new("10.0.0.1", 80)).await.unwrap();
    assert_eq!(client.naming().instances(&service).await.unwrap().len(), 1);
    client.close().await;
}

/// What `curl` sees: status, body and the protocol that both sides agreed on.
async fn https(address: SocketAddr, roots: &Path, protocol: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_file_iter(roots).unwrap().map(Result::unwrap));
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(address.ip().to_string()).unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    let request = hyper::Request::get(format!("https://{address}{path}")).body(String::new()).unwrap();
    let response = if protocol == "h2" {
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    let response = response.map_err(std::io::Error::other)?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

/// What comes back on a plain connection until the server closes it.
async fn plain(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset is as good as an end.
    let _ = timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("closed in time");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_tls_is_required_nothing_else_is_served() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = options(&authority, "required").set("gateway.tls.handshake_timeout_ms", "2000").start().await.unwrap();
    let roots = authority.path("ca.pem");
    use_client(&client(&server, Some(trusting(&authority))).await.unwrap()).await;
    for protocol in ["h2", "http/1.1"] {
        let (status, text) =
            https(server.http_address(), &roots, protocol, "/nacos/v2/ns/operator/metrics").await.unwrap();
        assert_eq!(status, 200, "{text}");
    }
    for address in [server.http_address(), server.grpc_address()] {
        assert_eq!(plain(address, b"GET /nacos/actuator/health HTTP/1.1\r\nHost: a\r\n\r\n").await, b"");
        // A handshake that begins and does not go on.
        assert_eq!(plain(address, b"\x16\x03\x01").await, b"");
    }
    let error = client(&server, Some(trusting(&stranger))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(https(server.http_address(), &stranger.path("ca.pem"), "http/1.1", METRICS).await.is_err());
    let (_, page) = https(server.http_address(), &roots, "http/1.1", METRICS).await.unwrap();
    let count = |limit: &str| {
        let row = page
            .lines()
            .find_map(|line| line.strip_prefix(&format!("nacre_limits_struck_total{{limit=\"{limit}\"}} ")));
        row.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(count("plain"), 2);
    assert!(count("handshake") >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_and_tls_share_a_port() {
    let authority = Authority::new();
    let server = options(&authority, "optional").start().await.unwrap();
    use_client(&client(&server, Some(trusting(&authority))).await.unwrap()).await;
    use_client(&client(&server, None).await.unwrap()).await;
    let path = "/nacos/v1/console/health/readiness";
    assert_eq!(Http::new(server.http_address()).get(path, &[]).await.unwrap().status, 200);
    assert_eq!(https(server.http_address(), &authority.path("ca.pem"), "http/1.1", path).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_show_who_they_are_where_an_authority_is_named() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let options = options(&authority, "required").set("gateway.tls.client_ca", &clients.path("ca.pem").display());
    let server = options.start().await.unwrap();
    let mut tls = trusting(&authority);
    client(&server, Some(tls.clone())).await.unwrap_err();
    tls.identity = Some(Authority::new().issue("stranger"));
    client(&server, Some(tls.clone())).await.unwrap_err();
    tls.identity = Some(clients.issue("client"));
    use_client(&client(&server, Some(tls)).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let authority = Authority::new();
    let server = options(&authority, "required").start().await.unwrap();
    let old = client(&server, Some(trusting(&authority))).await.unwrap();
    let path = authority.path("server.pem");
    std::fs::write(&path, "broken").unwrap();
    let started = Instant::now();
    while !server.log().contains("cannot be used") {
        assert!(started.elapsed() < LIMIT, "the broken file is not told:\n{}", server.log());
        sleep(Duration::from_millis(50)).await;
    }
    // The one before is still shown.
    let roots = authority.path("ca.pem");
    assert_eq!(https(server.http_address(), &roots, "http/1.1", METRICS).await.unwrap().0, 200);

    // Another authority takes over: whoever trusts it alone is served once the files are read.
    let other = Authority::new();
    let identity = other.issue("server");
    std::fs::copy(&identity.key, authority.path("server.key")).unwrap();
    std::fs::copy(&identity.certificates, &path).unwrap();
    let started = Instant::now();
    while https(server.http_address(), &other.path("ca.pem"), "h2", METRICS).await.is_err() {
        assert!(started.elapsed() < LIMIT, "the new certificate is not shown:\n{}", server.log());
        sleep(Duration::from_millis(50)).await;
    }
    use_client(&client(&server, Some(trusting(&other))).await.unwrap()).await;
    // Connections from before go on.
    use_client(&old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_a_usable_certificate_fails_and_says_why() {
    let missing = Options::new().set("gateway.tls.mode", "required").start().await.unwrap_err();
    assert!(format!("{missing:#}").contains("gateway.tls.certificate is not set"), "{missing:#}");
}
