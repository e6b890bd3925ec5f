//! The gRPC door: connections and their clients, and the table from request types to handlers.
//!
//! gRPC's framing is done by hand over HTTP/2 bodies, so that a push is one shared piece of memory
//! from its encoder to the socket.

mod answer;
mod call;
mod client;
mod clients;
mod clock;
mod config;
mod encode;
mod id;
mod internal;
mod message;
mod naming;
mod settings;
mod status;
mod stream;
mod transport;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use nacre_config::Config;
use nacre_naming::Naming;
use nacre_proto::config::{ClientConfigMetricRequest, MetricsKey};
use nacre_proto::internal::{ClientDetectionRequest, ConnectResetRequest};
use nacre_proto::payload::{REQUEST_PATH, STREAM_PATH};
use nacre_proto::{Message, Payload, payload};
use prost::Message as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::client::{Client, Introduction, Probe};
use self::clients::Clients;
use self::clock::{Clock, Millis};
pub use self::encode::{ConfigEncoder, NamingEncoder};
use self::message::Messages;
pub use self::settings::Settings;
use self::status::{Status, success};
pub(crate) use self::stream::StreamBody;
pub(crate) use self::transport::Transport;
use crate::http::Host;
use crate::listen::{Body, Rate};
use crate::metrics::{Limit, Metrics};

/// A message up to this size does not count as a large one.
const SMALL_MESSAGE: usize = 64 << 10;
/// Unit in which large messages are counted.
const BUFFER_UNIT: usize = 1 << 10;

/// The gRPC door.
pub(crate) struct Door {
    naming: Naming,
    config: Config,
    clients: Clients,
    metrics: Arc<Metrics>,
    settings: Settings,
    checks: Checks,
    rate: Option<Arc<Rate>>,
    request_ids: Arc<AtomicU64>,
    stream_ids: AtomicU64,
    clock: Clock,
    /// Room for large messages, in units of [`BUFFER_UNIT`].
    buffers: Semaphore,
    is_ready: AtomicBool,
    stop: CancellationToken,
    /// The address that requests of the server carry.
    own_ip: String,
    setup_ack: Bytes,
}

/// What of the shared parameter checks is settable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks {
    pub(crate) are_on: bool,
    pub(crate) max_metadata: usize,
}

/// What the gRPC door is made of.
pub(crate) struct Parts {
    pub(crate) naming: Naming,
    pub(crate) config: Config,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) settings: Settings,
    pub(crate) checks: Checks,
    /// Limits on requests per second, if there are any.
    pub(crate) rate: Option<Arc<Rate>>,
    pub(crate) request_ids: Arc<AtomicU64>,
    pub(crate) own_ip: String,
}

impl Door {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { naming, config, metrics, settings, checks, rate, request_ids, own_ip } = parts;
        Self {
            naming,
            config,
            clients: Clients::default(),
            metrics,
            buffers: Semaphore::new((settings.max_buffered / BUFFER_UNIT).min(Semaphore::MAX_PERMITS)),
            settings,
            checks,
            rate,
            request_ids,
            stream_ids: AtomicU64::new(0),
            clock: Clock::new(),
            is_ready: AtomicBool::new(false),
            stop: CancellationToken::new(),
            setup_ack: stream::setup_ack(&own_ip),
            own_ip,
        }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// From now on requests are served.
    pub(crate) fn ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    /// From now on the instances of clients that go stay for the next start.
    pub(crate) fn stopping(&self) {
        self.is_ready.store(false, Ordering::Release);
        self.stop.cancel();
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn next_request_id(&self) -> u64 {
        self.request_ids.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn next_stream_id(&self) -> u64 {
        self.stream_ids.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A TCP connection was made.
    pub(crate) fn connect(&self, peer: SocketAddr) -> Arc<Transport> {
        let id = id::connection_id(Clock::epoch_millis(), peer);
        Arc::new(Transport::new(id.into(), peer))
    }

    /// A TCP connection ends or ended; so does its client.
    pub(crate) fn disconnect(&self, transport: &Transport) {
        if self.clients.remove(transport.id())
            && let Some(client) = transport.client()
        {
            client.close(self.is_stopping());
            tracing::debug!(connection = %transport.id(), "client gone");
        }
    }

    /// The server ends a connection: the client is let go, its stream ends, calls that run may still
    /// end.
    pub(crate) fn release(&self, transport: &Transport) {
        self.disconnect(transport);
        transport.end();
    }

    /// A client introduces itself. Again on the same connection, the first registration stays.
    /// `None` when it is turned away.
    fn register(&self, transport: &Arc<Transport>, introduction: Introduction) -> Option<Arc<Client>> {
        if let Some(client) = transport.client() {
            return Some(Arc::clone(client));
        }
        let is_too_early = introduction.is_sdk() && !self.is_ready();
        if is_too_early || self.is_stopping() || transport.is_ending() {
            return None;
        }
        if !introduction.is_cluster() && self.clients.len() >= self.settings.max_clients {
            self.metrics.struck(Limit::Clients);
            tracing::warn!(limit = self.settings.max_clients, "too many clients");
            return None;
        }
        let session = introduction.is_naming().then(|| {
            self.naming.open(nacre_naming::Client {
                connection: transport.id().to_string(),
                ip: introduction.ip.clone(),
                port: transport.peer().port(),
                agent: introduction.version.clone(),
                app: introduction.app().to_owned(),
            })
        });
        let id = Arc::clone(transport.id());
        let listener = self.config.listener();
        tracing::debug!(connection = %id, version = introduction.version, "client connected");
        let client = Client::new(id, transport.peer(), introduction, session, listener, self.clock.now());
        transport.set_client(Arc::new(client));
        self.clients.insert(transport);
        transport.client().cloned()
    }

    /// Answers a gRPC call.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        transport: Arc<Transport>,
        request: Request<Incoming>,
    ) -> Response<Body> {
        if request.method() != Method::POST {
            return Status::Unimplemented.into_response();
        }
        match request.uri().path() {
            REQUEST_PATH => self.call(&transport, request).await,
            STREAM_PATH => {
                let body = StreamBody::new(Arc::clone(self), transport, request);
                status::response(Body::Stream(Box::new(body)))
            }
            _ => Status::Unimplemented.into_response(),
        }
    }

    async fn call(&self, transport: &Transport, request: Request<Incoming>) -> Response<Body> {
        let received = match timeout(self.settings.receive_timeout(), self.receive(request)).await {
            Ok(received) => received,
            Err(_) => Err(Status::DeadlineExceeded),
        };
        let payload = match received.and_then(|message| Payload::decode(message).map_err(|_| Status::Internal)) {
            Ok(payload) => payload,
            Err(status) => return status.into_response(),
        };
        let answer = call::answer(self, transport, &payload).await;
        status::response(Body::Unary { message: Some(answer), trailers: Some(success()) })
    }

    async fn receive(&self, request: Request<Incoming>) -> Result<Bytes, Status> {
        let (head, body) = request.into_parts();
        let mut messages = Messages::new(body, &head.headers, self.settings.max_message);
        let length = messages.next_length().await?.ok_or(Status::Internal)?;
        let _room = if length > SMALL_MESSAGE {
            let units = u32::try_from(length.div_ceil(BUFFER_UNIT)).unwrap_or(u32::MAX);
            Some(self.buffers.acquire_many(units).await.map_err(|_| Status::Cancelled)?)
        } else {
            None
        };
        let message = messages.next().await?.ok_or(Status::Internal)?;
        messages.finish().await?;
        Ok(message)
    }

    /// Looks for silent clients, for ever: asks them for a sign of life, and ends those that gave
    /// none.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.settings.probe_interval());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.clock.now();
            let idle = self.settings.idle_timeout;
            let silent = |transport: &Transport| {
                transport.client().is_some_and(|client| now.since(client.last_active()) >= idle)
            };
            for transport in self.clients.select(silent) {
                self.examine(&transport, now);
            }
        }
    }

    fn examine(&self, transport: &Transport, now: Millis) {
        let Some(client) = transport.client() else { return };
        let is_lost = match client.current_probe() {
            Probe::None => {
                let id = self.next_request_id();
                let request = ClientDetectionRequest { request_id: Some(id.to_string()), ..Default::default() };
                !client.probe(id, self.push_frame(&request), now)
            }
            // An answer that was lost to a sign of life before: ask again.
            Probe::Since(since) if client.last_active() > since => {
                client.forget_probe();
                false
            }
            Probe::Since(since) => now.since(since) >= self.settings.probe_timeout,
            Probe::Impossible => true,
        };
        if is_lost {
            tracing::info!(connection = %client.id(), peer = %client.peer(), "client gives no sign of life");
            self.disconnect(transport);
            transport.end();
        }
    }

    fn push_frame<M: Message>(&self, request: &M) -> Bytes {
        payload::frame(M::TYPE, &self.own_ip, &[&request.to_json()])
    }

    async fn ask_metrics(&self, ip: &str, key: &str) -> BTreeMap<String, serde_json::Value> {
        let holds_configs = |transport: &Transport| {
            transport.client().is_some_and(|client| {
                let introduction = client.introduction();
                introduction.ip == ip && (introduction.is_config() || client.listener().count() > 0)
            })
        };
        let asked = self.clients.select(holds_configs);
        let answers = asked.iter().filter_map(|transport| {
            let id = self.next_request_id();
            let metrics_key = |kind: &str| MetricsKey { kind: Some(kind.to_owned()), key: Some(key.to_owned()) };
            let request = ClientConfigMetricRequest {
                request_id: Some(id.to_string()),
                metrics_keys: vec![metrics_key("cacheData"), metrics_key("snapshotData")],
                ..Default::default()
            };
            let receiver = transport.client()?.ask_metrics(id, self.push_frame(&request));
            Some(timeout(self.settings.client_metrics_timeout(), receiver))
        });
        let answered = join_all(answers).await;
        let acks = answered.into_iter().filter_map(|answer| answer.ok()?.ok());
        acks.filter_map(|ack| ack.metrics).flatten().collect()
    }
}

impl Host for Door {
    fn is_ready(&self) -> bool {
        Self::is_ready(self)
    }

    fn stopped(&self) -> BoxFuture<'static, ()> {
        self.stop.clone().cancelled_owned().boxed()
    }

    fn reload_client(&self, connection_id: &str, redirect: Option<&str>) {
        let Some(transport) = self.clients.get(connection_id) else { return };
        let Some(client) = transport.client() else { return };
        let id = self.next_request_id();
        let mut request = ConnectResetRequest { request_id: Some(id.to_string()), ..Default::default() };
        if let Some((ip, port)) = redirect.and_then(|address| address.rsplit_once(':')) {
            request.server_ip = Some(ip.to_owned());
            request.server_port = Some(port.to_owned());
            request.connection_id = Some(connection_id.to_owned());
        }
        if !client.send_away(id, self.push_frame(&request)) {
            tracing::debug!(connection = connection_id, "client has no stream to be sent away on");
        }
    }

    fn client_metrics(&self, ip: &str, key: &str) -> BoxFuture<'_, BTreeMap<String, serde_json::Value>> {
        let (ip, key) = (ip.to_owned(), key.to_owned());
        async move { self.ask_metrics(&ip, &key).await }.boxed()
    }

    fn connections(&self) -> u64 {
        self.clients.len() as u64
    }

    fn clients(&self) -> BTreeMap<String, serde_json::Value> {
        let all = self.clients.select(|_| true);
        let described = all.iter().filter_map(|transport| {
            let client = transport.client()?;
            Some((transport.id().to_string(), client.described()))
        });
        described.collect()
    }
}
