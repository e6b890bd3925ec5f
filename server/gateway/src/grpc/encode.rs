//! How the domains' lists and notifications look on the wire.

use bytes::Bytes;
use nacre_config::ConfigKey;
use nacre_naming::{Listing, ServiceKind};
use nacre_proto::config::ConfigChangeNotifyRequest;
use nacre_proto::naming::{InstanceView, NotifySubscriberRequest, ServiceInfoView};
use nacre_proto::{Message, payload};

/// Writes lists and pushes of naming.
#[derive(Clone, Debug, Default)]
pub struct NamingEncoder {
    own_ip: String,
}

impl NamingEncoder {
    /// `own_ip` is the server's address, which pushes carry.
    #[must_use]
    pub fn new(own_ip: impl Into<String>) -> Self {
        Self { own_ip: own_ip.into() }
    }
}

impl nacre_naming::Encoder for NamingEncoder {
    fn info(&self, listing: &Listing<'_>) -> Bytes {
        let service_name = listing.service.grouped_name();
        let hosts = listing.hosts.iter().map(|instance| InstanceView {
            instance_id: instance.instance_id.as_deref(),
            ip: instance.ip.as_deref(),
            port: instance.port,
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            ephemeral: listing.kind == ServiceKind::Ephemeral,
            cluster_name: Some(&instance.cluster),
            service_name: Some(service_name),
            metadata: &instance.metadata,
        });
        let view = ServiceInfoView {
            name: listing.service.name(),
            group_name: listing.service.group(),
            clusters: listing.clusters,
            cache_millis: signed(listing.cache_millis),
            hosts,
            last_ref_time: signed(listing.last_ref_time),
            reach_protection_threshold: listing.reach_protection_threshold,
        };
        view.to_json().into()
    }

    fn push(&self, request_id: u64, info: &Bytes) -> Bytes {
        let head = format!(r#"{{"headers":{{}},"requestId":"{request_id}","serviceInfo":"#);
        let parts: [&[u8]; 3] = [head.as_bytes(), info, br#","module":"naming"}"#];
        payload::frame(NotifySubscriberRequest::TYPE, &self.own_ip, &parts)
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Writes notifications of config.
#[derive(Clone, Debug, Default)]
pub struct ConfigEncoder {
    own_ip: String,
}

impl ConfigEncoder {
    /// `own_ip` is the server's address, which pushes carry.
    #[must_use]
    pub fn new(own_ip: impl Into<String>) -> Self {
        Self { own_ip: own_ip.into() }
    }
}

impl nacre_config::Encoder for ConfigEncoder {
    fn notify(&self, request_id: u64, key: &ConfigKey, tenant: Option<&str>) -> Bytes {
        let request = ConfigChangeNotifyRequest {
            request_id: Some(request_id.to_string()),
            data_id: Some(key.data_id().to_owned()),
            group: Some(key.group().to_owned()),
            tenant: tenant.map(str::to_owned),
            ..ConfigChangeNotifyRequest::default()
        };
        payload::frame(ConfigChangeNotifyRequest::TYPE, &self.own_ip, &[&request.to_json()])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nacre_config::Encoder as _;
    use nacre_naming::{Encoder as _, Instance, ServiceKey};
    use nacre_proto::Payload;
    use prost::Message as _;

    use super::*;

    fn body(frame: &Bytes) -> (String, String) {
        let payload = Payload::decode(frame.slice(payload::PREFIX_LENGTH..)).expect("own frame");
        assert_eq!(payload.client_ip(), "10.0.0.1");
        (payload.kind().to_owned(), String::from_utf8(payload.json().to_vec()).expect("JSON is UTF-8"))
    }

    #[test]
    fn pushes_are_what_their_types_write() {
        let instance = Instance {
            instance_id: Some("i".into()),
            ip: Some("10.0.0.11".into()),
            port: 8080,
            weight: 1.0,
            healthy: true,
            enabled: true,
            cluster: "DEFAULT".into(),
            metadata: [("a".to_owned(), "1".to_owned())].into(),
        };
        let service = ServiceKey::new("public", "G", "s");
        let listing = Listing {
            service: &service,
            kind: ServiceKind::Persistent,
            clusters: None,
            cache_millis: 10_000,
            last_ref_time: 1_735_689_600_555,
            reach_protection_threshold: true,
            hosts: &[Arc::new(instance)],
        };
        let encoder = NamingEncoder::new("10.0.0.1");
        let (kind, json) = body(&encoder.push(17, &encoder.info(&listing)));
        assert_eq!(kind, "NotifySubscriberRequest");
        let typed = NotifySubscriberRequest::from_json(json.as_bytes()).expect("readable").expect("not null");
        assert_eq!(String::from_utf8(typed.to_json()).expect("JSON is UTF-8"), json);
        let info = typed.service_info.expect("present");
        assert_eq!((info.hosts[0].ephemeral, info.hosts[0].service_name.as_deref()), (false, Some("G@@s")));
    }

    #[test]
    fn notifications_leave_a_blank_tenant_out() {
        let encoder = ConfigEncoder::new("10.0.0.1");
        let key = ConfigKey::new("", "DEFAULT_GROUP", "app.yaml");
        let (kind, json) = body(&encoder.notify(55, &key, None));
        assert_eq!(kind, "ConfigChangeNotifyRequest");
        let text = r#"{"headers":{},"requestId":"55","dataId":"app.yaml","group":"DEFAULT_GROUP","module":"config"}"#;
        assert_eq!(json, text);
        assert!(body(&encoder.notify(56, &key, Some("public"))).1.contains(r#""tenant":"public""#));
    }
}
