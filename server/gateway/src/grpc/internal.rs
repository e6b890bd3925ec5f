//! Handlers about the connection itself.

use nacre_proto::internal::{HealthCheckRequest, HealthCheckResponse, ServerCheckResponse};

use super::answer::Answer;
use super::transport::Transport;

/// Needs no setup; its body is not even read.
pub(super) fn server_check(transport: &Transport) -> Answer {
    Answer::good(&ServerCheckResponse {
        connection_id: Some(transport.id().to_string()),
        support_ability_negotiation: true,
        ..ServerCheckResponse::default()
    })
}

pub(super) fn health_check(_: &HealthCheckRequest) -> Answer {
    Answer::good(&HealthCheckResponse::default())
}
