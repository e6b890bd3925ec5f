//! Settings of the doors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{grpc, http, listen};

/// Settings of the doors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Connections: limits, time-outs, windows.
    pub listen: listen::Settings,
    /// Encryption of connections.
    pub tls: listen::TlsSettings,
    /// The gRPC door.
    pub grpc: grpc::Settings,
    /// The HTTP door.
    pub http: http::Settings,
}
