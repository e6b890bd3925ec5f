//! A connection to a server that exists only here.

use std::collections::{BTreeMap, HashMap, VecDeque};

use nacre_proto::{
    Message, Request, json,
    naming::{BatchInstanceRequest, InstanceRequest, SubscribeServiceRequest, fuzzy::NamingFuzzyWatchRequest},
};
use tokio::time::timeout;

use super::*;
use crate::connection::{Resource, State as Link_};

/// What happens to a call instead of success.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Answered with this code.
    Error(i32),
    /// Done, but the answer is lost.
    Lost,
    /// Neither done nor answered.
    Silent,
}

#[derive(Clone, Debug)]
pub(super) struct Fake {
    server: Arc<Server>,
}

#[derive(Debug)]
struct Server {
    status: watch::Sender<Status>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    published: BTreeMap<String, Vec<u16>>,
    lists: HashMap<String, Vec<u16>>,
    log: Vec<String>,
    faults: HashMap<String, VecDeque<Fault>>,
    pause: Duration,
    clock: i64,
    at_once: usize,
    most_at_once: usize,
    redone: usize,
}

impl Default for Fake {
    fn default() -> Self {
        let (status, _) = watch::channel(Status::new());
        Self { server: Arc::new(Server { status, inner: Mutex::default() }) }
    }
}

impl Fake {
    fn inner(&self) -> parking_lot::MutexGuard<'_, Inner> {
        self.server.inner.lock()
    }

    /// A new connection, of which the server knows nothing.
    pub(super) fn connect(&self) {
        self.inner().published.clear();
        self.inner().clock = 0;
        self.server.status.send_modify(|status| {
            status.generation += 1;
            status.state = Link_::Connected;
        });
    }

    pub(super) fn disconnect(&self) {
        self.inner().published.clear();
        self.server.status.send_modify(|status| status.state = Link_::Reconnecting);
    }

    pub(super) fn fault(&self, operation: &str, fault: Fault, times: usize) {
        self.inner().faults.insert(operation.to_owned(), vec![fault; times].into());
    }

    pub(super) fn slow(&self, pause: Duration) {
        self.inner().pause = pause;
    }

    pub(super) fn set_list(&self, service: &str, ports: &[u16]) {
        self.inner().lists.insert(service.to_owned(), ports.to_vec());
    }

    pub(super) fn published(&self, service: &str) -> Option<Vec<u16>> {
        self.inner().published.get(service).cloned()
    }

    pub(super) fn services(&self) -> BTreeSet<String> {
        self.inner().published.keys().cloned().collect()
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    pub(super) fn forget_log(&self) {
        self.inner().log.clear();
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.inner().most_at_once
    }

    pub(super) fn redone(&self) -> usize {
        self.inner().redone
    }

    async fn serve<Q: Request>(&self, request: &Q) -> Result<Q::Response, Error> {
        let body = request.to_json();
        let operation = Operation::read(Q::TYPE, &body);
        let (pause, fault) = {
            let mut inner = self.inner();
            inner.log.push(operation.line.clone());
            inner.at_once += 1;
            inner.most_at_once = inner.most_at_once.max(inner.at_once);
            let fault = inner.faults.get_mut(operation.name).and_then(VecDeque::pop_front);
            (inner.pause, fault)
        };
        sleep(pause).await;
        self.inner().at_once -= 1;
        match fault {
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::Error(code)) => Err(Error::from_code(code, "as told")),
            Some(Fault::Lost) => {
                self.apply(&operation);
                Err(Error::timeout("the answer is lost"))
            }
            None => {
                let reply = self.apply(&operation);
                Ok(Q::Response::from_json(reply.as_bytes()).expect("readable").expect("not null"))
            }
        }
    }

    fn apply(&self, operation: &Operation) -> String {
        let mut inner = self.inner();
        inner.clock += 1;
        let clock = inner.clock;
        match operation.name {
            "register" | "batch" => {
                inner.published.insert(operation.service.clone(), operation.ports.clone());
            }
            "deregister" => {
                inner.published.remove(&operation.service);
            }
            "subscribe" => {
                let ports = inner.lists.get(&operation.service).cloned().unwrap_or_default();
                let hosts: Vec<_> = ports.iter().map(|port| format!(r#"{{"ip":"h","port":{port}}}"#)).collect();
                return format!(
                    r#"{{"serviceInfo":{{"name":"{}","groupName":"G","hosts":[{}],"lastRefTime":{clock}}}}}"#,
                    operation.service,
                    hosts.join(",")
                );
            }
            _ => {}
        }
        "{}".to_owned()
    }
}

/// A request as the log shows it.
struct Operation {
    name: &'static str,
    service: String,
    ports: Vec<u16>,
    line: String,
}

impl Operation {
    fn read(kind: &str, body: &[u8]) -> Self {
        let (name, service, ports) = match kind {
            InstanceRequest::TYPE => {
                let request: InstanceRequest = json::from_slice(body).expect("readable").expect("not null");
                let name = if request.kind.as_deref() == Some("registerInstance") { "register" } else { "deregister" };
                let port = request.instance.expect("required").port;
                (name, request.service_name, vec![u16::try_from(port).expect("a port")])
            }
            BatchInstanceRequest::TYPE => {
                let request: BatchInstanceRequest = json::from_slice(body).expect("readable").expect("not null");
                let instances = request.instances.expect("required");
                let ports = instances.iter().map(|instance| u16::try_from(instance.port).expect("a port"));
                ("batch", request.service_name, ports.collect())
            }
            SubscribeServiceRequest::TYPE => {
                let request: SubscribeServiceRequest = json::from_slice(body).expect("readable").expect("not null");
                assert_eq!(request.clusters.as_deref(), Some(""), "never narrowed on the server");
                (if request.subscribe { "subscribe" } else { "unsubscribe" }, request.service_name, Vec::new())
            }
            NamingFuzzyWatchRequest::TYPE => {
                let request: NamingFuzzyWatchRequest = json::from_slice(body).expect("readable").expect("not null");
                let name = if request.watch_type.as_deref() == Some("WATCH") { "WATCH" } else { "CANCEL_WATCH" };
                let pattern = request.group_key_pattern.unwrap_or_default();
                let known = request.received_group_keys.expect("never null");
                let line = format!("{name} {pattern} {} {known:?}", request.initializing);
                return Self { name, service: pattern, ports: Vec::new(), line };
            }
            other => panic!("unexpected request {other}"),
        };
        let service = service.expect("required");
        let words = ports.iter().map(|port: &u16| format!(" {port}"));
        let line = format!("{name} {service}{}", words.collect::<String>());
        Self { name, service, ports, line }
    }
}

impl Link for Fake {
    fn watch(&self) -> watch::Receiver<Status> {
        self.server.status.subscribe()
    }

    async fn call<Q: Request + Sync>(&self, request: &Q, _: Resource<'_>) -> Result<Q::Response, Error> {
        let mut status = self.watch();
        let sent = async {
            let connected = status.wait_for(|status| status.state == Link_::Connected).await.is_ok();
            assert!(connected, "the server of a test outlives its clients");
            self.serve(request).await
        };
        timeout(LIMIT, sent).await.unwrap_or_else(|_| Err(Error::unreachable("not connected in time")))
    }

    async fn call_on<Q: Request + Sync>(
        &self,
        generation: u64,
        request: &Q,
        _: Resource<'_>,
    ) -> Result<Q::Response, Error> {
        let status = self.watch();
        if position(&status.borrow()) != (generation, true) {
            return Err(Error::unreachable("another connection"));
        }
        timeout(LIMIT, self.serve(request)).await.unwrap_or_else(|_| Err(Error::timeout("no answer")))
    }

    fn listen(&self, _: &Arc<Book<Self>>) {}

    fn count_redone(&self) {
        self.inner().redone += 1;
    }
}
