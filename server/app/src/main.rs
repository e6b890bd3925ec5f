//! The `nacre` binary.

mod backup;
mod cli;
mod command;
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
        Some(cli::Command::Config(command)) => return command::run(command::config::run(command)),
        Some(cli::Command::Service(command)) => return command::run(command::service::run(command)),
        Some(cli::Command::Namespace(command)) => return command::run(command::namespace::run(command)),
        Some(cli::Command::Switches(command)) => return command::run(command::switches::run(command)),
        Some(cli::Command::Backup(arguments)) => return command::run(command::backup::make(arguments)),
        Some(cli::Command::Restore(arguments)) => return command::run(command::backup::restore(arguments)),
        Some(cli::Command::Doctor(arguments)) => return command::run(command::doctor::run(arguments)),
        Some(cli::Command::Bench(command)) => return command::run_on_all_cores(command::bench::run(command)),
        Some(cli::Command::Document(command)) => return command::documents::run(&command),
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
