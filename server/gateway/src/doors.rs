//! The doors as one: sockets are taken first, then both doors are opened, at the end they drain.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use nacre_config::Config;
use nacre_naming::Naming;
use tokio::task::JoinHandle;

use crate::grpc::{Checks, Door, Parts};
use crate::http::{self, Backups, Host};
use crate::listen::{Bound, Listener, Rate, Tls};
use crate::metrics::Metrics;
use crate::{ConfigEncoder, NamingEncoder, Settings};

/// Where the doors shall be, and how they behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// Addresses to listen on; see [`any_address`](crate::any_address).
    pub hosts: Vec<IpAddr>,
    /// Port of HTTP, which takes gRPC too; 0 lets the system choose.
    pub http_port: u16,
    /// Port of gRPC; 0 lets the system choose.
    pub grpc_port: u16,
    /// Settings.
    pub settings: Settings,
    /// The version that the server says it has.
    pub version: &'static str,
}

/// Sockets that have their addresses. They take connections from [`Sockets::open`] on.
pub struct Sockets {
    http: Bound,
    grpc: Bound,
    http_address: SocketAddr,
    grpc_address: SocketAddr,
    own_ip: String,
    options: Options,
    backups: Option<Arc<dyn Backups>>,
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { http_address, grpc_address, .. } = self;
        formatter
            .debug_struct("Sockets")
            .field("http", http_address)
            .field("grpc", grpc_address)
            .finish_non_exhaustive()
    }
}

impl Sockets {
    /// Takes the addresses.
    ///
    /// # Errors
    /// When one of them is in use or not of this machine.
    pub fn bind(options: Options) -> io::Result<Self> {
        let http = Bound::new(&options.hosts, options.http_port)?;
        let grpc = Bound::new(&options.hosts, options.grpc_port)?;
        let (http_address, grpc_address) = (http.address()?, grpc.address()?);
        Ok(Self { own_ip: own_ip(http_address.ip()), http, grpc, http_address, grpc_address, options, backups: None })
    }

    /// Address of the HTTP port.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Address of the gRPC port.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// What naming needs to write its pushes.
    #[must_use]
    pub fn naming_encoder(&self) -> NamingEncoder {
        NamingEncoder::new(self.own_ip.as_str())
    }

    /// What config needs to write its notifications.
    #[must_use]
    pub fn config_encoder(&self) -> ConfigEncoder {
        ConfigEncoder::new(self.own_ip.as_str())
    }

    /// Lets operators on this machine ask for backups.
    #[must_use]
    pub fn with_backups(mut self, backups: Arc<dyn Backups>) -> Self {
        self.backups = Some(backups);
        self
    }

    /// Opens the doors. Requests are refused as too early until [`Doors::ready`]. `request_ids` is
    /// the counter that both domains use, too. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system does not let the sockets listen, or the files of TLS cannot be used.
    pub fn open(self, naming: Naming, config: Config, request_ids: Arc<AtomicU64>) -> io::Result<Doors> {
        let Self { http, grpc, http_address, grpc_address, own_ip, options, backups } = self;
        let Settings { listen, tls, grpc: grpc_settings, http: http_settings } = options.settings;
        let tls = Tls::start(tls)?;
        let metrics = Arc::new(Metrics::default());
        let rate = Rate::new(listen.max_requests_per_second, listen.max_requests_per_second_per_ip).map(Arc::new);
        let door = Arc::new(Door::new(Parts {
            naming: naming.clone(),
            config: config.clone(),
            metrics: Arc::clone(&metrics),
            settings: grpc_settings,
            rate: rate.clone(),
            checks: Checks { are_on: http_settings.check_parameters, max_metadata: http_settings.max_metadata },
            request_ids,
            own_ip: own_ip.clone(),
        }));
        let udp = Arc::new(http::Udp::default());
        let pusher = http::Pusher::start(&udp, &naming);
        let router = http::router(http::State {
            naming: naming.clone(),
            config,
            host: Arc::clone(&door) as Arc<dyn Host>,
            metrics: Arc::clone(&metrics),
            settings: http_settings,
            version: options.version,
            port: http_address.port(),
            address: match own_ip.parse::<IpAddr>() {
                Ok(IpAddr::V6(ip)) => format!("[{ip}]:{}", http_address.port()),
                _ => format!("{own_ip}:{}", http_address.port()),
            },
            backups,
            udp,
            rate,
        });
        let backlog = listen.backlog;
        let listener = Listener::new(Arc::clone(&door), router, listen, tls);
        listener.serve(http.listen(backlog)?, true);
        listener.serve(grpc.listen(backlog)?, false);
        let watch = tokio::spawn(Arc::clone(&door).watch());
        Ok(Doors { door, listener, naming, metrics, http_address, grpc_address, watch, _pusher: pusher })
    }
}

/// The open doors. Dropping them closes all connections.
pub struct Doors {
    door: Arc<Door>,
    listener: Listener,
    naming: Naming,
    metrics: Arc<Metrics>,
    http_address: SocketAddr,
    grpc_address: SocketAddr,
    watch: JoinHandle<()>,
    _pusher: http::Pusher,
}

impl Doors {
    /// From now on requests are served.
    pub fn ready(&self) {
        self.door.ready();
    }

    /// Address of the HTTP port.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Address of the gRPC port.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// What the doors count.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// How many clients are connected over gRPC.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.door.connections()
    }

    /// Takes no more connections, lets open requests end and closes all connections. The instances
    /// of connected clients stay for the next start to keep.
    pub async fn drain(&self) {
        self.naming.stopping();
        self.door.stopping();
        self.listener.drain().await;
        self.watch.abort();
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.watch.abort();
        self.listener.abort();
    }
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { http_address, grpc_address, .. } = self;
        formatter.debug_struct("Doors").field("http", http_address).field("grpc", grpc_address).finish_non_exhaustive()
    }
}

/// The address that this server gives for itself: the one it listens on, or the one that it would
/// use to reach others.
fn own_ip(listens_on: IpAddr) -> String {
    if !listens_on.is_unspecified() {
        return listens_on.to_canonical().to_string();
    }
    // Connecting a datagram socket chooses an address and sends nothing.
    let outward = UdpSocket::bind(("0.0.0.0", 0)).and_then(|socket| {
        socket.connect(("192.0.2.1", 9))?;
        socket.local_addr()
    });
    outward.map_or_else(|_| "127.0.0.1".to_owned(), |address| address.ip().to_string())
}
