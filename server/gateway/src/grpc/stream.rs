//! The stream of a client: setup and acknowledgements come in, pushes go out.
//!
//! The body of the stream's response is its mailbox. HTTP/2 polls it when it has room, so a client
//! that does not read holds up nobody and nothing piles up but one frame.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Frame;
use hyper::body::Incoming;
use nacre_proto::internal::{Ack, ConnectionSetupRequest, PERSISTENT_INSTANCE_BY_GRPC, SetupAckRequest};
use nacre_proto::json::AbilityMap;
use nacre_proto::{Message, Payload, json, payload};
use prost::Message as _;

use super::Door;
use super::client::{Client, Introduction};
use super::message::Messages;
use super::status::{Status, success};
use super::transport::Transport;

/// Messages that are read before pushes get their turn.
const READ_AT_ONCE: usize = 32;

/// The body of the response to a client's stream.
pub(crate) struct StreamBody {
    door: Arc<Door>,
    transport: Arc<Transport>,
    /// Unique among all streams of this server.
    id: u64,
    incoming: Option<Messages<Incoming>>,
    /// The client whose pushes go out here.
    client: Option<Arc<Client>>,
    /// Answers to setups.
    own: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    is_over: bool,
}

impl StreamBody {
    pub(super) fn new(door: Arc<Door>, transport: Arc<Transport>, request: Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let messages = Messages::new(body, &head.headers, door.settings.max_message);
        Self {
            id: door.next_stream_id(),
            door,
            transport,
            incoming: Some(messages),
            client: None,
            own: VecDeque::new(),
            trailers: None,
            is_over: false,
        }
    }

    pub(crate) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        self.read(context);
        if self.transport.is_ending() && self.trailers.is_none() {
            self.trailers = Some(success());
        }
        if let Some(trailers) = self.trailers.take() {
            self.is_over = true;
            self.leave();
            return Poll::Ready(Some(Frame::trailers(trailers)));
        }
        if let Some(frame) = self.own.pop_front() {
            return Poll::Ready(Some(Frame::data(frame)));
        }
        let Some(client) = &self.client else { return Poll::Pending };
        match client.poll_frame(context) {
            Poll::Ready(Some(frame)) => Poll::Ready(Some(Frame::data(frame))),
            Poll::Ready(None) => {
                self.transport.end();
                self.is_over = true;
                self.leave();
                Poll::Ready(Some(Frame::trailers(success())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn read(&mut self, context: &mut Context<'_>) {
        for _ in 0..READ_AT_ONCE {
            let Some(incoming) = &mut self.incoming else { return };
            match incoming.poll_next(context) {
                Poll::Pending => return,
                Poll::Ready(Ok(Some(message))) => match Payload::decode(message) {
                    Ok(payload) => self.take(&payload),
                    Err(_) => return self.finish(Status::Internal.into_trailers()),
                },
                Poll::Ready(Ok(None) | Err(Status::Cancelled)) => return self.finish(success()),
                Poll::Ready(Err(status)) => return self.finish(status.into_trailers()),
            }
        }
        // There may be more, of which nobody else would tell.
        context.waker().wake_by_ref();
    }

    fn finish(&mut self, trailers: HeaderMap) {
        self.incoming = None;
        self.trailers = Some(trailers);
    }

    /// A message of the client. What means nothing is dropped.
    fn take(&mut self, payload: &Payload) {
        let kind = payload.kind();
        if kind == ConnectionSetupRequest::TYPE {
            self.set_up(payload);
        } else if kind.ends_with("Response") {
            let Some(client) = self.transport.client() else { return };
            let Ok(Some(ack)) = json::from_slice::<Ack>(payload.json()) else {
                tracing::debug!(connection = %self.transport.id(), kind, "unreadable answer");
                return;
            };
            let id = ack.request_id.as_deref().and_then(request_id);
            if id.is_none_or(|id| client.acked(id, ack)) {
                client.is_alive(self.door.clock.now());
            }
        } else {
            tracing::debug!(connection = %self.transport.id(), kind, "message means nothing on a stream");
        }
    }

    fn set_up(&mut self, payload: &Payload) {
        let setup = match ConnectionSetupRequest::from_json(payload.json()) {
            Ok(Some(setup)) if setup.labels.is_some() => setup,
            Ok(_) => return,
            Err(error) => {
                tracing::debug!(connection = %self.transport.id(), %error, "unreadable setup");
                return;
            }
        };
        let negotiates = setup.ability_table.is_some();
        let introduction = Introduction::new(payload.client_ip(), setup);
        let Some(client) = self.door.register(&self.transport, introduction) else {
            self.finish(success());
            self.transport.end();
            return;
        };
        if client.attach(self.id) {
            self.client = Some(client);
        }
        // Registered first: clients send calls as soon as they have this.
        if negotiates && self.own.is_empty() {
            self.own.push_back(self.door.setup_ack.clone());
        }
    }

    fn leave(&mut self) {
        if let Some(client) = self.client.take() {
            client.detach(self.id);
        }
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The number of a push, if the text is exactly as the server wrote it.
fn request_id(text: &str) -> Option<u64> {
    let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

/// The message that tells clients what this server can do.
pub(super) fn setup_ack(own_ip: &str) -> Bytes {
    let abilities = AbilityMap::from([(PERSISTENT_INSTANCE_BY_GRPC.to_owned(), true)]);
    let request = SetupAckRequest { ability_table: Some(abilities), ..SetupAckRequest::default() };
    payload::frame(SetupAckRequest::TYPE, own_ip, &[&request.to_json()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_compared_as_text() {
        assert_eq!(request_id("17"), Some(17));
        for text in ["", "017", "+17", "17 ", "x", "99999999999999999999"] {
            assert_eq!(request_id(text), None, "{text}");
        }
    }
}
