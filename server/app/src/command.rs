//! The commands that talk to a server as a client: what they share.

use std::{
    fmt,
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use nacre_client::{Client, Error, ErrorKind, Namespace};
use tokio::signal::unix::{Signal, SignalKind, signal};

mod api;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod documents;
pub(crate) mod namespace;
mod output;
mod progress;
pub(crate) mod service;
pub(crate) mod switches;
mod tls;

use output::Format;
use tls::TlsArgs;

/// From here on a person who waits is told for what.
const PATIENCE: Duration = Duration::from_millis(500);

/// Which server, how to get in, and how results are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Access {
    /// Server, or several separated by commas
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8848")]
    server: String,

    #[command(flatten)]
    tls: TlsArgs,

    /// User; the password comes from NACRE_PASSWORD
    #[arg(long, value_name = "NAME", requires = "password")]
    username: Option<String>,

    /// Password of the user
    #[arg(long, env = "NACRE_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// Seconds that a request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,

    /// How results are shown
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Access {
    fn limit(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }
}

/// A namespace on a server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Place {
    #[command(flatten)]
    access: Access,

    /// Namespace id
    #[arg(long, value_name = "ID", default_value = "public")]
    namespace: String,
}

impl Place {
    fn namespace(&self) -> Result<Namespace, Failure> {
        Namespace::new(&self.namespace).map_err(Failure::usage)
    }
}

/// A group in a namespace on a server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Target {
    #[command(flatten)]
    place: Place,

    /// Group of the config or service
    #[arg(long, default_value = "DEFAULT_GROUP")]
    group: String,
}

impl Target {
    fn output(&self) -> Format {
        self.place.access.output
    }

    /// A client that is connected.
    async fn connect(&self) -> Result<Client, Failure> {
        let access = &self.place.access;
        // The name is checked alone: what else is wrong with the settings is not a matter of the namespace.
        self.place.namespace()?;
        let mut builder = Client::builder().server(&access.server).namespace(&self.place.namespace).app_name("nacre");
        builder = builder.request_timeout(access.limit());
        if let (Some(username), Some(password)) = (&access.username, &access.password) {
            builder = builder.login(username, password.as_str());
        }
        if let Some(tls) = access.tls.engine()? {
            builder = builder.tls(tls);
        }
        let client = builder.build().map_err(Failure::usage)?;
        waiting(&format!("connecting to {}", access.server), client.ready(access.limit())).await.map_err(|error| {
            let failure = Failure::from(error);
            Failure { text: format!("{}: {}", access.server, failure.text), ..failure }
        })?;
        Ok(client)
    }
}

/// Why a command has not done what it was told to, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    const INTERNAL: u8 = 1;
    const USAGE: u8 = 2;
    const NOT_FOUND: u8 = 3;
    const REFUSED: u8 = 4;
    const UNREACHABLE: u8 = 5;

    fn usage(text: impl fmt::Display) -> Self {
        Self { code: Self::USAGE, text: text.to_string() }
    }

    fn not_found(text: impl fmt::Display) -> Self {
        Self { code: Self::NOT_FOUND, text: text.to_string() }
    }

    fn refused(text: impl fmt::Display) -> Self {
        Self { code: Self::REFUSED, text: text.to_string() }
    }

    fn unreachable(text: impl fmt::Display) -> Self {
        Self { code: Self::UNREACHABLE, text: text.to_string() }
    }

    fn internal(text: impl fmt::Display) -> Self {
        Self { code: Self::INTERNAL, text: text.to_string() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound => Self::NOT_FOUND,
            ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::Closed => Self::UNREACHABLE,
            ErrorKind::Internal => Self::INTERNAL,
            _ => Self::REFUSED,
        };
        let text = match error.kind() {
            ErrorKind::Timeout => format!("no answer in time: {error}"),
            _ => format!("{error} (code {})", error.code()),
        };
        Self { code, text }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    run_on(tokio::runtime::Builder::new_current_thread(), command)
}

/// Runs a command that has work for all cores to its end.
pub(crate) fn run_on_all_cores(command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    run_on(tokio::runtime::Builder::new_multi_thread(), command)
}

fn run_on(mut runtime: tokio::runtime::Builder, command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::internal(error)),
    };
    let done = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_millis(200));
    done.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
}

fn report(failure: &Failure) -> ExitCode {
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "nacre: {}", failure.text);
    ExitCode::from(failure.code)
}

/// Waits for `work` and, if that takes a while, tells a person at a terminal so.
async fn waiting<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
        return done;
    }
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let begun = tokio::time::Instant::now();
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = seconds.tick() => {
                let _ = write!(std::io::stderr(), "\r\x1b[K{what} ... {} s", begun.elapsed().as_secs());
            }
        }
    };
    let _ = write!(std::io::stderr(), "\r\x1b[K");
    done
}

/// Ctrl-C, and what a service manager sends.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_what_went_wrong() {
        let code = |client: Result<Client, Error>| Failure::from(client.unwrap_err()).code;
        assert_eq!(code(Client::builder().namespace("a b").build()), Failure::REFUSED);
        assert_eq!(Failure::usage("x").code, 2);
        assert_eq!(Failure::not_found("x").code, 3);
    }
}
