//! What groups and namespaces may hold.

use axum::response::Response;
use http::StatusCode;
use nacre_config::{CapacityChange, Scope};
use serde::Serialize;

use super::refuse;
use crate::http::answer::{Answer, JSON_UTF8, json_text, respond, wrap};
use crate::http::call::Call;
use crate::http::clock;
use crate::http::failure::Failure;

const NO_SCOPE: &str = "The parameter group and tenant cannot be empty at the same time";
const NO_CHANGE: &str = "The parameters quota, maxSize, maxAggrCount, maxAggrSize cannot be empty at the same time";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model<'a> {
    id: String,
    quota: u64,
    usage: u64,
    max_size: u64,
    max_aggr_count: u64,
    max_aggr_size: u64,
    gmt_create: Option<String>,
    gmt_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

/// A namespace wins over a group.
fn scope(call: &Call) -> Option<Scope> {
    let tenant = call.filled("tenant").map(|tenant| Scope::Namespace(tenant.into_owned()));
    tenant.or_else(|| call.get("group").map(|group| Scope::Group(group.into_owned())))
}

/// The capacity of a group or a namespace.
pub(in crate::http) fn read(call: &Call) -> Answer {
    let Some(scope) = scope(call) else { return refused(NO_SCOPE, None::<()>) };
    let capacity = call.state.config.capacity(&scope);
    let time = |millis: u64| (millis > 0).then(|| clock::iso(millis));
    let (group, tenant) = match &scope {
        Scope::Group(name) => (Some(name.as_str()), None),
        Scope::Namespace(id) => (None, Some(id.as_str())),
    };
    Answer::result(
        200,
        None,
        Model {
            id: capacity.id.to_string(),
            quota: capacity.quota,
            usage: capacity.usage,
            max_size: capacity.max_size,
            max_aggr_count: capacity.max_aggr_count,
            max_aggr_size: capacity.max_aggr_size,
            gmt_create: time(capacity.created),
            gmt_modified: time(capacity.modified),
            group,
            tenant,
        },
    )
}

/// Sets parts of a capacity; 0 stands for the default.
pub(in crate::http) async fn set(call: &Call) -> Result<Answer, Failure> {
    let Some(scope) = scope(call) else { return Ok(refused(NO_SCOPE, false)) };
    let change = CapacityChange {
        quota: call.number("quota")?,
        max_size: call.number("maxSize")?,
        max_aggr_count: call.number("maxAggrCount")?,
        max_aggr_size: call.number("maxAggrSize")?,
    };
    if change == CapacityChange::default() {
        return Ok(refused(NO_CHANGE, false));
    }
    let (kind, name) = match &scope {
        Scope::Group(name) => ("group", name.clone()),
        Scope::Namespace(id) => ("tenant", id.clone()),
    };
    call.state.config.set_capacity(scope, change).await.map_err(|error| refuse(&error))?;
    let text = format!("successfully updated the capacity information configuration of {kind} to {name}");
    Ok(Answer::result(200, Some(&text), true))
}

fn refused(text: &str, data: impl Serialize) -> Answer {
    let body = wrap(400, Some(text), &json_text(&data));
    let response: Response = respond(StatusCode::BAD_REQUEST, Some(JSON_UTF8), body);
    Answer::Whole(Box::new(response))
}
