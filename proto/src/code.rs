//! Error codes that appear on the gRPC wire, and where they are used.
//!
//! The meaning of a number depends on the type that carries it: 300 and 400 have two each.

/// Success; stands in `resultCode` only.
pub const SUCCESS: i32 = 200;
/// Any failure; stands in `resultCode`, and in `errorCode` when nothing better is known.
pub const FAILURE: i32 = 500;
/// The server is not ready yet (`ErrorResponse`).
pub const NOT_READY: i32 = 300;
/// The config is missing, or the version asked for is (`ConfigQueryResponse`).
pub const CONFIG_NOT_FOUND: i32 = 300;
/// The connection was never set up on this transport (`ErrorResponse`). Makes a client reconnect.
pub const UNREGISTERED: i32 = 301;
/// No handler for the request's type (`ErrorResponse`).
pub const NO_HANDLER: i32 = 302;
/// A parameter is not valid.
pub const INVALID_PARAMETER: i32 = 400;
/// The config is being written; the client asks again (`ConfigQueryResponse`).
pub const CONFIG_CONFLICT: i32 = 400;
/// Not authenticated, or not allowed.
pub const DENIED: i32 = 403;
/// Something that the request names does not exist.
pub const NOT_FOUND: i32 = 404;
/// The request's body cannot be read, or its type may not be called on this port.
pub const BAD_REQUEST: i32 = 502;
/// Too many requests.
pub const OVER_LIMIT: i32 = 503;
/// The naming client of the connection is gone, or was never made.
pub const CLIENT_GONE: i32 = -401;
/// A client could not handle a push (`ErrorResponse` on the stream).
pub const PUSH_FAILED: i32 = -500;
/// The namespace does not exist (3.x).
pub const NAMESPACE_NOT_FOUND: i32 = 22001;

/// What a code says, for people.
#[must_use]
pub fn meaning(code: i32) -> &'static str {
    match code {
        SUCCESS => "success",
        NOT_READY => "server is starting, or config not found",
        UNREGISTERED => "connection is not registered",
        NO_HANDLER => "no handler for this request type",
        INVALID_PARAMETER => "invalid parameter, or config is being written",
        DENIED => "access denied",
        NOT_FOUND => "not found",
        FAILURE => "failure",
        BAD_REQUEST => "request cannot be read or is not allowed on this port",
        OVER_LIMIT => "over limit",
        CLIENT_GONE => "naming client is gone",
        PUSH_FAILED => "client failed to handle the push",
        NAMESPACE_NOT_FOUND => "namespace not found",
        _ => "unknown code",
    }
}
