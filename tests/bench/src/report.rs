//! The table of figures.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Serialize, Serializer};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Milliseconds,
    Microseconds,
    PerSecond,
    Kilobytes,
    Megabytes,
    Percent,
    Count,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Microseconds => format!("{value:.1} us"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Kilobytes => format!("{value:.1} KB"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Percent => format!("{value:.2} %"),
            Self::Count => format!("{value:.0}"),
        }
    }

    /// A goal is a round number and is shown as such.
    fn show_round(self, value: f64) -> String {
        let number = format!("{value}");
        match self {
            Self::Milliseconds => number + " ms",
            Self::Microseconds => number + " us",
            Self::PerSecond => number + "/s",
            Self::Kilobytes => number + " KB",
            Self::Megabytes => number + " MB",
            Self::Percent => number + " %",
            Self::Count => number,
        }
    }
}

/// What a number should reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    key: String,
    label: String,
    value: f64,
    unit: Unit,
    goal: Option<Goal>,
}

impl Row {
    /// A number with its name in files and its name in the table.
    pub(crate) fn new(key: impl Into<String>, label: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { key: key.into(), label: label.into(), value, unit, goal: None }
    }

    pub(crate) fn at_most(mut self, most: f64) -> Self {
        self.goal = Some(Goal::AtMost(most));
        self
    }

    pub(crate) fn at_least(mut self, least: f64) -> Self {
        self.goal = Some(Goal::AtLeast(least));
        self
    }

    #[cfg(test)]
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    #[cfg(test)]
    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    fn is_met(&self) -> Option<bool> {
        self.goal.map(|goal| goal.is_met(self.value))
    }

    fn cells(&self) -> [String; 4] {
        let goal = match self.goal {
            Some(Goal::AtMost(most)) => format!("<= {}", self.unit.show_round(most)),
            Some(Goal::AtLeast(least)) => format!(">= {}", self.unit.show_round(least)),
            None => String::new(),
        };
        let met = match self.is_met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        [self.label.clone(), self.unit.show(self.value), goal, met.to_owned()]
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            key: &'a str,
            label: &'a str,
            value: f64,
            unit: Unit,
            goal: Option<Goal>,
            met: Option<bool>,
        }
        let Self { key, label, value, unit, goal } = self;
        Shape { key, label, value: *value, unit: *unit, goal: *goal, met: self.is_met() }.serialize(to)
    }
}

/// All that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// A report that begins with these rows.
    pub(crate) fn new(figures: Vec<Row>) -> Self {
        Self { figures, notes: Vec::new() }
    }

    /// Adds rows, without their goals unless they were measured as the goals are meant.
    pub(crate) fn add(&mut self, mut rows: Vec<Row>, comparable: bool) {
        if !comparable {
            rows.iter_mut().for_each(|row| row.goal = None);
        }
        self.figures.append(&mut rows);
    }

    /// Adds a sentence below the table.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Writes everything to a file.
    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("report as JSON")?;
        std::fs::write(path, text + "\n").with_context(|| format!("write {}", path.display()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["figure", "measured", "goal", "met"].map(str::to_owned)];
        lines.extend(self.figures.iter().map(Row::cells));
        let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
        let (label, value, goal) = (width(0), width(1), width(2));
        for [first, second, third, fourth] in &lines {
            let line = format!("{first:label$}  {second:>value$}  {third:>goal$}  {fourth}");
            writeln!(f, "{}", line.trim_end())?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            Row::new("a", "first", 7.5, Unit::Milliseconds).at_most(8.0),
            Row::new("b", "second one", 9_000.4, Unit::PerSecond).at_least(15_000.0),
        ]
    }

    #[test]
    fn table_is_aligned_and_judges() {
        let mut report = Report::new(vec![Row::new("c", "plain", 0.0, Unit::Count)]);
        report.add(rows(), true);
        report.note("x: skipped".into());
        let expected = "figure      measured        goal  met\n\
                        plain              0\n\
                        first        7.50 ms     <= 8 ms  yes\n\
                        second one    9000/s  >= 15000/s  no\n\
                        x: skipped\n";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn rows_that_cannot_be_compared_have_no_goal() {
        let mut report = Report::default();
        report.add(rows(), false);
        assert!(report.figures.iter().all(|row| row.is_met().is_none()));
    }

    #[test]
    fn json_names_unit_and_goal() {
        let value = serde_json::to_value(&rows()[1]).unwrap();
        assert_eq!(value["unit"], "per_second");
        assert_eq!(value["goal"]["at_least"], 15_000.0);
        assert_eq!(value["met"], false);
    }
}
