//! The service registry.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use futures::StreamExt as _;
use nacre_client::{
    Client, Group, ServiceKey,
    naming::{
        Balancer, Clusters, ConsistentHash, Instance, LeastFrequentlyUsed, LeastRecentlyUsed, Query, Random,
        RoundRobin, SameCluster, Selector, ServerStatus, ServiceChange, ServiceSettings, WeightedRandom,
    },
};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, Performed, Trouble, read, unknown};
use crate::run::Stage;

/// Balancers have a state, so each client of a case keeps its own.
pub(crate) type Balancers = Mutex<HashMap<String, Arc<dyn Balancer>>>;

#[derive(Deserialize)]
struct Args {
    #[serde(default)]
    service: String,
    #[serde(default)]
    group: String,
    instance: Option<InstanceArgs>,
    #[serde(default)]
    instances: Vec<InstanceArgs>,
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default = "yes")]
    subscribe: bool,
    #[serde(default = "yes")]
    healthy: bool,
    key: Option<String>,
    cluster: Option<String>,
    balancer: Option<String>,
    #[serde(default)]
    selector: SelectorArgs,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    protect_threshold: f32,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstanceArgs {
    ip: String,
    port: u16,
    weight: Option<f64>,
    healthy: Option<bool>,
    enabled: Option<bool>,
    ephemeral: Option<bool>,
    cluster: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl From<InstanceArgs> for Instance {
    fn from(args: InstanceArgs) -> Self {
        let mut instance = Self::new(args.ip, args.port);
        instance.weight = args.weight.unwrap_or(instance.weight);
        instance.healthy = args.healthy.unwrap_or(instance.healthy);
        instance.enabled = args.enabled.unwrap_or(instance.enabled);
        instance.ephemeral = args.ephemeral.unwrap_or(instance.ephemeral);
        instance.cluster = args.cluster.unwrap_or(instance.cluster);
        instance.metadata = args.metadata;
        instance
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SelectorArgs {
    clusters: Vec<String>,
    healthy: Option<bool>,
    metadata: BTreeMap<String, String>,
}

impl From<SelectorArgs> for Selector {
    fn from(args: SelectorArgs) -> Self {
        let mut selector = Self::new().clusters(args.clusters);
        if let Some(healthy) = args.healthy {
            selector = selector.healthy(healthy);
        }
        args.metadata.into_iter().fold(selector, |selector, (key, value)| selector.metadata(key, value))
    }
}

pub(super) async fn perform(stage: &Stage, client: &Client, name: &str, verb: &str, args: &Value) -> Performed {
    let args: Args = read(args)?;
    match verb {
        "services" | "watch_services" | "subscribed" | "server_status" | "watch_fuzzy" => {
            return of_registry(client, verb, args).await;
        }
        _ => {}
    }
    let naming = client.naming();
    let key = ServiceKey::new(&args.group, &args.service)?;
    let clusters = Clusters::new(&args.clusters);
    let mut query = Query::new(&key).clusters(&clusters);
    if !args.subscribe {
        query = query.direct();
    }
    let instance = || args.instance.clone().map(Instance::from).ok_or(Trouble::Mistake("no instance".into()));
    let instances = || args.instances.iter().cloned().map(Instance::from).collect::<Vec<_>>();
    match verb {
        "register" => naming.register(&key, instance()?).await?,
        "register_batch" => naming.register_batch(&key, instances()).await?,
        "deregister" => naming.deregister(&key, &instance()?).await?,
        "deregister_batch" => naming.deregister_batch(&key, &instances()).await?,
        "instances" => return Ok(list(&naming.instances(query).await?).into()),
        "select" => return Ok(list(&naming.select(query, args.healthy).await?).into()),
        "select_one" => {
            let balancer = balancer(&stage.balancers, name, &args)?;
            let chosen = naming.select_one_with(query, &balancer, args.key.as_deref()).await?;
            return Ok(chosen.as_deref().map_or(Value::Null, shown).into());
        }
        "watch" => {
            let watch = naming.watch(&key, args.selector.into())?;
            return Ok(Done::watch(watch.map(|change| change_shown(&change))));
        }
        _ => return maintain(client, verb, &key, &args).await,
    }
    Ok(Done::nothing())
}

/// What is about more than one service.
async fn of_registry(client: &Client, verb: &str, args: Args) -> Performed {
    let naming = client.naming();
    Ok(match verb {
        "services" => {
            let group = Group::new(&args.group)?;
            let page = naming.services(&group, args.page.unwrap_or(1), args.size.unwrap_or(1000)).await?;
            json!({"names": page.names, "count": page.count}).into()
        }
        "watch_services" => {
            let watch = naming.watch_services(&Group::new(&args.group)?)?;
            Done::watch(watch.map(|names| json!({"names": *names.names})))
        }
        "watch_fuzzy" => {
            let watch = naming.watch_fuzzy(&args.group, &args.service).await?;
            Done::watch(
                watch.map(|change| json!({"added": services(&change.added), "removed": services(&change.removed)})),
            )
        }
        "subscribed" => services(&naming.subscribed()).into(),
        "server_status" => match naming.server_status().await {
            ServerStatus::Up => json!("up").into(),
            _ => json!("down").into(),
        },
        _ => return Err(unknown(verb)),
    })
}

async fn maintain(client: &Client, verb: &str, key: &ServiceKey, args: &Args) -> Performed {
    let maintenance = client.naming().maintenance();
    let settings = || {
        let settings = ServiceSettings::new().protect_threshold(args.protect_threshold);
        args.metadata.iter().fold(settings, |settings, (key, value)| settings.metadata(key, value))
    };
    match verb {
        "create_service" => maintenance.create_service(key, &settings()).await?,
        "update_service" => maintenance.update_service(key, &settings()).await?,
        "delete_service" => maintenance.delete_service(key).await?,
        "update_instance" => {
            let instance = args.instance.clone().ok_or(Trouble::Mistake("no instance".into()))?;
            maintenance.update_instance(key, &instance.into()).await?;
        }
        "get_service" => {
            let service = maintenance.service(key).await?;
            let value = json!({
                "service": service.name,
                "group": service.group,
                "protect_threshold": service.protect_threshold,
                "metadata": service.metadata,
            });
            return Ok(value.into());
        }
        _ => return Err(unknown(verb)),
    }
    Ok(Done::nothing())
}

fn balancer(kept: &Balancers, client: &str, args: &Args) -> Result<Arc<dyn Balancer>, Trouble> {
    let kind = args.balancer.as_deref().unwrap_or("weighted_random");
    let cluster = args.cluster.as_deref().unwrap_or_default();
    let made: Arc<dyn Balancer> = match kind {
        "weighted_random" => Arc::new(WeightedRandom),
        "random" => Arc::new(Random),
        "round_robin" => Arc::new(RoundRobin::default()),
        "least_recently_used" => Arc::new(LeastRecentlyUsed::default()),
        "least_frequently_used" => Arc::new(LeastFrequentlyUsed::default()),
        "consistent_hash" => Arc::new(ConsistentHash::default()),
        "same_cluster" => Arc::new(SameCluster::new(cluster)),
        _ => return Err(Trouble::Mistake(format!("no balancer {kind}"))),
    };
    Ok(Arc::clone(kept.lock().entry(format!("{client} {kind} {cluster}")).or_insert(made)))
}

fn shown(instance: &Instance) -> Value {
    json!({
        "ip": instance.ip,
        "port": instance.port,
        "weight": instance.weight,
        "healthy": instance.healthy,
        "enabled": instance.enabled,
        "ephemeral": instance.ephemeral,
        "cluster": instance.cluster,
        "metadata": instance.metadata,
    })
}

fn list(instances: &[Arc<Instance>]) -> Value {
    instances.iter().map(|instance| shown(instance)).collect()
}

fn services(keys: &[ServiceKey]) -> Value {
    keys.iter().map(|key| json!({"service": key.name(), "group": key.group().as_str()})).collect()
}

fn change_shown(change: &ServiceChange) -> Value {
    json!({
        "service": change.service.service().name(),
        "group": change.service.service().group().as_str(),
        "instances": list(&change.instances),
        "added": list(&change.added),
        "removed": list(&change.removed),
        "modified": list(&change.modified),
    })
}
