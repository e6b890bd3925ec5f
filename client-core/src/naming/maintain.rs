//! Changing services and instances as an operator does, over HTTP v1.

use std::collections::BTreeMap;

use nacre_proto::json::StringMap;
use serde::Deserialize;

use super::{Naming, check, model::Instance};
use crate::{connection::Resource, error::Error, http::HttpRequest, names::ServiceKey};

const INSTANCE: &str = "/v1/ns/instance";
const METADATA: &str = "/v1/ns/instance/metadata/batch";
const SERVICE: &str = "/v1/ns/service";

/// A service as its maintainers see it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceDetail {
    /// Name without group.
    pub name: String,
    /// Group.
    pub group: String,
    /// Share of healthy instances below which all are shown as healthy; 0 turns that off.
    pub protect_threshold: f32,
    /// What maintainers say about the service.
    pub metadata: BTreeMap<String, String>,
    /// Expression of the label selector, if there is one.
    pub selector: Option<String>,
    /// Clusters that have instances.
    pub clusters: Vec<ClusterDetail>,
}

/// A cluster of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterDetail {
    /// Name.
    pub name: String,
    /// Kind of the health check, e.g. `TCP`.
    pub health_checker: Option<String>,
    /// What maintainers say about the cluster.
    pub metadata: BTreeMap<String, String>,
}

/// What a service is created or updated with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceSettings {
    protect_threshold: f32,
    metadata: BTreeMap<String, String>,
    selector: Option<String>,
}

impl ServiceSettings {
    /// No protection, no metadata, no selector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Share of healthy instances, 0 to 1, below which all are shown as healthy. Default 0.
    #[must_use]
    pub fn protect_threshold(mut self, threshold: f32) -> Self {
        self.protect_threshold = threshold;
        self
    }

    /// Adds an entry of metadata.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Expression of a label selector, e.g. `CONSUMER.label.zone = PROVIDER.label.zone`. Default: none.
    #[must_use]
    pub fn label_selector(mut self, expression: impl Into<String>) -> Self {
        self.selector = Some(expression.into());
        self
    }
}

/// What [`Maintenance::patch_instance`] changes; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstancePatch {
    /// Weight, 0 to 10,000.
    pub weight: Option<f64>,
    /// Whether the instance takes requests.
    pub enabled: Option<bool>,
    /// All metadata.
    pub metadata: Option<StringMap>,
}

/// Service and instance maintenance, see [`Naming::maintenance`].
///
/// Servers from 3.0 on have given up these HTTP paths; they answer [`Unsupported`](crate::ErrorKind::Unsupported) or
/// [`NotFound`](crate::ErrorKind::NotFound).
#[derive(Clone, Debug)]
pub struct Maintenance {
    naming: Naming,
}

impl Naming {
    /// Changes services and instances as an operator does.
    pub fn maintenance(&self) -> Maintenance {
        Maintenance { naming: self.clone() }
    }
}

impl Maintenance {
    /// Creates an empty service. It is persistent, and stays without instances.
    ///
    /// # Errors
    /// Code 400 when it exists.
    pub async fn create_service(&self, service: &ServiceKey, settings: &ServiceSettings) -> Result<(), Error> {
        self.send_service("POST", service, settings).await
    }

    /// Replaces the settings of a service.
    ///
    /// # Errors
    /// Code 400 when it does not exist.
    pub async fn update_service(&self, service: &ServiceKey, settings: &ServiceSettings) -> Result<(), Error> {
        self.send_service("PUT", service, settings).await
    }

    /// Deletes a service without instances.
    ///
    /// # Errors
    /// Code 400 when it does not exist or has instances.
    pub async fn delete_service(&self, service: &ServiceKey) -> Result<(), Error> {
        request(&self.naming, "DELETE", SERVICE, service, &[]).await.map(|_| ())
    }

    /// Reads the settings of a service.
    ///
    /// # Errors
    /// Code 400 when it does not exist.
    pub async fn service(&self, service: &ServiceKey) -> Result<ServiceDetail, Error> {
        let body = request(&self.naming, "GET", SERVICE, service, &[]).await?;
        let reply: ServiceReply = serde_json::from_slice(&body).map_err(unreadable)?;
        let mut detail = ServiceDetail {
            // Some servers write the group into the name.
            name: reply.name.rsplit("@@").next().unwrap_or_default().to_owned(),
            group: reply.group_name.unwrap_or_else(|| service.group().as_str().to_owned()),
            protect_threshold: reply.protect_threshold,
            metadata: reply.metadata.unwrap_or_default(),
            selector: reply.selector.and_then(|selector| selector.expression),
            clusters: Vec::new(),
        };
        detail.clusters.extend(reply.clusters.unwrap_or_default().into_iter().map(|cluster| ClusterDetail {
            name: cluster.name,
            health_checker: cluster.health_checker.and_then(|checker| checker.kind),
            metadata: cluster.metadata.unwrap_or_default(),
        }));
        Ok(detail)
    }

    /// Sets weight, metadata and whether it is enabled, over what the provider said. All three are set, also
    /// after the provider registers again.
    ///
    /// # Errors
    /// Code 400 when the service does not exist; before anything is sent if a value is not legal.
    pub async fn update_instance(&self, service: &ServiceKey, instance_now: &Instance) -> Result<(), Error> {
        check::instance(instance_now, service)?;
        check_weight(instance_now.weight)?;
        instance(&self.naming, "PUT", service, instance_now).await
    }

    /// Changes some values of an instance over what the provider said; the others stay.
    ///
    /// # Errors
    /// Code 404 when the instance does not exist; before anything is sent if a value is not legal.
    pub async fn patch_instance(
        &self,
        service: &ServiceKey,
        at: &Instance,
        patch: &InstancePatch,
    ) -> Result<(), Error> {
        check::instance(at, service)?;
        if let Some(weight) = patch.weight {
            check_weight(weight)?;
        }
        let port = at.port.to_string();
        let weight = patch.weight.map(|weight| weight.to_string());
        let metadata = patch.metadata.as_ref().map(text);
        let mut parameters = vec![("ip", at.ip.as_str()), ("port", &port), ("clusterName", &at.cluster)];
        parameters.extend(weight.as_deref().map(|weight| ("weight", weight)));
        parameters.extend(patch.enabled.map(|enabled| ("enabled", flag(enabled))));
        parameters.extend(metadata.as_deref().map(|metadata| ("metadata", metadata)));
        request(&self.naming, "PATCH", INSTANCE, service, &parameters).await.map(|_| ())
    }

    /// Adds entries to the metadata of instances, or replaces those of the same names. No instances given means all
    /// of the service. Answers those that were changed, each as `ip:port:unknown:cluster:kind`.
    ///
    /// # Errors
    /// Code 400 when the service does not exist.
    pub async fn add_metadata(
        &self,
        service: &ServiceKey,
        instances: &[Instance],
        metadata: &StringMap,
    ) -> Result<Vec<String>, Error> {
        self.send_metadata("PUT", service, instances, text(metadata)).await
    }

    /// Removes entries from the metadata of instances, as [`Maintenance::add_metadata`] adds them.
    ///
    /// # Errors
    /// Code 400 when the service does not exist.
    pub async fn remove_metadata(
        &self,
        service: &ServiceKey,
        instances: &[Instance],
        names: &[&str],
    ) -> Result<Vec<String>, Error> {
        let names: BTreeMap<&str, &str> = names.iter().map(|name| (*name, "")).collect();
        let metadata = serde_json::to_string(&names).expect("a map of texts is always writable");
        self.send_metadata("DELETE", service, instances, metadata).await
    }

    async fn send_metadata(
        &self,
        method: &'static str,
        service: &ServiceKey,
        instances: &[Instance],
        metadata: String,
    ) -> Result<Vec<String>, Error> {
        let members = |instance: &Instance| {
            serde_json::json!({
                "ip": instance.ip, "port": instance.port, "clusterName": instance.cluster,
                "ephemeral": instance.ephemeral,
            })
        };
        let list = serde_json::Value::from_iter(instances.iter().map(members)).to_string();
        let list = if instances.is_empty() { "" } else { &list };
        let parameters = [("metadata", metadata.as_str()), ("instances", list), ("consistencyType", "")];
        let body = request(&self.naming, method, METADATA, service, &parameters).await?;
        let reply: MetadataReply = serde_json::from_slice(&body).map_err(unreadable)?;
        Ok(reply.updated)
    }

    async fn send_service(
        &self,
        method: &'static str,
        service: &ServiceKey,
        with: &ServiceSettings,
    ) -> Result<(), Error> {
        if !with.protect_threshold.is_finite() {
            return Err(Error::invalid("Param 'protectThreshold' is illegal, it must be a finite number."));
        }
        let threshold = with.protect_threshold.to_string();
        let metadata = text(&with.metadata);
        let selector = with
            .selector
            .as_ref()
            .map(|expression| serde_json::json!({ "type": "label", "expression": expression }).to_string());
        let mut parameters = vec![("protectThreshold", threshold.as_str()), ("metadata", metadata.as_str())];
        parameters.extend(selector.as_deref().map(|selector| ("selector", selector)));
        request(&self.naming, method, SERVICE, service, &parameters).await.map(|_| ())
    }
}

/// Sends an instance: registers (`POST`), deregisters (`DELETE`) or overrides (`PUT`).
pub(super) async fn instance(
    naming: &Naming,
    method: &'static str,
    service: &ServiceKey,
    instance: &Instance,
) -> Result<(), Error> {
    let (port, weight) = (instance.port.to_string(), instance.weight.to_string());
    let metadata = text(&instance.metadata);
    let parameters = [
        ("ip", instance.ip.as_str()),
        ("port", &port),
        ("clusterName", &instance.cluster),
        ("weight", &weight),
        ("enable", flag(instance.enabled)),
        ("enabled", flag(instance.enabled)),
        ("healthy", flag(instance.healthy)),
        ("ephemeral", flag(instance.ephemeral)),
        ("metadata", &metadata),
    ];
    request(naming, method, INSTANCE, service, &parameters).await.map(|_| ())
}

async fn request(
    naming: &Naming,
    method: &'static str,
    path: &str,
    service: &ServiceKey,
    parameters: &[(&str, &str)],
) -> Result<bytes::Bytes, Error> {
    naming.holder().open()?;
    let (namespace, group) = (naming.namespace().as_str(), service.group().as_str());
    let grouped = service.grouped();
    let mut query = vec![("namespaceId", namespace), ("serviceName", &grouped), ("groupName", group)];
    query.extend_from_slice(parameters);
    let resource = Resource::Naming { namespace, group, service: service.name() };
    let timeout = Some(naming.request_timeout());
    naming
        .main()
        .connection()
        .http()
        .request(HttpRequest { method, path, query: &query, form: &[], resource, timeout })
        .await
}

fn check_weight(weight: f64) -> Result<(), Error> {
    if (0.0..=10_000.0).contains(&weight) {
        return Ok(());
    }
    Err(Error::invalid("Param 'weight' is illegal, it must be between 0 and 10000."))
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn text(map: &StringMap) -> String {
    serde_json::to_string(map).expect("a map of texts is always writable")
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal("the server's answer cannot be read").with_source(error)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceReply {
    name: String,
    group_name: Option<String>,
    #[serde(default)]
    protect_threshold: f32,
    metadata: Option<BTreeMap<String, String>>,
    selector: Option<SelectorReply>,
    clusters: Option<Vec<ClusterReply>>,
}

#[derive(Deserialize)]
struct MetadataReply {
    #[serde(default)]
    updated: Vec<String>,
}

#[derive(Deserialize)]
struct SelectorReply {
    expression: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClusterReply {
    name: String,
    health_checker: Option<CheckerReply>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct CheckerReply {
    #[serde(rename = "type")]
    kind: Option<String>,
}
