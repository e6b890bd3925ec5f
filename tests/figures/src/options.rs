//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::figures::Figure;

/// Names the server binary, for this program and for the harness.
pub(crate) const SERVER_VARIABLE: &str = "NACRE_SERVER";

/// Measures a server that it starts itself and prints each figure beside its goal.
#[derive(Debug, Parser)]
#[command(name = "nacre-figures", version)]
pub(crate) struct Options {
    /// Server binary to start on temporary directories; use a release build.
    #[arg(long, value_name = "PATH", env = SERVER_VARIABLE)]
    pub(crate) server: PathBuf,
    /// Figures to measure; all of them when none is named.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<Figure>,
    /// Seconds that each rate is measured, after a warm-up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
    /// Writes the figures to a file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Small counts and short times: shows that everything works, is not compared with goals.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Options {
    /// The figures to measure, in the order of the table.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let wanted = |figure: &Figure| self.only.is_empty() || self.only.contains(figure);
        Figure::all().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use nacre_bench::Scenario;

    use super::*;

    #[test]
    fn figures_are_chosen_by_name() {
        let options = Options::try_parse_from(["nacre-figures", "--server", "a", "--only", "idle,naming-push"]);
        assert_eq!(options.unwrap().figures(), [Figure::Scenario(Scenario::NamingPush), Figure::Idle]);
        let all = Options::try_parse_from(["nacre-figures", "--server", "nacre"]).unwrap();
        assert_eq!(all.figures().len(), Figure::all().count());
        assert!(Options::try_parse_from(["nacre-figures", "--server", "nacre", "--only", "speed"]).is_err());
        assert!(Options::try_parse_from(["nacre-figures", "--server", "nacre", "--seconds", "0"]).is_err());
    }
}
