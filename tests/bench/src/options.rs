//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::figures::Figure;

/// Names the server binary, for this program and for the harness.
pub(crate) const SERVER_VARIABLE: &str = "NACRE_SERVER";

/// Measures a server and prints each figure beside its goal.
#[derive(Debug, Parser)]
#[command(name = "nacre-bench", version)]
pub(crate) struct Options {
    /// Server binary to start on temporary directories; use a release build.
    #[arg(long, value_name = "PATH", env = SERVER_VARIABLE, required_unless_present = "target")]
    pub(crate) server: Option<PathBuf>,
    /// Figures to measure; all of them when none is named.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<Figure>,
    /// Seconds that each rate is measured, after a warm-up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Writes the figures to a file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// HTTP port of a Nacos-compatible server that runs already; gRPC is expected 1000 above it.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) target: Option<String>,
    /// Small counts and short times: shows that everything works, is not compared with goals.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Options {
    /// The figures to measure, in the order of the table.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let wanted = |figure: &Figure| self.only.is_empty() || self.only.contains(figure);
        Figure::value_variants().iter().copied().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_chosen_by_name() {
        let options = Options::try_parse_from(["nacre-bench", "--target", "a:1", "--only", "query,naming-push"]);
        assert_eq!(options.unwrap().figures(), [Figure::NamingPush, Figure::Query]);
        let all = Options::try_parse_from(["nacre-bench", "--server", "nacre"]).unwrap();
        assert_eq!(all.figures().len(), Figure::value_variants().len());
        assert!(Options::try_parse_from(["nacre-bench", "--server", "nacre", "--only", "speed"]).is_err());
        assert!(Options::try_parse_from(["nacre-bench", "--server", "nacre", "--seconds", "0"]).is_err());
    }
}
