//! `nacre service` for operators: services without instances, what a server knows of all instances, who subscribes.

use clap::Args;
use nacre_client::ServiceKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{key, pair};
use crate::command::{
    Failure, Place, Target,
    api::{Api, Reply, Request},
    output::{self, Cell, Table},
};

const PATH: &str = "/v1/ns/service";
/// Rows that are asked for at once.
const PAGE: usize = 500;

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name of the service
    name: String,

    /// Share of healthy instances below which all are handed out, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    protect_threshold: f64,

    /// What the service says about itself; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Name of the service
    name: String,

    /// Share of healthy instances below which all are handed out, 0 to 1 [default: as it is]
    #[arg(long, value_name = "SHARE")]
    protect_threshold: Option<f64>,

    /// Entry of the metadata to set, the others staying; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name of the service
    name: String,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    /// Part of the service's name
    #[arg(default_value = "")]
    name: String,

    /// Part of the group's name
    #[arg(long, default_value = "")]
    group: String,

    /// Without services that have no instance
    #[arg(long)]
    hide_empty: bool,

    #[command(flatten)]
    place: Place,
}

/// A service as servers answer it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(default)]
    protect_threshold: f64,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    selector: Value,
    #[serde(default)]
    clusters: Vec<NamedCluster>,
}

#[derive(Debug, Deserialize)]
struct NamedCluster {
    name: String,
}

/// An instance as the catalogue has it, hidden ones too.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(super) struct Row {
    pub(super) ip: String,
    pub(super) port: u16,
    #[serde(rename(serialize = "cluster"))]
    cluster_name: String,
    pub(super) healthy: bool,
    pub(super) enabled: bool,
    pub(super) weight: f64,
    pub(super) ephemeral: bool,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Rows<T> {
    #[serde(default = "Vec::new", alias = "list", alias = "serviceList", alias = "subscribers")]
    rows: Vec<T>,
    count: usize,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
struct Summary {
    #[serde(alias = "groupName")]
    group: String,
    #[serde(rename(serialize = "service"))]
    name: String,
    cluster_count: u64,
    ip_count: u64,
    healthy_instance_count: u64,
    #[serde(rename(serialize = "protected"), deserialize_with = "flag")]
    trigger_flag: bool,
}

/// A flag that some versions write as a word.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value == true || value == "true")
}

#[derive(Debug, Deserialize, Serialize)]
struct Subscriber {
    #[serde(rename(deserialize = "addrStr"))]
    address: String,
    #[serde(default)]
    agent: Option<String>,
    #[serde(default)]
    app: Option<String>,
}

pub(super) fn of_service(request: Request, target: &Target, key: &ServiceKey) -> Result<Request, Failure> {
    let namespace = target.place.namespace()?;
    let request = request.with("namespaceId", namespace.as_str());
    Ok(request.with("groupName", key.group()).with("serviceName", key.name()))
}

/// The service; servers answer that one is unknown in more than one way.
pub(super) async fn detail(api: &Api, target: &Target, key: &ServiceKey) -> Result<Detail, Failure> {
    known(api.send(of_service(Request::get(PATH), target, key)?).await?, target, key)?.json()
}

/// A refusal that means an unknown service, told as such.
pub(super) fn known(reply: Reply, target: &Target, key: &ServiceKey) -> Result<Reply, Failure> {
    let is_unknown = matches!(reply.status, 400 | 404 | 500) && reply.text().contains("not found");
    let missing = || Failure::not_found(format!("no service {key} in namespace {}", target.place.namespace));
    if is_unknown { Err(missing()) } else { reply.good() }
}

fn metadata_text(metadata: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    metadata.iter().map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",")
}

fn merged(mut metadata: Map<String, Value>, set: &[(String, String)]) -> String {
    metadata.extend(set.iter().map(|(key, value)| (key.clone(), value.clone().into())));
    Value::Object(metadata).to_string()
}

fn threshold(share: f64) -> Result<f64, Failure> {
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(Failure::usage("the threshold must be 0 to 1")) }
}

#[derive(Debug, Serialize)]
struct ShownService<'a> {
    namespace: &'a str,
    group: &'a str,
    service: &'a str,
    protect_threshold: f64,
    metadata: &'a Map<String, Value>,
}

async fn show(api: &Api, target: &Target, key: &ServiceKey) -> Result<(), Failure> {
    let namespace = target.place.namespace()?;
    let found = detail(api, target, key).await?;
    let value = ShownService {
        namespace: namespace.as_str(),
        group: key.group().as_str(),
        service: key.name(),
        protect_threshold: found.protect_threshold,
        metadata: &found.metadata,
    };
    output::show(target.output(), &value, || {
        let mut table = Table::new(["GROUP", "SERVICE", "THRESHOLD", "METADATA"]);
        let metadata = metadata_text(&found.metadata);
        let (group, name) = (Cell::new(key.group()), Cell::new(key.name()));
        table.row([group, name, Cell::new(&found.protect_threshold), Cell::new(&metadata)]);
        table
    })
}

pub(super) async fn create(arguments: &Create) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let threshold = threshold(arguments.protect_threshold)?;
    let api = Api::connect(&target.place.access).await?;
    let request = of_service(Request::post(PATH), target, &key)?.with("protectThreshold", threshold);
    api.ask(request.with("metadata", merged(Map::new(), &arguments.metadata))).await?;
    show(&api, target, &key).await
}

pub(super) async fn update(arguments: &Update) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let asked = arguments.protect_threshold.map(threshold).transpose()?;
    let api = Api::connect(&target.place.access).await?;
    // What is not sent is reset, so all is.
    let present = detail(&api, target, &key).await?;
    let mut request = of_service(Request::put(PATH), target, &key)?;
    request = request.with("protectThreshold", asked.unwrap_or(present.protect_threshold));
    request = request.with("metadata", merged(present.metadata, &arguments.metadata));
    if present.selector.get("type").is_some_and(|kind| kind != "none") {
        request = request.with("selector", &present.selector);
    }
    api.ask(request).await?;
    show(&api, target, &key).await
}

pub(super) async fn remove(arguments: &Named) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let api = Api::connect(&target.place.access).await?;
    known(api.send(of_service(Request::delete(PATH), target, &key)?).await?, target, &key)?;
    let name = key.to_string();
    output::show(target.output(), &serde_json::json!({ "removed": name }), || {
        let mut table = Table::new(["REMOVED"]);
        table.row([Cell::new(&name)]);
        table
    })
}

pub(super) async fn catalog(arguments: &Catalog) -> Result<(), Failure> {
    let place = &arguments.place;
    let namespace = place.namespace()?;
    let api = Api::connect(&place.access).await?;
    let request = Request::get("/v1/ns/catalog/services").with("namespaceId", namespace.as_str());
    let request = request.with("serviceNameParam", &arguments.name).with("groupNameParam", &arguments.group);
    let request = request.with("withInstances", false).with("hasIpCount", arguments.hide_empty);
    let rows: Vec<Summary> = pages(&api, &request).await?;
    output::show(place.access.output, &rows, || {
        let mut table = Table::new(["GROUP", "SERVICE", "CLUSTERS", "INSTANCES", "HEALTHY", "PROTECTED"]);
        for row in &rows {
            table.row([
                Cell::new(&row.group),
                Cell::new(&row.name),
                Cell::new(&row.cluster_count),
                Cell::new(&row.ip_count),
                Cell::new(&row.healthy_instance_count),
                Cell::new(if row.trigger_flag { "yes" } else { "no" }),
            ]);
        }
        table
    })
}

/// All pages of a list.
async fn pages<T: serde::de::DeserializeOwned>(api: &Api, request: &Request) -> Result<Vec<T>, Failure> {
    let mut all: Vec<T> = Vec::new();
    for number in 1.. {
        let reply = api.ask(request.clone().with("pageNo", number).with("pageSize", PAGE)).await?;
        let page: Rows<T> = reply.json()?;
        let is_last = page.rows.len() < PAGE;
        all.extend(page.rows);
        if is_last || all.len() >= page.count {
            break;
        }
    }
    Ok(all)
}

/// The instances of all clusters of a service, hidden ones too.
pub(super) async fn rows(api: &Api, target: &Target, key: &ServiceKey) -> Result<Vec<Row>, Failure> {
    let mut all = Vec::new();
    for cluster in detail(api, target, key).await?.clusters {
        let request = of_service(Request::get("/v1/ns/catalog/instances"), target, key)?;
        all.extend(pages(api, &request.with("clusterName", &cluster.name)).await?);
    }
    Ok(all)
}

pub(super) async fn instances(arguments: &Named) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let api = Api::connect(&target.place.access).await?;
    let rows = rows(&api, target, &key).await?;
    output::show(target.output(), &rows, || table(&rows))
}

pub(super) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(["ADDRESS", "CLUSTER", "HEALTHY", "ENABLED", "WEIGHT", "KIND", "METADATA"]);
    for row in rows {
        let address = if row.ip.contains(':') { format!("[{}]", row.ip) } else { row.ip.clone() };
        table.row([
            Cell::new(&format!("{address}:{}", row.port)),
            Cell::new(&row.cluster_name),
            Cell::flag(row.healthy),
            Cell::flag(row.enabled),
            Cell::new(&row.weight),
            Cell::new(if row.ephemeral { "ephemeral" } else { "persistent" }),
            Cell::new(&metadata_text(&row.metadata)),
        ]);
    }
    table
}

pub(super) async fn subscribers(arguments: &Named) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let api = Api::connect(&target.place.access).await?;
    let request = of_service(Request::get("/v1/ns/service/subscribers"), target, &key)?;
    let rows: Vec<Subscriber> = pages(&api, &request).await?;
    output::show(target.output(), &rows, || {
        let mut table = Table::new(["ADDRESS", "AGENT", "APPLICATION"]);
        for row in &rows {
            let text = |text: &Option<String>| Cell::new(text.as_deref().unwrap_or_default());
            table.row([Cell::new(&row.address), text(&row.agent), text(&row.app)]);
        }
        table
    })
}

impl Row {
    pub(super) fn is_at(&self, ip: &str, port: u16, cluster: Option<&str>) -> bool {
        self.ip == ip && self.port == port && cluster.is_none_or(|cluster| cluster == self.cluster_name)
    }

    pub(super) fn cluster(&self) -> &str {
        &self.cluster_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_all_kinds_are_read() {
        let rows: Rows<Summary> = serde_json::from_str(
            r#"{"count":1,"serviceList":[{"name":"a","groupName":"g","clusterCount":1,"ipCount":2,
            "healthyInstanceCount":1,"triggerFlag":"true"}]}"#,
        )
        .unwrap();
        assert!(rows.rows[0].trigger_flag && rows.count == 1);
        let rows: Rows<Subscriber> =
            serde_json::from_str(r#"{"subscribers":[{"addrStr":"10.0.0.9:0","agent":null}],"count":1}"#).unwrap();
        assert_eq!(rows.rows[0].address, "10.0.0.9:0");
    }

    #[test]
    fn metadata_is_set_entry_by_entry() {
        let present = serde_json::from_str(r#"{"a":"1","b":"2"}"#).unwrap();
        assert_eq!(merged(present, &[("b".into(), "3".into())]), r#"{"a":"1","b":"3"}"#);
    }
}
