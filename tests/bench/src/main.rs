//! Measures a server: how fast it tells, answers and starts, and what it needs for that.

mod disk;
mod figures;
mod latency;
mod load;
mod options;
mod report;
mod subject;
mod watch;
mod wire;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::time::timeout;

use figures::Figure;
use options::{Options, SERVER_VARIABLE};
use report::Report;
use subject::Bench;

/// The longest that one figure may take.
const FIGURE_LIMIT: Duration = Duration::from_secs(900);

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    name_server(&options)?;
    let open_files = rlimit::increase_nofile_limit(u64::MAX).context("limit of open files")?;
    let mut report = Report::new(disk::rows().context("measure the disk")?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("runtime")?;
    let complete = runtime.block_on(async {
        let bench = Bench::new(&options, open_files).await?;
        Ok::<_, anyhow::Error>(measure(&bench, &options.figures(), &mut report).await)
    })?;
    print!("{report}");
    if let Some(path) = &options.json {
        report.write_json(path)?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The harness finds the binary by an environment variable, which is set for a process before it
/// starts: this program starts itself anew when it was named otherwise.
fn name_server(options: &Options) -> Result<()> {
    let Some(server) = options.server.as_ref().filter(|_| options.target.is_none()) else { return Ok(()) };
    let server = std::path::absolute(server).context("path of the server")?;
    if std::env::var_os(SERVER_VARIABLE).is_some_and(|named| named == *server.as_os_str()) {
        return Ok(());
    }
    let program = std::env::current_exe().context("path of this program")?;
    let error = Command::new(program).args(std::env::args_os().skip(1)).env(SERVER_VARIABLE, server).exec();
    Err(error).context("start anew with the server's path")
}

/// Measures one figure after the other; false when one of them failed.
async fn measure(bench: &Bench, figures: &[Figure], report: &mut Report) -> bool {
    let mut complete = true;
    for figure in figures {
        let name = figure.name();
        if bench.has_target() && figure.needs_process() {
            report.note(format!("{name}: skipped, it needs a server that this program starts"));
            continue;
        }
        eprintln!("measuring {name}");
        match timeout(FIGURE_LIMIT, Box::pin(figure.measure(bench))).await {
            Ok(Ok(rows)) => report.add(rows, bench.scale.comparable),
            Ok(Err(error)) => {
                complete = false;
                report.note(format!("{name}: failed: {error:#}"));
            }
            Err(_) => {
                complete = false;
                report.note(format!("{name}: failed: not done within {} s", FIGURE_LIMIT.as_secs()));
            }
        }
    }
    complete
}
