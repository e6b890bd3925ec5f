//! The door as a client sees it, on groups in memory.

mod config;
mod metrics;
mod naming;
mod operators;
mod paths;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use nacre_config::{Config, ConfigKey, ConfigMachine};
use nacre_consensus::{NodeId, SlotTable, testing};
use nacre_naming::{Listing, Naming, ShardMachine};
use parking_lot::Mutex;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{Host, Peer, Settings, State, router};
use crate::metrics::Metrics;

const CALLER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// Encodes nothing: these tests have no gRPC clients.
struct Silent;

impl nacre_naming::Encoder for Silent {
    fn info(&self, _: &Listing<'_>) -> Bytes {
        Bytes::new()
    }

    fn push(&self, _: u64, _: &Bytes) -> Bytes {
        Bytes::new()
    }
}

impl nacre_config::Encoder for Silent {
    fn notify(&self, _: u64, _: &ConfigKey, _: Option<&str>) -> Bytes {
        Bytes::new()
    }
}

/// A server without gRPC that writes down what it is asked.
#[derive(Default)]
struct Alone {
    is_starting: AtomicBool,
    panics: AtomicBool,
    stop: CancellationToken,
    reloaded: Mutex<Vec<(String, Option<String>)>>,
}

impl Host for Alone {
    fn is_ready(&self) -> bool {
        !self.is_starting.load(Ordering::Relaxed)
    }

    fn stopped(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.stop.clone().cancelled_owned())
    }

    fn reload_client(&self, connection_id: &str, redirect: Option<&str>) {
        assert!(!self.panics.load(Ordering::Relaxed), "asked to panic");
        self.reloaded.lock().push((connection_id.to_owned(), redirect.map(str::to_owned)));
    }

    fn client_metrics(&self, ip: &str, key: &str) -> BoxFuture<'_, BTreeMap<String, Value>> {
        let answer = BTreeMap::from([(ip.to_owned(), Value::from(key))]);
        Box::pin(async move { answer })
    }

    fn connections(&self) -> u64 {
        3
    }

    fn clients(&self) -> BTreeMap<String, Value> {
        ["a", "b", "c"].into_iter().map(|id| (id.to_owned(), Value::Null)).collect()
    }
}

/// A door with everything behind it.
struct Server {
    door: Router,
    door_state: State,
    host: Arc<Alone>,
    _guards: Vec<testing::Guard>,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn is(&self, status: u16, text: &str) -> bool {
        let is = self.status == status && self.text == text;
        assert!(is, "{} {}", self.status, self.text);
        is
    }
}

impl Server {
    async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        Self::with_config(settings, nacre_config::Settings::default()).await
    }

    async fn with_config(settings: Settings, config_settings: nacre_config::Settings) -> Self {
        let request_ids = Arc::new(AtomicU64::new(1));
        let (shard, shard_guard) = testing::group(Arc::new(ShardMachine::new())).await;
        let naming = nacre_naming::Options {
            settings: nacre_naming::Settings::default(),
            node: NodeId(1),
            epoch: 1,
            shards: vec![shard],
            slots: SlotTable::even(1),
            switches: None,
            encoder: Arc::new(Silent),
            request_ids: Arc::clone(&request_ids),
        };
        let (meta, meta_guard) = testing::group(Arc::new(ConfigMachine::new(&config_settings))).await;
        let config =
            nacre_config::Options { settings: config_settings, group: meta, encoder: Arc::new(Silent), request_ids };
        let host = Arc::new(Alone::default());
        let state = State {
            naming: Naming::start(naming).await.expect("a registry in memory starts"),
            config: Config::new(config),
            host: Arc::clone(&host) as Arc<dyn Host>,
            metrics: Arc::new(Metrics::default()),
            settings,
            version: "1.2.3",
            port: 8848,
            address: "127.0.0.1:8848".to_owned(),
            backups: None,
            udp: Arc::default(),
            rate: None,
        };
        Self { door: router(state.clone()), door_state: state, host, _guards: vec![shard_guard, meta_guard] }
    }

    async fn send(&self, mut request: Request<Body>) -> Reply {
        request.extensions_mut().insert(Peer(CALLER));
        let response = self.door.clone().oneshot(request).await.expect("the door never fails");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8(bytes.into()).expect("text");
        Reply { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// A request with everything in the query.
    async fn ask(&self, method: &str, target: &str) -> Reply {
        let request = Request::builder().method(method).uri(format!("/nacos{target}"));
        self.send(request.body(Body::empty()).expect("well formed")).await
    }

    async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target).await
    }

    /// A request with a form in its body.
    async fn form(&self, method: &str, target: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/nacos{target}"));
        request = request.header("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form.to_owned())).expect("well formed")).await
    }
}
