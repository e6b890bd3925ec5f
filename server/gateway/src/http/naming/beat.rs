//! Beats of 1.x clients.

use std::collections::BTreeMap;

use nacre_naming::NewInstance;
use serde_json::{Map, Value};

use super::{Subject, grouped_service, model, plain_text, refuse};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::failure::Failure;

/// The instance that a full beat describes. Only what matters is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Body {
    pub(super) ip: Option<String>,
    pub(super) port: i32,
    pub(super) cluster: Option<String>,
    /// A beat without weight counts as weight 0.
    pub(super) weight: f64,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Body {
    /// Reads the parameter `beat`; `None` when it is no such object.
    pub(super) fn read(text: &str) -> Option<Self> {
        let Value::Object(mut members) = serde_json::from_str(text).ok()? else { return None };
        Some(Self {
            ip: take_text(&mut members, "ip")?,
            port: take_number(&mut members, "port")?,
            cluster: take_text(&mut members, "cluster")?.filter(|cluster| !cluster.trim().is_empty()),
            weight: take_number(&mut members, "weight")?,
            metadata: match members.remove("metadata") {
                None | Some(Value::Null) => BTreeMap::new(),
                Some(Value::Object(entries)) => {
                    entries.into_iter().map(|(key, value)| Some((key, plain_text(value)?))).collect::<Option<_>>()?
                }
                Some(_) => return None,
            },
        })
    }
}

/// A text member: outer `None` when it has another shape, inner `None` when it is absent.
#[expect(clippy::option_option, reason = "the outer level is only for the question mark")]
fn take_text(members: &mut Map<String, Value>, name: &str) -> Option<Option<String>> {
    match members.remove(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => plain_text(value).map(Some),
    }
}

fn take_number<T: std::str::FromStr + Default>(members: &mut Map<String, Value>, name: &str) -> Option<T> {
    match members.remove(name) {
        None | Some(Value::Null) => Some(T::default()),
        Some(value) => plain_text(value)?.parse().ok(),
    }
}

/// Takes a beat: it keeps a known instance, and a full one registers an unknown one.
pub(in crate::http) async fn beat(call: &Call) -> Result<Answer, Failure> {
    let service = grouped_service(call)?;
    let body = match call.filled("beat") {
        None => None,
        Some(text) => {
            let body = Body::read(&text);
            Some(body.ok_or_else(|| Failure::unreadable(format!("cannot read the beat {text}")))?)
        }
    };
    let named_cluster = call.filled("clusterName").map(std::borrow::Cow::into_owned);
    let (ip, port, instance) = match body {
        None => {
            let ip = call.get("ip").unwrap_or_default().into_owned();
            (ip, call.number("port")?.unwrap_or(0), None)
        }
        Some(body) => {
            let instance = NewInstance {
                ip: body.ip.clone(),
                port: body.port,
                weight: body.weight,
                cluster: body.cluster.or(named_cluster),
                metadata: body.metadata,
                ..NewInstance::default()
            };
            (body.ip.unwrap_or_default(), body.port, Some(instance))
        }
    };
    let answer = call.state.naming.beat(&service, &ip, port, instance).await;
    let answer = answer.map_err(|error| refuse(&error, Subject::Instance))?;
    Ok(Answer::bare(model::Beat {
        client_beat_interval: answer.interval_millis,
        code: answer.code as u32,
        light_beat_enabled: call.state.naming.switches().light_beat_enabled,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_leniently() {
        let body = Body::read(
            r#"{"ip":"10.0.0.1","port":"8080","cluster":"c","weight":2,"metadata":{"a":1},"period":5000,"qps":"x"}"#,
        )
        .expect("readable");
        assert_eq!((body.ip.as_deref(), body.port, body.weight), (Some("10.0.0.1"), 8080, 2.0));
        assert_eq!(body.metadata["a"], "1");
        assert_eq!(Body::read("{}"), Some(Body::default()));
        for bad in ["{bad", "[]", "1", r#"{"port":"x"}"#, r#"{"port":99999999999}"#, r#"{"metadata":[]}"#] {
            assert_eq!(Body::read(bad), None, "{bad}");
        }
    }
}
