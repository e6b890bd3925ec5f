//! One connection of a stub: HTTP/1.1 and HTTP/2, gRPC told apart by its content type.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{PUSHES, State, next, success};
use crate::grpc::Message;

const STREAM_PATH: &str = "/BiRequestStream/requestBiStream";

type Body = UnsyncBoxBody<Bytes, Infallible>;

pub(super) async fn connection(stream: TcpStream, state: Arc<State>, number: u64) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(answer(request, state, number).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_frame_size(1 << 20).initial_stream_window_size(4 << 20);
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: Arc<State>, connection: u64) -> Response<Body> {
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/grpc") {
        return plain(request, &state).await;
    }
    if request.uri().path() == STREAM_PATH {
        return bidi(request, state, connection);
    }
    let mut bytes = BytesMut::from(&collect(request).await[..]);
    let Ok(Some(message)) = Message::take(&mut bytes) else { return status_only(13) };
    let kind = message.kind.clone();
    state.keep(message, connection);
    let script = state.script(&kind);
    if let Some(script) = &script {
        sleep(Duration::from_millis(script.after_ms)).await;
        if script.silent {
            std::future::pending::<()>().await;
        }
        if let Some(status) = script.grpc_status {
            return status_only(status);
        }
    }
    let reply = match script {
        Some(script) => {
            let kind = script.kind.unwrap_or_else(|| reply_of(&kind));
            Message::new(&kind, &success(script.body))
        }
        None => default_reply(&kind, connection),
    };
    grpc(stream::iter([reply]))
}

fn default_reply(kind: &str, connection: u64) -> Message {
    let members = match kind {
        "ServerCheckRequest" => json!({
            "connectionId": format!("1735689600000_127.0.0.1_{connection}"),
            "supportAbilityNegotiation": true,
        }),
        "ConfigBatchListenRequest" => json!({"changedConfigs": []}),
        _ => json!({}),
    };
    let Value::Object(members) = members else { unreachable!("all of them are objects") };
    Message::new(&reply_of(kind), &success(members))
}

/// The type of the reply to a type of request.
fn reply_of(kind: &str) -> String {
    match kind {
        "ConfigBatchListenRequest" => "ConfigChangeBatchListenResponse".to_owned(),
        "PersistentInstanceRequest" => "InstanceResponse".to_owned(),
        "ServiceQueryRequest" => "QueryServiceResponse".to_owned(),
        other => other.replace("Request", "Response"),
    }
}

/// Aborts the reader of a stream together with the stream.
struct Reader(JoinHandle<()>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn bidi(request: Request<Incoming>, state: Arc<State>, connection: u64) -> Response<Body> {
    let (sender, receiver) = mpsc::channel(PUSHES);
    state.streams.lock().push(sender.clone());
    let reader = Reader(tokio::spawn(async move {
        let mut body = request.into_body();
        let mut buffer = BytesMut::new();
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            buffer.extend_from_slice(&data);
            while let Ok(Some(message)) = Message::take(&mut buffer) {
                if message.kind == "ConnectionSetupRequest" && message.json().get("abilityTable").is_some() {
                    let abilities = state.abilities.lock().clone();
                    let ack = json!({"headers": {}, "abilityTable": abilities, "module": "internal"});
                    let _ = sender.send(Message::new("SetupAckRequest", &ack)).await;
                }
                state.keep(message, connection);
            }
        }
    }));
    grpc(stream::unfold((receiver, reader), async |(mut receiver, reader)| {
        let message = receiver.recv().await?;
        Some((message, (receiver, reader)))
    }))
}

/// A gRPC reply that ends with status 0 after the messages.
fn grpc(messages: impl Stream<Item = Message> + Send + 'static) -> Response<Body> {
    let data = messages.map(|message| Frame::data(message.frame()));
    let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), http::HeaderValue::from(0))]);
    let frames = data.chain(stream::iter([Frame::trailers(trailers)])).map(Ok::<_, Infallible>);
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
    response
}

fn status_only(status: u16) -> Response<Body> {
    let mut response = Response::new(Full::default().boxed_unsync());
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
    response.headers_mut().insert("grpc-status", http::HeaderValue::from(status));
    response
}

async fn plain(request: Request<Incoming>, state: &State) -> Response<Body> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let body = String::from_utf8_lossy(&collect(request).await).into_owned();
    let query = uri.query().unwrap_or_default();
    state
        .http_received
        .lock()
        .push(json!({"method": method.as_str(), "path": uri.path(), "query": query, "headers": headers, "body": body}));
    let script = next(state.http.lock().get_mut(&format!("{method} {}", uri.path())));
    let (status, body) = match script {
        Some(script) => (script.status, script.body),
        None => (404, Value::Null),
    };
    let text = match body {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut response = Response::new(Full::from(text).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

async fn collect(request: Request<Incoming>) -> Bytes {
    request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default()
}
