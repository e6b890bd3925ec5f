//! One TCP connection from its first byte to its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::body::BodyError;
use super::cork::{Call, cork};
use super::{Body, Settings, Shared, Tls, TlsMode, tls};
use crate::grpc::Transport;
use crate::http::Peer;
use crate::metrics::Limit;

/// How long a connection that the server ends has to send what is on its way.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How often it is looked whether the rest of it has come.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);

/// Why the server ends a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Everything is to be closed at once.
    Abort,
    /// The server stops.
    Stop,
    /// Its client is to go, or takes nothing.
    Client,
}

/// What a connection reads from and writes to.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

pub(super) async fn serve(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr, http: bool) {
    let spoken = timeout(shared.settings.first_byte_timeout(), first_byte(&stream));
    let first = tokio::select! {
        spoken = spoken => match spoken {
            Ok(Ok(Some(first))) => first,
            Ok(_) => return,
            Err(_) => return shared.grpc.metrics().struck(Limit::FirstByte),
        },
        () = shared.stop.cancelled() => return,
    };
    let tls = shared.tls.as_ref().map(|tls| (tls, tls.mode(http)));
    match tls {
        Some((tls, mode)) if mode != TlsMode::Off && first == tls::HANDSHAKE => {
            // On the heap: only connections with TLS pay for it.
            Box::pin(serve_encrypted(shared, tls, stream, peer, http)).await;
        }
        Some((_, TlsMode::Required)) => {
            shared.grpc.metrics().struck(Limit::Plain);
            tracing::debug!(%peer, "connection without TLS");
        }
        _ => live(shared, stream, peer, http).await,
    }
}

/// The first byte of a connection, once it is clear which version of HTTP it speaks; `None` when it is
/// closed before. Nothing else limits the time between the first and the last byte of the preface.
async fn first_byte(stream: &TcpStream) -> std::io::Result<Option<u8>> {
    let mut bytes = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut bytes).await?;
        if length == 0 {
            return Ok(None);
        }
        if length == PREFACE.len() || !PREFACE.starts_with(&bytes[..length]) {
            return Ok(Some(bytes[0]));
        }
        // Nobody tells when there are more bytes than were seen already; hardly any client cuts so small.
        tokio::time::sleep(PREFACE_PAUSE).await;
    }
}

async fn serve_encrypted(shared: &Arc<Shared>, tls: &Tls, stream: TcpStream, peer: SocketAddr, http: bool) {
    let accepted = tokio::select! {
        accepted = tls.accept(stream) => accepted,
        () = shared.stop.cancelled() => return,
    };
    match accepted {
        Ok(stream) => live(shared, stream, peer, http).await,
        Err(error) => {
            shared.grpc.metrics().struck(Limit::Handshake);
            tracing::debug!(%peer, %error, "TLS handshake failed");
        }
    }
}

async fn live(shared: &Arc<Shared>, stream: impl Stream, peer: SocketAddr, http: bool) {
    let transport = shared.grpc.connect(peer);
    converse(shared, stream, &transport, http).await;
    shared.grpc.disconnect(&transport);
}

async fn converse(shared: &Arc<Shared>, stream: impl Stream, transport: &Arc<Transport>, http: bool) {
    let is_served = AtomicBool::new(false);
    let (cork, corked) = cork(stream);
    let service = service_fn(|request: Request<Incoming>| {
        if request.version() < Version::HTTP_2 {
            is_served.store(true, Ordering::Relaxed);
        }
        route(shared, transport, http, request, cork.call())
    });
    let builder = builder(&shared.settings);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(corked), service));
    // Kept apart from the connection, which wakes for every frame: this set looks at its future only
    // when that was woken itself.
    let mut ends = FuturesUnordered::new();
    ends.push(async {
        tokio::select! {
            () = shared.abort.cancelled() => End::Abort,
            () = shared.stop.cancelled() => End::Stop,
            () = transport.ending() => End::Client,
        }
    });
    let end = tokio::select! {
        biased;
        ended = cork.drive(connection.as_mut()) => return note(shared, transport, &is_served, ended),
        Some(end) = ends.next() => end,
    };
    if end == End::Abort {
        return;
    }
    shared.grpc.release(transport);
    connection.as_mut().graceful_shutdown();
    let last_words =
        async { if end == End::Stop { shared.abort.cancelled().await } else { tokio::time::sleep(LAST_WORDS).await } };
    tokio::select! {
        ended = cork.drive(connection.as_mut()) => note(shared, transport, &is_served, ended),
        () = last_words => {}
    }
}

fn note(shared: &Shared, transport: &Transport, is_served: &AtomicBool, ended: Result<(), BodyError>) {
    let Err(error) = ended else { return };
    match error.downcast_ref::<hyper::Error>() {
        // The same error ends a connection that is kept alive and asks for nothing more, which is no offence.
        Some(error) if error.is_timeout() && is_served.load(Ordering::Relaxed) => {}
        Some(error) if error.is_timeout() => shared.grpc.metrics().struck(Limit::HeadTime),
        Some(error) if error.is_parse_too_large() => shared.grpc.metrics().struck(Limit::HeadSize),
        _ => {}
    }
    tracing::debug!(connection = %transport.id(), %error, "connection failed");
}

fn builder(settings: &Settings) -> auto::Builder<TokioExecutor> {
    // Tasks of HTTP/2 streams end with their connection: each looks whether it was reset.
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout())
        .max_buf_size(settings.max_head_bytes.max(8 << 10));
    builder
        .http2()
        .initial_stream_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_concurrent_streams(settings.max_streams)
        .max_header_list_size(settings.max_header_list_bytes)
        .max_send_buf_size(settings.stream_send_buffer);
    builder
}

/// Boxed, so that a stream that stays open for hours holds no room for the handlers of calls.
fn route<S: Stream>(
    shared: &Arc<Shared>,
    transport: &Arc<Transport>,
    http: bool,
    request: Request<Incoming>,
    call: Call<S>,
) -> Answer {
    let shared = Arc::clone(shared);
    let transport = Arc::clone(transport);
    Box::pin(async move {
        let _call = call;
        let response = if is_grpc(&request) {
            shared.grpc.answer(transport, request).await
        } else if http {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(Peer(transport.peer()));
            match shared.http.clone().call(request).await {
                Ok(response) => response.map(Body::Http),
                Err(never) => match never {},
            }
        } else {
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            response
        };
        Ok(response)
    })
}

fn is_grpc(request: &Request<Incoming>) -> bool {
    request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).is_some_and(|value| {
        let rest = value.strip_prefix(b"application/grpc");
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}
