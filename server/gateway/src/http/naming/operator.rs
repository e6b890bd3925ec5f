//! What operators ask naming as a whole: pushes, who is responsible, subscribers, names.

use std::collections::BTreeMap;

use http::Method;
use nacre_naming::{Error, ServiceKey};
use serde::Serialize;

use super::catalog::Page;
use super::{Subject, named, namespace, refuse};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::failure::Failure;
use crate::http::naming::udp;
use crate::http::routes::Operation;

#[derive(Serialize)]
struct PushState {
    succeed: u64,
    total: u64,
    ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<PushCost>,
    reset: bool,
}

/// Milliseconds; -1 when nothing was measured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushCost {
    avg_push_cost: f64,
    max_push_cost: f64,
}

/// How pushes went since the start.
pub(in crate::http) fn push_state(call: &Call) -> Result<Answer, Failure> {
    let push = call.state.naming.stats().push;
    let total = push.acked + push.failed + push.timed_out;
    let ratio = if total == 0 { 0.0 } else { push.acked as f64 / total as f64 };
    let detail = call.boolean("detail")?.unwrap_or(false).then(|| match push.measured {
        0 => PushCost { avg_push_cost: -1.0, max_push_cost: -1.0 },
        measured => PushCost {
            avg_push_cost: push.latency_sum_micros as f64 / measured as f64 / 1000.0,
            max_push_cost: push.latency_max_micros as f64 / 1000.0,
        },
    });
    Ok(Answer::bare(PushState { succeed: push.acked, total, ratio, detail, reset: false }))
}

/// Which node answers for an address of HTTP clients: on a single node this one.
pub(in crate::http) fn responsible_server(call: &Call) -> Result<Answer, Failure> {
    call.required("ip")?;
    call.number::<i32>("port")?.ok_or(Failure::Missing { name: "port", kind: "Integer" })?;
    Ok(Answer::bare(BTreeMap::from([("responsibleServer", &call.state.address)])))
}

/// The kinds of selectors.
pub(in crate::http) fn selector_types() -> Answer {
    Answer::result(200, None, ["label", "none"])
}

#[derive(Serialize)]
struct Names {
    /// The odd key is what clients read.
    #[serde(rename = "META-INF/services")]
    services: BTreeMap<String, Vec<String>>,
    count: usize,
}

/// The grouped names of all services by namespace; with `expr` those that contain it.
pub(in crate::http) fn names(call: &Call) -> Answer {
    let expression = call.filled("expr").unwrap_or_default();
    let wanted = call.filled("namespaceId");
    let all = call.state.naming.all_services(wanted.as_deref());
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (namespace, keys) in all {
        let names = keys.iter().map(|key| key.grouped_name().to_owned());
        services.insert(namespace, names.filter(|name| name.contains(&*expression)).collect());
    }
    if let Some(namespace) = wanted {
        services.entry(namespace.into_owned()).or_default();
    }
    let count = services.values().map(Vec::len).sum();
    Answer::bare(Names { services, count })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscriber {
    addr_str: String,
    agent: String,
    app: String,
    ip: String,
    port: u16,
    namespace_id: String,
    service_name: String,
    cluster: String,
}

#[derive(Serialize)]
struct Subscribers {
    subscribers: Vec<Subscriber>,
    count: usize,
}

/// A page of who subscribes to the services whose name and group contain those that are named.
pub(in crate::http) fn subscribers(call: &Call) -> Result<Answer, Failure> {
    let (group, name) = named(call).ok_or(Failure::missing("serviceName"))?;
    let page = Page::new(call.number("pageNo")?.unwrap_or(1), call.number("pageSize")?.unwrap_or(1000));
    let namespace = namespace(call);
    let matches = |key: &ServiceKey| key.name().contains(&*name) && key.group().contains(&*group);
    let connected = call.state.naming.subscribers(&namespace, matches).into_iter().map(|subscriber| Subscriber {
        // Nacos shows the port of an HTTP client only.
        addr_str: format!("{}:0", subscriber.client.ip),
        agent: subscriber.client.agent.clone(),
        app: subscriber.client.app.clone(),
        ip: subscriber.client.ip.clone(),
        port: 0,
        namespace_id: subscriber.service.namespace().to_owned(),
        service_name: subscriber.service.grouped_name().to_owned(),
        cluster: subscriber.clusters.unwrap_or_default(),
    });
    let of_udp = call.state.udp.subscribers(|key| key.namespace() == namespace && matches(key));
    let of_udp = of_udp.into_iter().map(|udp::Subscriber { service, address, agent, app, clusters }| Subscriber {
        addr_str: address.to_string(),
        agent,
        app,
        ip: address.ip().to_string(),
        port: address.port(),
        namespace_id: service.namespace().to_owned(),
        service_name: service.grouped_name().to_owned(),
        cluster: clusters,
    });
    let all: Vec<Subscriber> = connected.chain(of_udp).collect();
    let count = all.len();
    Ok(Answer::bare(Subscribers { subscribers: page.of(all), count }))
}

/// All switches.
pub(in crate::http) fn read_switches(call: &Call) -> Answer {
    Answer::data(&*call.state.naming.switches())
}

/// Sets a switch, with `debug` on this node alone.
pub(in crate::http) async fn set_switch(call: &Call) -> Result<Answer, Failure> {
    let entry = call.required("entry")?;
    let value = call.present("value")?;
    let is_local = call.boolean("debug")?.unwrap_or(false);
    match call.state.naming.set_switch(&entry, &value, is_local).await {
        Ok(()) => Ok(Answer::Done),
        Err(Error::InvalidParameter(text)) if call.is_v2() => Err(Failure::internal(text)),
        Err(error) => Err(refuse(&error, Subject::Service)),
    }
}

/// Refuses a call of v1 naming while operators closed its path, or took the server out of service.
pub(in crate::http) fn check_traffic(call: &Call, method: &Method, operation: Operation) -> Result<(), Failure> {
    if matches!(operation, Operation::ReadSwitches | Operation::SetSwitch) {
        return Ok(());
    }
    let switches = call.state.naming.switches();
    let closed = switches.limited_url_map.iter().find(|(path, _)| call.path().starts_with(path.as_str()));
    if let Some((_, status)) = closed {
        return Err(Failure::refused(*status, Code::SERVER, ""));
    }
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match switches.overridden_server_status.as_deref() {
        None | Some("UP") => Ok(()),
        Some("WRITE_ONLY") if !is_read => Ok(()),
        Some("READ_ONLY") if is_read => Ok(()),
        Some(status) => Err(Failure::Unavailable { text: format!("server is {status} now, set by an operator") }),
    }
}
