//! Counts of what the doors do, and all figures of the server as Prometheus text.
//!
//! Names are those that Nacos dashboards use, beside our own under `nacre_`. A label's value never
//! comes from a client: it is a route, a request type or a fixed word.

mod limit;
mod nacos;
mod process;
mod text;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use http::{Method, StatusCode};

pub(crate) use self::limit::Limit;
use self::limit::Limits;
pub use self::process::{Process, Usage};
use self::text::Text;

/// How often something happened and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    count: AtomicU64,
    sum_micros: AtomicU64,
    max_micros: AtomicU64,
}

impl Timer {
    fn observe(&self, elapsed: Duration) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
        self.max_micros.fetch_max(micros, Ordering::Relaxed);
    }

    fn read(&self) -> Timed {
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        Timed { count: load(&self.count), sum_micros: load(&self.sum_micros), max_micros: load(&self.max_micros) }
    }
}

/// What a timer read at one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Timed {
    count: u64,
    sum_micros: u64,
    max_micros: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct HttpKey {
    route: usize,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct GrpcKey {
    request: &'static str,
    module: &'static str,
    error_code: i32,
}

/// The operations of config whose time Nacos dashboards show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigOperation {
    /// One config was read.
    Read,
    /// One config was published or removed.
    Write,
}

/// What the doors count.
#[derive(Debug, Default)]
pub struct Metrics {
    http: DashMap<HttpKey, Timer>,
    grpc: DashMap<GrpcKey, Timer>,
    config_reads: Timer,
    config_writes: Timer,
    panics: AtomicU64,
    limits: Limits,
    illegal: AtomicU64,
    process: Process,
}

impl Metrics {
    /// A handler panicked; its request was answered with an error.
    pub fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection or a request was turned away by a limit.
    pub(crate) fn struck(&self, limit: Limit) {
        self.limits.struck(limit);
    }

    /// A request had a parameter that is not allowed.
    pub(crate) fn illegal_parameter(&self) {
        self.illegal.fetch_add(1, Ordering::Relaxed);
    }

    /// A gRPC request was answered: its type's name, its module, and the error code of the answer,
    /// zero when it is good.
    pub fn grpc_request(&self, request: &'static str, module: &'static str, error_code: i32, elapsed: Duration) {
        let key = GrpcKey { request, module, error_code };
        if let Some(timer) = self.grpc.get(&key) {
            timer.observe(elapsed);
            return;
        }
        self.grpc.entry(key).or_default().observe(elapsed);
    }

    /// An operation of config was served by either door.
    pub fn config_operation(&self, operation: ConfigOperation, elapsed: Duration) {
        match operation {
            ConfigOperation::Read => self.config_reads.observe(elapsed),
            ConfigOperation::Write => self.config_writes.observe(elapsed),
        }
    }

    /// An HTTP request to a known path was answered; `route` is the path's place in the table.
    pub(crate) fn http_request(&self, route: usize, method: &Method, status: StatusCode, elapsed: Duration) {
        let Some(method) = known_method(method) else { return };
        let key = HttpKey { route, method, status: status.as_u16() };
        if let Some(timer) = self.http.get(&key) {
            timer.observe(elapsed);
            return;
        }
        self.http.entry(key).or_default().observe(elapsed);
    }

    /// How busy the machine and the process are.
    pub(crate) fn usage(&self) -> Usage {
        self.process.usage()
    }

    /// Everything as Prometheus text.
    pub(crate) fn render(&self, figures: &Figures) -> String {
        let mut text = Text::default();
        nacos::monitor(&mut text, figures);
        nacos::clients(&mut text, figures);
        let requests = self.grpc.iter().map(|entry| entry.value().read().count).sum();
        nacos::executor(&mut text, requests);
        nacos::exceptions(&mut text, &figures.config, self.illegal.load(Ordering::Relaxed));
        self.timers(&mut text);
        own(&mut text, figures);
        text.counter("nacre_handler_panics_total", "handlers that panicked", self.panics.load(Ordering::Relaxed));
        self.limits.render(&mut text);
        process(&mut text, &self.process.usage());
        text.finish()
    }

    fn timers(&self, text: &mut Text) {
        let labels = |name: &'static str| vec![("module", "config"), ("name", name)];
        let config = [
            // Nothing is dumped: what is written is served.
            (labels("dumpRt"), Timed::default()),
            (labels("readConfigRt"), self.config_reads.read()),
            (labels("writeConfigRt"), self.config_writes.read()),
        ];
        text.summary("nacos_timer_seconds", "time of config operations", config);
        let mut grpc: Vec<_> = self.grpc.iter().map(|entry| (*entry.key(), entry.value().read())).collect();
        grpc.sort_unstable_by_key(|(key, _)| (key.request, key.error_code));
        let codes: Vec<String> = grpc.iter().map(|(key, _)| key.error_code.to_string()).collect();
        let rows = grpc.iter().zip(&codes).map(|((key, timed), code)| {
            let success = if key.error_code == 0 { "true" } else { "false" };
            let labels = vec![
                ("errorCode", code.as_str()),
                ("module", key.module),
                ("requestClass", key.request),
                ("success", success),
                ("throwableClass", "None"),
            ];
            (labels, *timed)
        });
        text.summary("grpc_server_requests_seconds", "gRPC requests by type", rows);
        let mut http: Vec<_> = self.http.iter().map(|entry| (*entry.key(), entry.value().read())).collect();
        http.sort_unstable_by_key(|(key, _)| (key.route, key.method, key.status));
        let statuses: Vec<String> = http.iter().map(|(key, _)| key.status.to_string()).collect();
        let rows = http.iter().zip(&statuses).map(|((key, timed), status)| {
            let labels = vec![
                ("exception", "None"),
                ("method", key.method),
                ("outcome", outcome(key.status)),
                ("status", status.as_str()),
                ("uri", crate::http::route_path(key.route)),
            ];
            (labels, *timed)
        });
        text.summary("http_server_requests_seconds", "HTTP requests by path", rows);
    }
}

/// Figures that others keep, as they are when the text is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) naming: nacre_naming::Stats,
    pub(crate) config: ConfigFigures,
    pub(crate) connections: u64,
}

/// The figures of config at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConfigFigures {
    configs: u64,
    publishes: u64,
    removals: u64,
    refused: u64,
    queries: u64,
    content_misses: u64,
    listens: u64,
    polls: u64,
    notifies_sent: u64,
    notifies_acked: u64,
    notifies_failed: u64,
    notifies_retried: u64,
}

impl ConfigFigures {
    pub(crate) fn of(config: &nacre_config::Config) -> Self {
        let metrics = config.metrics();
        Self {
            configs: config.count(),
            publishes: metrics.publishes.get(),
            removals: metrics.removals.get(),
            refused: metrics.refused.get(),
            queries: metrics.queries.get(),
            content_misses: metrics.content_misses.get(),
            listens: metrics.listens.get(),
            polls: metrics.polls.get(),
            notifies_sent: metrics.notifies_sent.get(),
            notifies_acked: metrics.notifies_acked.get(),
            notifies_failed: metrics.notifies_failed.get(),
            notifies_retried: metrics.notifies_retried.get(),
        }
    }
}

fn own(text: &mut Text, figures: &Figures) {
    let push = &figures.naming.push;
    let counts = &figures.naming.counts;
    text.gauge("nacre_connections", "open gRPC connections", figures.connections);
    text.gauge("nacre_naming_services", "services", counts.services);
    text.gauge("nacre_naming_instances", "published instances", counts.instances);
    text.gauge("nacre_naming_subscriptions", "subscriptions of connected clients", counts.subscribers);
    text.gauge("nacre_naming_sessions", "connected naming clients", counts.sessions);
    text.gauge("nacre_naming_pushes_pending", "pushes that wait for their connection", push.pending);
    text.counter("nacre_naming_pushes_sent_total", "pushes handed to connections", push.sent);
    text.counter("nacre_naming_pushes_acked_total", "pushes that were acknowledged", push.acked);
    text.counter("nacre_naming_pushes_failed_total", "pushes that clients refused", push.failed);
    text.counter("nacre_naming_pushes_timed_out_total", "pushes without acknowledgement in time", push.timed_out);
    text.counter("nacre_naming_pushes_retried_total", "pushes sent again", push.retried);
    text.counter("nacre_naming_connections_stalled_total", "connections ended as they took nothing", push.stalled);
    let latency =
        Timed { count: push.measured, sum_micros: push.latency_sum_micros, max_micros: push.latency_max_micros };
    text.summary("nacre_naming_push_latency_seconds", "time from a change to its push", [(Vec::new(), latency)]);
    text.counter("nacre_naming_batches_total", "batches of naming operations in the log", figures.naming.batches);
    text.counter("nacre_naming_operations_total", "naming operations in them", figures.naming.operations);
    text.counter("nacre_naming_beats_total", "beats taken", figures.naming.beats);
    own_config(text, &figures.config);
}

fn own_config(text: &mut Text, config: &ConfigFigures) {
    text.gauge("nacre_config_configs", "configs", config.configs);
    text.gauge("nacre_config_listens", "configs that connected clients listen to", config.listens);
    text.gauge("nacre_config_long_polls", "long polls that wait", config.polls);
    text.counter("nacre_config_publishes_total", "publishes", config.publishes);
    text.counter("nacre_config_removals_total", "removals", config.removals);
    text.counter("nacre_config_refused_total", "changes that were refused", config.refused);
    text.counter("nacre_config_queries_total", "reads of single configs", config.queries);
    text.counter("nacre_config_content_misses_total", "reads whose content was not in memory", config.content_misses);
    text.counter("nacre_config_notifies_sent_total", "change notifications sent", config.notifies_sent);
    text.counter("nacre_config_notifies_acked_total", "change notifications acknowledged", config.notifies_acked);
    text.counter("nacre_config_notifies_failed_total", "change notifications failed", config.notifies_failed);
    text.counter("nacre_config_notifies_retried_total", "change notifications sent again", config.notifies_retried);
}

fn process(text: &mut Text, usage: &Usage) {
    text.gauge("system_cpu_usage", "share of all processors in use", usage.system_cpu);
    text.gauge("system_cpu_count", "processors", usage.processors);
    text.gauge("system_load_average_1m", "load average over one minute", usage.load);
    text.gauge("process_cpu_usage", "share of all processors that the process uses", usage.process_cpu);
    text.gauge("process_start_time_seconds", "start as seconds since the epoch", usage.start_seconds);
    text.gauge("process_uptime_seconds", "seconds since the start", usage.uptime_seconds);
    text.gauge("process_resident_memory_bytes", "resident memory", usage.resident_bytes);
    text.gauge("process_files_max_files", "files that the process may open", usage.max_files);
    text.gauge("process_files_open_files", "open files", usage.open_files);
}

fn outcome(status: u16) -> &'static str {
    match status {
        100..=199 => "INFORMATIONAL",
        200..=299 => "SUCCESS",
        300..=399 => "REDIRECTION",
        400..=499 => "CLIENT_ERROR",
        _ => "SERVER_ERROR",
    }
}

fn known_method(method: &Method) -> Option<&'static str> {
    ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"].into_iter().find(|name| method.as_str() == *name)
}
