//! Operations on configs.

pub(super) mod archive;
pub(super) mod capacity;
pub(super) mod history;
pub(super) mod poll;
pub(super) mod read;
pub(super) mod search;
pub(super) mod transfer;
pub(super) mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;

use nacre_config::{ConfigKey, Error};
use serde::Serialize;

use super::answer::Answer;
use super::call::Call;
use super::code::Code;
use super::failure::Failure;
use super::routes::Operation;
use crate::check;

/// Checks the parameters that config paths have in common. A search may hold any text.
pub(super) fn check(call: &Call, operation: Operation) -> check::Checked {
    let namespace = namespace(call);
    let is_search = call.get("search").as_deref() == Some("blur");
    let data_id = call.get("dataId").filter(|_| !is_search);
    let group = call.get("group").filter(|_| !is_search);
    let ip = call.filled("ip");
    check::Parameters {
        namespace: Some(&namespace),
        data_id: data_id.as_deref(),
        group: group.as_deref(),
        ip: ip.as_deref(),
        ..check::Parameters::default()
    }
    .check()?;
    if operation == Operation::PollConfigs { poll::check(call) } else { Ok(()) }
}

/// The namespace that a call names, in its own spelling; v2 calls it by another name than v1.
fn namespace(call: &Call) -> Cow<'_, str> {
    call.filled(if call.is_v2() { "namespaceId" } else { "tenant" }).unwrap_or_default()
}

/// The failure that an error of the domain is on this door.
pub(super) fn refuse(error: &Error) -> Failure {
    let text = error.to_string();
    match error {
        Error::InvalidParameter { .. } => Failure::refused(400, Code::PARAMETER_VALIDATE, text),
        Error::CasMismatch => Failure::refused(500, Code::RESOURCE_CONFLICT, text),
        Error::NotFound => Failure::refused(404, Code::RESOURCE_NOT_FOUND, text),
        Error::OverCapacity(excess) => Failure::refused(403, Code::over_capacity(*excess), text),
        Error::TooManyGray { .. } => Failure::refused(400, Code::TOO_MANY_GRAYS, text),
        Error::TooLarge { .. } => Failure::refused(413, Code::SERVER, text),
        Error::NamespaceExists { .. } => Failure::refused(400, Code::NAMESPACE_EXISTS, text),
        Error::StorageFull { .. } => Failure::refused(507, Code::SERVER, text),
        Error::TooManyListens { .. } => Failure::refused(400, Code::SERVER, text),
        Error::Unavailable(_) | Error::TooManyPolls { .. } => Failure::Unavailable { text },
        _ => Failure::internal(text),
    }
}

fn no_page() -> Failure {
    Failure::invalid("pageNo and pageSize must be greater than zero")
}

/// Who listens, or what is listened to, with the md5 that each caller holds. The misspelling is what clients read.
#[derive(Serialize)]
struct Listens {
    #[serde(rename = "collectStatus")]
    status: u16,
    #[serde(rename = "lisentersGroupkeyStatus")]
    held: BTreeMap<String, String>,
}

/// Who listens to a config.
pub(super) fn listeners(call: &Call) -> Result<Answer, Failure> {
    let (data_id, group) = (call.present("dataId")?, call.present("group")?);
    check_sample_time(call)?;
    let held = call.state.config.listeners_of(&ConfigKey::new(&namespace(call), &group, &data_id));
    Ok(Answer::bare(Listens { status: 200, held }))
}

/// What an address listens to, in one namespace or with `all` everywhere.
pub(super) fn listened(call: &Call) -> Result<Answer, Failure> {
    let ip = call.present("ip")?;
    let is_all = call.boolean("all")?.unwrap_or(false);
    check_sample_time(call)?;
    let wanted = namespace(call);
    let wanted = nacre_config::normal_namespace(&wanted);
    let held = call.state.config.listened_by(&ip).into_iter();
    let held = held.filter(|(key, _)| is_all || key.namespace() == wanted);
    let held = held.map(|(key, md5)| (group_key(key.data_id(), key.group(), key.namespace()), md5)).collect();
    Ok(Answer::bare(Listens { status: 200, held }))
}

/// Nacos asks its nodes several times; one look is enough here, but a text that is no number is refused all the same.
fn check_sample_time(call: &Call) -> Result<(), Failure> {
    call.number::<i32>("sampleTime").map(drop)
}

/// Whether configs can be read and written.
pub(super) fn health() -> Answer {
    Answer::Text("UP")
}

/// Reading all configs anew: there is no copy beside the store that could be out of date.
pub(super) fn reload() -> Answer {
    Answer::Text("200")
}

/// What the gRPC clients of an address hold for one config.
pub(super) async fn client_metrics(call: &Call) -> Result<Answer, Failure> {
    let ip = call.present("ip")?;
    let data_id = call.filled("dataId");
    let group = call.filled("group");
    nacre_config::check::names(data_id.as_deref(), group.as_deref()).map_err(|error| refuse(&error))?;
    let key = group_key(&data_id.unwrap_or_default(), &group.unwrap_or_default(), &namespace(call));
    Ok(Answer::bare(call.state.host.client_metrics(&ip, &key).await))
}

/// The text that names a config in metrics: parts joined by `+`.
fn group_key(data_id: &str, group: &str, namespace: &str) -> String {
    let escape = |part: &str| part.replace('%', "%25").replace('+', "%2B");
    let mut key = format!("{}+{}", escape(data_id), escape(group));
    if !namespace.is_empty() {
        key.push('+');
        key.push_str(&escape(namespace));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_keys_escape_their_separator() {
        assert_eq!(group_key("a+b%", "g", ""), "a%2Bb%25+g");
        assert_eq!(group_key("a", "g", "n"), "a+g+n");
    }
}
