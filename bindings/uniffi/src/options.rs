//! What a client is made of.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use nacre_client::{
    Namespace, Options, Pool,
    options::{Builder, Endpoint, Identity, Keys, Login, Roots, ServerSource, Tls},
};
use parking_lot::Mutex;

use crate::error::NacreError;

/// Pools by their names: clients of this process with the same name share connections.
static POOLS: LazyLock<Mutex<HashMap<String, Pool>>> = LazyLock::new(Mutex::default);

/// Options of a client. What is not set has the default of the engine.
#[derive(Clone, Debug, uniffi::Record)]
pub struct ClientOptions {
    /// Servers as `host` or `host:port`; 127.0.0.1 unless set.
    #[uniffi(default)]
    pub servers: Vec<String>,
    /// Host of an address server that knows the servers, in place of `servers`.
    #[uniffi(default)]
    pub endpoint: Option<String>,
    /// Id of the namespace; `public` unless set.
    #[uniffi(default)]
    pub namespace: Option<String>,
    /// Name of the user to log in as.
    #[uniffi(default)]
    pub username: Option<String>,
    /// The user's password.
    #[uniffi(default)]
    pub password: Option<String>,
    /// Access key, to sign requests.
    #[uniffi(default)]
    pub access_key: Option<String>,
    /// The access key's secret key.
    #[uniffi(default)]
    pub secret_key: Option<String>,
    /// Use of TLS; off unless set.
    #[uniffi(default)]
    pub tls: Option<TlsOptions>,
    /// Name of the application.
    #[uniffi(default)]
    pub app_name: Option<String>,
    /// Labels of the application, which the server sees.
    #[uniffi(default)]
    pub app_labels: HashMap<String, String>,
    /// Folder for snapshots, caches and failover files; no files unless set.
    #[uniffi(default)]
    pub directory: Option<String>,
    /// Clients with the same name share connections.
    #[uniffi(default)]
    pub pool: Option<String>,
    /// Limit of one call; 3 s unless set.
    #[uniffi(default)]
    pub request_timeout: Option<Duration>,
    /// Pause between checks of an idle connection; 5 s unless set.
    #[uniffi(default)]
    pub keep_alive: Option<Duration>,
    /// Limit of such a check; 3 s unless set.
    #[uniffi(default)]
    pub health_check_timeout: Option<Duration>,
    /// Whether to begin with any server of the list; true unless set.
    #[uniffi(default)]
    pub random_start: Option<bool>,
    /// Whether a service that becomes empty keeps its last list; false unless set.
    #[uniffi(default)]
    pub push_empty_protection: Option<bool>,
    /// Whether lists of the disk are used until the server answers; true unless set.
    #[uniffi(default)]
    pub load_cache_at_start: Option<bool>,
    /// Whether lists are also asked for from time to time; false unless set.
    #[uniffi(default)]
    pub poll: Option<bool>,
    /// Pause between reads of the failover files of services.
    #[uniffi(default)]
    pub naming_failover_refresh: Option<Duration>,
    /// Pause between reads of lists of services.
    #[uniffi(default)]
    pub services_refresh: Option<Duration>,
    /// Whether configs are kept in files; true unless set.
    #[uniffi(default)]
    pub snapshots: Option<bool>,
    /// Pause between reads of the failover files of configs.
    #[uniffi(default)]
    pub config_failover_refresh: Option<Duration>,
    /// Pause between comparisons of all configs with the server.
    #[uniffi(default)]
    pub full_sync: Option<Duration>,
    /// Largest content of a config, in bytes.
    #[uniffi(default)]
    pub max_content: Option<u32>,
}

/// How TLS is used.
#[derive(Clone, Debug, uniffi::Record)]
pub struct TlsOptions {
    /// PEM file of trusted roots; the public ones unless set.
    #[uniffi(default)]
    pub roots: Option<String>,
    /// Trusts any server: for tests only.
    #[uniffi(default = false)]
    pub trust_any: bool,
    /// PEM file of this client's certificates.
    #[uniffi(default)]
    pub certificates: Option<String>,
    /// PEM file of the certificate's key.
    #[uniffi(default)]
    pub key: Option<String>,
    /// Name that the server's certificate has; the host's unless set.
    #[uniffi(default)]
    pub server_name: Option<String>,
}

impl ClientOptions {
    pub(crate) fn builder(self) -> Result<Builder, NacreError> {
        let pool = self.pool.clone();
        let builder = Builder::from_options(self.options()?);
        Ok(match pool {
            Some(name) => builder.pool(POOLS.lock().entry(name).or_default()),
            None => builder,
        })
    }

    fn options(self) -> Result<Options, NacreError> {
        let mut options = Options::default();
        match self.endpoint {
            Some(host) => options.servers = ServerSource::Endpoint(Endpoint::new(host)),
            None if self.servers.is_empty() => {}
            None => options.servers = ServerSource::Fixed(self.servers),
        }
        if let Some(namespace) = self.namespace {
            options.namespace = Namespace::new(&namespace)?;
        }
        options.credentials.login = pair("username", self.username, "password", self.password)?
            .map(|(username, password)| Login::new(username, password));
        options.credentials.keys = pair("access_key", self.access_key, "secret_key", self.secret_key)?
            .map(|(access, secret)| Keys::new(access, secret));
        options.tls = self.tls.map(TlsOptions::tls).transpose()?;
        options.app_labels = self.app_labels.into_iter().collect();
        options.directory = self.directory.map(Into::into);
        set(&mut options.app_name, self.app_name);
        set(&mut options.request_timeout, self.request_timeout);
        set(&mut options.keep_alive, self.keep_alive);
        set(&mut options.health_check_timeout, self.health_check_timeout);
        set(&mut options.random_start, self.random_start);
        let naming = &mut options.naming;
        set(&mut naming.push_empty_protection, self.push_empty_protection);
        set(&mut naming.load_cache_at_start, self.load_cache_at_start);
        set(&mut naming.poll, self.poll);
        set(&mut naming.failover_refresh, self.naming_failover_refresh);
        set(&mut naming.services_refresh, self.services_refresh);
        let config = &mut options.config;
        set(&mut config.snapshots, self.snapshots);
        set(&mut config.failover_refresh, self.config_failover_refresh);
        set(&mut config.full_sync, self.full_sync);
        set(&mut config.max_content, self.max_content.map(|bytes| bytes as usize));
        Ok(options)
    }
}

impl TlsOptions {
    fn tls(self) -> Result<Tls, NacreError> {
        let mut tls = Tls::default();
        tls.roots = match self.roots {
            _ if self.trust_any => Roots::Any,
            Some(file) => Roots::File(file.into()),
            None => Roots::Public,
        };
        tls.identity =
            pair("certificates", self.certificates, "key", self.key)?.map(|(chain, key)| Identity::new(chain, key));
        tls.server_name = self.server_name;
        Ok(tls)
    }
}

/// Both or none.
fn pair(
    first: &str,
    one: Option<String>,
    second: &str,
    other: Option<String>,
) -> Result<Option<(String, String)>, NacreError> {
    match (one, other) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        _ => Err(NacreError::invalid(format!("{first} and {second} go together"))),
    }
}

fn set<T>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}
