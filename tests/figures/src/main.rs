//! Measures a server that it starts: what `nacre bench` measures, and how it starts and rests.

mod figures;
mod goals;
mod options;
mod report;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use nacre_bench::Settings;

use figures::Figure;
use options::{Options, SERVER_VARIABLE};
use report::Report;

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    name_server(&options)?;
    let mut report = Report::default();
    report.add(nacre_bench::disk(&std::env::temp_dir()).context("measure the disk")?, false);
    let settings = Settings { quick: options.quick, seconds: options.seconds, ..Settings::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("runtime")?;
    let complete = runtime.block_on(measure(&settings, &options.figures(), &mut report));
    print!("{report}");
    if let Some(path) = &options.json {
        report.write_json(path)?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The harness finds the binary by an environment variable, which is set for a process before it
/// starts: this program starts itself anew when it was named otherwise.
fn name_server(options: &Options) -> Result<()> {
    let server = std::path::absolute(&options.server).context("path of the server")?;
    if std::env::var_os(SERVER_VARIABLE).is_some_and(|named| named == *server.as_os_str()) {
        return Ok(());
    }
    let program = std::env::current_exe().context("path of this program")?;
    let error = Command::new(program).args(std::env::args_os().skip(1)).env(SERVER_VARIABLE, server).exec();
    Err(error).context("start anew with the server's path")
}

/// Measures one figure after the other; false when one of them failed.
async fn measure(settings: &Settings, figures: &[Figure], report: &mut Report) -> bool {
    let mut complete = true;
    for figure in figures {
        let name = figure.name();
        eprintln!("measuring {name}");
        match Box::pin(figure.measure(settings)).await {
            Ok(rows) => report.add(rows, !settings.quick),
            Err(error) => {
                complete = false;
                report.note(format!("{name}: failed: {error:#}"));
            }
        }
    }
    complete
}
