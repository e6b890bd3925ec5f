//! HTTP/2 on one socket: calls with one answer, and the stream of pushes. Speaks to `h2` itself, so that a call costs
//! one HTTP/2 stream and neither a task nor a channel.

use bytes::{Bytes, BytesMut};
use h2::{
    RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use nacre_proto::{Payload, payload};

use super::{dial::Socket, frames::Frames};
use crate::{
    error::{Error, ErrorKind},
    task::Task,
};

/// How much the server may send of one answer before it is read; a large config is one answer.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const FRAME_SIZE: u32 = 256 << 10;
/// A body of at most this size travels in one frame with what stands before it.
const SHORT_BODY: usize = 16 << 10;

const GRPC_STATUS: &str = "grpc-status";

/// A connection. Dropping it closes the socket.
#[derive(Debug)]
pub(super) struct Transport {
    requests: Requests,
    driver: Task,
}

/// Sends calls on a connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    sender: SendRequest<Bytes>,
    call_uri: Uri,
    stream_uri: Uri,
    headers: HeaderMap,
    limit: usize,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Whether the server may have taken the request.
    pub(super) sent: bool,
    /// Whether the connection is of no more use.
    pub(super) lost: bool,
}

impl Transport {
    /// Begins HTTP/2. The caller sets the deadline.
    pub(super) async fn open(socket: Socket, authority: &str, tls: bool, limit: usize) -> Result<Self, Error> {
        let uri = |path: &'static str| {
            Uri::builder()
                .scheme(if tls { "https" } else { "http" })
                .authority(authority)
                .path_and_query(path)
                .build()
                .map_err(|error| Error::invalid("the host cannot stand in a request").with_source(error))
        };
        let (call_uri, stream_uri) = (uri(payload::REQUEST_PATH)?, uri(payload::STREAM_PATH)?);
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME_SIZE)
            .enable_push(false)
            .handshake(socket.io)
            .await
            .map_err(|error| broken(error).error)?;
        let driver = Task::spawn(async move {
            // Whoever waits for something on this connection gets the error.
            let _ = connection.await;
        });
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/grpc")),
            (header::TE, HeaderValue::from_static("trailers")),
        ]);
        Ok(Self { requests: Requests { sender, call_uri, stream_uri, headers, limit }, driver })
    }

    pub(super) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Says goodbye on HTTP/2 when all calls have ended, and waits for that.
    pub(super) async fn finish(self) {
        let Self { requests, mut driver } = self;
        drop(requests);
        driver.ended().await;
    }
}

impl Requests {
    /// Sends a request and waits for its answer. `head` is what stands before `body`, see [`payload::head`].
    pub(super) async fn call(&self, head: BytesMut, body: &Bytes) -> Result<Payload, Failure> {
        let mut sender = self.sender.clone().ready().await.map_err(broken)?;
        let (response, mut stream) = sender.send_request(self.request(&self.call_uri), false).map_err(broken)?;
        // When this fails the stream has ended: the answer says why, and may even be one.
        let _ = send(&mut stream, head, body);
        self.answer(response).await
    }

    async fn answer(&self, response: ResponseFuture) -> Result<Payload, Failure> {
        let after = |error: h2::Error| Failure { sent: !was_refused(&error), ..broken(error) };
        let (parts, mut body) = response.await.map_err(after)?.into_parts();
        if parts.status != StatusCode::OK {
            return Err(odd(Error::unreachable(format!("the server answered HTTP status {}", parts.status))));
        }
        let mut frames = Frames::new(self.limit);
        let mut message = None;
        while let Some(chunk) = body.data().await {
            let chunk = chunk.map_err(after)?;
            // Fails only when the stream has ended.
            let _ = body.flow_control().release_capacity(chunk.len());
            frames.push(chunk);
            while let Some(payload) = frames.next().map_err(odd)? {
                message = Some(payload);
            }
        }
        let trailers = body.trailers().await.map_err(after)?;
        check_status(trailers.as_ref().unwrap_or(&parts.headers)).map_err(odd)?;
        message.ok_or_else(|| odd(Error::internal("the server's answer holds no message")))
    }

    /// Opens the stream on which the server pushes.
    pub(super) async fn pushes(&self) -> Result<Pushes, Error> {
        let mut sender = self.sender.clone().ready().await.map_err(|error| broken(error).error)?;
        let request = self.request(&self.stream_uri);
        let (response, stream) = sender.send_request(request, false).map_err(|error| broken(error).error)?;
        Ok(Pushes { stream, reading: Reading::Waiting(response), frames: Frames::new(self.limit) })
    }

    fn request(&self, uri: &Uri) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// The stream of pushes and of their answers.
#[derive(Debug)]
pub(super) struct Pushes {
    stream: SendStream<Bytes>,
    reading: Reading,
    frames: Frames,
}

#[derive(Debug)]
enum Reading {
    /// The server's headers have not come: some servers send them with the first push.
    Waiting(ResponseFuture),
    Open(RecvStream),
}

impl Pushes {
    /// Sends a message. What the server does not read piles up, but no more than the answers to what it pushed.
    pub(super) fn send(&mut self, frame: Bytes) -> Result<(), Error> {
        self.stream.send_data(frame, false).map_err(|error| broken(error).error)
    }

    /// The next push. An error when the stream has ended, however it did. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Result<Payload, Error> {
        loop {
            if let Some(payload) = self.frames.next()? {
                return Ok(payload);
            }
            match &mut self.reading {
                Reading::Waiting(response) => {
                    let response = response.await.map_err(|error| broken(error).error)?;
                    if response.status() != StatusCode::OK {
                        let reason = format!("the server answered HTTP status {} to the stream", response.status());
                        return Err(Error::unreachable(reason));
                    }
                    self.reading = Reading::Open(response.into_body());
                }
                Reading::Open(stream) => match stream.data().await {
                    Some(chunk) => {
                        let chunk = chunk.map_err(|error| broken(error).error)?;
                        // Fails only when the stream has ended.
                        let _ = stream.flow_control().release_capacity(chunk.len());
                        self.frames.push(chunk);
                    }
                    None => return Err(Error::unreachable("the server ended the connection")),
                },
            }
        }
    }

    /// Ends the own half.
    pub(super) fn finish(mut self) {
        // The other half may be gone.
        let _ = self.stream.send_data(Bytes::new(), true);
    }
}

fn send(stream: &mut SendStream<Bytes>, mut head: BytesMut, body: &Bytes) -> Result<(), h2::Error> {
    if body.len() <= SHORT_BODY {
        head.extend_from_slice(body);
        return stream.send_data(head.freeze(), true);
    }
    stream.send_data(head.freeze(), false)?;
    stream.send_data(body.clone(), true)
}

/// How much of a body [`Requests::call`] appends to the head.
pub(super) fn room(body: &Bytes) -> usize {
    if body.len() <= SHORT_BODY { body.len() } else { 0 }
}

fn check_status(headers: &HeaderMap) -> Result<(), Error> {
    let status = headers.get(GRPC_STATUS).and_then(|status| status.to_str().ok());
    let message = headers.get("grpc-message").and_then(|message| message.to_str().ok()).unwrap_or("no reason given");
    match status {
        Some("0") => Ok(()),
        Some("8") => {
            let reason = format!("the server refused the size of the request: {message}");
            Err(Error::new(ErrorKind::OverLimit, 503, reason).retryable(false))
        }
        Some("12") => Err(Error::unsupported("the server does not speak the Nacos protocol")),
        Some(status) => Err(Error::unreachable(format!("the server answered gRPC status {status}: {message}"))),
        None => Err(Error::unreachable("the server's answer has no gRPC status")),
    }
}

/// Whether the server says that it did not begin to work on the request.
fn was_refused(error: &h2::Error) -> bool {
    error.reason() == Some(h2::Reason::REFUSED_STREAM)
}

fn broken(error: h2::Error) -> Failure {
    let lost = !error.is_reset();
    let reason = if error.is_io() || error.is_go_away() {
        format!("the connection was lost: {error}")
    } else {
        format!("the request was cut off: {error}")
    };
    Failure { error: Error::unreachable(reason).with_source(error), sent: false, lost }
}

/// The server answered, but nothing that can be used.
fn odd(error: Error) -> Failure {
    Failure { error, sent: true, lost: false }
}
