//! The scenarios, one module for each kind.

mod connections;
mod departure;
mod fanout;
mod frozen;
mod list;
mod rates;
mod storm;

use clap::ValueEnum;
pub(crate) use list::fill;

use crate::bench::Bench;
use crate::error::Result;
use crate::progress::Progress;
use crate::report::Row;

/// What can be measured, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Scenario {
    /// Idle connections with one subscription each
    #[value(alias = "memory")]
    Connections,
    /// Registrations, each a change
    Register,
    /// Queries of one service
    Query,
    /// A registry change to the subscribers of its service
    #[value(alias = "subscribe")]
    NamingPush,
    /// Changes of many services to their subscribers
    Storm,
    /// The end of a provider's connection to the subscribers
    Departure,
    /// Durable publishes
    Publish,
    /// Config reads
    #[value(alias = "get")]
    Read,
    /// A publish to the listeners of the config
    #[value(alias = "listen")]
    ConfigPush,
    /// As config-push, until the listeners have read the new content
    ConfigReread,
    /// Queries, reads, registrations and publishes together
    Mixed,
    /// Subscribers that read, beside many that never do
    Frozen,
    /// First page of the list of all configs over HTTP
    ConfigList,
}

impl Scenario {
    /// All of them, in the order of the table.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Register => "register",
            Self::Query => "query",
            Self::NamingPush => "naming-push",
            Self::Storm => "storm",
            Self::Departure => "departure",
            Self::Publish => "publish",
            Self::Read => "read",
            Self::ConfigPush => "config-push",
            Self::ConfigReread => "config-reread",
            Self::Mixed => "mixed",
            Self::Frozen => "frozen",
            Self::ConfigList => "config-list",
        }
    }

    pub(crate) async fn measure(self, bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
        match self {
            Self::Connections => connections::measure(bench, progress).await,
            Self::Register => rates::register(bench, progress).await,
            Self::Query => rates::query(bench, progress).await,
            Self::NamingPush => fanout::naming(bench, progress).await,
            Self::Storm => storm::measure(bench, progress).await,
            Self::Departure => departure::measure(bench, progress).await,
            Self::Publish => rates::publish(bench, progress).await,
            Self::Read => rates::read(bench, progress).await,
            Self::ConfigPush => fanout::config(bench, progress).await,
            Self::ConfigReread => fanout::config_reread(bench, progress).await,
            Self::Mixed => rates::mixed(bench, progress).await,
            Self::Frozen => frozen::measure(bench, progress).await,
            Self::ConfigList => list::measure(bench, progress).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for scenario in Scenario::all() {
            let value = scenario.to_possible_value().unwrap();
            assert_eq!(value.get_name(), scenario.name());
        }
        assert_eq!(Scenario::from_str("listen", false), Ok(Scenario::ConfigPush));
    }
}
