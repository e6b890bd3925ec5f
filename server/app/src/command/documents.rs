//! Shell completions and manual pages, made from the command line itself.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Subcommand};
use clap_complete::Shell;

use super::{Failure, output, report};
use crate::cli::Cli;

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Print completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// Folder for one file per command
        #[arg(long, value_name = "DIR")]
        out_dir: Option<PathBuf>,
    },
}

pub(crate) fn run(command: &DocumentCommand) -> ExitCode {
    match write(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn write(command: &DocumentCommand) -> Result<(), Failure> {
    let mut text = Vec::new();
    match command {
        DocumentCommand::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "nacre", &mut text);
        }
        DocumentCommand::Man { out_dir: None } => page(&mut text)?,
        DocumentCommand::Man { out_dir: Some(folder) } => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command(), folder)?;
        }
    }
    output::print(&text).map(drop)
}

fn page(text: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(Cli::command()).render(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_completions_know_the_commands() {
        let mut text = Vec::new();
        page(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("nacre\\-config(1)") && text.contains("nacre\\-service(1)"), "{text}");
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nacre", &mut text);
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("register") && text.contains("data-dir"), "{shell}");
        }
    }
}
