//! Counts of limits that struck.

use std::sync::atomic::{AtomicU64, Ordering};

use super::text::Text;

/// A limit that turns a connection or a request away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Open connections.
    Connections,
    /// Open connections of one address.
    ConnectionsPerIp,
    /// Clients that introduced themselves.
    Clients,
    /// Plain connections where TLS is required.
    Plain,
    /// TLS handshakes that failed or took too long.
    Handshake,
    /// Connections whose first byte did not come.
    FirstByte,
    /// Heads of requests that took too long.
    HeadTime,
    /// Heads of requests that were too large.
    HeadSize,
    /// Headers of one request.
    Headers,
    /// Bodies of requests that took too long.
    BodyTime,
    /// Bodies of requests that were too large.
    BodySize,
    /// Requests per second.
    Requests,
    /// Configs that one connection or long poll listens to, and long polls.
    Listens,
}

/// Each limit as its label says it, in the order of the enum, and whether it turns connections away.
const LABELS: [(&str, bool); 13] = [
    ("connections", true),
    ("connections_per_ip", true),
    ("clients", true),
    ("plain", true),
    ("handshake", true),
    ("first_byte_time", true),
    ("head_time", false),
    ("head_size", false),
    ("headers", false),
    ("body_time", false),
    ("body_size", false),
    ("requests_per_second", false),
    ("listens", false),
];

/// How often each limit struck.
#[derive(Debug, Default)]
pub(super) struct Limits {
    counts: [AtomicU64; LABELS.len()],
}

impl Limits {
    pub(super) fn struck(&self, limit: Limit) {
        self.counts[limit as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn render(&self, text: &mut Text) {
        let counts = self.counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let refused = LABELS.iter().zip(counts).filter(|((_, is_connection), _)| *is_connection);
        let refused = refused.map(|(_, count)| count).sum();
        text.counter("nacre_connections_refused_total", "connections turned away by a limit", refused);
        let rows = LABELS.iter().zip(counts).map(|((label, _), count)| (vec![("limit", *label)], count));
        text.counters("nacre_limits_struck_total", "requests and connections turned away, by limit", rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_a_label_of_its_own() {
        let limits = Limits::default();
        limits.struck(Limit::Connections);
        limits.struck(Limit::Listens);
        let mut text = Text::default();
        limits.render(&mut text);
        let text = text.finish();
        for line in [
            "nacre_connections_refused_total 1",
            "nacre_limits_struck_total{limit=\"connections\"} 1",
            "nacre_limits_struck_total{limit=\"listens\"} 1",
            "nacre_limits_struck_total{limit=\"headers\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
        }
        let labels: std::collections::HashSet<_> = LABELS.iter().map(|(label, _)| label).collect();
        assert_eq!((labels.len(), Limit::Listens as usize), (LABELS.len(), LABELS.len() - 1));
    }
}
