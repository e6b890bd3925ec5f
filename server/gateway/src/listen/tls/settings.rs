//! Settings of TLS.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Never.
    #[default]
    Off,
    /// If the client begins with a TLS handshake.
    Optional,
    /// Always: clients without TLS are turned away.
    Required,
}

/// A text that no log shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Settings of TLS. Files are PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether connections are encrypted: `off`, `optional` (TLS and plain connections on the same
    /// port) or `required`. Default `off`.
    pub mode: Mode,
    /// The same for the main port alone, which serves HTTP and gRPC. Unset: as `mode` says.
    pub main_port_mode: Option<Mode>,
    /// File with the server's certificate and those of its issuers, the server's own first.
    pub certificate: Option<PathBuf>,
    /// File with the private key of the certificate: PKCS#8, PKCS#1 or SEC1.
    pub key: Option<PathBuf>,
    /// Password of the private key, if that is encrypted (PKCS#8 with PBES2).
    pub key_password: Option<Secret>,
    /// File with the authorities whose certificates clients must show. Unset: clients need none.
    pub client_ca: Option<PathBuf>,
    /// Milliseconds that a handshake may take. Default 10000.
    pub handshake_timeout_ms: u64,
    /// Seconds between two looks for renewed files; 0 reads them at start only. Default 5.
    pub reload_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            main_port_mode: None,
            certificate: None,
            key: None,
            key_password: None,
            client_ca: None,
            handshake_timeout_ms: 10_000,
            reload_seconds: 5,
        }
    }
}

impl Settings {
    pub(super) fn main_mode(&self) -> Mode {
        self.main_port_mode.unwrap_or(self.mode)
    }

    pub(super) fn is_off(&self) -> bool {
        self.mode == Mode::Off && self.main_mode() == Mode::Off
    }
}
