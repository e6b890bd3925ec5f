//! Operations on services and instances.

pub(super) mod beat;
pub(super) mod catalog;
pub(super) mod client;
pub(super) mod discovery;
pub(super) mod health;
pub(super) mod instance;
mod model;
pub(super) mod operator;
pub(super) mod service;
pub(super) mod udp;

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::StatusCode;
use nacre_naming::{DEFAULT_GROUP, DEFAULT_NAMESPACE, Error, ServiceKey};
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::code::Code;
use super::failure::Failure;
use super::routes::Style;
use crate::check;

const SEPARATOR: &str = "@@";

/// Refuses a grouped service name without a name or a group, for paths that read it before anything
/// else.
pub(super) fn check_grouped_name(call: &Call) -> Result<(), Failure> {
    let Some(name) = call.filled("serviceName") else { return Ok(()) };
    match name.split_once(SEPARATOR) {
        Some((group, name)) if group.is_empty() || name.is_empty() => {
            let text = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'";
            Err(Failure::Framework { status: StatusCode::BAD_REQUEST, text: text.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Checks the parameters that naming paths have in common.
pub(super) fn check(call: &Call) -> check::Checked {
    let named = named(call);
    let group = named.as_ref().map(|(group, _)| group.clone()).or_else(|| call.filled("groupName"));
    let beat = call.filled("beat").and_then(|text| beat::Body::read(&text));
    let namespace = call.filled("namespaceId");
    let clusters = first_filled(call, &["clusterName", "cluster", "clusters"]);
    let ip = call.filled("ip");
    let port = first_filled(call, &["port", "checkPort"]);
    check::Parameters {
        namespace: namespace.as_deref(),
        service_name: named.as_ref().map(|(_, name)| name.as_ref()),
        group: group.as_deref(),
        clusters: clusters.as_deref(),
        ip: ip.as_deref(),
        port: port.as_deref(),
        ..check::Parameters::default()
    }
    .check()?;
    if let Some(beat) = beat {
        check::clusters(beat.cluster.as_deref().unwrap_or_default())?;
        check::ip(beat.ip.as_deref().unwrap_or_default())?;
        check::port(i64::from(beat.port))?;
    }
    // A text that is no metadata is the operation's matter.
    let metadata = metadata(call).unwrap_or_default();
    let entries = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    check::metadata(entries, call.state.settings.max_metadata)
}

fn first_filled<'a>(call: &'a Call, names: &[&str]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| call.filled(name))
}

/// Group and name of the service that a call names; a group inside the name wins.
fn named(call: &Call) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let name = call.filled("serviceName")?;
    if let Some((group, name)) = name.split_once(SEPARATOR) {
        return Some((Cow::Owned(group.to_owned()), Cow::Owned(name.to_owned())));
    }
    Some((call.filled("groupName").unwrap_or(Cow::Borrowed(DEFAULT_GROUP)), name))
}

/// The service that a call names.
fn service(call: &Call) -> Result<ServiceKey, Failure> {
    let (group, name) = named(call).ok_or(Failure::missing("serviceName"))?;
    if name.is_empty() || group.is_empty() {
        return Err(ungrouped());
    }
    Ok(ServiceKey::new(&namespace(call), &group, &name))
}

/// The service of a v2 path that was built by v1 rules: the name must carry its group there.
fn grouped_service(call: &Call) -> Result<ServiceKey, Failure> {
    let name = call.required("serviceName")?;
    if call.is_v2() && !name.contains(SEPARATOR) {
        return Err(ungrouped());
    }
    service(call)
}

fn ungrouped() -> Failure {
    Failure::invalid("Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'")
}

fn namespace(call: &Call) -> Cow<'_, str> {
    call.filled("namespaceId").unwrap_or(Cow::Borrowed(DEFAULT_NAMESPACE))
}

/// The parameter `metadata`: a JSON object, or `key=value` pairs with commas between them.
fn metadata(call: &Call) -> Result<BTreeMap<String, String>, Failure> {
    let Some(text) = call.filled("metadata") else { return Ok(BTreeMap::new()) };
    parse_metadata(&text).ok_or_else(|| Failure::unreadable(format!("metadata format incorrect:{text}")))
}

fn parse_metadata(text: &str) -> Option<BTreeMap<String, String>> {
    if let Ok(Value::Object(members)) = serde_json::from_str(text)
        && let Some(entries) = members.into_iter().map(|(key, value)| Some((key, plain_text(value)?))).collect()
    {
        return Some(entries);
    }
    let pairs = text.split(',').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('='));
    let entries: Option<BTreeMap<_, _>> = pairs
        .map(|pair| {
            let (key, value) = pair?;
            let is_pair = !value.is_empty() && !value.contains('=');
            is_pair.then(|| (key.to_owned(), value.to_owned()))
        })
        .collect();
    entries
}

/// A JSON value as Java clients read it where text is expected.
fn plain_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What an operation was about; the same refusal has another v2 code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Instance,
    Service,
}

/// The failure that an error of the domain is on this door.
fn refuse(error: &Error, subject: Subject) -> Failure {
    let text = error.to_string();
    match error {
        Error::KindMismatch { .. } | Error::HealthCheckActive { .. } => Failure::refused(400, Code::SERVER, text),
        Error::InvalidParameter(_) => Failure::refused(400, Code::INSTANCE, text),
        Error::ServiceNotFound { .. } if subject == Subject::Instance => Failure::refused(400, Code::INSTANCE, text),
        Error::ServiceNotFound { .. } => Failure::refused(400, Code::SERVICE_NOT_EXIST, text),
        Error::ServiceExists { .. } => Failure::refused(400, Code::SERVICE_EXISTS, text),
        Error::ServiceNotEmpty { .. } => Failure::refused(400, Code::SERVICE_DELETE, text),
        Error::NoInstances { .. } | Error::InstanceNotFound => Failure::refused(404, Code::RESOURCE_NOT_FOUND, text),
        Error::TooLarge { .. } => Failure::refused(413, Code::SERVER, text),
        Error::StorageFull { .. } => Failure::refused(507, Code::SERVER, text),
        Error::Unavailable(_) => Failure::Unavailable { text },
        _ => Failure::internal(text),
    }
}

/// How many services, instances and clients there are.
pub(super) fn metrics(call: &Call) -> Result<Answer, Failure> {
    let switches = call.state.naming.switches();
    let status = switches.overridden_server_status.clone().unwrap_or_else(|| "UP".to_owned());
    if call.boolean("onlyStatus")?.unwrap_or(true) {
        return Ok(Answer::data(model::Status::new(&status)));
    }
    let counts = call.state.naming.counts();
    let usage = call.state.metrics.usage();
    let is_v1 = call.style == Style::Naming1;
    Ok(Answer::data(model::Metrics::new(&status, &counts, &usage, is_v1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_json_or_pairs() {
        let read = |text: &str| {
            parse_metadata(text).map(|entries| {
                entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(read(r#"{"a":"1","b":2,"c":true,"d":null}"#).as_deref(), Some("a:1 b:2 c:true d:"));
        assert_eq!(read("a=1,b=two,").as_deref(), Some("a:1 b:two"));
        assert_eq!(read("{}").as_deref(), Some(""));
        for bad in ["{bad", "novalue", "a=", "a=b=c", "a=1,b", "[1]", "{\"a\":{}}"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
