//! One established connection for as long as it lasts: pushes, keep-alive, and the reasons to leave it.

use std::{collections::VecDeque, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use nacre_proto::{
    Message, Payload, Response,
    internal::{
        ClientDetectionRequest, ClientDetectionResponse, ConnectResetRequest, ConnectResetResponse, ErrorResponse,
        HealthCheckRequest, HealthCheckResponse,
    },
    payload,
};
use tokio::time::{sleep_until, timeout};
use tracing::{debug, warn};

use super::{
    call::{self, Reply},
    handshake::Established,
    push,
    shared::{Live, Shared},
    transport::{Pushes, Transport, room},
};
use crate::error::Error;

/// How long the end of a connection may take.
const FINISH_LIMIT: Duration = Duration::from_millis(200);

type Check = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Why a connection is to be left.
#[derive(Debug)]
pub(super) enum End {
    /// It is broken.
    Lost(Error),
    /// The server sends the client away, perhaps to this host and port.
    Reset(Option<(String, String)>),
    /// Its server left the list.
    Unlisted,
}

/// An established connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) live: Arc<Live>,
    pub(super) address: SocketAddr,
    transport: Transport,
    pushes: Pushes,
    early: VecDeque<Payload>,
    /// Another connection is on the way.
    leaving: bool,
}

impl Session {
    pub(super) fn new(live: Arc<Live>, established: Established) -> Self {
        let Established { transport, pushes, early, address, .. } = established;
        Self { live, address, transport, pushes, early, leaving: false }
    }

    /// From now on the session stays until another connection takes over, whatever the list of servers says.
    pub(super) fn leave(&mut self) {
        self.leaving = true;
    }

    /// Serves the connection until it is to be left. May be dropped and called again.
    pub(super) async fn serve(&mut self, shared: &Shared) -> End {
        let keep_alive = shared.options.keep_alive;
        let mut servers = shared.servers.subscribe();
        if !self.leaving && !servers.borrow_and_update().contains(&self.live.server) {
            return End::Unlisted;
        }
        let mut check: Option<Check> = None;
        loop {
            let idle_until = self.live.last_active() + keep_alive;
            tokio::select! {
                push = next_push(&mut self.early, &mut self.pushes) => match push {
                    Ok(push) => if let Some(end) = self.take(shared, &push) { return end },
                    Err(error) => return End::Lost(error),
                },
                () = sleep_until(idle_until), if check.is_none() => {
                    if self.live.last_active() + keep_alive <= tokio::time::Instant::now() {
                        check = Some(health_check(shared, &self.live));
                    }
                }
                result = run(&mut check) => {
                    check = None;
                    if let Err(error) = result {
                        return End::Lost(error);
                    }
                }
                () = shared.doubt.notified() => {
                    if shared.is_unregistered(&self.live) {
                        return End::Lost(Error::unreachable("the server does not know the connection any more"));
                    }
                    check.get_or_insert_with(|| health_check(shared, &self.live));
                }
                // The sender lives in `shared`.
                _ = servers.changed(), if !self.leaving => {
                    if !servers.borrow_and_update().contains(&self.live.server) {
                        return End::Unlisted;
                    }
                }
            }
        }
    }

    /// Takes a push, and answers it if it is one that is answered.
    fn take(&mut self, shared: &Shared, push: &Payload) -> Option<End> {
        self.live.touch();
        shared.counters.pushes.add(1);
        let (answer, end) = match push.kind() {
            ConnectResetRequest::TYPE => {
                let request = ConnectResetRequest::from_json(push.json()).ok().flatten().unwrap_or_default();
                let answer = ConnectResetResponse { request_id: request.request_id, ..Default::default() };
                let host = request.server_ip.filter(|host| !host.trim().is_empty());
                let target = host.map(|host| (host, request.server_port.unwrap_or_default()));
                (Some(answer.to_frame()), Some(End::Reset(target)))
            }
            ClientDetectionRequest::TYPE => {
                let request = ClientDetectionRequest::from_json(push.json()).ok().flatten().unwrap_or_default();
                let answer = ClientDetectionResponse { request_id: request.request_id, ..Default::default() };
                (Some(answer.to_frame()), None)
            }
            _ => (push::hand_over(&shared.handlers, push), None),
        };
        match answer.map(|answer| self.pushes.send(answer)) {
            Some(Err(error)) => Some(End::Lost(error)),
            _ => end,
        }
    }

    /// Ends the connection in good order, or at least soon.
    pub(super) async fn finish(self) {
        let Self { live, transport, pushes, .. } = self;
        pushes.finish();
        drop(live);
        if timeout(FINISH_LIMIT, transport.finish()).await.is_err() {
            debug!("the connection was cut with requests under way");
        }
    }
}

async fn next_push(early: &mut VecDeque<Payload>, pushes: &mut Pushes) -> Result<Payload, Error> {
    match early.pop_front() {
        Some(push) => Ok(push),
        None => pushes.next().await,
    }
}

async fn run(check: &mut Option<Check>) -> Result<(), Error> {
    match check {
        Some(check) => check.await,
        None => std::future::pending().await,
    }
}

/// Asks the server whether it still knows the connection.
fn health_check(shared: &Shared, live: &Arc<Live>) -> Check {
    let live = Arc::clone(live);
    let limit = shared.options.health_check_timeout;
    let tries = shared.options.health_check_retries + 1;
    Box::pin(async move {
        let mut failure = Error::unreachable("the connection was not checked");
        for _ in 0..tries {
            let body = Bytes::from(HealthCheckRequest::default().to_json());
            let head = payload::head(HealthCheckRequest::TYPE, &live.client_ip, &[], body.len(), room(&body));
            match timeout(limit, live.requests.call(head, &body)).await {
                Ok(Ok(answer)) => match call::read::<HealthCheckResponse>(&answer) {
                    Reply::Done(_) => {
                        live.touch();
                        return Ok(());
                    }
                    Reply::Refused(error) => return Err(error),
                },
                Ok(Err(lost)) if lost.lost => return Err(lost.error),
                Ok(Err(cut)) => failure = cut.error,
                Err(_) => failure = Error::timeout(format!("{} did not answer the health check", live.server)),
            }
            warn!(server = %live.server, error = %failure, "health check failed");
        }
        Err(failure)
    })
}

/// The answer to a push that could not be handled.
pub(super) fn failure(request_id: Option<String>, reason: &str) -> Bytes {
    let answer = ErrorResponse::refused(nacre_proto::code::PUSH_FAILED, reason);
    ErrorResponse { request_id, ..answer }.to_frame()
}
