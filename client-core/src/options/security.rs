//! Credentials and TLS.

use std::{fmt, path::PathBuf, time::Duration};

/// A text that no log shows.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// How a client proves who it is; a login and keys may be used side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// User and password, exchanged for a token.
    pub login: Option<Login>,
    /// Access key and secret key, with which requests are signed.
    pub keys: Option<Keys>,
    /// Keys that a metadata service hands out for a while. While they are there, they sign instead of `keys`.
    pub temporary_keys: Option<TemporaryKeys>,
}

/// User and password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

impl Login {
    /// A login.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { username: username.into(), password: password.into() }
    }
}

/// Access key and secret key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Keys {
    /// Names the account.
    pub access_key: String,
    /// Signs.
    pub secret_key: Secret,
    /// Token of temporary keys. Default: none.
    pub security_token: Option<Secret>,
    /// Signs with a key derived for this region (signature version 4). Default: none, the key itself signs.
    pub region: Option<String>,
}

impl Keys {
    /// Permanent keys.
    #[must_use]
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<Secret>) -> Self {
        Self { access_key: access_key.into(), secret_key: secret_key.into(), security_token: None, region: None }
    }
}

/// Keys of a role, which a metadata service hands out and which end after a while. It answers a GET with JSON:
/// `Code` (`Success`), `AccessKeyId`, `AccessKeySecret`, `SecurityToken`, `Expiration` (as in RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TemporaryKeys {
    /// Where they are, with scheme, e.g. `http://100.100.100.200/latest/meta-data/ram/security-credentials/ROLE`.
    pub url: String,
    /// Remaining life at which new keys are fetched. Default 3 min.
    pub refresh_before_end: Duration,
    /// Whether the keys are kept until then. Default true; false fetches them for each request.
    pub keep: bool,
    /// As [`Keys::region`].
    pub region: Option<String>,
}

impl TemporaryKeys {
    /// Keys at this URL.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), refresh_before_end: Duration::from_secs(180), keep: true, region: None }
    }

    /// Keys of the role that was given to this cloud instance.
    #[must_use]
    pub fn of_role(role: &str) -> Self {
        Self::at(format!("http://100.100.100.200/latest/meta-data/ram/security-credentials/{role}"))
    }
}

/// Which authorities may have signed the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Roots {
    /// The public authorities that browsers trust.
    Public,
    /// The certificates of a PEM file, read anew for each connection.
    File(PathBuf),
    /// Any server is believed. An attacker on the way can read and change everything.
    Any,
}

/// The certificate with which the client proves who it is (mutual TLS). Files are PEM and are read anew for each
/// connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// Certificate chain, the client's own first.
    pub certificates: PathBuf,
    /// Private key: PKCS#8, which may be encrypted (PBES2), PKCS#1 or SEC1.
    pub key: PathBuf,
    /// Password of an encrypted key. Default: none.
    pub password: Option<Secret>,
}

impl Identity {
    /// An identity in two files.
    #[must_use]
    pub fn new(certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificates: certificates.into(), key: key.into(), password: None }
    }
}

/// TLS of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Tls {
    /// Default [`Roots::Public`].
    pub roots: Roots,
    /// Default: none.
    pub identity: Option<Identity>,
    /// Name that the server's certificate must have. Default: the host of the address.
    pub server_name: Option<String>,
    /// Whether HTTP requests (login, maintenance) to addresses without a scheme use TLS too. Default false: the main
    /// port of a Nacos server speaks plain HTTP even where its gRPC port speaks TLS.
    pub http: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { roots: Roots::Public, identity: None, server_name: None, http: false }
    }
}
