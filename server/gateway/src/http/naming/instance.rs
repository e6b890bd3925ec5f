//! Instances over HTTP: register, deregister, update, patch, list, detail, statuses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nacre_naming::{
    Address, DEFAULT_CLUSTER, Filter, IdPolicy, Instance, InstanceKey, InstanceOverride, NewInstance, OverrideChange,
    ServiceKey, check_instance,
};

use serde::Deserialize;

use super::{Subject, grouped_service, metadata, model, refuse, service, udp};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::failure::Failure;

const HEAVIEST: f64 = 10_000.0;

/// Registers an instance that lives by beats, or a persistent one.
pub(in crate::http) async fn register(call: &Call) -> Result<Answer, Failure> {
    let (service, ip, port) = target(call)?;
    let instance = NewInstance {
        ip: Some(ip.into_owned()),
        port,
        weight: weight(call)?.unwrap_or(1.0),
        healthy: call.boolean("healthy")?.unwrap_or(true),
        enabled: enabled(call)?.unwrap_or(true),
        cluster: Some(cluster(call).into_owned()),
        metadata: metadata(call)?,
        ..NewInstance::default()
    };
    let ids = if call.is_v2() { IdPolicy::Keep } else { IdPolicy::Generate };
    let naming = &call.state.naming;
    let registered = if is_ephemeral(call)? {
        naming.register_beaten(&service, instance, ids).await
    } else {
        match check_instance(&instance) {
            Ok(()) => naming.register_persistent(&service, instance, ids).await,
            Err(error) => Err(error),
        }
    };
    registered.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Instance))
}

/// Removes an instance; one that is not there, or of the other kind, is removed already.
pub(in crate::http) async fn deregister(call: &Call) -> Result<Answer, Failure> {
    let (service, ip, port) = target(call)?;
    let naming = &call.state.naming;
    let removed = if is_ephemeral(call)? {
        naming.deregister_beaten(&service, &ip, port).await
    } else {
        naming.deregister_persistent(&service, &ip, port).await
    };
    removed.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Instance))
}

/// Replaces what operators set for an instance: what is not sent takes its default.
pub(in crate::http) async fn update(call: &Call) -> Result<Answer, Failure> {
    let (service, ip, port) = target(call)?;
    let cluster = cluster(call);
    let metadata = metadata(call)?;
    let shape = NewInstance {
        cluster: Some(cluster.clone().into_owned()),
        metadata: metadata.clone(),
        ..NewInstance::at(&ip, port)
    };
    let value = InstanceOverride {
        weight: Some(weight(call)?.unwrap_or(1.0)),
        enabled: Some(enabled(call)?.unwrap_or(true)),
        metadata,
    };
    let key = InstanceKey::new(&ip, port, &cluster);
    let updated = match check_instance(&shape) {
        Ok(()) => call.state.naming.set_override(&service, key, value).await,
        Err(error) => Err(error),
    };
    updated.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Instance))
}

/// Changes parts of what operators set for an instance. v2 wants all parts.
pub(in crate::http) async fn patch(call: &Call) -> Result<Answer, Failure> {
    let service = grouped_service(call)?;
    let ip = call.required("ip")?;
    let port = port(call)?;
    let weight_value = weight(call)?;
    let enabled_value = enabled(call)?;
    if call.is_v2() {
        weight_value.ok_or(Failure::missing("weight"))?;
        enabled_value.ok_or(Failure::Missing { name: "enabled", kind: "Boolean" })?;
        call.present("metadata")?;
    }
    let change =
        OverrideChange { weight: weight_value, enabled: enabled_value, set: metadata(call)?, remove: Vec::new() };
    let key = InstanceKey::new(&ip, port, &cluster(call));
    let changed = call.state.naming.change_override(&service, key, change).await;
    changed.map_err(|error| refuse(&error, Subject::Instance))?;
    // v2 answers this path as v1 does.
    Ok(Answer::Text("ok"))
}

/// The list of a service.
pub(in crate::http) fn list(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let clusters = call.get(if call.is_v2() { "clusterName" } else { "clusters" }).unwrap_or_default();
    let healthy_only = call.boolean("healthyOnly")?.unwrap_or(false);
    let filter = Filter::clusters_of(Some(&clusters)).healthy_only(healthy_only);
    subscribe_by_datagram(call, &service, &clusters);
    let list = call.state.naming.list(&service, &filter);
    Ok(Answer::data(model::Listing::new(&list)))
}

/// A client that reads pushes and names a port is told of changes there, at the address it calls from: what it names
/// as its own may not lead to it, and nobody has others pushed to.
fn subscribe_by_datagram(call: &Call, service: &ServiceKey, clusters: &str) {
    let Ok(Some(port @ 1..)) = call.number::<u16>("udpPort") else { return };
    let agent = call.header("user-agent").or_else(|| call.header("client-version")).unwrap_or_default();
    if !udp::reads_pushes(agent) {
        return;
    }
    let Ok(ip) = call.client_ip().parse() else { return };
    call.state.udp.subscribe(udp::Subscriber {
        service: service.clone(),
        address: std::net::SocketAddr::new(ip, port),
        agent: agent.to_owned(),
        app: call.filled("app").unwrap_or_default().into_owned(),
        clusters: clusters.to_owned(),
    });
}

/// One instance, also a disabled one.
pub(in crate::http) fn detail(call: &Call) -> Result<Answer, Failure> {
    let (service, ip, port) = target(call)?;
    let cluster = call.filled("clusterName").unwrap_or(Cow::Borrowed(DEFAULT_CLUSTER));
    let found = call.state.naming.instance(&service, &InstanceKey::new(&ip, port, &cluster));
    let instance = found.map_err(|error| refuse(&error, Subject::Instance))?;
    Ok(Answer::data(model::Detail::new(&instance, service.grouped_name(), call.is_v2())))
}

/// The health of all instances of a service that is named by `namespace##group@@name`.
pub(in crate::http) fn statuses(call: &Call) -> Result<Answer, Failure> {
    let key = match &call.end {
        Some(end) => Cow::Borrowed(end.as_str()),
        None => call.required("key")?,
    };
    let named = key.split_once("##").and_then(|(namespace, grouped)| {
        let (group, name) = grouped.split_once("@@")?;
        Some(ServiceKey::new(namespace, group, name))
    });
    let service =
        named.ok_or_else(|| Failure::invalid(format!("'{key}' is not of the form namespace##group@@name")))?;
    let view = call.state.naming.view(&service);
    Ok(Answer::bare(model::Statuses::new(view.instances())))
}

/// Metadata of many instances: the parameter `instances` picks some by their address and cluster, without it all
/// are meant.
pub(in crate::http) async fn set_metadata(call: &Call) -> Result<Answer, Failure> {
    change_metadata(call, |set| OverrideChange { set, ..OverrideChange::default() }).await
}

/// Takes metadata entries out again that operators set on many instances.
pub(in crate::http) async fn remove_metadata(call: &Call) -> Result<Answer, Failure> {
    change_metadata(call, |named| OverrideChange { remove: named.into_keys().collect(), ..OverrideChange::default() })
        .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Picked {
    ip: String,
    port: i32,
    #[serde(default)]
    cluster_name: Option<String>,
}

async fn change_metadata(
    call: &Call,
    change: impl FnOnce(BTreeMap<String, String>) -> OverrideChange,
) -> Result<Answer, Failure> {
    let service = service(call)?;
    call.required("metadata")?;
    let change = change(metadata(call)?);
    let picked: Option<Vec<Picked>> = match call.filled("instances") {
        None => None,
        Some(text) => {
            let picked = serde_json::from_str(&text);
            Some(picked.map_err(|error| Failure::unreadable(format!("cannot read the instances: {error}")))?)
        }
    };
    let naming = &call.state.naming;
    let kind = naming.view(&service).kind();
    let wanted_kind = match call.filled("consistencyType").as_deref() {
        Some("ephemeral") => kind.is_ephemeral(),
        Some("persist") => !kind.is_ephemeral(),
        _ => true,
    };
    let matches = |instance: &Instance| {
        let is_same = |one: &Picked| {
            let cluster = one.cluster_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CLUSTER);
            cluster == instance.cluster && instance.is_at(&Address::new(&one.ip, one.port))
        };
        wanted_kind && picked.as_ref().is_none_or(|picked| picked.iter().any(is_same))
    };
    let changed = naming.change_metadata(&service, matches, &change).await;
    let changed = changed.map_err(|error| refuse(&error, Subject::Instance))?;
    Ok(Answer::data(model::Updated::new(&changed, kind.is_ephemeral())))
}

/// The service, host and port that every operation on one instance needs.
fn target(call: &Call) -> Result<(ServiceKey, Cow<'_, str>, i32), Failure> {
    let service = service(call)?;
    let ip = call.required("ip")?;
    Ok((service, ip, port(call)?))
}

fn port(call: &Call) -> Result<i32, Failure> {
    call.number("port")?.ok_or(Failure::Missing { name: "port", kind: "Integer" })
}

fn cluster(call: &Call) -> Cow<'_, str> {
    let named = call.filled("clusterName").or_else(|| call.filled("cluster"));
    named.unwrap_or(Cow::Borrowed(DEFAULT_CLUSTER))
}

fn weight(call: &Call) -> Result<Option<f64>, Failure> {
    let weight = call.number("weight")?;
    match weight {
        Some(weight) if !(0.0..=HEAVIEST).contains(&weight) => {
            let text = "instance format invalid: The weights range from 0.0 to 10000.0";
            Err(Failure::refused(400, Code::WEIGHT, text))
        }
        weight => Ok(weight),
    }
}

fn enabled(call: &Call) -> Result<Option<bool>, Failure> {
    match call.boolean("enabled")? {
        None => call.boolean("enable"),
        enabled => Ok(enabled),
    }
}

fn is_ephemeral(call: &Call) -> Result<bool, Failure> {
    Ok(match call.boolean("ephemeral")? {
        Some(ephemeral) => ephemeral,
        None => call.state.naming.switches().default_instance_ephemeral,
    })
}
