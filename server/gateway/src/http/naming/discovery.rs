//! Service discovery for Prometheus: every instance as a target with its metadata as labels.

use http::StatusCode;
use nacre_naming::{DEFAULT_GROUP, Instance, ServiceKey};
use serde::Serialize;

use super::model;
use crate::http::answer::{Answer, JSON_UTF8, json_text, respond};
use crate::http::call::Call;
use crate::http::failure::Failure;

const CLUSTER_LABEL: &str = "__meta_clusterName";

#[derive(Serialize)]
struct Target<'a> {
    targets: [String; 1],
    labels: Labels<'a>,
}

/// The cluster first, then the metadata.
struct Labels<'a> {
    cluster: &'a str,
    metadata: Vec<(String, &'a str)>,
}

impl Serialize for Labels<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cluster = std::iter::once((CLUSTER_LABEL, self.cluster));
        serializer.collect_map(cluster.chain(self.metadata.iter().map(|(name, value)| (name.as_str(), *value))))
    }
}

impl<'a> Target<'a> {
    fn new(instance: &'a Instance) -> Self {
        let ip = instance.ip.as_deref().unwrap_or_default();
        // Of two keys that become one label, the one that needs no change wins.
        let mut metadata = Vec::new();
        for (key, value) in model::in_hash_order(&instance.metadata) {
            let label: String =
                key.chars().map(|character| if matches!(character, '.' | '-') { '_' } else { character }).collect();
            let is_taken = label != *key && instance.metadata.contains_key(&label);
            if !is_taken && label != CLUSTER_LABEL && metadata.iter().all(|(known, _)| *known != label) {
                metadata.push((label, value.as_str()));
            }
        }
        Self { targets: [format!("{ip}:{}", instance.port)], labels: Labels { cluster: &instance.cluster, metadata } }
    }
}

/// All instances, or those of the namespace, or of the service, that the path names.
pub(in crate::http) fn targets(call: &Call) -> Result<Answer, Failure> {
    if !call.state.settings.prometheus_discovery {
        let text = "No message available".to_owned();
        return Err(Failure::Framework { status: StatusCode::NOT_FOUND, text });
    }
    let naming = &call.state.naming;
    let (namespace, service) = match call.end.as_deref().map(|end| (end, end.split_once("/service/"))) {
        None => (None, None),
        Some((_, Some((namespace, service)))) => (Some(namespace), Some(service)),
        Some((namespace, None)) => (Some(namespace), None),
    };
    let mut services: Vec<ServiceKey> = naming.all_services(namespace).into_values().flatten().collect();
    if let Some(service) = service {
        let (group, name) = service.split_once("@@").unwrap_or((DEFAULT_GROUP, service));
        services.retain(|key| key.name() == name && key.group() == group);
    }
    let views: Vec<_> = services.iter().map(|key| naming.view(key)).collect();
    let instances = views.iter().flat_map(|view| view.instances());
    let targets: Vec<_> = instances.map(|instance| Target::new(instance)).collect();
    let response = respond(StatusCode::OK, Some(JSON_UTF8), json_text(&targets));
    Ok(Answer::Whole(Box::new(response)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_labels() {
        let metadata = [("zone.a", "1"), ("k-b", "2"), ("k_b", "3"), ("plain", "4"), ("__meta_clusterName", "x")];
        let instance = Instance {
            instance_id: None,
            ip: Some("10.0.0.1".into()),
            port: 80,
            weight: 1.0,
            healthy: false,
            enabled: true,
            cluster: "c".into(),
            metadata: metadata.map(|(key, value)| (key.into(), value.into())).into(),
        };
        let shown: serde_json::Value = serde_json::from_str(&json_text(&[Target::new(&instance)])).unwrap();
        let labels = serde_json::json!({"__meta_clusterName": "c", "k_b": "3", "plain": "4", "zone_a": "1"});
        assert_eq!(shown, serde_json::json!([{"targets": ["10.0.0.1:80"], "labels": labels}]));
    }
}
