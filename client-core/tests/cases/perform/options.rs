//! Clients from the options of a case.

use std::{collections::BTreeMap, time::Duration};

use nacre_client::Client;
use serde::Deserialize;
use serde_json::Value;

use super::{Done, Performed, read};
use crate::run::Stage;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    server: Option<String>,
    namespace: Option<String>,
    lazy: bool,
    directory: Option<String>,
    app_name: Option<String>,
    app_labels: BTreeMap<String, String>,
    pool: Option<String>,
    login: Option<Login>,
    request_timeout_ms: Option<u64>,
    keep_alive_ms: Option<u64>,
    random_start: Option<bool>,
    naming: NamingOptions,
    config: ConfigOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    username: String,
    password: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NamingOptions {
    push_empty_protection: Option<bool>,
    load_cache_at_start: Option<bool>,
    failover_refresh_ms: Option<u64>,
    services_refresh_ms: Option<u64>,
    poll: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConfigOptions {
    snapshots: Option<bool>,
    environment_name: Option<String>,
    failover_refresh_ms: Option<u64>,
    full_sync_ms: Option<u64>,
    max_content: Option<usize>,
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

fn milliseconds(value: Option<u64>) -> Option<Duration> {
    value.map(Duration::from_millis)
}

fn apply(from: Options, to: &mut nacre_client::Options) {
    set(&mut to.app_name, from.app_name);
    to.app_labels.extend(from.app_labels);
    to.directory = from.directory.map(Into::into);
    set(&mut to.request_timeout, milliseconds(from.request_timeout_ms));
    set(&mut to.random_start, from.random_start);
    if let Some(pause) = milliseconds(from.keep_alive_ms) {
        to.keep_alive = pause;
        to.health_check_timeout = pause;
    }
    set(&mut to.naming.push_empty_protection, from.naming.push_empty_protection);
    set(&mut to.naming.load_cache_at_start, from.naming.load_cache_at_start);
    set(&mut to.naming.failover_refresh, milliseconds(from.naming.failover_refresh_ms));
    set(&mut to.naming.services_refresh, milliseconds(from.naming.services_refresh_ms));
    set(&mut to.naming.poll, from.naming.poll);
    set(&mut to.config.snapshots, from.config.snapshots);
    to.config.environment_name = from.config.environment_name;
    set(&mut to.config.failover_refresh, milliseconds(from.config.failover_refresh_ms));
    set(&mut to.config.full_sync, milliseconds(from.config.full_sync_ms));
    set(&mut to.config.max_content, from.config.max_content);
}

pub(super) async fn connect(stage: &Stage, name: &str, options: &Value) -> Performed {
    let mut options: Options = read(options)?;
    let default = |name: &str| stage.variable(name).as_str().unwrap_or_default().to_owned();
    let server = options.server.take().unwrap_or_else(|| default("server"));
    let namespace = options.namespace.take().unwrap_or_else(|| default("namespace"));
    let mut builder = Client::builder().server(server).namespace(namespace);
    if let Some(login) = options.login.take() {
        builder = builder.login(login.username, login.password);
    }
    if let Some(pool) = options.pool.take() {
        builder = builder.pool(stage.pools.lock().entry(pool).or_default());
    }
    let lazy = options.lazy;
    let builder = builder.options(|to| apply(options, to));
    let client = if lazy { builder.build()? } else { builder.connect().await? };
    stage.clients.lock().insert(name.to_owned(), client);
    Ok(Done::nothing())
}
