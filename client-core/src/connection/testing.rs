//! A network in memory with scripted servers, so that tests can stop time.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use h2::{RecvStream, SendStream, server::SendResponse};
use nacre_proto::{Payload, payload};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::DuplexStream,
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{dial::Socket, frames::Frames};

const BUFFER: usize = 1 << 20;

/// What is reachable where; what is not named refuses.
#[derive(Clone, Default)]
pub(crate) struct Network {
    places: Arc<Mutex<HashMap<SocketAddr, Place>>>,
    /// Attempts to connect, with their time.
    dialled: Arc<Mutex<Vec<(SocketAddr, Instant)>>>,
}

#[derive(Clone)]
enum Place {
    /// Takes the connection attempt and never answers it.
    Silent,
    Server(Fake),
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Network")
    }
}

impl Network {
    pub(crate) fn put(&self, address: &str, server: &Fake) {
        self.places.lock().insert(address.parse().unwrap(), Place::Server(server.clone()));
    }

    pub(crate) fn silence(&self, address: &str) {
        self.places.lock().insert(address.parse().unwrap(), Place::Silent);
    }

    pub(crate) fn remove(&self, address: &str) {
        self.places.lock().remove(&address.parse().unwrap());
    }

    /// Where and when connections were tried.
    pub(crate) fn dialled(&self) -> Vec<(SocketAddr, Instant)> {
        self.dialled.lock().clone()
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<Socket> {
        self.dialled.lock().push((address, Instant::now()));
        let place = self.places.lock().get(&address).cloned();
        match place {
            None => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Place::Silent) => std::future::pending().await,
            Some(Place::Server(server)) => {
                let (client, end) = tokio::io::duplex(BUFFER);
                server.accept(end);
                Ok(Socket { io: Box::new(client), local: "127.0.0.1:50000".parse().unwrap() })
            }
        }
    }
}

/// How a server answers one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Json(&'static str, Value),
    After(Duration, Box<Answer>),
    /// Never.
    Silence,
    /// Resets the stream, saying that nothing was done.
    Refuse,
    /// Resets the stream in the middle.
    Break,
    /// Ends the connection.
    Cut,
}

type Script = Arc<dyn Fn(&Received) -> Option<Answer> + Send + Sync>;

/// A request or an acknowledgement.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) kind: String,
    pub(crate) body: Value,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) client_ip: String,
    /// Counted from 1 per server.
    pub(crate) connection: usize,
    pub(crate) time: Instant,
}

/// A server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Fake {
    state: Arc<State>,
}

struct State {
    script: Mutex<Script>,
    abilities: Mutex<Option<Value>>,
    received: watch::Sender<Vec<Received>>,
    connections: Mutex<JoinSet<()>>,
    count: Mutex<usize>,
    streams: Mutex<HashMap<usize, SendStream<Bytes>>>,
}

impl Fake {
    /// A 3.x server on which everything succeeds.
    pub(crate) fn new() -> Self {
        let state = State {
            script: Mutex::new(Arc::new(|_| None)),
            abilities: Mutex::new(Some(
                json!({"supportPersistentInstanceByGrpc": true, "fuzzyWatch": true, "lock": true}),
            )),
            received: watch::Sender::default(),
            connections: Mutex::default(),
            count: Mutex::default(),
            streams: Mutex::default(),
        };
        Self { state: Arc::new(state) }
    }

    /// What its SetupAckRequest says; `None` is a server before 2.3, which sends none.
    pub(crate) fn abilities(self, abilities: Option<Value>) -> Self {
        *self.state.abilities.lock() = abilities;
        self
    }

    /// Answers requests; `None` succeeds.
    pub(crate) fn script(&self, script: impl Fn(&Received) -> Option<Answer> + Send + Sync + 'static) {
        *self.state.script.lock() = Arc::new(script);
    }

    pub(crate) fn received(&self, kind: &str) -> Vec<Received> {
        self.state.received.borrow().iter().filter(|received| received.kind == kind).cloned().collect()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.state.count.lock()
    }

    /// Waits for the `count`th request of a kind.
    pub(crate) async fn wait(&self, kind: &str, count: usize) -> Received {
        let mut received = self.state.received.subscribe();
        let waiting = async {
            loop {
                let found = received
                    .borrow_and_update()
                    .iter()
                    .filter(|received| received.kind == kind)
                    .nth(count - 1)
                    .cloned();
                match found {
                    Some(found) => return found,
                    None => received.changed().await.unwrap(),
                }
            }
        };
        timeout(Duration::from_secs(600), waiting).await.unwrap_or_else(|_| panic!("no {count}. {kind} came"))
    }

    /// Pushes to one connection.
    pub(crate) fn push(&self, connection: usize, kind: &str, body: &Value) {
        let mut streams = self.state.streams.lock();
        let stream = streams.get_mut(&connection).expect("the connection is set up");
        stream.send_data(frame(kind, body), false).unwrap();
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.state.connections.lock().abort_all();
        self.state.streams.lock().clear();
    }

    fn accept(&self, io: DuplexStream) {
        let number = {
            let mut count = self.state.count.lock();
            *count += 1;
            *count
        };
        let state = Arc::clone(&self.state);
        self.state.connections.lock().spawn(async move {
            let Ok(mut connection) = h2::server::handshake(io).await else { return };
            let mut calls = JoinSet::new();
            let (cut, mut cuts) = watch::channel(false);
            loop {
                let request = tokio::select! {
                    request = connection.accept() => request,
                    _ = cuts.wait_for(|cut| *cut) => return,
                };
                let Some(Ok((request, respond))) = request else { return };
                let state = Arc::clone(&state);
                let cut = cut.clone();
                let is_stream = request.uri().path() == payload::STREAM_PATH;
                calls.spawn(async move {
                    if is_stream {
                        state.stream(request.into_body(), respond, number).await;
                    } else if state.call(request.into_body(), respond, number).await.is_none() {
                        cut.send_replace(true);
                    }
                });
            }
        });
    }
}

impl State {
    async fn stream(self: Arc<Self>, mut body: RecvStream, mut respond: SendResponse<Bytes>, number: usize) {
        let Ok(stream) = respond.send_response(head(), false) else { return };
        self.streams.lock().insert(number, stream);
        let mut frames = Frames::new(1 << 20);
        while let Some(Ok(chunk)) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.len());
            frames.push(chunk);
            while let Ok(Some(payload)) = frames.next() {
                if payload.kind() == "ConnectionSetupRequest"
                    && let Some(abilities) = self.abilities.lock().clone()
                    && let Some(stream) = self.streams.lock().get_mut(&number)
                {
                    let _ = stream.send_data(frame("SetupAckRequest", &json!({"abilityTable": abilities})), false);
                }
                self.keep(&payload, number);
            }
        }
    }

    /// `None` when the connection shall end.
    async fn call(self: Arc<Self>, mut body: RecvStream, respond: SendResponse<Bytes>, number: usize) -> Option<()> {
        let mut frames = Frames::new(1 << 24);
        while let Some(Ok(chunk)) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.len());
            frames.push(chunk);
        }
        let payload = frames.next().ok().flatten().expect("a whole message");
        let received = self.keep(&payload, number);
        let script = Arc::clone(&self.script.lock());
        let answer = script(&received).unwrap_or_else(|| self.success(&received.kind));
        self.answer(answer, respond).await
    }

    fn answer(&self, answer: Answer, mut respond: SendResponse<Bytes>) -> BoxFuture<'_, Option<()>> {
        Box::pin(async move {
            match answer {
                Answer::Json(kind, body) => {
                    let mut stream = respond.send_response(head(), false).ok()?;
                    stream.send_data(frame(kind, &body), false).ok()?;
                    let trailers = http::HeaderMap::from_iter([(
                        http::HeaderName::from_static("grpc-status"),
                        http::HeaderValue::from_static("0"),
                    )]);
                    stream.send_trailers(trailers).ok()?;
                }
                Answer::After(pause, answer) => {
                    sleep(pause).await;
                    return self.answer(*answer, respond).await;
                }
                Answer::Silence => std::future::pending().await,
                Answer::Refuse => respond.send_reset(h2::Reason::REFUSED_STREAM),
                Answer::Break => respond.send_reset(h2::Reason::INTERNAL_ERROR),
                Answer::Cut => return None,
            }
            Some(())
        })
    }

    fn success(&self, kind: &str) -> Answer {
        match kind {
            "ServerCheckRequest" => {
                let negotiates = self.abilities.lock().is_some();
                let body = json!({"resultCode": 200, "connectionId": "1_a_1", "supportAbilityNegotiation": negotiates});
                Answer::Json("ServerCheckResponse", body)
            }
            "HealthCheckRequest" => Answer::Json("HealthCheckResponse", json!({"resultCode": 200})),
            "ServiceListRequest" => Answer::Json("ServiceListResponse", json!({"resultCode": 200, "count": 7})),
            "LockOperationRequest" => Answer::Json("LockOperationResponse", json!({"resultCode": 200, "result": true})),
            _ => refused(302),
        }
    }

    fn keep(&self, payload: &Payload, connection: usize) -> Received {
        let metadata = payload.metadata.clone().unwrap_or_default();
        let received = Received {
            kind: payload.kind().to_owned(),
            body: serde_json::from_slice(payload.json()).unwrap_or_default(),
            headers: metadata.headers.into_iter().collect(),
            client_ip: metadata.client_ip,
            connection,
            time: Instant::now(),
        };
        self.received.send_modify(|all| all.push(received.clone()));
        received
    }
}

/// An `ErrorResponse` with this code.
pub(crate) fn refused(code: i32) -> Answer {
    Answer::Json("ErrorResponse", json!({"resultCode": 500, "errorCode": code, "message": "as the test wants"}))
}

fn head() -> http::Response<()> {
    http::Response::builder().header("content-type", "application/grpc").body(()).unwrap()
}

fn frame(kind: &str, body: &Value) -> Bytes {
    let body = serde_json::to_vec(body).unwrap();
    let mut frame: BytesMut = payload::head(kind, "", &[], body.len(), body.len());
    frame.extend_from_slice(&body);
    frame.freeze()
}
