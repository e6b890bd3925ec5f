//! What is measured, and on which scale.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use nacre_harness::Server;

use crate::options::Options;

const GRPC_OFFSET: u16 = 1000;
/// Descriptors that this program needs beside those of the connections it counts.
const SPARE_FILES: u64 = 256;
/// `USER_HZ`: the kernel shows processor times to programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// The server must be ready in this time, also with many configs and on a slow disk.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// How many and how long.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// Whether the numbers are those that the goals speak of.
    pub(crate) comparable: bool,
    pub(crate) subscribers: usize,
    pub(crate) registry_changes: u64,
    pub(crate) listeners: usize,
    pub(crate) config_changes: u64,
    pub(crate) idle_connections: usize,
    pub(crate) departures: u64,
    pub(crate) stored_configs: u64,
    pub(crate) starts: usize,
    pub(crate) idle_time: Duration,
    /// How long each rate is measured.
    pub(crate) rate_time: Duration,
}

impl Scale {
    fn new(quick: bool, seconds: u64, open_files: u64) -> Self {
        let connections = usize::try_from(open_files.saturating_sub(SPARE_FILES)).unwrap_or(usize::MAX).max(1);
        if quick {
            return Self {
                comparable: false,
                subscribers: connections.min(50),
                registry_changes: 10,
                listeners: connections.min(100),
                config_changes: 4,
                idle_connections: connections.min(200),
                departures: 2,
                stored_configs: 2_000,
                starts: 2,
                idle_time: Duration::from_secs(4),
                rate_time: Duration::from_secs(seconds.min(2)),
            };
        }
        Self {
            comparable: true,
            subscribers: connections.min(500),
            registry_changes: 100,
            listeners: connections.min(2_000),
            config_changes: 20,
            idle_connections: connections.min(2_000),
            departures: 10,
            stored_configs: 100_000,
            starts: 5,
            idle_time: Duration::from_secs(20),
            rate_time: Duration::from_secs(seconds),
        }
    }
}

/// One run of this program.
#[derive(Debug)]
pub(crate) struct Bench {
    target: Option<SocketAddr>,
    /// Begins each name that is registered or published, so that two runs against one server do not meet.
    tag: String,
    pub(crate) scale: Scale,
}

impl Bench {
    /// Resolves the target, if there is one.
    pub(crate) async fn new(options: &Options, open_files: u64) -> Result<Self> {
        let target = match &options.target {
            Some(text) => Some(resolve(text).await?),
            None => None,
        };
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let tag = format!("bench-{:x}", since_epoch.as_millis());
        Ok(Self { target, tag, scale: Scale::new(options.quick, options.seconds, open_files) })
    }

    /// A run on the smallest scale.
    #[cfg(test)]
    pub(crate) fn tiny(target: Option<SocketAddr>) -> Self {
        let scale = Scale {
            comparable: false,
            subscribers: 3,
            registry_changes: 2,
            listeners: 3,
            config_changes: 2,
            idle_connections: 100,
            departures: 1,
            stored_configs: 70,
            starts: 1,
            idle_time: Duration::from_millis(100),
            rate_time: Duration::from_millis(100),
        };
        Self { target, tag: "bench-tiny".to_owned(), scale }
    }

    /// Whether a running server is measured.
    pub(crate) fn has_target(&self) -> bool {
        self.target.is_some()
    }

    /// A name that only this run uses.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.tag)
    }

    /// The running server, or a fresh one on an empty directory.
    pub(crate) async fn subject(&self) -> Result<Subject> {
        match self.target {
            Some(grpc) => Ok(Subject { server: None, grpc }),
            None => {
                let server = nacre_harness::Options::new().ready_within(READY_LIMIT).start().await?;
                Ok(Subject { grpc: server.grpc_address(), server: Some(server) })
            }
        }
    }

    /// A server that was not started yet, with an empty directory.
    pub(crate) fn prepare() -> Result<Server> {
        nacre_harness::Options::new().ready_within(READY_LIMIT).prepare()
    }
}

async fn resolve(text: &str) -> Result<SocketAddr> {
    let mut found = tokio::net::lookup_host(text).await.with_context(|| format!("resolve {text}"))?;
    let mut address = found.next().with_context(|| format!("{text} has no address"))?;
    let port = address.port().checked_add(GRPC_OFFSET).context("no port 1000 above that of HTTP")?;
    address.set_port(port);
    Ok(address)
}

/// A server that answers.
#[derive(Debug)]
pub(crate) struct Subject {
    server: Option<Server>,
    /// Where it speaks gRPC.
    pub(crate) grpc: SocketAddr,
}

impl Subject {
    /// Processor time that the server has used so far; none when it is not ours.
    pub(crate) fn processor_time(&self) -> Result<Option<Duration>> {
        self.server.as_ref().map(processor_time).transpose()
    }

    /// The process, which a target does not have.
    pub(crate) fn process(&self) -> Result<&Server> {
        self.server.as_ref().context("the server is not ours")
    }

    /// Ends the server if this program started it.
    pub(crate) async fn finish(self) -> Result<()> {
        match self.server {
            Some(mut server) => server.kill().await,
            None => Ok(()),
        }
    }
}

/// User and system time of all threads of the process.
pub(crate) fn processor_time(server: &Server) -> Result<Duration> {
    let pid = server.pid().context("the server does not run")?;
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("process times")?;
    times_in(&text).context("odd process times")
}

fn times_in(stat: &str) -> Option<Duration> {
    // The command's name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_times_stand_behind_the_name() {
        let stat = "42 (na) c (re) S 1 42 42 0 -1 4194560 900 0 1 0 150 25 7 7 20 0 9 0 1000 1 1";
        assert_eq!(times_in(stat), Some(Duration::from_millis(1750)));
        assert_eq!(times_in("42 (nacre) S 1"), None);
    }

    #[test]
    fn scale_fits_the_open_files() {
        assert_eq!(Scale::new(false, 10, 1_024).listeners, 768);
        assert_eq!(Scale::new(false, 10, 20_000).listeners, 2_000);
        assert!(!Scale::new(true, 10, 20_000).comparable);
    }

    #[tokio::test]
    async fn target_is_the_http_port() {
        assert_eq!(resolve("127.0.0.1:8848").await.unwrap().port(), 9848);
        assert!(resolve("127.0.0.1:65000").await.is_err());
    }
}
