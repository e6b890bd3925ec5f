//! One TCP connection from its first byte to its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::{Body, Settings, Shared};
use crate::grpc::Transport;
use crate::http::Peer;

/// How long a connection that the server ends has to send what is on its way.
const LAST_WORDS: Duration = Duration::from_millis(500);

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

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

pub(super) async fn serve(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr, http: bool) {
    let mut first = [0];
    let spoken = timeout(shared.settings.first_byte_timeout(), stream.peek(&mut first));
    tokio::select! {
        spoken = spoken => match spoken {
            Ok(Ok(length)) if length > 0 => {}
            _ => return,
        },
        () = shared.stop.cancelled() => return,
    }
    let transport = shared.grpc.connect(peer);
    converse(shared, stream, &transport, http).await;
    shared.grpc.disconnect(&transport);
}

async fn converse(shared: &Arc<Shared>, stream: TcpStream, transport: &Arc<Transport>, http: bool) {
    let service = service_fn(|request| route(shared, transport, http, request));
    let builder = builder(&shared.settings);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
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
        ended = connection.as_mut() => return note(transport, ended),
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
        ended = connection.as_mut() => note(transport, ended),
        () = last_words => {}
    }
}

fn note(transport: &Transport, ended: Result<(), impl std::fmt::Display>) {
    if let Err(error) = ended {
        tracing::debug!(connection = %transport.id(), %error, "connection failed");
    }
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
fn route(shared: &Arc<Shared>, transport: &Arc<Transport>, http: bool, request: Request<Incoming>) -> Answer {
    let shared = Arc::clone(shared);
    let transport = Arc::clone(transport);
    Box::pin(async move {
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
