//! The rows that were measured, and how they are shown.

use serde::{Deserialize, Serialize};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Requests or changes for each second.
    PerSecond,
    /// 1024 bytes.
    Kilobytes,
    /// 1024 * 1024 bytes.
    Megabytes,
    /// Of one core, where processor time is meant.
    Percent,
    /// How many times as much.
    Times,
    /// Pieces.
    Count,
}

impl Unit {
    /// A measured value with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Microseconds => format!("{value:.1} us"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Kilobytes => format!("{value:.1} KB"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Percent => format!("{value:.2} %"),
            Self::Times => format!("{value:.2} x"),
            Self::Count => format!("{value:.0}"),
        }
    }

    /// A round value with its unit.
    #[must_use]
    pub fn show_round(self, value: f64) -> String {
        let unit = match self {
            Self::Milliseconds => " ms",
            Self::Microseconds => " us",
            Self::PerSecond => "/s",
            Self::Kilobytes => " KB",
            Self::Megabytes => " MB",
            Self::Percent => " %",
            Self::Times => " x",
            Self::Count => "",
        };
        format!("{value}{unit}")
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its name for programs; it does not change from run to run.
    pub key: String,
    /// Its name for people; it holds the counts of this run.
    pub label: String,
    /// The number.
    pub value: f64,
    /// What the number counts.
    pub unit: Unit,
}

impl Row {
    /// A number with its names.
    pub fn new(key: impl Into<String>, label: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { key: key.into(), label: label.into(), value, unit }
    }
}

/// Columns as text: the first one aligned to the left, the others to the right.
#[must_use]
pub fn table(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let cell_width = |line: &Vec<String>, column: usize| line.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|line| cell_width(line, column)).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            match column {
                0 => shown.push_str(&format!("{cell:<width$}")),
                _ => shown.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = table(&[line(["figure", "a", "b"]), line(["x", "größer", ""])]);
        assert_eq!(text, "figure       a  b\nx       größer\n");
    }

    #[test]
    fn values_are_shown_with_their_unit() {
        assert_eq!(Unit::Milliseconds.show(7.5), "7.50 ms");
        assert_eq!(Unit::PerSecond.show(9_000.4), "9000/s");
        assert_eq!(Unit::Milliseconds.show_round(8.0), "8 ms");
    }

    #[test]
    fn rows_are_json_with_key_value_and_unit() {
        let value = serde_json::to_value(Row::new("a_rate", "a", 2.5, Unit::PerSecond)).unwrap();
        assert_eq!(value["key"], "a_rate");
        assert_eq!(value["unit"], "per_second");
        assert!((value["value"].as_f64().unwrap() - 2.5).abs() < 1e-9);
    }
}
