//! What a client can be told, with the defaults. Nothing here reads the environment.

mod builder;
mod config;
mod naming;
mod security;

use std::{path::PathBuf, time::Duration};

pub use builder::Builder;
pub use config::ConfigOptions;
pub use naming::NamingOptions;
pub use security::{Credentials, Identity, Keys, Login, Roots, Secret, TemporaryKeys, Tls};

use crate::names::Namespace;

/// Where the servers come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerSource {
    /// Addresses as the user writes them: `host`, `host:port`, `[::1]:8848`, `http://host:port/context`. One text
    /// may hold several, separated by commas or semicolons. A name with several DNS records stands for all of them.
    Fixed(Vec<String>),
    /// An HTTP server that lists the servers.
    Endpoint(Endpoint),
}

/// An address server: `http://HOST:PORT/CONTEXT/LIST` answers one server per line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// Default 8080.
    pub port: u16,
    /// First part of the path. Default: the context path of the servers.
    pub context_path: Option<String>,
    /// Last part of the path. Default `serverlist`.
    pub list: String,
    /// Appended to the URL as it is. Default: nothing.
    pub query: String,
    /// Time between two reads. Default 30 s.
    pub refresh: Duration,
}

impl Endpoint {
    /// An address server with the defaults.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 8080,
            context_path: None,
            list: "serverlist".into(),
            query: String::new(),
            refresh: Duration::from_secs(30),
        }
    }
}

/// All settings of a client. [`Builder`] fills them; bindings may do so directly.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where the servers come from. Default: `127.0.0.1`.
    pub servers: ServerSource,
    /// Main port of an address that names none. Default 8848.
    pub default_port: u16,
    /// Distance from the main port to the gRPC port. Default 1000. Where that port does not answer, the main port
    /// is tried; 0 tries the main port only.
    pub grpc_port_offset: u16,
    /// First part of the path of HTTP requests. Default `nacos`.
    pub context_path: String,
    /// Namespace of all services and configs. Default `public`.
    pub namespace: Namespace,
    /// Name of the application, shown by the server. Default `unknown`.
    pub app_name: String,
    /// More labels of the connection. Default: none.
    pub labels: Vec<(String, String)>,
    /// Labels that gray rules of configs see; sent with the prefix `app_`. Default: none.
    pub app_labels: Vec<(String, String)>,
    /// Name and version that the server shows. Default `Nacre-Client:v` and the version of this crate.
    pub client_version: String,
    /// The address that this client gives for itself, e.g. for gray rules. Default: the local end of the connection.
    pub client_ip: Option<String>,
    /// How the client proves who it is. Default: not at all.
    pub credentials: Credentials,
    /// TLS for gRPC. Default: plain TCP.
    pub tls: Option<Tls>,
    /// Deadline of a request with all its retries, unless the call names another. Default 3 s.
    pub request_timeout: Duration,
    /// How often a request is sent again within its deadline after a failure on the way. Default 3.
    pub retries: u32,
    /// Deadline of TCP and TLS, per address. Default 3 s.
    pub connect_timeout: Duration,
    /// Deadline of the server's first answer on a new connection. Default 3 s.
    pub server_check_timeout: Duration,
    /// Deadline of the server's list of abilities. Default 5 s.
    pub ability_timeout: Duration,
    /// Silence after which the connection is checked. Default 5 s.
    pub keep_alive: Duration,
    /// Deadline of one such check. Default 3 s.
    pub health_check_timeout: Duration,
    /// How often a failed check is repeated before the connection is given up. Default 1.
    pub health_check_retries: u32,
    /// Deadline of an HTTP request per server. Default 3 s.
    pub http_timeout: Duration,
    /// Largest message that is read, in bytes. Default 10 MiB.
    pub max_message_size: usize,
    /// Whether the first server is drawn by lot. Default true; false begins with the first of the list.
    pub random_start: bool,
    /// Folder of all local files (caches, snapshots, failover files). Default: none, nothing is read or written.
    pub directory: Option<PathBuf>,
    /// Settings of the service registry.
    pub naming: NamingOptions,
    /// Settings of the configuration centre.
    pub config: ConfigOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            servers: ServerSource::Fixed(vec!["127.0.0.1".into()]),
            default_port: 8848,
            grpc_port_offset: 1000,
            context_path: "nacos".into(),
            namespace: Namespace::default(),
            app_name: "unknown".into(),
            labels: Vec::new(),
            app_labels: Vec::new(),
            client_version: concat!("Nacre-Client:v", env!("CARGO_PKG_VERSION")).into(),
            client_ip: None,
            credentials: Credentials::default(),
            tls: None,
            request_timeout: Duration::from_secs(3),
            retries: 3,
            connect_timeout: Duration::from_secs(3),
            server_check_timeout: Duration::from_secs(3),
            ability_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(5),
            health_check_timeout: Duration::from_secs(3),
            health_check_retries: 1,
            http_timeout: Duration::from_secs(3),
            max_message_size: 10 * 1024 * 1024,
            random_start: true,
            directory: None,
            naming: NamingOptions::default(),
            config: ConfigOptions::default(),
        }
    }
}
