//! The figures, one module for each kind.

mod departure;
mod idle;
mod memory;
mod push;
mod rates;
mod start;

use anyhow::Result;
use clap::ValueEnum;

use crate::report::Row;
use crate::subject::Bench;

/// What can be measured, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Figure {
    /// Registry change to its subscribers.
    NamingPush,
    /// Config change to its listeners.
    ConfigPush,
    /// Durable publishes per second.
    Publish,
    /// Registrations per second.
    Register,
    /// Service queries per second.
    Query,
    /// Config reads per second.
    Read,
    /// Memory for each idle connection.
    Memory,
    /// End of a provider's connection to the subscribers.
    Departure,
    /// Start to ready.
    Start,
    /// Memory and processor of an idle server.
    Idle,
}

impl Figure {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).expect("no variant is hidden")
    }

    /// Whether it can only be measured on a process that this program starts.
    pub(crate) fn needs_process(self) -> bool {
        matches!(self, Self::Memory | Self::Start | Self::Idle)
    }

    /// Measures it on a fresh server, or on the target.
    pub(crate) async fn measure(self, bench: &Bench) -> Result<Vec<Row>> {
        match self {
            Self::NamingPush => push::naming(bench).await,
            Self::ConfigPush => push::config(bench).await,
            Self::Publish => rates::publish(bench).await,
            Self::Register => rates::register(bench).await,
            Self::Query => rates::query(bench).await,
            Self::Read => rates::read(bench).await,
            Self::Memory => memory::measure(bench).await,
            Self::Departure => departure::measure(bench).await,
            Self::Start => start::measure(bench).await,
            Self::Idle => idle::measure(bench).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_figure_can_be_measured() {
        let bench = Bench::tiny(None);
        let measured = Figure::value_variants().iter().map(|figure| figure.measure(&bench));
        let all = futures::future::join_all(measured).await;
        for (figure, rows) in Figure::value_variants().iter().zip(all) {
            let rows = rows.unwrap_or_else(|error| panic!("{}: {error:?}", figure.name()));
            assert!(!rows.is_empty(), "{}", figure.name());
            for row in rows {
                let (key, value) = (row.key(), row.value());
                let may_be_nothing = key.ends_with("_cpu") || key.ends_with("_missed");
                assert!(value > 0.0 || may_be_nothing, "{key} is {value}");
                assert!(value < 1.0 || !key.ends_with("_missed"), "{key} is {value}");
            }
        }
    }

    #[tokio::test]
    async fn a_running_server_can_be_the_target() {
        let server = nacre_harness::Options::new().start().await.unwrap();
        let bench = Bench::tiny(Some(server.grpc_address()));
        assert!(bench.has_target() && Figure::Idle.needs_process());
        let mut report = Report::default();
        report.add(Figure::Read.measure(&bench).await.unwrap(), true);
        let table = report.to_string();
        assert!(table.contains("config read") && !table.contains("CPU"), "{table}");
    }
}
