//! The files of TLS, and what becomes of them.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use pkcs8::der::pem::PemLabel;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::Settings;

/// What tells a renewed file from the one before.
pub(super) type Stamp = Vec<Option<(SystemTime, u64)>>;

/// The state of all files; `None` for one that is not there.
pub(super) fn stamp(settings: &Settings) -> Stamp {
    let files = [&settings.certificate, &settings.key, &settings.client_ca].into_iter().flatten();
    let stamp = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.map(stamp).collect()
}

/// Reads all files.
pub(super) fn read(settings: &Settings) -> io::Result<Arc<ServerConfig>> {
    let named = |file: &'static str, path: &'static str| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("TLS needs {file}: gateway.tls.{path} is not set"))
    };
    let certificate = settings.certificate.as_deref().ok_or_else(|| named("a certificate", "certificate"))?;
    let key = settings.key.as_deref().ok_or_else(|| named("a private key", "key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match &settings.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unreadable(path, &error))?)
        }
    };
    let mut config = builder
        .with_single_cert(certificates(certificate)?, private_key(key, settings)?)
        .map_err(|error| unreadable(certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unreadable(path, &error))
}

fn private_key(path: &Path, settings: &Settings) -> io::Result<PrivateKeyDer<'static>> {
    let Some(password) = &settings.key_password else {
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

fn unreadable(path: &Path, error: &dyn Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot use {}: {error}", path.display()))
}
