//! Times and their percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::{Row, Unit};

const HIGHEST_MICROSECONDS: u64 = 600_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

/// A collection of times between one microsecond and ten minutes; what lies outside counts as the nearer end.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    pub(crate) fn new() -> Self {
        Self(
            Histogram::new_with_bounds(1, HIGHEST_MICROSECONDS, SIGNIFICANT_DIGITS)
                .expect("the bounds are constants that fit each other"),
        )
    }

    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(HIGHEST_MICROSECONDS));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time below which this share of all times lies, in milliseconds; 0 when there are none.
    pub(crate) fn milliseconds(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    /// Percentiles and the longest time.
    pub(crate) fn rows(&self, key: &str, label: &str) -> Vec<Row> {
        let row = |name: &str, shown: &str, value| {
            Row::new(format!("{key}_{name}"), format!("{label}, {shown}"), value, Unit::Milliseconds)
        };
        vec![
            row("p50", "p50", self.milliseconds(0.5)),
            row("p90", "p90", self.milliseconds(0.9)),
            row("p99", "p99", self.milliseconds(0.99)),
            row("p999", "p99.9", self.milliseconds(0.999)),
            row("max", "max", self.longest_milliseconds()),
        ]
    }

    /// The longest time in milliseconds.
    pub(crate) fn longest_milliseconds(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

impl Extend<Duration> for Latency {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, times: T) {
        for time in times {
            self.record(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut first = Latency::new();
        first.extend((1..=50).map(Duration::from_millis));
        let mut second = Latency::new();
        second.extend((51..=100).map(Duration::from_millis));
        first.merge(&second);
        assert_eq!(first.count(), 100);
        assert!((first.milliseconds(0.5) - 50.0).abs() < 0.1, "{}", first.milliseconds(0.5));
        assert!((first.milliseconds(0.99) - 99.0).abs() < 0.1, "{}", first.milliseconds(0.99));
        assert!((first.longest_milliseconds() - 100.0).abs() < 0.1);
        first.record(Duration::from_secs(3600));
        assert!((first.longest_milliseconds() - 600_000.0).abs() < 1000.0);
        assert!(Latency::new().milliseconds(0.99).abs() < f64::EPSILON);
    }
}
