//! `nacre doctor`: looks at the machine a server runs on, or at a server from a client's machine, and says what to do.

mod disk;
mod machine;
mod ports;
mod remote;

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::{
    Failure,
    output::{self, Cell, Format, Table, Tone},
    tls::TlsArgs,
};
use crate::{
    cli::ServerArgs,
    settings::{self, Settings},
};

/// The two clocks are compared over at least this time.
const CLOCK_TIME: Duration = Duration::from_millis(500);
/// More than that is no drift but a step.
const CLOCK_STEP: Duration = Duration::from_millis(100);
/// 2024-01-01, before which no server of this program has run.
const EARLIEST: Duration = Duration::from_secs(1_704_067_200);

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Look at this server from here, as its clients would [default: look at this machine]
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Option<String>,

    /// Seconds that a connection may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=60))]
    timeout: u16,

    /// How results are shown
    #[arg(long, value_enum, default_value_t)]
    output: Format,

    #[command(flatten)]
    tls: TlsArgs,

    #[command(flatten)]
    settings: ServerArgs,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    check: Cow<'static, str>,
    status: Status,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(check: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Ok, found: found.into(), advice: None }
    }

    fn warn(check: impl Into<Cow<'static, str>>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(check: impl Into<Cow<'static, str>>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    checks: &'a [Check],
}

pub(crate) async fn run(arguments: DoctorArgs) -> Result<(), Failure> {
    let checks = match &arguments.server {
        Some(server) => remote::look(server, &arguments.tls, Duration::from_secs(arguments.timeout.into())).await?,
        None => {
            let begun = (Instant::now(), SystemTime::now());
            let looked = tokio::task::spawn_blocking(move || this_machine(&arguments.settings)).await;
            let mut checks = looked.map_err(Failure::internal)?;
            sleep_until(begun.0 + CLOCK_TIME).await;
            checks.push(clock(begun.0.elapsed(), begun.1.elapsed().ok(), SystemTime::now()));
            checks
        }
    };
    let failed = checks.iter().filter(|check| check.status == Status::Fail).count();
    output::show(arguments.output, &Report { ok: failed == 0, checks: &checks }, || table(&checks))?;
    match failed {
        0 => Ok(()),
        1 => Err(Failure::internal("1 check failed")),
        failed => Err(Failure::internal(format!("{failed} checks failed"))),
    }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new(["STATUS", "CHECK", "FOUND", "WHAT TO DO"]);
    for check in checks {
        let (text, tone) = match check.status {
            Status::Ok => ("ok", Tone::Good),
            Status::Warn => ("warn", Tone::Warn),
            Status::Fail => ("fail", Tone::Bad),
        };
        let advice = check.advice.as_deref().unwrap_or_default();
        table.row([Cell::toned(text, tone), Cell::new(&check.check), Cell::new(&check.found), Cell::new(advice)]);
    }
    table
}

fn this_machine(arguments: &ServerArgs) -> Vec<Check> {
    let environment =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let (settings, loaded) = match settings::load(arguments, environment) {
        Ok((settings, notices)) => {
            let idle = notices.without_effect().join(", ");
            let advice = "see whether one is misspelt; the server's first lines say why each does nothing";
            let check = match idle.as_str() {
                "" => Check::ok("settings", "can be read"),
                idle => Check::warn("settings", format!("without effect: {idle}"), advice),
            };
            (settings, check)
        }
        Err(error) => {
            let advice = "correct the setting; the other checks take the defaults";
            (Settings::default(), Check::fail("settings", format!("{error:#}"), advice))
        }
    };
    let mut checks = vec![loaded];
    checks.extend(disk::look(&settings.storage));
    checks.extend(ports::look(settings.server.bind, settings.server.port, &settings.storage.data_dir));
    checks.extend(machine::look());
    checks
}

/// Compares how far both clocks went; `wall` is none when the wall clock went back.
fn clock(monotonic: Duration, wall: Option<Duration>, now: SystemTime) -> Check {
    const CLOCK: &str = "clock";
    let advice = "let an NTP client that slews keep the time; steps end leases and tokens early or late";
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since < EARLIEST {
        return Check::fail(CLOCK, "the time is before 2024", "set the clock");
    }
    match wall {
        None => Check::warn(CLOCK, "the wall clock went back during the check", advice),
        Some(wall) if wall.abs_diff(monotonic) > CLOCK_STEP => {
            let step = wall.abs_diff(monotonic).as_millis();
            Check::warn(CLOCK, format!("the wall clock jumped by {step} ms during the check"), advice)
        }
        Some(_) => Check::ok(CLOCK, "runs evenly"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_seen() {
        let (second, now) = (Duration::from_secs(1), SystemTime::UNIX_EPOCH + 2 * EARLIEST);
        assert_eq!(clock(second, Some(second), now).status, Status::Ok);
        assert_eq!(clock(second, Some(2 * second), now).status, Status::Warn);
        assert_eq!(clock(second, Some(second / 2), now).status, Status::Warn);
        assert_eq!(clock(second, None, now).status, Status::Warn);
        assert_eq!(clock(second, Some(second), SystemTime::UNIX_EPOCH).status, Status::Fail);
    }

    #[test]
    fn this_machine_is_looked_at_without_leaving_anything() {
        let home = tempfile::tempdir().unwrap();
        let data_dir = Some(home.path().join("data"));
        let checks = this_machine(&ServerArgs { data_dir, ..ServerArgs::default() });
        let names: Vec<&str> = checks.iter().map(|check| &*check.check).collect();
        for name in ["settings", "data directory", "free space", "disk speed", "port 8848", "port 9848", "processors"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
