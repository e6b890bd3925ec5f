//! TLS to servers: which authorities are trusted, and who the caller is.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use clap::Args;
use nacre_client::options::{Identity, Roots, Tls};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::Failure;

/// Any of them encrypts what is sent, over gRPC and over HTTP where the address does not say http://.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// PEM file of the authorities that may have signed the server's certificate; connects with TLS
    #[arg(long, value_name = "FILE", env = "NACRE_TLS_CA")]
    tls_ca: Option<PathBuf>,

    /// PEM file of the certificate to show to the server; connects with TLS
    #[arg(long, value_name = "FILE", env = "NACRE_TLS_CERTIFICATE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,

    /// PEM file of the private key of that certificate
    #[arg(long, value_name = "FILE", env = "NACRE_TLS_KEY", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Whether connections use TLS if their address does not say so.
    pub(super) fn is_on(&self) -> bool {
        self.tls_ca.is_some() || self.tls_certificate.is_some()
    }

    fn identity(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_deref())
    }

    /// What the client engine is to do.
    pub(super) fn engine(&self) -> Result<Option<Tls>, Failure> {
        if !self.is_on() {
            return Ok(None);
        }
        // The engine would tell a file that cannot be used as a server that cannot be reached.
        self.config()?;
        let mut tls = Tls::default();
        tls.roots = self.tls_ca.clone().map_or(Roots::Public, Roots::File);
        tls.identity = self.identity().map(|(certificate, key)| Identity::new(certificate, key));
        tls.http = true;
        Ok(Some(tls))
    }

    /// What HTTP requests do.
    pub(super) fn http(&self) -> Result<TlsConfig, Failure> {
        if !self.is_on() {
            return Ok(TlsConfig::default());
        }
        // What does not fit together would be a panic in the HTTP client.
        self.config()?;
        let owned = |certificates: Vec<CertificateDer<'_>>| -> Vec<Certificate<'static>> {
            certificates.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        };
        let mut config = TlsConfig::builder();
        if let Some(path) = &self.tls_ca {
            config = config.root_certs(RootCerts::new_with_certs(&owned(certificates(path)?)));
        }
        if let Some((certificate, key)) = self.identity() {
            let pem = std::fs::read(key).map_err(|error| unusable(key, &error))?;
            let key = PrivateKey::from_pem(&pem).map_err(|error| unusable(key, &error))?;
            config = config.client_cert(Some(ClientCert::new_with_certs(&owned(certificates(certificate)?), key)));
        }
        Ok(config.build())
    }

    /// What whoever opens connections by himself does, without a protocol.
    pub(super) fn config(&self) -> Result<ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        match &self.tls_ca {
            Some(path) => {
                let (added, _) = roots.add_parsable_certificates(certificates(path)?);
                if added == 0 {
                    return Err(unusable(path, &"it has no certificate"));
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let provider = rustls::crypto::ring::default_provider();
        let builder = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(Failure::internal)?
            .with_root_certificates(roots);
        let Some((certificate, key)) = self.identity() else { return Ok(builder.with_no_client_auth()) };
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
        builder
            .with_client_auth_cert(certificates(certificate)?, private)
            .map_err(|error| unusable(certificate, &format_args!("with the key {}: {error}", key.display())))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &dyn Display) -> Failure {
    Failure::usage(format!("cannot use {}: {error}", path.display()))
}
