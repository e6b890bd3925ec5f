//! The server itself over HTTP: health, state, login, metrics, connections.

pub(super) mod cluster;
pub(super) mod namespace;

use std::collections::BTreeMap;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::answer::{Answer, JSON, TEXT, json_text, respond};
use super::call::Call;
use super::failure::Failure;
use super::routes::Style;
use crate::metrics::{ConfigFigures, Figures};

/// The token of a server without users; nothing ever checks it.
const NO_TOKEN: &str = "AUTH_DISABLED";
const TOKEN_SECONDS: u64 = 18_000;
const METRICS_TEXT: &str = "text/plain;version=0.0.4;charset=utf-8";
const ACTUATOR_JSON: &str = "application/vnd.spring-boot.actuator.v3+json";

/// Whether the process runs.
pub(super) fn liveness(call: &Call) -> Answer {
    good(call)
}

/// Whether the server serves requests.
pub(super) fn readiness(call: &Call) -> Result<Answer, Failure> {
    if call.state.host.is_ready() { Ok(good(call)) } else { Err(Failure::internal("server is not ready yet")) }
}

fn good(call: &Call) -> Answer {
    if call.style == Style::Wrapped { Answer::data("ok") } else { Answer::Text("OK") }
}

/// Health in the form of the framework that Nacos is built with.
pub(super) fn actuator_health(call: &Call) -> Answer {
    let (status, text) = if call.state.host.is_ready() {
        (StatusCode::OK, r#"{"status":"UP"}"#)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"OUT_OF_SERVICE"}"#)
    };
    whole(respond(status, Some(ACTUATOR_JSON), text))
}

/// All figures as Prometheus text.
pub(super) fn prometheus(call: &Call) -> Answer {
    let state = &call.state;
    let figures = Figures {
        naming: nacre_naming::Stats { counts: state.naming.counts(), ..state.naming.stats() },
        config: ConfigFigures::of(&state.config),
        connections: state.host.connections(),
    };
    whole(respond(StatusCode::OK, Some(METRICS_TEXT), state.metrics.render(&figures)))
}

/// What the console and some clients ask before anything else: texts only.
pub(super) fn server_state(call: &Call) -> Answer {
    let port = call.state.port.to_string();
    let config = call.state.config.settings();
    let max_content = config.max_content.to_string();
    let history_days = config.history_days.to_string();
    let entries: [(&str, Option<&str>); 27] = [
        ("version", Some(call.state.version)),
        ("startup_mode", Some("standalone")),
        ("function_mode", None),
        ("server_port", Some(&port)),
        ("auth_enabled", Some("false")),
        ("auth_system_type", Some("nacos")),
        ("login_page_enabled", Some("false")),
        ("auth_admin_request", Some("false")),
        ("console_ui_enabled", Some("true")),
        ("datasource_platform", Some("nacre")),
        ("plugin_datasource_log_enabled", Some("false")),
        ("notifyConnectTimeout", Some("100")),
        ("notifySocketTimeout", Some("200")),
        ("isHealthCheck", Some("true")),
        ("maxHealthCheckFailCount", Some("12")),
        ("maxContent", Some(&max_content)),
        ("isManageCapacity", Some("true")),
        ("isCapacityLimitCheck", Some("false")),
        ("defaultClusterQuota", Some("100000")),
        ("defaultGroupQuota", Some("200")),
        ("defaultMaxSize", Some("102400")),
        ("defaultMaxAggrCount", Some("10000")),
        ("defaultMaxAggrSize", Some("1024")),
        ("config_retention_days", Some(&history_days)),
        ("sync", Some("true")),
        ("sync_meta", Some("true")),
        ("read_index_type", Some("ReadOnlySafe")),
    ];
    Answer::bare(BTreeMap::from(entries))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    access_token: &'static str,
    token_ttl: u64,
    global_admin: bool,
    username: &'a str,
}

/// Answers a login while the server has no users: whoever asks gets the token that stands for
/// that, so clients that carry a user and a password work.
pub(super) fn login(call: &Call) -> Result<Answer, Failure> {
    let username = call.present("username")?;
    call.present("password")?;
    let token = Token { access_token: NO_TOKEN, token_ttl: TOKEN_SECONDS, global_admin: false, username: &username };
    let mut response = respond(StatusCode::OK, Some(JSON), json_text(&token));
    let bearer = HeaderValue::from_static("Bearer AUTH_DISABLED");
    response.headers_mut().insert(header::AUTHORIZATION, bearer);
    Ok(whole(response))
}

/// Asks one gRPC connection to go elsewhere.
pub(super) fn reload_client(call: &Call) -> Result<Answer, Failure> {
    let connection = call.present("connectionId")?;
    let redirect = call.filled("redirectAddress");
    call.state.host.reload_client(&connection, redirect.as_deref());
    Ok(whole(respond(StatusCode::OK, Some(TEXT), "success")))
}

fn whole(response: Response) -> Answer {
    Answer::Whole(Box::new(response))
}
