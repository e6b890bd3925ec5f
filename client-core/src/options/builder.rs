//! The builder of a client.

use std::{path::PathBuf, time::Duration};

use super::{Endpoint, Keys, Login, Options, Secret, ServerSource, TemporaryKeys, Tls};
use crate::{
    client::Client,
    error::Error,
    names::Namespace,
    options::{ConfigOptions, NamingOptions},
    pool::Pool,
};

/// Makes a [`Client`].
///
/// ```no_run
/// # async fn example() -> Result<(), nacre_client::Error> {
/// let client = nacre_client::Client::builder()
///     .servers(["10.0.0.1:8848", "10.0.0.2:8848"])
///     .namespace("dev")
///     .login("orders", "secret")
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    options: Options,
    namespace: Option<String>,
    pool: Option<Pool>,
}

impl Builder {
    /// Starts from these settings instead of the defaults.
    pub fn from_options(options: Options) -> Self {
        Self { options, namespace: None, pool: None }
    }

    /// The servers, see [`ServerSource::Fixed`]. Default `127.0.0.1`.
    pub fn servers<S: Into<String>>(mut self, servers: impl IntoIterator<Item = S>) -> Self {
        self.options.servers = ServerSource::Fixed(servers.into_iter().map(Into::into).collect());
        self
    }

    /// One server, or several separated by commas. Default `127.0.0.1`.
    pub fn server(self, servers: impl Into<String>) -> Self {
        self.servers([servers])
    }

    /// An address server that lists the servers. Default: none.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.options.servers = ServerSource::Endpoint(endpoint);
        self
    }

    /// The namespace. Default `public`.
    pub fn namespace(mut self, id: impl Into<String>) -> Self {
        self.namespace = Some(id.into());
        self
    }

    /// User and password. Default: none.
    pub fn login(mut self, username: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.options.credentials.login = Some(Login::new(username, password));
        self
    }

    /// Keys with which requests are signed. Default: none.
    pub fn keys(mut self, keys: Keys) -> Self {
        self.options.credentials.keys = Some(keys);
        self
    }

    /// Keys that a metadata service hands out. Default: none.
    pub fn temporary_keys(mut self, keys: TemporaryKeys) -> Self {
        self.options.credentials.temporary_keys = Some(keys);
        self
    }

    /// TLS for gRPC. Default: plain TCP.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.options.tls = Some(tls);
        self
    }

    /// Name of the application. Default `unknown`.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.options.app_name = name.into();
        self
    }

    /// Adds a label that gray rules of configs see. Default: none.
    pub fn app_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.app_labels.push((name.into(), value.into()));
        self
    }

    /// Folder of caches, snapshots and failover files. Default: none, nothing is read or written.
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.directory = Some(path.into());
        self
    }

    /// Deadline of a request with all its retries. Default 3 s.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.options.request_timeout = limit;
        self
    }

    /// Silence after which the connection is checked. Default 5 s.
    pub fn keep_alive(mut self, pause: Duration) -> Self {
        self.options.keep_alive = pause;
        self
    }

    /// Distance from the main port to the gRPC port. Default 1000.
    pub fn grpc_port_offset(mut self, offset: u16) -> Self {
        self.options.grpc_port_offset = offset;
        self
    }

    /// First part of the path of HTTP requests. Default `nacos`.
    pub fn context_path(mut self, path: impl Into<String>) -> Self {
        self.options.context_path = path.into();
        self
    }

    /// Changes the settings of the service registry.
    pub fn naming(mut self, change: impl FnOnce(&mut NamingOptions)) -> Self {
        change(&mut self.options.naming);
        self
    }

    /// Changes the settings of the configuration centre.
    pub fn config(mut self, change: impl FnOnce(&mut ConfigOptions)) -> Self {
        change(&mut self.options.config);
        self
    }

    /// Changes any setting.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Shares connections with the other clients of this pool. Default: the client has its own.
    pub fn pool(mut self, pool: &Pool) -> Self {
        self.pool = Some(pool.clone());
        self
    }

    /// Makes the client, which connects in the background.
    ///
    /// # Errors
    /// When a setting is not legal, or outside a tokio runtime.
    pub fn build(self) -> Result<Client, Error> {
        let mut options = self.options;
        if let Some(id) = &self.namespace {
            options.namespace = Namespace::new(id)?;
        }
        Client::open(options, self.pool.unwrap_or_default())
    }

    /// Makes the client and waits until it is connected, at most for one request timeout.
    ///
    /// # Errors
    /// As [`Builder::build`]; when no server can be reached in time.
    pub async fn connect(self) -> Result<Client, Error> {
        let limit = self.options.request_timeout;
        let client = self.build()?;
        client.ready(limit).await?;
        Ok(client)
    }
}
