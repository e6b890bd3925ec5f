//! The `nacre` binary.

mod cli;
mod logging;
mod server;
mod settings;

use std::process::ExitCode;

use clap::Parser;

/// Returns memory to the system and scales over threads; best of those measured.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let result = match cli.command {
        Some(cli::Command::Settings) => settings::print(&mut std::io::stdout().lock()).map_err(Into::into),
        Some(cli::Command::Server(arguments)) => server::main(&arguments),
        None => server::main(&cli.server),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nacre: {error:#}");
            ExitCode::FAILURE
        }
    }
}
