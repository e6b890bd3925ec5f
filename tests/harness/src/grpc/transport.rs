//! One TCP connection with HTTP/2 on it: unary calls, bi-directional streams, and rude ways to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::gate::{Gate, Switch};
use super::message::Message;

const UNARY_PATH: &str = "/Request/request";
const STREAM_PATH: &str = "/BiRequestStream/requestBiStream";
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Why a call has no reply message.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The call ended with a gRPC status other than OK.
    #[error("grpc status {code} {}: {message}", self.name())]
    Status {
        /// The number of the status.
        code: u16,
        /// The text that came with it.
        message: String,
    },
    /// The connection or the HTTP/2 stream failed.
    #[error("transport: {0}")]
    Transport(#[from] h2::Error),
    /// The bytes of the reply are no message.
    #[error("reply: {0}")]
    Reply(String),
    /// No reply came in time.
    #[error("no reply in time")]
    Deadline,
}

impl CallError {
    /// The name of the gRPC status that this error is for a caller.
    pub fn name(&self) -> &'static str {
        let code = match self {
            Self::Status { code, .. } => *code,
            Self::Transport(_) => 14,
            Self::Reply(_) => 13,
            Self::Deadline => 4,
        };
        const NAMES: [&str; 17] = [
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
        ];
        NAMES.get(usize::from(code)).copied().unwrap_or("UNKNOWN")
    }
}

/// Sizes of the HTTP/2 windows.
#[derive(Debug, Clone, Copy)]
pub struct TransportOptions {
    /// Receive window of each stream, in bytes.
    pub stream_window: u32,
    /// Receive window of the connection, in bytes.
    pub connection_window: u32,
    /// The longest wait for a connection.
    pub connect_within: Duration,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self { stream_window: 1 << 20, connection_window: 4 << 20, connect_within: Duration::from_secs(5) }
    }
}

/// What the server answered to a request below the level of messages.
#[derive(Debug)]
pub struct RawReply {
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// All data frames.
    pub body: Bytes,
    /// Trailers, empty when none came.
    pub trailers: HeaderMap,
}

impl RawReply {
    /// The gRPC status in the trailers, or in the headers when there are no trailers.
    pub fn grpc_status(&self) -> Option<u16> {
        let value = self.trailers.get("grpc-status").or_else(|| self.headers.get("grpc-status"))?;
        value.to_str().ok()?.parse().ok()
    }

    fn grpc_message(&self) -> String {
        let value = self.trailers.get("grpc-message").or_else(|| self.headers.get("grpc-message"));
        value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }
}

/// A connection. Dropping it closes the socket at once.
#[derive(Debug)]
pub struct Transport {
    requests: SendRequest<Bytes>,
    driver: Driver,
    switch: Arc<Switch>,
    local: SocketAddr,
}

#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Transport {
    /// Opens a connection.
    ///
    /// # Errors
    /// When the connection or the HTTP/2 handshake fails.
    pub async fn connect(address: SocketAddr, options: TransportOptions) -> io::Result<Self> {
        let connected = timeout(options.connect_within, TcpStream::connect(address)).await;
        let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let (gate, switch) = Gate::new(stream);
        let handshake = h2::client::Builder::new()
            .initial_window_size(options.stream_window)
            .initial_connection_window_size(options.connection_window)
            .enable_push(false)
            .handshake(gate);
        let (requests, connection) = timeout(options.connect_within, handshake)
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
            .map_err(io::Error::other)?;
        let driver = Driver(tokio::spawn(async move {
            let _ = connection.await;
        }));
        Ok(Self { requests, driver, switch, local })
    }

    /// The local end of the connection.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.driver.0.is_finished()
    }

    /// Sends a message as a unary call and waits for the reply.
    ///
    /// # Errors
    /// When the call ends without a reply message.
    pub async fn unary(&self, message: &Message, limit: Duration) -> Result<Message, CallError> {
        let mut request = grpc_request(UNARY_PATH);
        if message.gzip {
            request.headers_mut().insert("grpc-encoding", http::HeaderValue::from_static("gzip"));
        }
        let reply =
            timeout(limit, self.exchange(request, message.frame())).await.map_err(|_| CallError::Deadline)??;
        match reply.grpc_status() {
            Some(0) => {}
            Some(code) => return Err(CallError::Status { code, message: reply.grpc_message() }),
            None => return Err(CallError::Reply(format!("http status {} and no grpc-status", reply.status))),
        }
        let mut buffer = BytesMut::from(reply.body);
        match Message::take(&mut buffer) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(CallError::Reply("no whole frame".into())),
            Err(error) => Err(CallError::Reply(format!("{error:#}"))),
        }
    }

    /// Sends any request with its whole body and collects the reply.
    ///
    /// # Errors
    /// When the connection or the stream fails.
    pub async fn exchange(&self, request: Request<()>, body: Bytes) -> Result<RawReply, CallError> {
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut send) = requests.send_request(request, false)?;
        // The server may answer and refuse the rest of the body: its answer counts, not our failure to send.
        let _ = send.send_data(body, true);
        let (parts, mut stream) = response.await?.into_parts();
        let mut body = BytesMut::new();
        while let Some(chunk) = stream.data().await {
            let chunk = chunk?;
            let _ = stream.flow_control().release_capacity(chunk.len());
            body.extend_from_slice(&chunk);
        }
        let trailers = stream.trailers().await?.unwrap_or_default();
        Ok(RawReply { status: parts.status.as_u16(), headers: parts.headers, body: body.freeze(), trailers })
    }

    /// Starts a unary call, sends `part` of its body and keeps it open.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn begin_unary(&self, part: Bytes) -> Result<(Outbound, Inbound), CallError> {
        let (outbound, inbound) = self.open(grpc_request(UNARY_PATH)).await?;
        outbound.send_bytes(part, false);
        Ok((outbound, inbound))
    }

    /// Opens the bi-directional stream.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn bidi(&self) -> Result<(Outbound, Inbound), CallError> {
        self.open(grpc_request(STREAM_PATH)).await
    }

    async fn open(&self, request: Request<()>) -> Result<(Outbound, Inbound), CallError> {
        let mut requests = self.requests.clone().ready().await?;
        let (response, stream) = requests.send_request(request, false)?;
        let outbound = Outbound { stream: parking_lot::Mutex::new(Some(stream)) };
        Ok((outbound, Inbound { state: Reading::Waiting(response), buffer: BytesMut::new() }))
    }

    /// Stops reading from the socket; the kernel's buffers fill up.
    pub fn stop_reading(&self) {
        self.switch.stop_reads(true);
    }

    /// Nothing passes any more in either direction while TCP stays open.
    pub fn freeze(&self) {
        self.switch.stop_reads(true);
        self.switch.stop_writes(true);
    }

    /// Ends [`Transport::freeze`] and [`Transport::stop_reading`].
    pub fn thaw(&self) {
        self.switch.stop_reads(false);
        self.switch.stop_writes(false);
    }

    /// Ends the connection with a TCP reset.
    pub async fn reset(mut self) {
        self.switch.reset();
        let _ = timeout(CLOSE_LIMIT, &mut self.driver.0).await;
    }

    /// Says goodbye on HTTP/2 and closes the socket. Drop the streams first: they keep the connection.
    pub async fn close(self) {
        let Self { requests, mut driver, .. } = self;
        drop(requests);
        let _ = timeout(CLOSE_LIMIT, &mut driver.0).await;
    }
}

fn grpc_request(path: &str) -> Request<()> {
    Request::post(format!("http://nacre{path}"))
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-accept-encoding", "gzip")
        .body(())
        .expect("the parts of this request are valid")
}

/// The sending half of a stream.
#[derive(Debug)]
pub struct Outbound {
    stream: parking_lot::Mutex<Option<SendStream<Bytes>>>,
}

impl Outbound {
    /// Sends a message; nothing happens when this half is closed.
    pub fn send(&self, message: &Message) {
        self.send_bytes(message.frame(), false);
    }

    /// Sends bytes as they are and, if `end`, closes this half.
    pub fn send_bytes(&self, bytes: Bytes, end: bool) {
        let mut stream = self.stream.lock();
        if let Some(open) = stream.as_mut() {
            let failed = open.send_data(bytes, end).is_err();
            if end || failed {
                *stream = None;
            }
        }
    }

    /// Closes this half; the server can still send.
    pub fn half_close(&self) {
        self.send_bytes(Bytes::new(), true);
    }

    /// Cancels the stream.
    pub fn cancel(&self) {
        if let Some(mut stream) = self.stream.lock().take() {
            stream.send_reset(h2::Reason::CANCEL);
        }
    }
}

#[derive(Debug)]
enum Reading {
    Waiting(ResponseFuture),
    Open(RecvStream),
    Ended,
}

/// The receiving half of a stream.
#[derive(Debug)]
pub struct Inbound {
    state: Reading,
    buffer: BytesMut,
}

impl Inbound {
    /// The next message; `None` when the stream has ended for whatever reason.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            match Message::take(&mut self.buffer) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(_) => self.state = Reading::Ended,
            }
            match &mut self.state {
                Reading::Waiting(response) => match response.await {
                    Ok(response) => self.state = Reading::Open(response.into_body()),
                    Err(_) => self.state = Reading::Ended,
                },
                Reading::Open(stream) => match stream.data().await {
                    Some(Ok(chunk)) => {
                        let _ = stream.flow_control().release_capacity(chunk.len());
                        self.buffer.extend_from_slice(&chunk);
                    }
                    Some(Err(_)) | None => self.state = Reading::Ended,
                },
                Reading::Ended => return None,
            }
        }
    }
}
