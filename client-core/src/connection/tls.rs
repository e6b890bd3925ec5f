//! TLS settings from files. Nothing process-wide: the provider is passed along.

use std::{fmt::Display, path::Path, sync::Arc};

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument, der::pem::PemLabel};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime, pem::PemObject},
};

use crate::{
    error::{Error, ErrorKind},
    options::{Identity, Roots, Tls},
};

/// Protocol of gRPC connections.
pub(crate) const HTTP2: &[u8] = b"h2";
/// Protocol of the small HTTP client.
pub(crate) const HTTP1: &[u8] = b"http/1.1";

/// Reads the files, so that renewed ones serve the next connection.
pub(crate) async fn load(tls: &Tls, protocol: &'static [u8]) -> Result<Arc<ClientConfig>, Error> {
    let tls = tls.clone();
    let loading = tokio::task::spawn_blocking(move || build(&tls, protocol));
    loading.await.map_err(|error| Error::internal("reading certificates failed").with_source(error))?
}

/// The name that the certificate must have.
pub(crate) fn server_name(tls: &Tls, host: &str) -> Result<ServerName<'static>, Error> {
    let name = tls.server_name.as_deref().unwrap_or(host);
    ServerName::try_from(name.to_owned())
        .map_err(|error| Error::invalid(format!("{name:?} cannot be the name of a certificate")).with_source(error))
}

fn build(tls: &Tls, protocol: &[u8]) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("no TLS version is usable").with_source(error))?;
    let builder = match &tls.roots {
        Roots::Any => builder.dangerous().with_custom_certificate_verifier(Arc::new(BelieveAll { provider })),
        roots => builder.with_root_certificates(root_store(roots)?),
    };
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.certificates)?;
            let key = private_key(identity)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| Error::invalid("certificate and private key do not fit").with_source(error))?
        }
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

fn private_key(identity: &Identity) -> Result<PrivateKeyDer<'static>, Error> {
    let path = &identity.key;
    let Some(password) = &identity.password else {
        return PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error));
    };
    let pem = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let (label, document) = SecretDocument::from_pem(&pem).map_err(|error| unreadable(path, &error))?;
    if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        // A password too many does no harm.
        return PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| unreadable(path, &error));
    }
    let encrypted =
        EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|error| unreadable(path, &error))?;
    let clear = encrypted.decrypt(password.expose()).map_err(|error| unreadable(path, &error))?;
    Ok(PrivatePkcs8KeyDer::from(clear.as_bytes().to_vec()).into())
}

fn root_store(roots: &Roots) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::File(path) => {
            let (added, _) = store.add_parsable_certificates(certificates(path)?);
            if added == 0 {
                return Err(Error::invalid(format!("{} has no certificate that can be used", path.display())));
            }
        }
        Roots::Public | Roots::Any => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn Display) -> Error {
    Error::new(ErrorKind::InvalidParameter, -400, format!("cannot read {}: {error}", path.display()))
}

/// Accepts every certificate, as the user asked. Signatures are still checked, so the peer has the key of what it shows.
#[derive(Debug)]
struct BelieveAll {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for BelieveAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
