//! Start and stop: in which order the parts come and go.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use anyhow::Context as _;
use nacre_config::{Config, ConfigMachine};
use nacre_consensus::{Host, Options, Parts, engine::rocks};
use nacre_gateway::{Doors, Sockets};
use nacre_naming::{Naming, ShardMachine, SwitchMachine};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    backup::Backups,
    cli::ServerArgs,
    logging,
    settings::{self, Settings},
};

/// Tag of the configs in the log of the meta group. Tags never change meaning.
const CONFIG_PART: u8 = 1;
/// Tag of the services in the log of a shard group.
const NAMING_PART: u8 = 1;
/// Tag of the switches in the log of the meta group.
const SWITCH_PART: u8 = 2;
/// Nacos clients find gRPC at the HTTP port plus this.
const GRPC_PORT_OFFSET: u16 = 1000;
/// How long a stop may take before the process ends anyway. What was acknowledged is on disk.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs the server until it is told to stop.
pub(crate) fn main(arguments: &ServerArgs) -> anyhow::Result<()> {
    let environment =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let (settings, notices) = settings::load(arguments, environment)?;
    logging::start(&settings.log)?;
    notices.log();
    raise_file_limit();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_name("nacre");
    if settings.server.worker_threads > 0 {
        runtime.worker_threads(settings.server.worker_threads);
    }
    let runtime = runtime.build().context("cannot start threads")?;
    let result = runtime.block_on(run(settings));
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Each client is an open file; the usual soft limit of 1,024 is for other programs.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "cannot raise the limit of open files"),
    }
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    // Before anything else, so that a signal during a slow start stops it in order too.
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    if settings.auth.enabled.is_none() {
        tracing::warn!("authentication is off: everybody who reaches the ports may read and write everything");
    }
    let server = Server::start(settings).await?;
    server.doors.ready();
    println!("nacre ready http={} grpc={}", server.doors.http_address(), server.doors.grpc_address());
    let mut failure = server.host.store_failure();
    tokio::select! {
        () = told_to_stop(&mut terminate, &mut interrupt) => {}
        failed = failure.wait_for(Option::is_some) => {
            // Nothing is acknowledged any more, and nothing may be tried again: what the disk holds
            // is found out by the next start.
            let reason = failed.ok().and_then(|reason| reason.clone()).unwrap_or_else(|| "the writer has ended".into());
            tracing::error!(%reason, "the store cannot be written; the process ends");
            eprintln!("nacre: the store cannot be written, nothing unwritten was acknowledged: {reason}");
            std::process::exit(1);
        }
    }
    tracing::info!("stopping");
    if tokio::time::timeout(STOP_LIMIT, server.stop()).await.is_err() {
        tracing::warn!("the stop took too long; the next start reads the log");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

struct Server {
    host: Host,
    naming: Naming,
    config: Config,
    doors: Doors,
}

impl Server {
    async fn start(settings: Settings) -> anyhow::Result<Self> {
        // The ports come first: a second server on them is the likeliest mistake.
        let sockets = Sockets::bind(nacre_gateway::Options {
            hosts: settings.server.bind.map_or_else(nacre_gateway::any_address, |address| vec![address]),
            http_port: settings.server.port,
            grpc_port: settings.server.port + GRPC_PORT_OFFSET,
            settings: settings.gateway,
            version: env!("CARGO_PKG_VERSION"),
        })
        .context("cannot listen")?;
        let options = Options {
            data_dir: settings.storage.data_dir.clone(),
            reserve: settings.storage.reserve_mb << 20,
            families: nacre_config::FAMILIES.into_iter().chain(nacre_naming::FAMILIES).collect(),
            shards: settings.storage.shards,
        };
        let meta = Parts::new()
            .with(CONFIG_PART, Arc::new(ConfigMachine::new(&settings.config)))
            .with(SWITCH_PART, Arc::new(SwitchMachine::new(&settings.naming)));
        let shard = |_| Parts::new().with(NAMING_PART, Arc::new(ShardMachine::default()));
        let host = Host::start(options, rocks::open, meta, shard).await?;
        let identity = host.identity();
        tracing::info!(
            cluster = %identity.cluster, node = %identity.node, epoch = host.epoch(), data = %host.data_dir().display(),
            "store is open"
        );
        let request_ids = Arc::new(AtomicU64::new(0));
        let naming = Naming::start(nacre_naming::Options {
            settings: settings.naming,
            node: identity.node,
            epoch: host.epoch(),
            shards: host.shards().iter().map(|shard| shard.part(NAMING_PART)).collect(),
            slots: host.slots().clone(),
            switches: Some(host.meta().part(SWITCH_PART)),
            encoder: Arc::new(sockets.naming_encoder()),
            request_ids: request_ids.clone(),
        })
        .await
        .context("cannot start naming")?;
        let config = Config::new(nacre_config::Options {
            settings: settings.config,
            group: host.meta().part(CONFIG_PART),
            encoder: Arc::new(sockets.config_encoder()),
            request_ids: request_ids.clone(),
        });
        let folder = settings.backup.dir.unwrap_or_else(|| settings.storage.data_dir.join("backups"));
        let sockets = sockets.with_backups(Arc::new(Backups::new(host.backups(folder))));
        let doors = sockets.open(naming.clone(), config.clone(), request_ids).context("cannot open the doors")?;
        Ok(Self { host, naming, config, doors })
    }

    /// From here on ended connections leave their instances for the next start to keep.
    async fn stop(self) {
        self.naming.stopping();
        self.doors.drain().await;
        self.naming.shutdown().await;
        drop(self.config);
        self.host.stop().await;
    }
}
