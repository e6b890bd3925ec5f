//! Nodes, their load, and commands to the cluster, of which a single node knows few.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::http::answer::{Answer, JSON, TEXT, json_text, respond, wrap};
use crate::http::call::Call;
use crate::http::clock;
use crate::http::code::Code;
use crate::http::failure::Failure;
use crate::http::routes::Style;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    ip: &'a str,
    port: u16,
    state: &'static str,
    extend_info: ExtendInfo<'a>,
    address: &'a str,
    fail_access_cnt: u32,
    abilities: Abilities,
    grpc_report_enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtendInfo<'a> {
    last_refresh_time: u64,
    ready_to_upgrade: bool,
    support_gray_model: bool,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Abilities {
    remote_ability: RemoteAbility,
    config_ability: ConfigAbility,
    naming_ability: NamingAbility,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemoteAbility {
    support_remote_connection: bool,
    grpc_report_enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigAbility {
    support_remote_metrics: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NamingAbility {
    support_jraft: bool,
}

fn member(call: &Call) -> Member<'_> {
    let address = call.state.address.as_str();
    let ip = address.rsplit_once(':').map_or(address, |(ip, _)| ip);
    Member {
        ip,
        port: call.state.port,
        state: state(call),
        extend_info: ExtendInfo {
            last_refresh_time: clock::now(),
            ready_to_upgrade: true,
            support_gray_model: true,
            version: call.state.version,
        },
        address,
        fail_access_cnt: 0,
        abilities: Abilities {
            remote_ability: RemoteAbility { support_remote_connection: true, grpc_report_enabled: true },
            config_ability: ConfigAbility { support_remote_metrics: false },
            naming_ability: NamingAbility { support_jraft: true },
        },
        grpc_report_enabled: true,
    }
}

fn state(call: &Call) -> &'static str {
    if call.state.host.is_ready() { "UP" } else { "STARTING" }
}

fn result(call: &Call, data: impl Serialize) -> Answer {
    if call.style == Style::Wrapped { Answer::data(data) } else { Answer::result(200, None, data) }
}

/// This node.
pub(in crate::http) fn this_node(call: &Call) -> Answer {
    result(call, member(call))
}

/// The nodes whose address contains `keyword` in v1, begins with `address` and that are in a `state` in v2.
pub(in crate::http) fn nodes(call: &Call) -> Result<Answer, Failure> {
    let own = member(call);
    let is_shown = if call.is_v2() {
        let wanted = call.filled("state").map(|state| state.to_uppercase());
        let states = ["STARTING", "UP", "SUSPICIOUS", "DOWN", "ISOLATION"];
        if let Some(state) = wanted.as_deref().filter(|state| !states.contains(state)) {
            let text = format!("Illegal state: {}", state.to_lowercase());
            return Err(Failure::refused(400, Code::ILLEGAL_STATE, text));
        }
        let address = call.filled("address").unwrap_or_default();
        own.address.starts_with(&*address) && wanted.is_none_or(|state| state == own.state)
    } else {
        own.address.contains(&*call.filled("keyword").unwrap_or_default())
    };
    Ok(result(call, if is_shown { vec![own] } else { Vec::new() }))
}

/// The addresses of all nodes.
pub(in crate::http) fn node_names(call: &Call) -> Answer {
    result(call, [call.state.address.as_str()])
}

/// Whether this node works.
pub(in crate::http) fn node_health(call: &Call) -> Answer {
    result(call, state(call))
}

/// A node that tells of itself: there are no others here.
pub(in crate::http) fn report_node() -> Answer {
    Answer::result(400, Some("Node information is illegal"), None::<()>)
}

/// A list of other nodes.
pub(in crate::http) fn update_nodes(call: &Call) -> Result<Answer, Failure> {
    match call.json() {
        Some(Value::Array(nodes)) if !nodes.is_empty() => Err(single()),
        _ => Err(Failure::missing("nodes")),
    }
}

/// Another way to find nodes.
pub(in crate::http) fn switch_lookup(call: &Call) -> Result<Answer, Failure> {
    if call.is_v2() {
        call.required("type")?;
    } else {
        call.present("type")?;
    }
    Err(single())
}

fn single() -> Failure {
    Failure::refused(501, Code::SERVER, "this server is a single node")
}

/// Taking nodes out: in no version of Nacos more than an answer.
pub(in crate::http) fn remove_nodes(call: &Call) -> Answer {
    let path = call.path_below_context();
    let verb = if call.is_v2() { "DELETE " } else { "" };
    Answer::result(405, Some(&format!("{verb}{path} API not allow to use temporarily.")), None::<()>)
}

/// Commands to the Raft groups. None is understood: membership is the server's own matter here.
pub(in crate::http) fn raft_command(call: &Call) -> Result<Answer, Failure> {
    let Some(body) = call.json() else { return Err(Failure::internal("Required request body is missing")) };
    let command = body.get("command").and_then(Value::as_str).unwrap_or("null");
    Ok(Answer::result(500, Some(&format!("Not support command : {command}")), None::<()>))
}

/// The generators of ids. Ids come from the log here, so there is none.
pub(in crate::http) fn id_generators(call: &Call) -> Answer {
    if call.is_v2() {
        return Answer::result(200, None, [(); 0]);
    }
    Answer::result(200, None, BTreeMap::<String, ()>::new())
}

/// Where each client is connected.
pub(in crate::http) fn current_clients(call: &Call) -> Answer {
    Answer::bare(call.state.host.clients())
}

/// Asks connections to go elsewhere until no more than `count` are left.
pub(in crate::http) fn reload_clients(call: &Call) -> Result<Answer, Failure> {
    let count: usize = call.number("count")?.ok_or(Failure::Missing { name: "count", kind: "Integer" })?;
    let redirect = call.filled("redirectAddress");
    let clients = call.state.host.clients();
    for connection in clients.keys().skip(count) {
        call.state.host.reload_client(connection, redirect.as_deref());
    }
    Ok(Answer::Whole(Box::new(respond(StatusCode::OK, Some(TEXT), "success"))))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Load<'a> {
    total: u64,
    min: u64,
    avg: u64,
    max: u64,
    member_count: u32,
    metrics_count: u32,
    threshold: f64,
    detail: [NodeLoad<'a>; 1],
    completed: bool,
}

#[derive(Serialize)]
struct NodeLoad<'a> {
    address: &'a str,
    metric: LoadFigures,
}

/// Texts, as consoles expect them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoadFigures {
    load: String,
    sdk_con_count: String,
    con_count: String,
    cpu: String,
}

/// How many clients each node serves.
pub(in crate::http) fn load_of_nodes(call: &Call) -> Answer {
    let total = call.state.host.connections();
    let usage = call.state.metrics.usage();
    let metric = LoadFigures {
        load: usage.load.to_string(),
        sdk_con_count: total.to_string(),
        con_count: total.to_string(),
        cpu: usage.system_cpu.to_string(),
    };
    Answer::bare(Load {
        total,
        min: total,
        avg: total,
        max: total,
        member_count: 1,
        metrics_count: 1,
        threshold: total as f64 * 1.1,
        detail: [NodeLoad { address: &call.state.address, metric }],
        completed: true,
    })
}

/// The texts that a console shows: there are none for a language that is not known.
pub(in crate::http) fn announcement(call: &Call) -> Answer {
    let language = call.filled("language").unwrap_or("zh-CN".into());
    let text = matches!(&*language, "zh-CN" | "en-US").then_some("");
    Answer::result(200, None, text)
}

/// What a console shows where something is switched off.
pub(in crate::http) fn guide() -> Answer {
    let body = wrap(200, None, &json_text(&"The console is not part of this server yet."));
    Answer::Whole(Box::new(respond(StatusCode::OK, Some(JSON), body)))
}

/// The level of a log. Levels are set at start here.
pub(in crate::http) fn set_log_level(call: &Call) -> Result<Answer, Failure> {
    call.present("logName")?;
    call.present("logLevel")?;
    Err(Failure::refused(501, Code::SERVER, "log levels are set with log.level at start"))
}
