//! The figures: the scenarios of `nacre bench`, each on a fresh server, and what needs a process of its own.

mod idle;
mod start;

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use nacre_bench::{Bench, Process, Row, Scenario, Settings, Target};
use nacre_harness::{Options, Server};

/// The server must be ready in this time, also with many configs and on a slow disk.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// What `nacre bench` measures.
    Scenario(Scenario),
    /// Start to ready.
    Start,
    /// Memory and processor of an idle server.
    Idle,
}

impl Figure {
    /// All of them, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Scenario::all().iter().copied().map(Self::Scenario).chain([Self::Start, Self::Idle])
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scenario(scenario) => scenario.name(),
            Self::Start => "start",
            Self::Idle => "idle",
        }
    }

    /// Measures it on a fresh server.
    pub(crate) async fn measure(self, settings: &Settings) -> Result<Vec<Row>> {
        match self {
            Self::Scenario(scenario) => {
                let mut server = fresh().start().await?;
                let process = server.pid().map(Process::new);
                let target = Target::resolve(&server.http_address().to_string(), process).await?;
                let rows = Bench::new(target, settings.clone())?.measure(scenario).await;
                server.kill().await?;
                Ok(rows?)
            }
            Self::Start => start::measure(settings).await,
            Self::Idle => idle::measure(settings).await,
        }
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "start" => Ok(Self::Start),
            "idle" => Ok(Self::Idle),
            _ => Scenario::from_str(name, false).map(Self::Scenario),
        }
    }
}

fn fresh() -> Options {
    Options::new().ready_within(READY_LIMIT)
}

fn process(server: &Server) -> Result<Process> {
    server.pid().map(Process::new).context("the server does not run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_needs_a_process_can_be_measured() {
        let settings = Settings { quick: true, configs: 70, seconds: 1, ..Settings::default() };
        for figure in [Figure::Start, Figure::Idle, Figure::Scenario(Scenario::Read)] {
            let rows = figure.measure(&settings).await.unwrap_or_else(|error| panic!("{}: {error:?}", figure.name()));
            assert!(!rows.is_empty(), "{}", figure.name());
            for Row { key, value, .. } in rows {
                let may_be_nothing = key.ends_with("_cpu") || key.ends_with("_missed");
                assert!(value > 0.0 || may_be_nothing, "{key} is {value}");
            }
        }
    }

    #[test]
    fn names_lead_back_to_figures() {
        for figure in Figure::all() {
            assert_eq!(figure.name().parse(), Ok(figure));
        }
    }
}
