//! A request and its answer: attempts within one deadline, credentials, and what an answer says.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use nacre_proto::{Message, Payload, Request, Response, code, internal::ErrorResponse, payload};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, debug, debug_span};

use super::{Call, Connection, Retry, State, shared::Live, transport::room};
use crate::error::{Error, ErrorKind, refusal};

/// Before a request is repeated on the same connection.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// What an answer says.
pub(super) enum Reply<R> {
    Done(R),
    Refused(Error),
}

/// How far a request has come.
#[derive(Clone, Debug)]
enum Stage {
    /// There is no connection to send it on.
    Waiting,
    /// It waits for the answer of this server.
    Sent(Arc<Live>),
}

/// What one attempt came to.
enum Attempt<R> {
    Over(Result<R, Error>),
    Again {
        error: Error,
        /// Whether the server may have done it.
        sent: bool,
        /// The connection that is of no more use.
        lost: Option<u64>,
    },
}

impl Connection {
    pub(super) async fn perform<Q: Request>(
        &self,
        request: &Q,
        call: Call<'_>,
        generation: Option<u64>,
    ) -> Result<Q::Response, Error> {
        let limit = call.timeout.unwrap_or(self.shared.options.request_timeout);
        let deadline = Instant::now() + limit;
        let body = Bytes::from(request.to_json());
        let mut stage = Stage::Waiting;
        let attempts = self.attempts::<Q>(&body, call, generation, &mut stage);
        let result = timeout_at(deadline, attempts).instrument(debug_span!("request", kind = Q::TYPE)).await;
        let result = result.unwrap_or_else(|_| Err(self.late(Q::TYPE, limit, &stage)));
        match &result {
            Ok(_) => self.shared.counters.calls.add(1),
            // An answer like any other: who asks for a config may not know whether there is one.
            Err(error) if error.kind() == ErrorKind::NotFound => self.shared.counters.calls.add(1),
            Err(error) => {
                self.shared.counters.failed_calls.add(1);
                debug!(kind = Q::TYPE, %error, "request failed");
            }
        }
        result
    }

    async fn attempts<Q: Request>(
        &self,
        body: &Bytes,
        call: Call<'_>,
        generation: Option<u64>,
        stage: &mut Stage,
    ) -> Result<Q::Response, Error> {
        let mut attempts = 0;
        let mut renewed = false;
        let mut lost = None;
        loop {
            *stage = Stage::Waiting;
            let live = match generation {
                Some(generation) => self.exactly(generation)?,
                None => self.live(lost).await?,
            };
            match self.attempt::<Q>(body, call, &live, &mut renewed, stage).await {
                Attempt::Over(result) => return result,
                Attempt::Again { error, sent, lost: gone } => {
                    attempts += 1;
                    let once = generation.is_some() || (sent && call.retry == Retry::IfNotSent);
                    if once || attempts > self.shared.options.retries {
                        return Err(error);
                    }
                    debug!(kind = Q::TYPE, %error, attempts, "sending the request again");
                    self.shared.counters.retries.add(1);
                    match gone {
                        Some(generation) => lost = Some(generation),
                        None => sleep(RETRY_PAUSE).await,
                    }
                }
            }
        }
    }

    async fn attempt<Q: Request>(
        &self,
        body: &Bytes,
        call: Call<'_>,
        live: &Arc<Live>,
        renewed: &mut bool,
        stage: &mut Stage,
    ) -> Attempt<Q::Response> {
        loop {
            let identity = self.shared.auth.identity(call.resource).await;
            let mut headers: Vec<(&str, &str)> = Vec::new();
            headers.extend(call.headers.iter().map(|(name, value)| (*name, value.as_str())));
            headers.extend(identity.headers());
            let head = payload::head(Q::TYPE, &live.client_ip, &headers, body.len(), room(body));
            *stage = Stage::Sent(Arc::clone(live));
            let answer = match live.requests.call(head, body).await {
                Ok(answer) => answer,
                Err(failure) => {
                    let lost = failure.lost.then_some(live.generation);
                    if lost.is_some() {
                        self.shared.doubt.notify_one();
                    }
                    if !failure.error.is_retryable() {
                        return Attempt::Over(Err(failure.error));
                    }
                    return Attempt::Again { error: failure.error, sent: failure.sent, lost };
                }
            };
            live.touch();
            let error = match read::<Q::Response>(&answer) {
                Reply::Done(response) => return Attempt::Over(Ok(response)),
                Reply::Refused(error) => error,
            };
            if self.shared.note_refusal(live, &answer, &error) {
                return Attempt::Again { error, sent: false, lost: Some(live.generation) };
            }
            if error.code() == code::NOT_READY {
                return Attempt::Again { error, sent: false, lost: None };
            }
            let renewable = error.kind() == ErrorKind::Forbidden && !*renewed;
            if !renewable || !self.shared.auth.renew(identity.token()).await {
                return Attempt::Over(Err(error));
            }
            *renewed = true;
        }
    }

    /// The connection, once there is one that is not known to be lost.
    async fn live(&self, lost: Option<u64>) -> Result<Arc<Live>, Error> {
        let usable = || self.shared.live.load_full().filter(|live| Some(live.generation) != lost);
        if let Some(live) = usable() {
            return Ok(live);
        }
        let mut status = self.shared.status.subscribe();
        loop {
            if status.borrow_and_update().state == State::Closed {
                return Err(Error::closed());
            }
            if let Some(live) = usable() {
                return Ok(live);
            }
            // The sender lives in `shared`.
            status.changed().await.map_err(|_| Error::closed())?;
        }
    }

    fn exactly(&self, generation: u64) -> Result<Arc<Live>, Error> {
        let live = self.shared.live.load_full().filter(|live| live.generation == generation);
        live.ok_or_else(|| match self.shared.status.borrow().state {
            State::Closed => Error::closed(),
            _ => Error::unreachable("the connection is another one by now"),
        })
    }

    fn late(&self, kind: &str, limit: Duration, stage: &Stage) -> Error {
        match stage {
            Stage::Waiting => self.not_connected(limit),
            Stage::Sent(live) => {
                self.shared.doubt.notify_one();
                Error::timeout(format!("{} did not answer {kind} within {limit:?}", live.server))
            }
        }
    }

    pub(super) fn not_connected(&self, limit: Duration) -> Error {
        let status = self.shared.status.borrow();
        match &status.last_error {
            Some(last) => {
                let reason = format!("no server could be reached within {limit:?}: {last}");
                Error::unreachable(reason).with_source(last.clone())
            }
            None => Error::unreachable(format!("no server could be reached within {limit:?}")),
        }
    }
}

/// Reads an answer that may also be the one that stands for any failure.
pub(super) fn read<R: Response>(answer: &Payload) -> Reply<R> {
    let unreadable = |error| Reply::Refused(Error::internal("the server's answer cannot be read").with_source(error));
    if answer.kind() == R::TYPE {
        let response = match R::from_json(answer.json()) {
            Ok(Some(response)) => response,
            Ok(None) => return Reply::Refused(Error::internal("the server's answer is empty")),
            Err(error) => return unreadable(error),
        };
        let (result, error, message) = response.outcome();
        return match refusal::<R>(result, error, message) {
            Some(error) => Reply::Refused(error),
            None => Reply::Done(response),
        };
    }
    let failure = match ErrorResponse::from_json(answer.json()) {
        Ok(failure) => failure.filter(|_| answer.kind() == ErrorResponse::TYPE),
        Err(error) => return unreadable(error),
    };
    let known = failure.and_then(|failure| {
        refusal::<ErrorResponse>(failure.result_code, failure.error_code, failure.message.as_deref())
    });
    Reply::Refused(known.unwrap_or_else(|| {
        Error::internal(format!("the server answered {:?} where {} is expected", answer.kind(), R::TYPE))
    }))
}
