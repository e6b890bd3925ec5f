//! Requests about the connection itself.

use crate::{
    json::{AbilityMap, StringMap},
    message::{object, request, response},
};

/// Ability key: persistent instances may be registered over gRPC.
pub const PERSISTENT_INSTANCE_BY_GRPC: &str = "supportPersistentInstanceByGrpc";
/// Label that says which domain a connection serves.
pub const LABEL_MODULE: &str = "module";
/// Label that says whether the peer is an SDK or a member of a cluster.
pub const LABEL_SOURCE: &str = "source";
/// Label with the application's name.
pub const LABEL_APP_NAME: &str = "AppName";
/// Prefix of the labels that gray rules see; it is cut off for them.
pub const LABEL_GRAY_PREFIX: &str = "app_";

request! {
    /// First call on a transport; needs no registration.
    pub struct ServerCheckRequest("internal") -> ServerCheckResponse {}
}

response! {
    /// Names the transport's connection id.
    pub struct ServerCheckResponse {
        /// The id that the connection will have.
        connection_id: Option<String> = "connectionId",
        /// Whether the client shall wait for a `SetupAckRequest`; absent on servers before 2.3.
        support_ability_negotiation: bool = "supportAbilityNegotiation",
    }
}

request! {
    /// First message of a client on the stream. Has no answer but, perhaps, a `SetupAckRequest`.
    pub struct ConnectionSetupRequest("internal") -> ErrorResponse {
        /// Name and version of the client, e.g. `Nacos-Java-Client:v2.5.1`.
        client_version: Option<String> = "clientVersion",
        /// Namespace of a config client; informational.
        tenant: Option<String> = "tenant",
        /// `None` only after an explicit null, which loses the setup.
        labels: Option<StringMap> = "labels" or Some(StringMap::new()),
        /// Present, even if empty, when the client takes part in the negotiation of abilities.
        ability_table: Option<AbilityMap> = "abilityTable",
    }
}

request! {
    /// Push: the abilities of the server. Carries no request id and is not acknowledged.
    pub struct SetupAckRequest("internal") -> ErrorResponse {
        /// What the server can do.
        ability_table: Option<AbilityMap> = "abilityTable",
    }
}

request! {
    /// Asks whether the connection is registered.
    pub struct HealthCheckRequest("internal") -> HealthCheckResponse {}
}

response! {
    /// The connection is registered.
    pub struct HealthCheckResponse {}
}

request! {
    /// Push: asks an idle client for a sign of life.
    pub struct ClientDetectionRequest("internal") -> ClientDetectionResponse {}
}

response! {
    /// The sign of life.
    pub struct ClientDetectionResponse {}
}

request! {
    /// Push: asks the client to use another server.
    pub struct ConnectResetRequest("internal") -> ConnectResetResponse {
        /// The server to use; absent leaves the choice to the client.
        server_ip: Option<String> = "serverIp",
        /// Its main HTTP port.
        server_port: Option<String> = "serverPort",
        /// The connection that is moved; set together with the server.
        connection_id: Option<String> = "connectionId",
    }
}

response! {
    /// The client moves.
    pub struct ConnectResetResponse {}
}

object! {
    /// Reply of a client to a push, whatever its class.
    pub struct Ack {
        /// 200 on success.
        result_code: i32 = "resultCode" or crate::code::SUCCESS,
        /// Detail of a failure.
        error_code: i32 = "errorCode",
        /// Text for people.
        message: Option<String> = "message",
        /// The id of the push.
        request_id: Option<String> = "requestId",
        /// Only in a `ClientConfigMetricResponse`.
        metrics: Option<serde_json::Map<String, serde_json::Value>> = "metrics",
    }
}

response! {
    /// A failure that belongs to no response type.
    pub struct ErrorResponse {}
}
