//! Settings of connections.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of connections on all ports. Times are in the unit that the name says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many TCP connections may be open at once. Default 100000.
    pub max_connections: usize,
    /// How many of them may come from one address; 0 means as many as there may be. Default 0.
    pub max_connections_per_ip: usize,
    /// How many requests of all clients may come in a second, over HTTP and gRPC; 0 means any
    /// number. What is over it is answered 503. Default 0.
    pub max_requests_per_second: u64,
    /// The same for one address. Default 0.
    pub max_requests_per_second_per_ip: u64,
    /// How many connections may wait to be accepted. Default 4096.
    pub backlog: i32,
    /// Milliseconds within which a new connection must send its first byte, and over HTTP/2 the whole
    /// preface. Default 60000.
    pub first_byte_timeout_ms: u64,
    /// Milliseconds that the head of an HTTP/1.1 request may take, also the longest pause between
    /// two requests. Default 60000.
    pub head_timeout_ms: u64,
    /// Largest head of a request in bytes. Default 65536.
    pub max_head_bytes: usize,
    /// Largest list of HTTP/2 headers in bytes. Default 32768.
    pub max_header_list_bytes: u32,
    /// How many HTTP/2 streams of one connection may be open. Default 1024.
    pub max_streams: u32,
    /// Bytes that a client may send ahead on one HTTP/2 stream. Default 262144.
    pub stream_window: u32,
    /// Bytes that a client may send ahead on one HTTP/2 connection. Default 1048576.
    pub connection_window: u32,
    /// Bytes that wait on one HTTP/2 stream before no more pushes are added. Default 32768.
    pub stream_send_buffer: usize,
    /// Seconds without traffic before TCP asks whether the other side is there. Default 2.
    pub keep_alive_idle_seconds: u64,
    /// Seconds between two such questions. Default 1.
    pub keep_alive_interval_seconds: u64,
    /// Milliseconds after which TCP gives up data that nobody confirms. Default 3000.
    pub tcp_user_timeout_ms: u64,
    /// Milliseconds that open requests have to end when the server stops. Default 3000.
    pub drain_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            max_connections_per_ip: 0,
            max_requests_per_second: 0,
            max_requests_per_second_per_ip: 0,
            backlog: 4096,
            first_byte_timeout_ms: 60_000,
            head_timeout_ms: 60_000,
            max_head_bytes: 64 << 10,
            max_header_list_bytes: 32 << 10,
            max_streams: 1024,
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            stream_send_buffer: 32 << 10,
            keep_alive_idle_seconds: 2,
            keep_alive_interval_seconds: 1,
            tcp_user_timeout_ms: 3_000,
            drain_ms: 3_000,
        }
    }
}

impl Settings {
    pub(super) fn first_byte_timeout(&self) -> Duration {
        Duration::from_millis(self.first_byte_timeout_ms)
    }

    pub(super) fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    pub(super) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}
