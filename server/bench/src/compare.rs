//! Two servers, measured in turns so that what else the machine does meets both.

use serde::Serialize;

use crate::bench::Bench;
use crate::error::Result;
use crate::report::{Row, Unit};
use crate::scenario::Scenario;

/// Runs scenarios against two servers in turns.
#[derive(Debug)]
pub struct Comparison {
    benches: [Bench; 2],
    rounds: u32,
}

/// One row of both servers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratio {
    /// Its name for programs.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// What the numbers count.
    pub unit: Unit,
    /// Those of the first server, one for each round.
    pub first: Vec<f64>,
    /// Those of the second server.
    pub second: Vec<f64>,
    /// First divided by second, one for each round in which the second is not 0.
    pub ratios: Vec<f64>,
}

impl Comparison {
    /// A comparison of these two, each scenario `rounds` times.
    #[must_use]
    pub fn new(benches: [Bench; 2], rounds: u32) -> Self {
        Self { benches, rounds: rounds.max(1) }
    }

    /// Measures a scenario: first server, second server, first server, ...
    ///
    /// # Errors
    /// As [`Bench::measure`].
    pub async fn measure(&self, scenario: Scenario) -> Result<Vec<Ratio>> {
        let mut rounds = Vec::new();
        for _ in 0..self.rounds {
            let mut round = Vec::new();
            for bench in &self.benches {
                let measured = bench.measure(scenario).await;
                round.push(measured.map_err(|error| error.during(bench.target().name()))?);
            }
            rounds.push(round);
        }
        Ok(ratios(&rounds))
    }
}

impl Ratio {
    /// Label, both medians, the median of the ratios, and between what they lie.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let shown = |values: &[f64]| median(values).map_or_else(String::new, |value| self.unit.show(value));
        let ratio = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        let smallest = self.ratios.iter().copied().reduce(f64::min);
        let largest = self.ratios.iter().copied().reduce(f64::max);
        let spread = match smallest.zip(largest) {
            Some((smallest, largest)) => format!("{smallest:.2} .. {largest:.2}"),
            None => String::new(),
        };
        let label = self.label.clone();
        vec![label, shown(&self.first), shown(&self.second), ratio(median(&self.ratios)), spread]
    }
}

/// The rows that both servers have in every round.
fn ratios(rounds: &[Vec<Vec<Row>>]) -> Vec<Ratio> {
    let Some(rows) = rounds.first().and_then(|round| round.first()) else { return Vec::new() };
    let values = |server: usize, key: &str| -> Option<Vec<f64>> {
        let value = |round: &Vec<Vec<Row>>| Some(round.get(server)?.iter().find(|row| row.key == key)?.value);
        rounds.iter().map(value).collect()
    };
    let ratio = |row: &Row| {
        let (first, second) = (values(0, &row.key)?, values(1, &row.key)?);
        let pairs = first.iter().zip(&second).filter(|(_, second)| **second != 0.0);
        let ratios = pairs.map(|(first, second)| first / second).collect();
        Some(Ratio { key: row.key.clone(), label: row.label.clone(), unit: row.unit, first, second, ratios })
    };
    rows.iter().filter_map(ratio).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => Some(values[middle]),
        _ => values.get(middle.checked_sub(1)?..=middle).map(|pair| pair.iter().sum::<f64>() / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_made_round_by_round() {
        let row = |key: &str, value| Row::new(key, key, value, Unit::PerSecond);
        let round = |first, second| vec![vec![row("a", first), row("only", 1.0)], vec![row("a", second)]];
        let found = ratios(&[round(20.0, 10.0), round(30.0, 10.0), round(8.0, 10.0)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].ratios, [2.0, 3.0, 0.8]);
        assert_eq!(found[0].cells(), ["a", "20/s", "10/s", "2.00", "0.80 .. 3.00"]);
    }

    #[test]
    fn the_median_lies_between_the_middle_two() {
        let found = [vec![], vec![3.0], vec![4.0, 1.0], vec![9.0, 1.0, 2.0]].map(|values| median(&values));
        assert_eq!(found, [None, Some(3.0), Some(2.5), Some(2.0)]);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let row = |value| vec![Row::new("missed", "missed", value, Unit::Count)];
        let found = ratios(&[vec![row(3.0), row(0.0)]]);
        assert_eq!(found[0].cells(), ["missed", "3", "0", "", ""]);
    }
}
