//! Prometheus' text format.

use std::fmt::{Display, Write as _};

use super::Timed;

/// Label names with their values.
type Labels<'a> = Vec<(&'static str, &'a str)>;

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Text {
    written: String,
}

impl Text {
    /// One value that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.gauges(name, help, [(Vec::new(), value)]);
    }

    /// One value that only rises; its name ends with `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, help, "counter");
        self.row(name, "", &[], value);
    }

    /// A family of values that only rise.
    pub(super) fn counters<'a>(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels<'a>, u64)>) {
        self.family(name, help, "counter");
        for (labels, value) in rows {
            self.row(name, "", &labels, value);
        }
    }

    /// A family of values that go up and down.
    pub(super) fn gauges<'a, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'a>, V)>,
    ) {
        self.family(name, help, "gauge");
        for (labels, value) in rows {
            self.row(name, "", &labels, value);
        }
    }

    /// A family of times: how many, their sum, and the longest as a family of its own.
    pub(super) fn summary<'a>(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (Labels<'a>, Timed)>) {
        let rows: Vec<_> = rows.into_iter().collect();
        self.family(name, help, "summary");
        for (labels, timed) in &rows {
            self.row(name, "_count", labels, timed.count);
            self.row(name, "_sum", labels, seconds(timed.sum_micros));
        }
        let longest = rows.iter().map(|(labels, timed)| (labels.clone(), seconds(timed.max_micros)));
        self.gauges(&format!("{name}_max"), help, longest);
    }

    pub(super) fn finish(self) -> String {
        self.written
    }

    fn family(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.written, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn row(&mut self, name: &str, suffix: &str, labels: &[(&'static str, &str)], value: impl Display) {
        let _ = write!(self.written, "{name}{suffix}");
        for (place, (label, value)) in labels.iter().enumerate() {
            let opening = if place == 0 { '{' } else { ',' };
            let _ = write!(self.written, "{opening}{label}=\"{value}\"");
        }
        if !labels.is_empty() {
            self.written.push('}');
        }
        let _ = writeln!(self.written, " {value}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a sum of times needs no more than 52 bits of precision")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_written_with_labels() {
        let mut text = Text::default();
        text.gauge("a", "one", 1.5);
        text.counter("b_total", "two", 7);
        let timed = Timed { count: 2, sum_micros: 1_500_000, max_micros: 1_000_000 };
        text.summary("c_seconds", "three", [(vec![("x", "1"), ("y", "2")], timed)]);
        assert_eq!(
            text.finish(),
            "# HELP a one\n# TYPE a gauge\na 1.5\n\
             # HELP b_total two\n# TYPE b_total counter\nb_total 7\n\
             # HELP c_seconds three\n# TYPE c_seconds summary\n\
             c_seconds_count{x=\"1\",y=\"2\"} 2\nc_seconds_sum{x=\"1\",y=\"2\"} 1.5\n\
             # HELP c_seconds_max three\n# TYPE c_seconds_max gauge\nc_seconds_max{x=\"1\",y=\"2\"} 1\n"
        );
    }
}
