//! Weighted random choice by a cumulative table, as Nacos does it.

use std::sync::Arc;

use super::{Balancer, Instance, Instances};

/// Chooses a healthy instance with a probability in proportion to its weight. The default.
///
/// Weights of 0 or less, and those that are no finite number, are never chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightedRandom;

impl Balancer for WeightedRandom {
    fn choose(&self, candidates: &Instances, _key: Option<&str>) -> Option<Arc<Instance>> {
        let position = candidates.weights().draw(rand::random())?;
        candidates.get(position).cloned()
    }
}

/// Cumulative shares of the candidates of a list.
#[derive(Debug)]
pub(crate) struct WeightTable {
    /// Rises to 1; as long as `positions`.
    cumulative: Box<[f64]>,
    positions: Box<[u32]>,
}

impl WeightTable {
    pub(crate) fn new(hosts: &[Arc<Instance>]) -> Self {
        let usable = |host: &Instance| host.healthy && host.weight > 0.0 && host.weight.is_finite();
        let candidates = (0u32..).zip(hosts).filter(|(_, host)| usable(host));
        let (positions, weights): (Vec<u32>, Vec<f64>) = candidates.map(|(index, host)| (index, host.weight)).unzip();
        // Dividing by the largest first keeps the sum of huge weights finite.
        let largest = weights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let total: f64 = weights.iter().map(|weight| weight / largest).sum();
        let mut sum = 0.0;
        let cumulative = weights.iter().map(|weight| {
            sum += weight / largest / total;
            sum
        });
        Self { cumulative: cumulative.collect(), positions: positions.into() }
    }

    /// The position in the list for a draw from [0, 1).
    pub(crate) fn draw(&self, draw: f64) -> Option<usize> {
        let index = self.cumulative.partition_point(|share| *share < draw);
        // Rounding may leave the last share a little below 1.
        let position = self.positions.get(index).or(self.positions.last())?;
        usize::try_from(*position).ok()
    }
}
