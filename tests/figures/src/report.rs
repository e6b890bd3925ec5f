//! The table of figures beside their goals.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use nacre_bench::{Row, table};
use serde::Serialize;

use crate::goals::{Goal, goal};

/// All that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Judged>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    row: Row,
    goal: Option<Goal>,
    met: Option<bool>,
}

impl Judged {
    fn new(row: Row, comparable: bool) -> Self {
        let goal = goal(&row.key).filter(|_| comparable);
        let met = goal.map(|goal| goal.is_met(row.value));
        Self { row, goal, met }
    }

    fn cells(&self) -> Vec<String> {
        let goal = match self.goal {
            Some(Goal::AtMost(most)) => format!("<= {}", self.row.unit.show_round(most)),
            Some(Goal::AtLeast(least)) => format!(">= {}", self.row.unit.show_round(least)),
            None => String::new(),
        };
        let met = self.met.map_or("", |met| if met { "yes" } else { "no" });
        vec![self.row.label.clone(), self.row.unit.show(self.row.value), goal, met.to_owned()]
    }
}

impl Report {
    /// Adds rows, without their goals unless they were measured as the goals are meant.
    pub(crate) fn add(&mut self, rows: Vec<Row>, comparable: bool) {
        self.figures.extend(rows.into_iter().map(|row| Judged::new(row, comparable)));
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
        let mut lines = vec![["figure", "measured", "goal", "met"].map(str::to_owned).to_vec()];
        lines.extend(self.figures.iter().map(Judged::cells));
        f.write_str(&table(&lines))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

#[cfg(test)]
mod tests {
    use nacre_bench::Unit;

    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            Row::new("naming_push_p50", "first", 5.5, Unit::Milliseconds),
            Row::new("query_rate", "second one", 9_000.4, Unit::PerSecond),
        ]
    }

    #[test]
    fn the_table_judges() {
        let mut report = Report::default();
        report.add(rows(), true);
        report.note("x: failed".into());
        let expected = "figure      measured        goal  met\n\
                        first        5.50 ms     <= 6 ms  yes\n\
                        second one    9000/s  >= 65000/s   no\n\
                        x: failed\n";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn rows_that_cannot_be_compared_have_no_goal() {
        let mut report = Report::default();
        report.add(rows(), false);
        assert!(report.figures.iter().all(|judged| judged.met.is_none()));
    }

    #[test]
    fn json_names_unit_and_goal() {
        let mut report = Report::default();
        report.add(rows(), true);
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(value["figures"][1]["unit"], "per_second");
        assert_eq!(value["figures"][1]["goal"]["at_least"], 65_000.0);
        assert_eq!(value["figures"][1]["met"], false);
    }
}
