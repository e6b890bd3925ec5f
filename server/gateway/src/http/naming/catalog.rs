//! The catalog: services and their instances as a console lists them.

use std::collections::{BTreeMap, BTreeSet};

use nacre_naming::{Error, ServiceDetail, ServiceKey};
use serde::Serialize;

use super::{Subject, model, namespace, refuse, service};
use crate::http::answer::{Answer, json_text, wrap};
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::failure::Failure;

type Metadata = BTreeMap<String, String>;

#[derive(Serialize)]
struct Service<'a> {
    service: ServiceModel<'a>,
    clusters: Vec<Cluster<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceModel<'a> {
    name: &'a str,
    group_name: &'a str,
    protect_threshold: f32,
    selector: model::SelectorModel<'a>,
    #[serde(serialize_with = "model::hash_ordered")]
    metadata: &'a Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster<'a> {
    service_name: &'a str,
    name: &'a str,
    health_checker: model::CheckerModel<'a>,
    default_port: i32,
    default_check_port: i32,
    #[serde(rename = "useIPPort4Check")]
    use_ip_port_for_check: bool,
    #[serde(serialize_with = "model::hash_ordered")]
    metadata: &'a Metadata,
}

impl<'a> Service<'a> {
    fn new(detail: &'a ServiceDetail) -> Self {
        let clusters = detail.clusters.iter().map(|(name, cluster)| Cluster {
            service_name: detail.key.grouped_name(),
            name,
            health_checker: model::CheckerModel::new(&cluster.health_checker),
            default_port: 80,
            default_check_port: cluster.check_port,
            use_ip_port_for_check: cluster.use_instance_port,
            metadata: &cluster.metadata,
        });
        Self {
            service: ServiceModel {
                name: detail.key.name(),
                group_name: detail.key.group(),
                protect_threshold: detail.metadata.protect_threshold,
                selector: model::SelectorModel::new(&detail.metadata.selector),
                metadata: &detail.metadata.metadata,
            },
            clusters: clusters.collect(),
        }
    }
}

/// A service with its clusters.
pub(in crate::http) fn show(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let detail = call.state.naming.service(&service).map_err(|error| match error {
        Error::ServiceNotFound { .. } => not_found(&service),
        error => refuse(&error, Subject::Service),
    })?;
    Ok(Answer::bare(Service::new(&detail)))
}

fn not_found(service: &ServiceKey) -> Failure {
    let text = format!("service {} is not found!", service.grouped_name());
    Failure::refused(404, Code::RESOURCE_NOT_FOUND, text)
}

/// Which part of a list is asked for.
pub(super) struct Page {
    skipped: usize,
    size: usize,
}

impl Page {
    /// Both numbers are required; a page below 1 is page 1.
    pub(super) fn required(call: &Call) -> Result<Self, Failure> {
        call.required("pageNo")?;
        call.required("pageSize")?;
        let page: i64 = call.number("pageNo")?.unwrap_or(1);
        let size: i64 = call.number("pageSize")?.unwrap_or(0);
        Ok(Self::new(page, size))
    }

    pub(super) fn new(page: i64, size: i64) -> Self {
        let size = usize::try_from(size).unwrap_or(0);
        Self { skipped: usize::try_from(page.saturating_sub(1)).unwrap_or(0).saturating_mul(size), size }
    }

    pub(super) fn of<T>(&self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        items.into_iter().skip(self.skipped).take(self.size).collect()
    }
}

/// A page of the instances of a cluster, disabled ones too. The path of the second version knows filters, and answers
/// an unknown service with none.
pub(in crate::http) fn instances(call: &Call) -> Result<Answer, Failure> {
    let is_v2 = call.path_below_context().starts_with("/v2/");
    let page = Page::required(call)?;
    let service = service(call)?;
    let cluster = call.required("clusterName")?;
    let (healthy_only, enabled_only) = match is_v2 {
        true => (call.boolean("healthyOnly")?.unwrap_or(false), call.boolean("enabledOnly")?.unwrap_or(false)),
        false => (false, false),
    };
    if !call.state.naming.contains(&service) {
        return if is_v2 { Ok(wrapped(r#"{"count":0}"#)) } else { Err(not_found(&service)) };
    }
    let view = call.state.naming.view(&service);
    let of_cluster = view.instances().iter().filter(|instance| instance.cluster == *cluster);
    if !is_v2 && of_cluster.clone().next().is_none() {
        let text = format!("cluster {cluster} is not found!");
        return Err(Failure::refused(404, Code::RESOURCE_NOT_FOUND, text));
    }
    let found: Vec<_> = of_cluster
        .filter(|instance| (instance.healthy || !healthy_only) && (instance.enabled || !enabled_only))
        .collect();
    let (name, is_ephemeral) = (service.grouped_name(), view.kind().is_ephemeral());
    let count = found.len();
    let hosts: Vec<_> =
        page.of(found).into_iter().map(|instance| model::Host::new(instance, name, is_ephemeral)).collect();
    let hosts = json_text(&hosts);
    Ok(if is_v2 {
        wrapped(&format!(r#"{{"instances":{hosts},"count":{count}}}"#))
    } else {
        Answer::Bare(format!(r#"{{"list":{hosts},"count":{count}}}"#))
    })
}

fn wrapped(data: &str) -> Answer {
    Answer::Bare(wrap(0, Some("success"), data))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'a str,
    group_name: &'a str,
    cluster_count: usize,
    ip_count: usize,
    healthy_instance_count: usize,
    /// A text, not a boolean.
    trigger_flag: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Full<'a> {
    namespace: Option<()>,
    service_name: &'a str,
    group_name: &'a str,
    cluster_map: BTreeMap<&'a str, FullCluster<'a>>,
    #[serde(serialize_with = "model::hash_ordered")]
    metadata: &'a Metadata,
    protect_threshold: f32,
    selector: Option<()>,
    ephemeral: Option<()>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FullCluster<'a> {
    cluster_name: Option<()>,
    health_checker: Option<()>,
    metadata: Option<()>,
    hosts: Vec<Address<'a>>,
}

#[derive(Serialize)]
struct Address<'a> {
    valid: bool,
    #[serde(serialize_with = "model::hash_ordered")]
    metadata: &'a Metadata,
    port: i32,
    ip: &'a str,
    weight: f64,
    enabled: bool,
}

/// A page of the services of a namespace whose name and group contain what is asked for.
pub(in crate::http) fn services(call: &Call) -> Result<Answer, Failure> {
    for name in ["pageNo", "pageSize"] {
        if call.filled(name).is_none() {
            return Err(Failure::internal(format!("caused: Required request parameter '{name}' is not present;")));
        }
    }
    let page = Page::required(call)?;
    let name = call.filled("serviceNameParam").unwrap_or_default();
    let group = call.filled("groupNameParam").unwrap_or_default();
    let hide_empty = call.boolean("hasIpCount")?.unwrap_or(false);
    let naming = &call.state.naming;
    let namespace = namespace(call);
    let mut found = naming.all_services(Some(&namespace)).remove(&*namespace).unwrap_or_default();
    found.retain(|key| key.name().contains(&*name) && key.group().contains(&*group));
    if hide_empty {
        found.retain(|key| naming.has_instances(key));
    }
    let count = found.len();
    let shown = page.of(found);
    if call.boolean("withInstances")?.unwrap_or(false) {
        return Ok(with_instances(call, &shown));
    }
    let views: Vec<_> = shown.iter().map(|key| naming.view(key)).collect();
    let rows = views.iter().map(|view| Row {
        name: view.key().name(),
        group_name: view.key().group(),
        cluster_count: view.instances().iter().map(|one| &one.cluster).collect::<BTreeSet<_>>().len(),
        ip_count: view.instances().len(),
        healthy_instance_count: view.instances().iter().filter(|one| one.healthy).count(),
        trigger_flag: if view.reaches_protection() { "true" } else { "false" },
    });
    let rows = json_text(&rows.collect::<Vec<_>>());
    Ok(Answer::Bare(format!(r#"{{"count":{count},"serviceList":{rows}}}"#)))
}

fn with_instances(call: &Call, shown: &[ServiceKey]) -> Answer {
    let naming = &call.state.naming;
    // A service that went away meanwhile is left out.
    let details: Vec<_> = shown.iter().filter_map(|key| Some((naming.service(key).ok()?, naming.view(key)))).collect();
    let full = details.iter().map(|(detail, view)| {
        let mut cluster_map: BTreeMap<&str, FullCluster<'_>> = BTreeMap::new();
        for instance in view.instances() {
            cluster_map.entry(&instance.cluster).or_default().hosts.push(Address {
                valid: instance.healthy,
                metadata: &instance.metadata,
                port: instance.port,
                ip: instance.ip.as_deref().unwrap_or_default(),
                weight: instance.weight,
                enabled: instance.enabled,
            });
        }
        Full {
            namespace: None,
            service_name: detail.key.name(),
            group_name: detail.key.group(),
            cluster_map,
            metadata: &detail.metadata.metadata,
            protect_threshold: detail.metadata.protect_threshold,
            selector: None,
            ephemeral: None,
        }
    });
    Answer::bare(full.collect::<Vec<_>>())
}
