//! What openraft needs of the crate `base2histogram`, with one bucket per power of two.
//!
//! The original makes the tables of all its precisions when the first histogram is made: 26 MB of
//! resident memory and tens of milliseconds at start, for precisions that nobody asks for.

use std::{fmt, marker::PhantomData};

const BUCKETS: usize = u64::BITS as usize + 1;

/// Counts values by their number of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    counts: Box<[u32; BUCKETS]>,
    data: PhantomData<T>,
}

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Histogram<T> {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: Box::new([0; BUCKETS]), data: PhantomData }
    }

    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts the same value `count` times.
    pub fn record_n(&mut self, value: u64, count: u64) {
        let bucket = (u64::BITS - value.leading_zeros()) as usize;
        self.counts[bucket] = self.counts[bucket].saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// How many values were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The lower bound of the bucket that holds the value at `per_mille` of all.
    #[must_use]
    pub fn per_mille(&self, per_mille: u64) -> u64 {
        let rank = (self.total() * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return if bucket == 0 { 0 } else { 1 << (bucket - 1) };
            }
        }
        0
    }

    /// The usual percentiles.
    #[must_use]
    pub fn percentile_stats(&self) -> PercentileStats {
        PercentileStats {
            samples: self.total(),
            p0_1: self.per_mille(1),
            p1: self.per_mille(10),
            p5: self.per_mille(50),
            p10: self.per_mille(100),
            p50: self.per_mille(500),
            p90: self.per_mille(900),
            p99: self.per_mille(990),
            p99_9: self.per_mille(999),
        }
    }
}

/// Percentiles of the counted values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PercentileStats {
    /// How many values were counted.
    pub samples: u64,
    /// 0.1 % are at most about this.
    pub p0_1: u64,
    /// 1 % are at most about this.
    pub p1: u64,
    /// 5 % are at most about this.
    pub p5: u64,
    /// 10 % are at most about this.
    pub p10: u64,
    /// Half are at most about this.
    pub p50: u64,
    /// 90 % are at most about this.
    pub p90: u64,
    /// 99 % are at most about this.
    pub p99: u64,
    /// 99.9 % are at most about this.
    pub p99_9: u64,
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples, p50 {}, p90 {}, p99 {}", self.samples, self.p50, self.p90, self.p99)
    }
}

/// Names histograms and shows a line of percentiles for each.
#[derive(Clone, Debug, Default)]
pub struct AsciiChart {
    lines: Vec<(String, PercentileStats)>,
}

impl AsciiChart {
    /// Without lines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the face of the original")]
    pub fn add(mut self, name: &str, histogram: Histogram) -> Self {
        self.lines.push((name.to_owned(), histogram.percentile_stats()));
        self
    }

    /// The same: there is one form only.
    #[must_use]
    pub fn detailed(self) -> Self {
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|(name, stats)| writeln!(f, "{name}: {stats}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_powers_of_two_below_the_value() {
        let mut histogram: Histogram = Histogram::new();
        assert_eq!(histogram.percentile_stats().p50, 0);
        for value in [0, 1, 2, 3, 100, 100, 100, 100, 100, u64::MAX] {
            histogram.record(value);
        }
        let stats = histogram.percentile_stats();
        assert_eq!((stats.samples, stats.p1, stats.p10, stats.p50), (10, 0, 0, 64));
        assert_eq!((stats.p90, stats.p99_9), (64, 1 << 63));
    }
}
