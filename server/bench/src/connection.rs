//! One connection as an official client has it: server check, stream, setup, calls, and pushes that are acknowledged.
//! It costs one task, so that thousands of them leave the processor to the server.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode, Version};
use nacre_proto::internal::{
    ConnectionSetupRequest, LABEL_MODULE, LABEL_SOURCE, ServerCheckRequest, ServerCheckResponse, SetupAckRequest,
};
use nacre_proto::payload::{PREFIX_LENGTH, REQUEST_PATH, STREAM_PATH};
use nacre_proto::{Message, Payload};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::push::Push;
use crate::wire;

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
const OPEN_LIMIT: Duration = Duration::from_secs(15);
const CALL_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// A server that does not negotiate abilities says nothing when it has taken the setup.
const SETUP_PAUSE: Duration = Duration::from_millis(300);
const SETUP_LIMIT: Duration = Duration::from_secs(3);
const MOST_BYTES: usize = 64 << 20;

/// Takes the pushes of a connection.
pub(crate) trait Watch: Send + 'static {
    /// Takes a push. The answer to the request that it gives, if any, goes to [`Watch::answered`].
    fn notice(&mut self, _push: &Push) -> Option<Bytes> {
        None
    }

    /// Takes the answer to a request of [`Watch::notice`].
    fn answered(&mut self, _reply: &Payload) {}
}

/// Nobody is interested in the pushes.
impl Watch for () {}

#[derive(Debug)]
enum End {
    Close,
    Freeze,
}

/// A connection. Dropping it closes the socket at once.
#[derive(Debug)]
pub(crate) struct Connection {
    calls: Calls,
    end: Option<oneshot::Sender<End>>,
    task: Task,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends calls on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Calls(SendRequest<Bytes>);

impl Connection {
    /// Connects and sets up.
    pub(crate) async fn open(endpoint: &Endpoint, watch: impl Watch) -> Result<Self> {
        Self::open_on(endpoint, watch, |_| Ok(())).await
    }

    /// As [`Connection::open`]; the end of this connection is a TCP reset, however it comes.
    pub(crate) async fn open_to_reset(endpoint: &Endpoint, watch: impl Watch) -> Result<Self> {
        Self::open_on(endpoint, watch, |stream| socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))).await
    }

    async fn open_on(
        endpoint: &Endpoint,
        watch: impl Watch,
        prepare: impl Fn(&TcpStream) -> std::io::Result<()>,
    ) -> Result<Self> {
        let opening = async {
            let stream = endpoint.connect().await?;
            prepare(&stream).map_err(Error::unreachable)?;
            match endpoint.encrypt(stream).await? {
                Ok(encrypted) => Self::set_up(encrypted, watch).await,
                Err(plain) => Self::set_up(plain, watch).await,
            }
        };
        let opened = within(OPEN_LIMIT, opening).await;
        opened.map_err(|error| error.during(format_args!("connect to {}", endpoint.address())))
    }

    async fn set_up<S>(stream: S, watch: impl Watch) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .enable_push(false)
            .handshake(stream)
            .await?;
        let (pump_sender, pump) = oneshot::channel::<Pump<_>>();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(drive(connection, pump, ended));
        let this = Self { calls: Calls(sender), end: Some(end), task: Task(task) };

        let check: ServerCheckResponse = this.calls.ask(&ServerCheckRequest::default()).await?;
        let (response, mut outbound) = this.calls.open(&stream_request()).await?;
        outbound.send_data(wire::frame(&setup()), false)?;
        let (ready, is_ready) = oneshot::channel();
        let inbound = Inbound { reading: Reading::Waiting(response), buffer: BytesMut::new() };
        let pump = Pump { inbound, outbound, calls: this.calls.clone(), watch, ready: Some(ready) };
        if pump_sender.send(pump).is_err() {
            return Err(Error::unreachable("the connection was lost"));
        }
        if check.support_ability_negotiation {
            // A server that forgets to say so may be ready all the same: the next call shows.
            if let Ok(Err(_)) = timeout(SETUP_LIMIT, is_ready).await {
                return Err(Error::unreachable("the server ended the stream after the setup"));
            }
        } else {
            tokio::time::sleep(SETUP_PAUSE).await;
        }
        Ok(this)
    }

    /// What sends calls.
    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// From now on nothing is read from the socket and nothing sent, and it stays open.
    pub(crate) fn freeze(&mut self) {
        self.finish(End::Freeze);
    }

    /// Says goodbye on HTTP/2 and closes the socket.
    pub(crate) async fn close(mut self) {
        self.finish(End::Close);
        let Self { calls, mut task, .. } = self;
        drop(calls);
        // The socket is closed in any case when the task is dropped.
        let _ = timeout(CLOSE_LIMIT, &mut task.0).await;
    }

    fn finish(&mut self, end: End) {
        if let Some(sender) = self.end.take() {
            // Fails when the connection has ended by itself.
            let _ = sender.send(end);
        }
    }
}

impl Calls {
    /// Sends a request and demands success.
    pub(crate) async fn ask<R: nacre_proto::Request>(&self, request: &R) -> Result<R::Response> {
        let payload = self.call(wire::frame(request)).await.map_err(|error| error.during(R::TYPE))?;
        wire::read_answer::<R>(&payload)
    }

    /// Sends the frame of a request; answers the message of the reply.
    pub(crate) async fn call(&self, frame: Bytes) -> Result<Payload> {
        let mut body = BytesMut::from(within(CALL_LIMIT, self.exchange(&call_request(), frame)).await?);
        take_message(&mut body)?.ok_or_else(|| Error::internal("the reply holds no message"))
    }

    /// Sends the frame of a request; answers the bytes of the reply, whose gRPC status is OK.
    pub(crate) async fn exchange(&self, template: &Request<()>, frame: Bytes) -> Result<Bytes> {
        let mut sender = self.0.clone().ready().await?;
        let (response, mut outbound) = sender.send_request(template.clone(), false)?;
        // The server may have answered already; then its answer counts.
        let _ = outbound.send_data(frame, true);
        let (parts, mut stream) = response.await?.into_parts();
        let mut body = Bytes::new();
        while let Some(chunk) = stream.data().await {
            let chunk = chunk?;
            // Fails only when the stream has ended.
            let _ = stream.flow_control().release_capacity(chunk.len());
            body = if body.is_empty() { chunk } else { [body, chunk].concat().into() };
        }
        let trailers = stream.trailers().await?;
        check_status(parts.status, trailers.as_ref().unwrap_or(&parts.headers))?;
        Ok(body)
    }

    async fn open(&self, request: &Request<()>) -> Result<(ResponseFuture, SendStream<Bytes>)> {
        let mut sender = self.0.clone().ready().await?;
        Ok(sender.send_request(request.clone(), false)?)
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(Error::timeout("no answer in time")))
}

fn setup() -> ConnectionSetupRequest {
    ConnectionSetupRequest {
        client_version: Some("Nacos-Java-Client:v2.5.1".to_owned()),
        labels: Some(
            [(LABEL_SOURCE, "sdk"), (LABEL_MODULE, "naming")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        ),
        ability_table: Some([].into()),
        ..ConnectionSetupRequest::default()
    }
}

/// The head of a unary call.
pub(crate) fn call_request() -> Request<()> {
    request(REQUEST_PATH)
}

fn stream_request() -> Request<()> {
    request(STREAM_PATH)
}

fn request(path: &str) -> Request<()> {
    Request::post(format!("http://nacre{path}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("the parts of this request are valid")
}

fn check_status(status: StatusCode, trailers: &HeaderMap) -> Result<()> {
    if status != StatusCode::OK {
        return Err(Error::unreachable(format!("the server answered HTTP status {status}")));
    }
    match trailers.get("grpc-status").map(http::HeaderValue::as_bytes) {
        Some(b"0") => Ok(()),
        Some(other) => {
            Err(Error::refused(format!("the server answered gRPC status {}", String::from_utf8_lossy(other))))
        }
        None => Err(Error::unreachable("the server's answer has no gRPC status")),
    }
}

/// Takes one whole message off the front.
fn take_message(buffer: &mut BytesMut) -> Result<Option<Payload>> {
    let Some(prefix) = buffer.get(..PREFIX_LENGTH) else { return Ok(None) };
    let length = (&prefix[1..]).get_u32() as usize;
    if prefix[0] != 0 || length > MOST_BYTES {
        return Err(Error::internal("the server sent a message that is compressed or too long"));
    }
    if buffer.len() < PREFIX_LENGTH + length {
        return Ok(None);
    }
    let mut message = buffer.split_to(PREFIX_LENGTH + length).freeze();
    message.advance(PREFIX_LENGTH);
    Payload::decode(message).map(Some).map_err(|error| Error::internal(format!("what came is no message: {error}")))
}

/// The connection's task: moves bytes, and pumps pushes once the stream is open.
async fn drive<S, W>(
    connection: h2::client::Connection<S, Bytes>,
    pump: oneshot::Receiver<Pump<W>>,
    ended: oneshot::Receiver<End>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    W: Watch,
{
    let mut connection = std::pin::pin!(connection);
    let pumping = async {
        let Ok(pump) = pump.await else { return std::future::pending().await };
        pump.run(ended).await
    };
    let end = tokio::select! {
        biased;
        // Whoever waits for something on this connection gets the error.
        _ = &mut connection => return,
        end = pumping => end,
    };
    match end {
        Some(End::Freeze) => std::future::pending().await,
        Some(End::Close) | None => {
            let _ = connection.await;
        }
    }
}

struct Pump<W> {
    inbound: Inbound,
    outbound: SendStream<Bytes>,
    calls: Calls,
    watch: W,
    ready: Option<oneshot::Sender<()>>,
}

impl<W: Watch> Pump<W> {
    /// Until the connection is to end, or until the server has ended the stream.
    async fn run(mut self, mut ended: oneshot::Receiver<End>) -> Option<End> {
        loop {
            let payload = tokio::select! {
                biased;
                end = &mut ended => return end.ok(),
                payload = self.inbound.next() => payload?,
            };
            self.take(&payload).await;
        }
    }

    async fn take(&mut self, payload: &Payload) {
        if payload.kind() == SetupAckRequest::TYPE
            && let Some(ready) = self.ready.take()
        {
            // Fails when nobody waits any more.
            let _ = ready.send(());
        }
        let Some(push) = Push::read(payload) else { return };
        // What cannot be sent is missed by the server, and the next read shows the end.
        let _ = self.outbound.send_data(push.acknowledgement(), false);
        let Some(request) = self.watch.notice(&push) else { return };
        if let Ok(reply) = self.calls.call(request).await {
            self.watch.answered(&reply);
        }
    }
}

enum Reading {
    Waiting(ResponseFuture),
    Open(RecvStream),
}

/// The receiving half of the stream.
struct Inbound {
    reading: Reading,
    buffer: BytesMut,
}

impl Inbound {
    /// The next message; `None` when the stream has ended, however it did.
    async fn next(&mut self) -> Option<Payload> {
        loop {
            if let Some(payload) = take_message(&mut self.buffer).ok()? {
                return Some(payload);
            }
            match &mut self.reading {
                Reading::Waiting(response) => self.reading = Reading::Open(response.await.ok()?.into_body()),
                Reading::Open(stream) => {
                    let chunk = stream.data().await?.ok()?;
                    // Fails only when the stream has ended.
                    let _ = stream.flow_control().release_capacity(chunk.len());
                    self.buffer.extend_from_slice(&chunk);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nacre_proto::payload;

    #[test]
    fn a_message_is_taken_when_its_last_byte_is_there() {
        let frame = payload::frame("A", "", &[b"{}"]);
        let mut buffer = BytesMut::from(&frame[..frame.len() - 1]);
        assert!(take_message(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(&frame[frame.len() - 1..]);
        buffer.extend_from_slice(&frame);
        for _ in 0..2 {
            assert_eq!(take_message(&mut buffer).unwrap().unwrap().kind(), "A");
        }
        assert!(buffer.is_empty());
        assert!(take_message(&mut BytesMut::from(&[1, 0, 0, 0, 0][..])).is_err());
    }

    #[tokio::test]
    async fn a_port_on_which_nobody_listens_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = Connection::open(&Endpoint::plain(address), ()).await.unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unreachable);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}
