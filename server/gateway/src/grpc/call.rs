//! Calls of clients: the checks that come before every handler, and the table that finds it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use nacre_proto::{Payload, Request, RequestType, code};
use tokio::time::Instant;

use super::answer::{Answer, Refusal};
use super::client::Client;
use super::transport::Transport;
use super::{Door, config, internal, naming};
use crate::check::{Checked, Parameters};
use crate::metrics::{Limit, Metrics};

/// One call of a registered client.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) door: &'a Door,
    pub(super) client: &'a Arc<Client>,
    pub(super) payload: &'a Payload,
}

/// What is checked of a request before its handler sees it.
pub(super) trait Checkable: Request {
    /// Checks names, hosts and ports.
    fn check(&self, max_metadata: usize) -> Checked;
}

/// Answers a call; the answer is a complete gRPC message.
pub(super) async fn answer(door: &Door, transport: &Transport, payload: &Payload) -> Bytes {
    let started = Instant::now();
    let kind = RequestType::from_name(payload.kind());
    let answer = guarded(door.metrics(), kind, dispatch(door, transport, payload, kind)).await;
    let (name, module) = kind.map_or(("Unknown", "none"), |kind| (kind.name(), kind.module()));
    door.metrics().grpc_request(name, module, answer.error_code, started.elapsed());
    answer.frame
}

/// A panic costs its own request only.
async fn guarded(metrics: &Metrics, kind: Option<RequestType>, handler: impl Future<Output = Answer>) -> Answer {
    AssertUnwindSafe(handler).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(kind = kind.map(RequestType::name), "handler panicked");
        metrics.panicked();
        Answer::error(code::FAILURE, "internal error")
    })
}

async fn dispatch(door: &Door, transport: &Transport, payload: &Payload, kind: Option<RequestType>) -> Answer {
    if let Some(kind) = kind.filter(|kind| kind.is_cluster_only()) {
        return Answer::error(code::BAD_REQUEST, &format!(" invoke {} from sdk is forbidden", kind.name()));
    }
    if !door.is_ready() {
        return Answer::error(code::NOT_READY, "Server is starting,please try later.");
    }
    let kind = match kind {
        Some(RequestType::ServerCheck) => return internal::server_check(transport),
        Some(kind) if has_handler(kind) => kind,
        _ => return Answer::error(code::NO_HANDLER, "RequestHandler Not Found"),
    };
    // A sign of life always counts, or clients would go elsewhere and come back.
    if let Some(rate) = &door.rate
        && kind != RequestType::HealthCheck
        && !rate.allows(transport.peer().ip())
    {
        door.metrics().struck(Limit::Requests);
        return Answer::error(code::OVER_LIMIT, "too many requests in one second");
    }
    let Some(client) = transport.client() else {
        return Answer::error(code::UNREGISTERED, "Connection is unregistered.");
    };
    handle(Call { door, client, payload }, kind).await
}

fn has_handler(kind: RequestType) -> bool {
    !matches!(kind, RequestType::ServerCheck | RequestType::ConnectionSetup) && !kind.is_cluster_only()
}

/// The table from request types to handlers. Boxed one by one: the future of all of them would be
/// as large as the largest, and be moved on its way to the task that runs it.
async fn handle(call: Call<'_>, kind: RequestType) -> Answer {
    match kind {
        RequestType::HealthCheck => {
            Box::pin(run(call, |request| async move { Ok(internal::health_check(&request)) })).await
        }
        RequestType::Instance => Box::pin(run(call, |request| naming::instance(call, request))).await,
        RequestType::BatchInstance => Box::pin(run(call, |request| naming::batch(call, request))).await,
        RequestType::PersistentInstance => Box::pin(run(call, |request| naming::persistent(call, request))).await,
        RequestType::ServiceQuery => Box::pin(run(call, |request| async move { naming::query(call, &request) })).await,
        RequestType::ServiceList => Box::pin(run(call, |request| async move { naming::list(call, &request) })).await,
        RequestType::SubscribeService => {
            Box::pin(run(call, |request| async move { naming::subscribe(call, &request) })).await
        }
        RequestType::ConfigPublish => Box::pin(run(call, |request| config::publish(call, request))).await,
        RequestType::ConfigQuery => Box::pin(run(call, |request| config::query(call, request))).await,
        RequestType::ConfigRemove => Box::pin(run(call, |request| config::remove(call, request))).await,
        RequestType::ConfigBatchListen => {
            Box::pin(run(call, |request| async move { config::listen(call, &request) })).await
        }
        _ => Answer::error(code::NO_HANDLER, "RequestHandler Not Found"),
    }
}

/// Reads and checks a request, then hands it to its handler.
async fn run<'a, Q, F>(call: Call<'a>, handler: impl FnOnce(Q) -> F) -> Answer
where
    Q: Checkable,
    F: Future<Output = Result<Answer, Refusal>> + 'a,
{
    let request = match Q::from_json(call.payload.json()) {
        Ok(Some(request)) => request,
        Ok(None) => return Answer::error(code::BAD_REQUEST, "Invalid request"),
        Err(error) => {
            tracing::debug!(connection = %call.client.id(), kind = Q::TYPE, %error, "unreadable request");
            return Answer::error(code::BAD_REQUEST, "errCode: 101, errMsg: Nacos deserialize failed.  ");
        }
    };
    call.client.is_alive(call.door.clock.now());
    if call.door.checks.are_on
        && let Err(illegal) = request.check(call.door.checks.max_metadata)
    {
        let message = format!("Param check invalid:{illegal}");
        return Answer::failed(Q::Response::default(), code::INVALID_PARAMETER, Some(message));
    }
    if let Err(message) = authorize(&call, &request) {
        return Answer::failed(Q::Response::default(), code::DENIED, Some(message));
    }
    handler(request).await.unwrap_or_else(Answer::from)
}

/// The one place that decides whether a client may do what it asks for. There are no users yet, so
/// everybody may do everything.
fn authorize<Q: Request>(_call: &Call<'_>, _request: &Q) -> Result<(), String> {
    Ok(())
}

impl Checkable for nacre_proto::internal::HealthCheckRequest {
    fn check(&self, _: usize) -> Checked {
        Ok(())
    }
}

/// The names that requests of a domain have in common.
pub(super) fn names<'a>(
    namespace: &'a Option<String>,
    service_name: &'a Option<String>,
    group: &'a Option<String>,
) -> Parameters<'a> {
    Parameters {
        namespace: namespace.as_deref(),
        service_name: service_name.as_deref(),
        group: group.as_deref(),
        ..Parameters::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered() {
        let panics = async { panic!("as a defect would") };
        let answer = guarded(&Metrics::default(), Some(RequestType::HealthCheck), panics).await;
        assert_eq!(answer.error_code, code::FAILURE);
        assert!(String::from_utf8_lossy(&answer.frame).contains("ErrorResponse"));
    }
}
