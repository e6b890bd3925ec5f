//! TLS before a scripted server, with certificates made for the test.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use nacre_client::{
    Client, Error, ErrorKind,
    options::{Identity, Roots, Tls},
};
use nacre_harness::stub::Stub;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument, der::pem::PemLabel};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::support::{call, http};

/// An authority, and files for clients.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let der = certificate.der().clone();
        Self { issuer: Issuer::new(parameters, key), certificate: der, folder }
    }

    fn roots(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// The identity of a client, in files.
    fn identity(&self) -> Identity {
        let (certificate, key) = self.issue("client");
        let file = |name: &str, text: String| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        Identity::new(file("client.pem", certificate.pem()), file("client.key", key.serialize_pem()))
    }

    /// The same with an encrypted key, whose password is `secret`.
    fn locked_identity(&self) -> Identity {
        let mut identity = self.identity();
        let (_, clear) = SecretDocument::read_pem_file(&identity.key).unwrap();
        let locked = PrivateKeyInfoRef::try_from(clear.as_bytes()).unwrap().encrypt("secret").unwrap();
        locked.write_pem_file(&identity.key, EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).unwrap();
        identity.password = Some("secret".into());
        identity
    }
}

/// Speaks TLS as `localhost` and passes on to a server.
struct Front {
    address: SocketAddr,
    _task: JoinSet<()>,
}

async fn front(authority: &Authority, clients: Option<&Authority>, protocol: &[u8], to: SocketAddr) -> Front {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (certificate, key) = authority.issue("localhost");
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut server = tokio::net::TcpStream::connect(to).await.unwrap();
                // Either side may end it.
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    Front { address, _task: task }
}

fn tls(roots: Roots, identity: Option<Identity>) -> Tls {
    let mut tls = Tls::default();
    tls.roots = roots;
    tls.identity = identity;
    tls
}

async fn connect(front: &Front, tls: Tls) -> Result<Client, Error> {
    let address = format!("localhost:{}", front.address.port());
    let builder = Client::builder().server(address).grpc_port_offset(0).tls(tls);
    builder.request_timeout(std::time::Duration::from_secs(2)).connect().await
}

async fn refused(front: &Front, tls: Tls) -> Error {
    let error = connect(front, tls).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    error
}

#[tokio::test]
async fn only_a_server_that_the_roots_know_is_believed() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let stub = Stub::start(false).await.unwrap();
    let front = front(&authority, None, b"h2", stub.address()).await;

    let client = connect(&front, tls(Roots::File(authority.roots()), None)).await.unwrap();
    call(&client).await.unwrap();
    let setup = stub.received(Some("ConnectionSetupRequest")).remove(0).message.json();
    assert_eq!(setup["labels"]["tls.enable"], "true");

    let error = refused(&front, tls(Roots::File(stranger.roots()), None)).await;
    assert!(error.reason().contains("invalid peer certificate"), "{error}");
    let error = refused(&front, Tls::default()).await;
    assert!(error.reason().contains("UnknownIssuer"), "the public roots do not know it: {error}");
    let mut other = tls(Roots::File(authority.roots()), None);
    other.server_name = Some("nacos.example".into());
    let error = refused(&front, other).await;
    assert!(error.reason().contains("nacos.example"), "{error}");
    call(&connect(&front, tls(Roots::Any, None)).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_server_may_ask_who_the_client_is() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let stub = Stub::start(false).await.unwrap();
    let front = front(&authority, Some(&clients), b"h2", stub.address()).await;
    let roots = || Roots::File(authority.roots());
    call(&connect(&front, tls(roots(), Some(clients.identity()))).await.unwrap()).await.unwrap();
    refused(&front, tls(roots(), None)).await;
    refused(&front, tls(roots(), Some(Authority::new().identity()))).await;
}

#[tokio::test]
async fn a_private_key_may_have_a_password() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let stub = Stub::start(false).await.unwrap();
    let front = front(&authority, Some(&clients), b"h2", stub.address()).await;
    let roots = || Roots::File(authority.roots());
    let locked = clients.locked_identity();
    call(&connect(&front, tls(roots(), Some(locked.clone()))).await.unwrap()).await.unwrap();
    for password in [None, Some("other".into())] {
        let mut wrong = locked.clone();
        wrong.password = password;
        let error = refused(&front, tls(roots(), Some(wrong))).await;
        assert!(error.reason().contains("client.key"), "{error}");
    }
    // One that needs none is read all the same.
    let mut open = clients.identity();
    open.password = Some("secret".into());
    call(&connect(&front, tls(roots(), Some(open))).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let authority = Authority::new();
    let stub = Stub::start(false).await.unwrap();
    let front = front(&authority, None, b"h2", stub.address()).await;
    let missing = authority.folder.path().join("missing.pem");
    let empty = authority.folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    for path in [&missing, &empty] {
        let error = refused(&front, tls(Roots::File(path.clone()), None)).await;
        assert!(error.reason().contains(&path.display().to_string()), "{error}");
    }
    let identity = authority.identity();
    let mut wrong = identity.clone();
    wrong.key = identity.certificates.clone();
    refused(&front, tls(Roots::File(authority.roots()), Some(wrong))).await;
}

#[tokio::test]
async fn renewed_files_serve_the_next_connection() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let stub = Stub::start(false).await.unwrap();
    let front = front(&authority, None, b"h2", stub.address()).await;
    let path = authority.folder.path().join("roots.pem");
    std::fs::copy(stranger.roots(), &path).unwrap();
    let address = format!("localhost:{}", front.address.port());
    let client =
        Client::builder().server(address).grpc_port_offset(0).tls(tls(Roots::File(path.clone()), None)).build();
    let client = client.unwrap();
    client.ready(std::time::Duration::from_millis(300)).await.unwrap_err();
    std::fs::copy(authority.roots(), &path).unwrap();
    client.ready(crate::support::PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_login_over_https_checks_the_server_too() {
    let authority = Authority::new();
    let stub = Stub::start(true).await.unwrap();
    stub.http("POST /nacos/v3/auth/user/login", vec![http(200, json!({"accessToken": "t", "tokenTtl": 60}))]);
    let https = front(&authority, None, b"http/1.1", stub.address()).await;
    // gRPC fails here, which speaks HTTP/2; what counts is where the password goes.
    let login = async |roots: Roots| {
        let address = format!("https://localhost:{}", https.address.port());
        let builder = Client::builder().server(address).login("u", "p").tls(tls(roots, None));
        let client = builder.build().unwrap();
        crate::support::until(|| client.metrics().logins > 0 || client.metrics().failed_connections > 1).await;
        client.metrics().logins
    };
    assert_eq!(login(Roots::File(authority.roots())).await, 1);
    stub.forget();
    assert_eq!(login(Roots::Public).await, 0);
    assert!(stub.http_received().is_empty(), "the password was not sent");
}
