//! A connected client: who it is, its sessions in the domains, and what the server tells it itself.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use nacre_config::{Labels, Listener};
use nacre_naming::{CloseReason, Session};
use nacre_proto::internal::{self, Ack, ConnectionSetupRequest};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::clock::Millis;

/// Messages of the server itself that may wait for one client. There are few kinds of them, and
/// none is sent often.
const MAX_WAITING: usize = 64;

/// What the client says about itself at setup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Introduction {
    /// The address that it gives for itself.
    pub(super) ip: String,
    /// Name and version.
    pub(super) version: String,
    /// Its labels.
    pub(super) labels: BTreeMap<String, String>,
}

impl Introduction {
    pub(super) fn new(ip: &str, setup: ConnectionSetupRequest) -> Self {
        Self {
            ip: ip.to_owned(),
            version: setup.client_version.unwrap_or_default(),
            labels: setup.labels.unwrap_or_default(),
        }
    }

    fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    pub(super) fn app(&self) -> &str {
        self.label(internal::LABEL_APP_NAME).unwrap_or("-")
    }

    pub(super) fn is_naming(&self) -> bool {
        self.label(internal::LABEL_MODULE) == Some("naming")
    }

    pub(super) fn is_config(&self) -> bool {
        self.label(internal::LABEL_MODULE) == Some("config")
    }

    pub(super) fn is_sdk(&self) -> bool {
        self.label(internal::LABEL_SOURCE) == Some("sdk")
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.label(internal::LABEL_SOURCE) == Some("cluster")
    }

    /// What gray rules see of the client.
    fn gray_labels(&self) -> Labels {
        let stripped = self.labels.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(internal::LABEL_GRAY_PREFIX)?;
            Some((name.to_owned(), value.clone()))
        });
        let mut others: BTreeMap<String, String> = stripped.collect();
        others.insert("AppName".to_owned(), self.app().to_owned());
        others.insert("ClientVersion".to_owned(), self.version.clone());
        let tag = others.get(nacre_config::rule::TAG).cloned();
        Labels::new(self.ip.as_str()).with_others(Arc::new(others)).with_tag(tag.as_deref())
    }
}

/// A connected client.
pub(crate) struct Client {
    id: Arc<str>,
    peer: SocketAddr,
    introduction: Introduction,
    labels: Labels,
    session: Option<Session>,
    listener: Listener,
    last_active: AtomicU64,
    /// It was asked to use another server.
    was_sent_away: AtomicBool,
    outbox: Mutex<Outbox>,
}

/// Where the pushes of a client go.
#[derive(Debug, Default)]
struct Outbox {
    /// The stream that takes pushes; 0 when there is none.
    stream: u64,
    waker: Option<Waker>,
    ready: VecDeque<Bytes>,
    expected: Vec<(u64, Expected)>,
}

/// An answer that the server waits for.
#[derive(Debug)]
enum Expected {
    Probe { since: Millis },
    Reset,
    Metrics(oneshot::Sender<Ack>),
}

/// What is known of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// None is under way.
    None,
    /// Under way since then.
    Since(Millis),
    /// There is no stream to ask on.
    Impossible,
}

impl Client {
    pub(super) fn new(
        id: Arc<str>,
        peer: SocketAddr,
        introduction: Introduction,
        session: Option<Session>,
        listener: Listener,
        now: Millis,
    ) -> Self {
        Self {
            id,
            peer,
            labels: introduction.gray_labels(),
            introduction,
            session,
            listener,
            last_active: AtomicU64::new(now.0),
            was_sent_away: AtomicBool::new(false),
            outbox: Mutex::default(),
        }
    }

    pub(super) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(super) fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// What an operator sees of the client.
    pub(super) fn described(&self) -> serde_json::Value {
        let Introduction { ip, version, labels } = &self.introduction;
        serde_json::json!({
            "connectionId": &*self.id,
            "clientIp": ip,
            "remoteIp": self.peer.ip().to_canonical().to_string(),
            "remotePort": self.peer.port(),
            "version": version,
            "appName": self.introduction.app(),
            "labels": labels,
        })
    }

    /// What gray rules see of the client.
    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Its session in naming, if its label allows one.
    pub(super) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    pub(super) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// The client gave a sign of life.
    pub(super) fn is_alive(&self, now: Millis) {
        self.last_active.fetch_max(now.0, Ordering::Relaxed);
    }

    pub(super) fn last_active(&self) -> Millis {
        Millis(self.last_active.load(Ordering::Relaxed))
    }

    /// Makes `stream` the one that takes pushes, unless there is one.
    pub(super) fn attach(&self, stream: u64) -> bool {
        let mut outbox = self.outbox.lock();
        if outbox.stream == 0 {
            outbox.stream = stream;
        }
        outbox.stream == stream
    }

    /// The stream ended; the client itself may live on.
    pub(super) fn detach(&self, stream: u64) {
        let mut outbox = self.outbox.lock();
        if outbox.stream == stream {
            outbox.stream = 0;
            outbox.waker = None;
            outbox.ready = VecDeque::new();
        }
    }

    pub(super) fn wake(&self) {
        let waker = self.outbox.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next frame for the stream: what the server itself has to say first, then instances, then
    /// configs. `None` when the client is to be ended.
    pub(super) fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        {
            let mut outbox = self.outbox.lock();
            if let Some(frame) = outbox.ready.pop_front() {
                return Poll::Ready(Some(frame));
            }
            if outbox.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
                outbox.waker = Some(context.waker().clone());
            }
        }
        if let Some(session) = &self.session
            && let Poll::Ready(frame) = session.poll_push(context)
        {
            return Poll::Ready(frame);
        }
        self.listener.poll_notify(context)
    }

    /// Asks for a sign of life.
    pub(super) fn probe(&self, request_id: u64, frame: Bytes, now: Millis) -> bool {
        self.put(frame, request_id, Expected::Probe { since: now })
    }

    /// Asks the client to use another server.
    pub(super) fn send_away(&self, request_id: u64, frame: Bytes) -> bool {
        self.was_sent_away.store(true, Ordering::Relaxed);
        self.put(frame, request_id, Expected::Reset)
    }

    /// Asks what the client holds; the answer comes through the receiver, unless it does not come.
    pub(super) fn ask_metrics(&self, request_id: u64, frame: Bytes) -> oneshot::Receiver<Ack> {
        let (sender, receiver) = oneshot::channel();
        self.put(frame, request_id, Expected::Metrics(sender));
        receiver
    }

    fn put(&self, frame: Bytes, request_id: u64, expected: Expected) -> bool {
        let mut outbox = self.outbox.lock();
        // Who asked for metrics may have gone meanwhile, and a client may never answer a reset.
        outbox.expected.retain(|(_, expected)| !matches!(expected, Expected::Metrics(sender) if sender.is_closed()));
        if outbox.stream == 0 || outbox.ready.len() >= MAX_WAITING || outbox.expected.len() >= MAX_WAITING {
            return false;
        }
        outbox.ready.push_back(frame);
        if matches!(expected, Expected::Reset) {
            outbox.expected.retain(|(_, expected)| !matches!(expected, Expected::Reset));
        }
        outbox.expected.push((request_id, expected));
        let waker = outbox.waker.take();
        drop(outbox);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    pub(super) fn current_probe(&self) -> Probe {
        let outbox = self.outbox.lock();
        if outbox.stream == 0 {
            return Probe::Impossible;
        }
        let since = outbox.expected.iter().find_map(|(_, expected)| match expected {
            Expected::Probe { since } => Some(*since),
            _ => None,
        });
        since.map_or(Probe::None, Probe::Since)
    }

    /// Stops waiting for the answer to a probe.
    pub(super) fn forget_probe(&self) {
        self.outbox.lock().expected.retain(|(_, expected)| !matches!(expected, Expected::Probe { .. }));
    }

    /// Takes the client's answer to a push of whatever kind; one that nobody waits for is dropped.
    /// Answers whether it is a sign of life: the refusal of a probe is none.
    pub(super) fn acked(&self, request_id: u64, ack: Ack) -> bool {
        let is_success = ack.result_code == nacre_proto::code::SUCCESS;
        let expected = {
            let mut outbox = self.outbox.lock();
            let position = outbox.expected.iter().position(|(id, _)| *id == request_id);
            match position {
                Some(index) if !is_success && matches!(outbox.expected[index].1, Expected::Probe { .. }) => {
                    return false;
                }
                Some(index) => Some(outbox.expected.swap_remove(index).1),
                None => None,
            }
        };
        match expected {
            Some(Expected::Metrics(sender)) => {
                // Who asked may have gone.
                let _ = sender.send(ack);
            }
            Some(Expected::Probe { .. } | Expected::Reset) => {}
            None => {
                let was_push = self.session.as_ref().is_some_and(|session| session.acked(request_id, is_success));
                if !was_push && !self.listener.acked(request_id, is_success) {
                    tracing::debug!(connection = %self.id, request_id, "answer to nothing");
                }
            }
        }
        true
    }

    /// Ends the sessions in the domains.
    pub(super) fn close(&self, is_stopping: bool) {
        if let Some(session) = &self.session {
            session.close(if is_stopping {
                CloseReason::ServerStopping
            } else if self.was_sent_away.load(Ordering::Relaxed) {
                CloseReason::AfterReset
            } else {
                CloseReason::Ended
            });
        }
        self.listener.close();
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}
