//! What a client reads of a push: as little as it needs to know what it has seen.

use bytes::Bytes;
use nacre_proto::{Payload, payload};
use serde::Deserialize;

/// Types of pushes end so, and their acknowledgements in `Response`.
const REQUEST: &str = "Request";

/// A push that is to be acknowledged.
#[derive(Debug)]
pub(crate) struct Push {
    kind: String,
    body: Body,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    request_id: Option<String>,
    data_id: Option<String>,
    service_info: Option<List>,
}

/// The instances of a service.
#[derive(Debug, Deserialize)]
pub(crate) struct List {
    name: String,
    hosts: Option<Vec<Host>>,
}

#[derive(Debug, Deserialize)]
struct Host {
    port: u16,
}

impl Push {
    /// Reads it; `None` when it carries no request id.
    pub(crate) fn read(payload: &Payload) -> Option<Self> {
        let body: Body = serde_json::from_slice(payload.json()).ok()?;
        body.request_id.as_ref()?;
        Some(Self { kind: payload.kind().to_owned(), body })
    }

    /// The frame that tells the server that it has arrived.
    pub(crate) fn acknowledgement(&self) -> Bytes {
        let kind = self.kind.strip_suffix(REQUEST).unwrap_or(&self.kind);
        let ack = serde_json::json!({
            "resultCode": 200, "errorCode": 0, "requestId": self.body.request_id, "success": true,
        });
        payload::frame(&format!("{kind}Response"), "", &[ack.to_string().as_bytes()])
    }

    /// The list that is pushed.
    pub(crate) fn list(&self) -> Option<&List> {
        self.body.service_info.as_ref()
    }

    /// The number at the end of the name of the config that has changed.
    pub(crate) fn config(&self) -> Option<usize> {
        number(self.body.data_id.as_ref()?)
    }
}

impl List {
    /// The number at the end of the service's name.
    pub(crate) fn service(&self) -> Option<usize> {
        number(&self.name)
    }

    /// The highest port in the list; `None` when it is empty.
    pub(crate) fn highest_port(&self) -> Option<u16> {
        self.hosts.iter().flatten().map(|host| host.port).max()
    }
}

fn number(name: &str) -> Option<usize> {
    name.rsplit('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(kind: &str, body: &'static str) -> Option<Push> {
        Push::read(&Payload::new(kind, Bytes::from_static(body.as_bytes())))
    }

    #[test]
    fn lists_are_told_apart_by_number_and_port() {
        let body =
            r#"{"requestId":"5","serviceInfo":{"name":"bench-1f-storm-12","hosts":[{"ip":"a","port":9},{"port":8}]}}"#;
        let push = push("NotifySubscriberRequest", body).unwrap();
        let list = push.list().unwrap();
        assert_eq!((list.service(), list.highest_port(), push.config()), (Some(12), Some(9), None));
        let ack = String::from_utf8_lossy(&push.acknowledgement()).into_owned();
        assert!(ack.contains("NotifySubscriberResponse") && ack.contains(r#""requestId":"5""#), "{ack}");
    }

    #[test]
    fn an_empty_list_has_no_port() {
        for list in [
            r#"{"requestId":"5","serviceInfo":{"name":"a-1","hosts":[]}}"#,
            r#"{"requestId":"5","serviceInfo":{"name":"a-1","hosts":null}}"#,
        ] {
            let push = push("NotifySubscriberRequest", list).unwrap();
            assert_eq!(push.list().unwrap().highest_port(), None);
        }
    }

    #[test]
    fn configs_are_told_apart_by_number() {
        let change = r#"{"requestId":"5","dataId":"bench-1f-listen-12","group":"DEFAULT_GROUP"}"#;
        assert_eq!(push("ConfigChangeNotifyRequest", change).unwrap().config(), Some(12));
        assert_eq!(
            push("ConfigChangeNotifyRequest", r#"{"requestId":"5","dataId":"app.yaml"}"#).unwrap().config(),
            None
        );
    }

    #[test]
    fn what_has_no_id_is_not_acknowledged() {
        assert!(push("SetupAckRequest", r#"{"abilityTable":{}}"#).is_none());
        assert!(push("NotifySubscriberRequest", "{").is_none());
    }
}
