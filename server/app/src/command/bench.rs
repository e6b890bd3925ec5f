//! `nacre bench`: load on a server, or on two in turns.

use std::{num::NonZeroU32, path::PathBuf};

use clap::Args;
use nacre_bench::{Bench, Comparison, Error, ErrorKind, Process, Ratio, Row, Scenario, Settings, Target, table};
use serde::Serialize;

use super::{Failure, output::print, tls::TlsArgs};

/// What is measured, where and how.
#[derive(Debug, Args)]
pub(crate) struct BenchCommand {
    /// What is measured; everything when nothing is named
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,

    /// HTTP port of the server; gRPC is expected 1000 above it
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8848")]
    target: String,

    /// Measures two servers in turns and prints ratios
    #[arg(long, num_args = 2, value_names = ["HOST:PORT", "HOST:PORT"], conflicts_with = "target")]
    compare: Option<Vec<String>>,

    /// How often each scenario is measured on each of the two servers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100), requires = "compare")]
    rounds: u32,

    /// Process of the server on this machine, for its processor time and memory; one for each server
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,

    /// Requests or changes a second, begun when they are due; without it the next waits for the one before
    #[arg(long, value_name = "PER SECOND", requires = "scenarios")]
    rate: Option<NonZeroU32>,

    /// Requests in flight when there is no rate
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    in_flight: u16,

    /// Connections that carry the requests
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,

    /// Seconds that each rate is measured, after a warm-up of a fifth of that
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,

    /// Configs that are stored for the scenario config-list
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    configs: u64,

    /// Small counts and short times: shows that everything works, the numbers say little
    #[arg(long)]
    quick: bool,

    /// Writes the numbers to a file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    tls: TlsArgs,
}

/// What a run of one server leaves behind.
#[derive(Debug, Serialize)]
struct Measured<'a> {
    target: &'a str,
    settings: &'a Settings,
    rows: Vec<Row>,
    failures: Vec<Failed>,
}

/// What a run of two servers leaves behind.
#[derive(Debug, Serialize)]
struct Compared<'a> {
    targets: [&'a str; 2],
    rounds: u32,
    settings: &'a Settings,
    rows: Vec<Ratio>,
    failures: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct Failed {
    scenario: &'static str,
    reason: String,
    #[serde(skip)]
    code: u8,
}

impl BenchCommand {
    fn settings(&self) -> Settings {
        Settings {
            quick: self.quick,
            seconds: self.seconds,
            rate: self.rate.map(NonZeroU32::get),
            in_flight: self.in_flight.into(),
            connections: self.connections.into(),
            configs: self.configs,
        }
    }

    fn scenarios(&self) -> &[Scenario] {
        if self.scenarios.is_empty() { Scenario::all() } else { &self.scenarios }
    }

    /// A bench for the server with this number, which must be there.
    async fn bench(&self, address: &str, number: usize) -> Result<Bench, Failure> {
        let process = self.pid.get(number).copied().map(Process::new);
        let mut target = Target::resolve(address, process).await?;
        if self.tls.is_on() {
            target = target.encrypted(&self.tls.config()?)?;
        }
        let bench = Bench::new(target, self.settings())?;
        bench.probe().await?;
        Ok(bench)
    }

    fn write(&self, value: &impl Serialize) -> Result<(), Failure> {
        let Some(path) = &self.json else { return Ok(()) };
        let text = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
        std::fs::write(path, text + "\n").map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    }
}

impl Failed {
    fn new(scenario: Scenario, error: Error) -> Self {
        let failure = Failure::from(error);
        Self { scenario: scenario.name(), reason: failure.text, code: failure.code }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Usage => Self::USAGE,
            ErrorKind::Unreachable | ErrorKind::Timeout => Self::UNREACHABLE,
            ErrorKind::Refused => Self::REFUSED,
            _ => Self::INTERNAL,
        };
        Self { code, text: error.to_string() }
    }
}

/// Measures, prints a table, and fails when something could not be measured.
pub(crate) async fn run(command: BenchCommand) -> Result<(), Failure> {
    let servers = if command.compare.is_some() { 2 } else { 1 };
    if command.pid.len() > servers {
        return Err(Failure::usage("more processes than servers"));
    }
    match command.compare.as_deref() {
        Some([first, second]) => {
            let benches = [command.bench(first, 0).await?, command.bench(second, 1).await?];
            compare(&command, [first, second], benches).await
        }
        _ => {
            let bench = command.bench(&command.target, 0).await?;
            measure(&command, &bench).await
        }
    }
}

async fn measure(command: &BenchCommand, bench: &Bench) -> Result<(), Failure> {
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for scenario in command.scenarios() {
        match Box::pin(bench.measure(*scenario)).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => failures.push(Failed::new(*scenario, error)),
        }
    }
    let mut lines = vec![vec!["FIGURE".to_owned(), "MEASURED".to_owned()]];
    lines.extend(rows.iter().map(|row| vec![row.label.clone(), row.unit.show(row.value)]));
    print(table(&lines).as_bytes())?;
    let settings = bench.settings();
    let measured = Measured { target: bench.target().name(), settings, rows, failures };
    command.write(&measured)?;
    finish(&measured.failures)
}

async fn compare(command: &BenchCommand, targets: [&str; 2], benches: [Bench; 2]) -> Result<(), Failure> {
    let comparison = Comparison::new(benches, command.rounds);
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for scenario in command.scenarios() {
        match Box::pin(comparison.measure(*scenario)).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => failures.push(Failed::new(*scenario, error)),
        }
    }
    let head = ["FIGURE", targets[0], targets[1], "RATIO", "SPREAD"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(Ratio::cells));
    print(table(&lines).as_bytes())?;
    let compared = Compared { targets, rounds: command.rounds, settings: &command.settings(), rows, failures };
    command.write(&compared)?;
    finish(&compared.failures)
}

/// The first failure is that of the command; all are told.
fn finish(failures: &[Failed]) -> Result<(), Failure> {
    let Some(first) = failures.first() else { return Ok(()) };
    let told: Vec<String> = failures.iter().map(|failed| format!("{}: {}", failed.scenario, failed.reason)).collect();
    Err(Failure { code: first.code, text: format!("not measured: {}", told.join("; ")) })
}
