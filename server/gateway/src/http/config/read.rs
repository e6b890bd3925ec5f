//! Reading one config.

use axum::response::Response;
use http::header::{CACHE_CONTROL, EXPIRES, PRAGMA};
use http::{HeaderMap, HeaderValue, StatusCode};
use nacre_config::{ConfigKey, ConfigType, Detail, Labels, Served, Variant};
use serde::Serialize;
use tokio::time::Instant;

use super::search::search;
use super::{namespace, refuse, transfer};
use crate::http::answer::{Answer, JSON_UTF8, TEXT, json_text, respond, set_header, wrap};
use crate::http::call::Call;
use crate::http::clock;
use crate::http::code::Code;
use crate::http::failure::Failure;
use crate::http::parameters::form_encode;
use crate::metrics::ConfigOperation;

const MISSING: &str = "config data not exist";
const BETA: &str = "beta";

/// The header that names the caller's tag.
pub(super) const TAG_HEADER: &str = "vipserver-tag";

/// What the caller is served; in v1 also a search, all about a config, or its beta version.
pub(in crate::http) async fn read(call: &Call) -> Result<Answer, Failure> {
    let is = |name: &str, value: &str| call.get(name).as_deref() == Some(value);
    if !call.is_v2() {
        if is("export", "true") || is("exportV2", "true") {
            return transfer::export(call, is("exportV2", "true")).await;
        }
        let has_wildcards = is("search", "blur");
        if has_wildcards || is("search", "accurate") {
            return search(call, has_wildcards, None).await;
        }
    }
    let data_id = call.present("dataId")?;
    let group = call.present("group")?;
    let tag = call.filled("tag");
    let checked = nacre_config::check::names(Some(&data_id), Some(&group));
    checked.and_then(|()| nacre_config::check::tag(tag.as_deref())).map_err(|error| refuse(&error))?;
    let key = ConfigKey::new(&namespace(call), &group, &data_id);
    if !call.is_v2() && is("show", "all") {
        return show_all(call, &key).await;
    }
    if !call.is_v2() && is("beta", "true") {
        return show_beta(call, &key).await;
    }
    let started = Instant::now();
    let labels = Labels::new(call.client_ip()).with_tag(call.header(TAG_HEADER));
    let served = call.state.config.query(&key, tag.as_deref(), &labels).await.map_err(|error| refuse(&error))?;
    call.state.metrics.config_operation(ConfigOperation::Read, started.elapsed());
    Ok(Answer::Whole(Box::new(match served {
        Some(served) => found(&served, call.is_v2()),
        None => missing(call.is_v2()),
    })))
}

fn missing(is_v2: bool) -> Response {
    if is_v2 {
        let code = Code::RESOURCE_NOT_FOUND;
        let body = wrap(code.number, Some(code.text), &json_text(&MISSING));
        return respond(StatusCode::NOT_FOUND, None, body + "\n");
    }
    respond(StatusCode::NOT_FOUND, Some(JSON_UTF8), format!("{MISSING}\n"))
}

fn found(served: &Served, is_v2: bool) -> Response {
    let mut response = if is_v2 {
        let body = wrap(0, Some("success"), &json_text(&&*served.content));
        respond(StatusCode::OK, Some(JSON_UTF8), body)
    } else {
        // Clients take the type from its own header; a browser must not run what is stored.
        respond(StatusCode::OK, Some(TEXT), served.content.to_string())
    };
    let headers = response.headers_mut();
    no_cache(headers);
    let kind = served.config_type.unwrap_or(ConfigType::Text);
    headers.insert("config-type", HeaderValue::from_static(kind.name()));
    set_header(headers, "content-md5", &served.md5.to_string());
    set_header(headers, "last-modified", &clock::http_date(served.modified));
    match &served.variant {
        Variant::Formal => {
            set_header(headers, "encrypted-data-key", served.encrypted_data_key.as_deref().unwrap_or_default());
        }
        Variant::Beta => set_header(headers, "isbeta", "true"),
        Variant::Tag(tag) => set_header(headers, "tag", &form_encode(tag)),
        _ => {}
    }
    response
}

/// Forbids to keep the answer.
pub(super) fn no_cache(headers: &mut HeaderMap) {
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllInfo<'a> {
    id: String,
    data_id: &'a str,
    group: &'a str,
    content: &'a str,
    md5: String,
    encrypted_data_key: &'a str,
    tenant: &'a str,
    app_name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    create_time: u64,
    modify_time: u64,
    create_user: Option<&'a str>,
    create_ip: &'a str,
    desc: Option<&'a str>,
    #[serde(rename = "use")]
    usage: Option<&'a str>,
    effect: Option<&'a str>,
    schema: Option<&'a str>,
    config_tags: Option<&'a str>,
}

async fn show_all(call: &Call, key: &ConfigKey) -> Result<Answer, Failure> {
    let detail = call.state.config.detail(key).await.map_err(|error| refuse(&error))?;
    let Some(detail) = detail else {
        let empty = respond(StatusCode::OK, Some(JSON_UTF8), "");
        return Ok(Answer::Whole(Box::new(empty)));
    };
    Ok(Answer::bare(AllInfo {
        id: detail.id.to_string(),
        data_id: key.data_id(),
        group: key.group(),
        content: &detail.content,
        md5: detail.md5.to_string(),
        encrypted_data_key: detail.encrypted_data_key.as_deref().unwrap_or_default(),
        tenant: key.namespace(),
        app_name: detail.app_name.as_deref().unwrap_or_default(),
        kind: detail.config_type.name(),
        create_time: detail.created,
        modify_time: detail.modified,
        create_user: detail.origin.user.as_deref(),
        create_ip: &detail.origin.ip,
        desc: detail.description.as_deref(),
        usage: detail.usage.as_deref(),
        effect: detail.effect.as_deref(),
        schema: detail.schema.as_deref(),
        config_tags: detail.tags.as_deref().filter(|tags| !tags.is_empty()),
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdvanceInfo<'a> {
    create_time: u64,
    modify_time: u64,
    create_user: Option<&'a str>,
    create_ip: &'a str,
    desc: Option<&'a str>,
    #[serde(rename = "use")]
    usage: Option<&'a str>,
    effect: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    schema: Option<&'a str>,
    config_tags: Option<&'a str>,
}

impl<'a> AdvanceInfo<'a> {
    fn new(detail: &'a Detail) -> Self {
        Self {
            create_time: detail.created,
            modify_time: detail.modified,
            create_user: detail.origin.user.as_deref(),
            create_ip: &detail.origin.ip,
            desc: detail.description.as_deref(),
            usage: detail.usage.as_deref(),
            effect: detail.effect.as_deref(),
            kind: detail.config_type.name(),
            schema: detail.schema.as_deref(),
            config_tags: detail.tags.as_deref().filter(|tags| !tags.is_empty()),
        }
    }
}

/// What is known of a config beside its content.
pub(in crate::http) async fn catalog(call: &Call) -> Result<Answer, Failure> {
    let (data_id, group) = (call.present("dataId")?, call.present("group")?);
    let key = ConfigKey::new(&namespace(call), &group, &data_id);
    let detail = call.state.config.detail(&key).await.map_err(|error| refuse(&error))?;
    Ok(Answer::result(200, None, detail.as_ref().map(AdvanceInfo::new)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BetaInfo<'a> {
    id: String,
    data_id: &'a str,
    group: &'a str,
    content: &'a str,
    md5: String,
    encrypted_data_key: Option<&'a str>,
    tenant: &'a str,
    app_name: &'a str,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    beta_ips: &'a str,
}

impl<'a> BetaInfo<'a> {
    fn new(detail: &'a Detail) -> Self {
        Self {
            id: detail.id.to_string(),
            data_id: detail.key.data_id(),
            group: detail.key.group(),
            content: &detail.content,
            md5: detail.md5.to_string(),
            encrypted_data_key: detail.encrypted_data_key.as_deref(),
            tenant: detail.key.namespace(),
            app_name: detail.app_name.as_deref().unwrap_or_default(),
            kind: None,
            beta_ips: detail.gray.as_ref().map_or("", |(_, rule)| &rule.expression),
        }
    }
}

async fn show_beta(call: &Call, key: &ConfigKey) -> Result<Answer, Failure> {
    let detail = call.state.config.gray_detail(key, BETA).await.map_err(|error| refuse(&error))?;
    Ok(Answer::result(200, Some("query beta ok"), detail.as_ref().map(BetaInfo::new)))
}
