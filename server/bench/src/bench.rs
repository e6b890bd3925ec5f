//! What is measured, how, and on which scale.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio_rustls::rustls::{ClientConfig, pki_types::ServerName};

use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Process;
use crate::progress::Progress;
use crate::report::Row;
use crate::scenario::Scenario;

const GRPC_OFFSET: u16 = 1000;
/// Descriptors that are needed beside those of the connections.
const SPARE_FILES: u64 = 256;
/// The longest that one scenario may take.
const SCENARIO_LIMIT: Duration = Duration::from_secs(3600);

/// A running server.
#[derive(Debug, Clone)]
pub struct Target {
    name: String,
    http: Endpoint,
    grpc: Endpoint,
    process: Option<Process>,
}

impl Target {
    /// The server whose HTTP port is `address`; gRPC is expected 1000 above it. Its processor time and memory are
    /// known when it runs on this machine and its process is given.
    ///
    /// # Errors
    /// When the address has no meaning, or there is no such process.
    pub async fn resolve(address: &str, process: Option<Process>) -> Result<Self> {
        let odd = |error| Error::usage(format!("{address}: {error}"));
        let mut found = tokio::net::lookup_host(address).await.map_err(odd)?;
        let http = found.next().ok_or_else(|| Error::usage(format!("{address} has no address")))?;
        let port = http.port().checked_add(GRPC_OFFSET);
        let port = port.ok_or_else(|| Error::usage(format!("{address}: no port {GRPC_OFFSET} above")))?;
        if let Some(process) = process {
            process.resident_bytes()?;
        }
        let grpc = Endpoint::plain(SocketAddr::new(http.ip(), port));
        Ok(Self { name: address.to_owned(), http: Endpoint::plain(http), grpc, process })
    }

    /// The same server with TLS on both ports.
    ///
    /// # Errors
    /// When the address has no host that a certificate could name.
    pub fn encrypted(self, config: &ClientConfig) -> Result<Self> {
        let host = self.name.rsplit_once(':').map_or(&*self.name, |(host, _)| host).trim_matches(['[', ']']);
        let odd = |error| Error::usage(format!("{}: {error}", self.name));
        let name = ServerName::try_from(host.to_owned()).map_err(odd)?;
        let http = self.http.encrypted(name.clone(), config, b"http/1.1");
        Ok(Self { http, grpc: self.grpc.encrypted(name, config, b"h2"), ..self })
    }

    /// The address as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn http(&self) -> &Endpoint {
        &self.http
    }

    pub(crate) fn grpc(&self) -> &Endpoint {
        &self.grpc
    }

    /// Processor time that the server has used so far; none when its process is not known.
    pub(crate) fn processor_time(&self) -> Result<Option<Duration>> {
        self.process.map(Process::processor_time).transpose()
    }

    /// Memory of the server; none when its process is not known.
    pub(crate) fn resident_bytes(&self) -> Result<Option<u64>> {
        self.process.map(Process::resident_bytes).transpose()
    }
}

/// How everything is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Small counts and short times.
    pub quick: bool,
    /// How long each rate is measured, after a warm-up of a fifth of that.
    pub seconds: u32,
    /// Requests or changes a second, begun when they are due (open loop); without it the next begins when the one
    /// before is done (closed loop).
    pub rate: Option<u32>,
    /// Requests in flight in a closed loop.
    pub in_flight: usize,
    /// Connections that carry them.
    pub connections: usize,
    /// Configs that are stored before the first page of their list is asked for.
    pub configs: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { quick: false, seconds: 10, rate: None, in_flight: 64, connections: 8, configs: 100_000 }
    }
}

/// How many and how long.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    pub(crate) time: Duration,
    pub(crate) in_flight: usize,
    pub(crate) load_connections: usize,
    /// Between the parts of a scenario: long enough for what a server does a while after a request.
    pub(crate) settle: Duration,
    pub(crate) subscribers: usize,
    pub(crate) registry_changes: u64,
    pub(crate) listeners: usize,
    pub(crate) config_changes: u64,
    pub(crate) idle_connections: usize,
    pub(crate) departures: usize,
    pub(crate) storm_services: usize,
    pub(crate) storm_subscribers: usize,
    pub(crate) storm_rate: u32,
    pub(crate) mixed_watchers: usize,
    pub(crate) frozen: usize,
    pub(crate) healthy: usize,
    pub(crate) stored_configs: u64,
    pub(crate) list_requests: usize,
}

impl Scale {
    fn new(settings: &Settings, open_files: u64) -> Self {
        let most = usize::try_from(open_files.saturating_sub(SPARE_FILES)).unwrap_or(usize::MAX).max(1);
        let seconds = if settings.quick { settings.seconds.min(1) } else { settings.seconds };
        let common = Self {
            time: Duration::from_secs(seconds.into()),
            in_flight: settings.in_flight.max(1),
            load_connections: settings.connections.clamp(1, settings.in_flight.max(1)),
            settle: Duration::from_secs(2),
            subscribers: most.min(500),
            registry_changes: 100,
            listeners: most.min(2_000),
            config_changes: 20,
            idle_connections: most.min(2_000),
            departures: 10,
            storm_services: 500,
            storm_subscribers: most.min(100),
            storm_rate: 1_000,
            mixed_watchers: most.min(100),
            frozen: most.saturating_sub(50).clamp(1, 500),
            healthy: most.min(50),
            stored_configs: settings.configs.max(1),
            list_requests: 100,
        };
        if !settings.quick {
            return common;
        }
        Self {
            settle: Duration::from_millis(600),
            subscribers: most.min(20),
            registry_changes: 5,
            listeners: most.min(40),
            config_changes: 3,
            idle_connections: most.min(100),
            departures: 1,
            storm_services: 20,
            storm_subscribers: most.min(10),
            storm_rate: 50,
            mixed_watchers: most.min(10),
            frozen: most.min(20),
            healthy: most.min(10),
            stored_configs: settings.configs.clamp(1, 500),
            list_requests: 10,
            ..common
        }
    }
}

/// Measures one server.
#[derive(Debug)]
pub struct Bench {
    target: Target,
    settings: Settings,
    /// Begins each name that is registered or published, so that two runs against one server do not meet.
    tag: String,
    pub(crate) scale: Scale,
}

impl Bench {
    /// A bench for this server. Raises the limit of open files as far as it goes.
    ///
    /// # Errors
    /// When the limit cannot be read, or the settings do not make sense.
    pub fn new(target: Target, settings: Settings) -> Result<Self> {
        let open_files = rlimit::increase_nofile_limit(u64::MAX)
            .map_err(|error| Error::internal(format!("limit of open files: {error}")))?;
        if settings.rate == Some(0) || settings.seconds == 0 {
            return Err(Error::usage("neither rate nor seconds may be 0"));
        }
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let tag = format!("bench-{:x}", since_epoch.as_millis());
        let scale = Scale::new(&settings, open_files);
        Ok(Self { target, settings, tag, scale })
    }

    /// The server.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How it is measured.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A name that only this run uses.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.tag)
    }

    /// Whether the server is there and speaks the protocol.
    ///
    /// # Errors
    /// When it is not, or does not.
    pub async fn probe(&self) -> Result<()> {
        crate::connection::Connection::open(self.target.grpc(), ()).await?.close().await;
        Ok(())
    }

    /// Publishes so many configs and leaves them there.
    ///
    /// # Errors
    /// When one is refused or not answered.
    pub async fn fill(&self, count: u64) -> Result<()> {
        let progress = Progress::new("fill");
        let load = crate::load::Load::connect(self).await?;
        let filled = crate::scenario::fill(&load, &progress, self.name("stored"), count).await;
        progress.clear();
        filled
    }

    /// Measures one scenario.
    ///
    /// # Errors
    /// When something did not go as it must for the numbers to mean anything.
    pub async fn measure(&self, scenario: Scenario) -> Result<Vec<Row>> {
        let progress = Progress::new(scenario.name());
        let measured = tokio::time::timeout(SCENARIO_LIMIT, Box::pin(scenario.measure(self, &progress))).await;
        progress.clear();
        measured.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "not done within an hour")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_fits_the_open_files() {
        let settings = Settings::default();
        assert_eq!(Scale::new(&settings, 1_024).listeners, 768);
        assert_eq!(Scale::new(&settings, 20_000).listeners, 2_000);
        let few = Settings { in_flight: 2, ..settings };
        assert_eq!(Scale::new(&few, 20_000).load_connections, 2);
    }

    #[tokio::test]
    async fn target_is_the_http_port() {
        assert_eq!(Target::resolve("127.0.0.1:8848", None).await.unwrap().grpc().address().port(), 9848);
        for odd in ["127.0.0.1:65000", "127.0.0.1", "no such host:1"] {
            assert_eq!(Target::resolve(odd, None).await.unwrap_err().kind(), ErrorKind::Usage, "{odd}");
        }
        let nobody = Target::resolve("127.0.0.1:8848", Some(Process::new(u32::MAX))).await;
        assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Usage);
    }
}
