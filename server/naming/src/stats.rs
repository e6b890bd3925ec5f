//! Figures of a running registry, for the doors to publish.

/// What exists now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Services.
    pub services: u64,
    /// Instances as published, before equal ones are shown once.
    pub instances: u64,
    /// Subscriptions of connected clients.
    pub subscribers: u64,
    /// Connected clients.
    pub sessions: u64,
    /// Different addresses that are kept by beats.
    pub beat_clients: u64,
    /// Different addresses of persistent instances.
    pub persistent_clients: u64,
}

/// What happened to pushes since the start. Repeats count as sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushStats {
    /// Frames handed to connections.
    pub sent: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Refused by the client.
    pub failed: u64,
    /// Not acknowledged in time.
    pub timed_out: u64,
    /// Sent again.
    pub retried: u64,
    /// Waiting for a connection to take them now.
    pub pending: u64,
    /// Connections ended because they took nothing.
    pub stalled: u64,
    /// Frames for which a time from change to hand-over was measured.
    pub measured: u64,
    /// Sum of those times in microseconds.
    pub latency_sum_micros: u64,
    /// The longest of those times in microseconds.
    pub latency_max_micros: u64,
}

/// Health checks of persistent instances that were made since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckStats {
    /// Connections over TCP.
    pub tcp: u64,
    /// Requests over HTTP.
    pub http: u64,
    /// Conversations with MySQL.
    pub mysql: u64,
}

/// All figures of a running registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// What exists now.
    pub counts: Counts,
    /// What happened to pushes.
    pub push: PushStats,
    /// Batches written to the log.
    pub batches: u64,
    /// Operations in them.
    pub operations: u64,
    /// Beats taken.
    pub beats: u64,
    /// Health checks made.
    pub checks: CheckStats,
}
