//! A server on loopback with its state in memory, and a client that speaks frames.

use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nacre_config::{Config, ConfigMachine};
use nacre_consensus::{NodeId, SlotTable, testing};
use nacre_gateway::{Doors, Options, Settings, Sockets};
use nacre_naming::{Naming, ShardMachine};
use nacre_proto::{Payload, payload};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything a test waits for on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Server {
    pub(crate) doors: Doors,
    pub(crate) naming: Naming,
    _guards: Vec<testing::Guard>,
}

impl Server {
    pub(crate) async fn start(settings: Settings) -> Self {
        let server = Self::start_unready(settings).await;
        server.doors.ready();
        server
    }

    pub(crate) async fn start_unready(settings: Settings) -> Self {
        let options =
            Options { hosts: vec![Ipv4Addr::LOCALHOST.into()], http_port: 0, grpc_port: 0, settings, version: "test" };
        let sockets = Sockets::bind(options).expect("free ports");
        let (meta, meta_guard) = testing::group(Arc::new(ConfigMachine::new(&nacre_config::Settings::default()))).await;
        let (shard, shard_guard) = testing::group(Arc::new(ShardMachine::default())).await;
        let request_ids = Arc::new(AtomicU64::new(0));
        let naming = Naming::start(nacre_naming::Options {
            settings: nacre_naming::Settings::default(),
            node: NodeId(1),
            epoch: 1,
            shards: vec![shard],
            slots: SlotTable::even(1),
            switches: None,
            encoder: Arc::new(sockets.naming_encoder()),
            request_ids: request_ids.clone(),
        })
        .await
        .expect("naming starts");
        let config = Config::new(nacre_config::Options {
            settings: nacre_config::Settings::default(),
            group: meta,
            encoder: Arc::new(sockets.config_encoder()),
            request_ids: request_ids.clone(),
        });
        let doors = sockets.open(naming.clone(), config, request_ids).expect("doors open");
        Self { doors, naming, _guards: vec![meta_guard, shard_guard] }
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.doors.grpc_address()).await
    }

    /// A client that introduced itself, with its stream.
    pub(crate) async fn client(&self, module: &str) -> (Connection, Stream) {
        let connection = self.connect().await;
        let mut stream = connection.stream().await;
        stream.set_up(module);
        assert_eq!(stream.next().await.expect("acknowledged").0, "SetupAckRequest");
        (connection, stream)
    }

    /// A GET request to the HTTP port, over a connection of its own: status and text.
    pub(crate) async fn get(&self, path_and_query: &str) -> (u16, String) {
        let stream = TcpStream::connect(self.doors.http_address()).await.expect("listens");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("speaks HTTP");
        let task = tokio::spawn(connection);
        let request = Request::get(path_and_query).header("host", "test").body(String::new()).expect("legal");
        let response = sender.send_request(request).await.expect("answers");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("complete").to_bytes();
        task.abort();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }
}

/// One HTTP/2 connection. Dropping it closes TCP.
pub(crate) struct Connection {
    sender: SendRequest<Upload>,
    /// The same socket, because the client's own tasks keep theirs open.
    socket: std::net::TcpStream,
    task: JoinHandle<Result<(), hyper::Error>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The server may have closed it already.
        let _ = self.socket.shutdown(Shutdown::Both);
        self.task.abort();
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("listens").into_std().expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        let socket = stream.try_clone().expect("a descriptor");
        let stream = TcpStream::from_std(stream).expect("within a runtime");
        let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("speaks HTTP/2");
        Self { sender, socket, task: tokio::spawn(connection) }
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&'static str, &str)], body: Upload) -> Response<Incoming> {
        let mut request = Request::post(format!("http://test{path}")).header("content-type", "application/grpc");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.sender.clone().send_request(request.body(body).expect("legal"));
        timeout(LIMIT, response).await.expect("in time").expect("answers")
    }

    /// A unary call with these message bytes: gRPC status, type and body.
    pub(crate) async fn send(
        &self,
        headers: &[(&'static str, &str)],
        frame: Bytes,
    ) -> (String, Option<(String, Value)>) {
        let response = self.post(payload::REQUEST_PATH, headers, Upload::whole(frame)).await;
        let status =
            |headers: &HeaderMap| headers.get("grpc-status").map(|status| status.to_str().expect("text").to_owned());
        if let Some(status) = status(response.headers()) {
            return (status, None);
        }
        let body = timeout(LIMIT, response.into_body().collect()).await.expect("in time").expect("complete");
        let status = body.trailers().and_then(status).expect("a status");
        let message = read(&body.to_bytes().slice(payload::PREFIX_LENGTH..));
        (status, Some(message))
    }

    /// A unary call: type and body of the reply.
    pub(crate) async fn call(&self, kind: &str, body: Value) -> (String, Value) {
        let (status, reply) = self.send(&[], payload::frame(kind, "127.0.0.1", &[body.to_string().as_bytes()])).await;
        assert_eq!(status, "0");
        reply.expect("a message")
    }

    pub(crate) async fn stream(&self) -> Stream {
        let (sender, receiver) = mpsc::unbounded_channel();
        let response = self.post(payload::STREAM_PATH, &[], Upload::Pieces(receiver)).await;
        Stream { sender: Some(sender), incoming: response.into_body(), received: BytesMut::new() }
    }
}

fn read(message: &[u8]) -> (String, Value) {
    let payload = Payload::decode(message).expect("a payload");
    (payload.kind().to_owned(), serde_json::from_slice(payload.json()).expect("JSON"))
}

/// A client's stream.
pub(crate) struct Stream {
    sender: Option<mpsc::UnboundedSender<Bytes>>,
    incoming: Incoming,
    received: BytesMut,
}

impl Stream {
    pub(crate) fn send(&self, kind: &str, ip: &str, body: &Value) {
        let frame = payload::frame(kind, ip, &[body.to_string().as_bytes()]);
        self.sender.as_ref().expect("open").send(frame).expect("connected");
    }

    pub(crate) fn set_up(&self, module: &str) {
        let labels = json!({"source": "sdk", "module": module});
        let body = json!({"headers": {}, "clientVersion": "test", "labels": labels, "abilityTable": {}});
        self.send("ConnectionSetupRequest", "10.1.2.3", &body);
    }

    pub(crate) fn ack(&self, kind: &str, push: &Value) {
        let body = json!({"resultCode": 200, "errorCode": 0, "requestId": push["requestId"]});
        self.send(kind, "", &body);
    }

    /// Sends no more.
    pub(crate) fn finish(&mut self) {
        self.sender = None;
    }

    /// The next push; `None` when the server ended the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        timeout(LIMIT, self.read()).await.expect("in time")
    }

    /// Whether nothing comes for a while.
    pub(crate) async fn is_silent(&mut self, millis: u64) -> bool {
        timeout(Duration::from_millis(millis), self.read()).await.is_err()
    }

    async fn read(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((prefix, rest)) = self.received.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
                if rest.len() >= length {
                    self.received.advance(5);
                    return Some(read(&self.received.split_to(length)));
                }
            }
            let frame = self.incoming.frame().await?.ok()?;
            match frame.into_data() {
                Ok(data) => self.received.extend_from_slice(&data),
                Err(_) => return None,
            }
        }
    }

    /// The next push of this type, others are acknowledged.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let (found, body) = self.next().await.expect("stream is open");
            if found == kind {
                return body;
            }
            self.ack(&found.replace("Request", "Response"), &body);
        }
    }
}

/// A request's body.
pub(crate) enum Upload {
    Whole(Option<Bytes>),
    Pieces(mpsc::UnboundedReceiver<Bytes>),
}

impl Upload {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()))
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces(receiver) => {
                receiver.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }
}
