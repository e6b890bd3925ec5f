//! What the project has set out to reach, by the key of the row. Meant for two cores that the load shares.

use serde::Serialize;

/// What a number should reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// Whether this value reaches it.
    pub(crate) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

const AT_MOST: [(&str, f64); 20] = [
    ("naming_push_p50", 6.0),
    ("naming_push_p99", 12.0),
    ("naming_push_cpu", 11.0),
    ("config_push_p50", 20.0),
    ("config_push_p99", 40.0),
    ("publish_cpu", 45.0),
    ("register_cpu", 25.0),
    ("query_cpu", 16.0),
    ("read_cpu", 18.0),
    ("connection_memory", 28.0),
    ("departure_closed_max", 20.0),
    ("departure_reset_max", 20.0),
    ("start_empty", 60.0),
    ("start_existing", 30.0),
    ("start_filled", 1_000.0),
    ("idle_memory", 22.0),
    ("idle_cpu", 0.5),
    ("frozen_memory", 64.0),
    ("frozen_p99_ratio", 2.0),
    ("config_list_p99", 20.0),
];
const AT_LEAST: [(&str, f64); 4] =
    [("publish_rate", 25_000.0), ("register_rate", 40_000.0), ("query_rate", 65_000.0), ("read_rate", 60_000.0)];

/// The goal of a row, if it has one.
pub(crate) fn goal(key: &str) -> Option<Goal> {
    let of = |goals: &[(&str, f64)]| goals.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let none_missed = key.ends_with("_missed").then_some(Goal::AtMost(0.0));
    of(&AT_MOST).map(Goal::AtMost).or_else(|| of(&AT_LEAST).map(Goal::AtLeast)).or(none_missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_found_by_key() {
        assert_eq!(goal("publish_rate"), Some(Goal::AtLeast(25_000.0)));
        assert_eq!(goal("storm_missed"), Some(Goal::AtMost(0.0)));
        assert_eq!(goal("publish_p50"), None);
        assert!(Goal::AtMost(2.0).is_met(2.0) && !Goal::AtMost(2.0).is_met(2.1));
        assert!(Goal::AtLeast(2.0).is_met(2.0) && !Goal::AtLeast(2.0).is_met(1.9));
    }
}
