//! The history of configs: pages, single rows, and what a row changed.

use nacre_config::{ConfigKey, GrayRule, HistoryEntry, Operation};
use serde::Serialize;

use super::{namespace, no_page, refuse};
use crate::http::answer::{Answer, JSON_UTF8, json_text, respond};
use crate::http::call::Call;
use crate::http::clock;
use crate::http::code::Code;
use crate::http::failure::Failure;

/// Rows of one page at most.
const LARGEST_PAGE: usize = 500;
const DEFAULT_PAGE: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    total_count: u64,
    page_number: usize,
    pages_available: u64,
    page_items: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    last_id: i64,
    data_id: String,
    group: String,
    tenant: String,
    app_name: String,
    md5: Option<String>,
    content: Option<String>,
    src_ip: String,
    src_user: Option<String>,
    op_type: String,
    publish_type: &'static str,
    gray_name: String,
    ext_info: String,
    created_time: String,
    last_modified_time: String,
    encrypted_data_key: Option<String>,
}

impl Row {
    /// A row; content and what belongs to it only where the entry has it.
    fn new(entry: &HistoryEntry) -> Self {
        let time = clock::iso(entry.time);
        Self {
            id: entry.id.to_string(),
            last_id: -1,
            data_id: entry.key.data_id().to_owned(),
            group: entry.key.group().to_owned(),
            tenant: entry.key.namespace().to_owned(),
            app_name: entry.app_name.clone().unwrap_or_default(),
            md5: entry.content.as_ref().map(|_| entry.md5.to_string()),
            content: entry.content.as_deref().map(str::to_owned),
            src_ip: entry.source_ip.clone(),
            src_user: entry.source_user.clone(),
            // A column of ten characters: consumers cut the blanks off.
            op_type: format!("{:<10}", entry.operation.letter()),
            publish_type: publish_type(entry),
            gray_name: gray_name(entry).to_owned(),
            ext_info: json_text(&ExtInfo::new(entry)),
            created_time: time.clone(),
            last_modified_time: time,
            encrypted_data_key: entry.content.as_ref().map(|_| entry.encrypted_data_key.clone().unwrap_or_default()),
        }
    }
}

fn publish_type(entry: &HistoryEntry) -> &'static str {
    if entry.gray.is_some() { "gray" } else { "formal" }
}

fn gray_name(entry: &HistoryEntry) -> &str {
    entry.gray.as_ref().map_or("", |(name, _)| name)
}

/// What a version has beside its content, in the words that consoles use to publish it again.
#[derive(Default, Serialize)]
struct ExtInfo<'a> {
    /// Where a row of an insert names who did it.
    #[serde(rename = "src_user", skip_serializing_if = "Option::is_none")]
    inserted_by: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_tags: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gray_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gray_rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_desc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_use: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_schema: Option<&'a str>,
}

#[derive(Serialize)]
struct Rule<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    expr: &'a str,
    version: &'static str,
    priority: String,
}

impl<'a> ExtInfo<'a> {
    fn new(entry: &'a HistoryEntry) -> Self {
        let src_user = entry.publisher.as_deref();
        if let Some((name, rule)) = &entry.gray {
            let gray_rule = rule.as_ref().map(rule_text);
            return Self { gray_name: Some(name), gray_rule, src_user, ..Self::default() };
        }
        let (inserted_by, src_user) =
            if entry.operation == Operation::Insert { (src_user, None) } else { (None, src_user) };
        Self {
            inserted_by,
            kind: Some(entry.config_type.name()),
            config_tags: entry.tags.as_deref().filter(|tags| !tags.is_empty()),
            src_user,
            c_desc: entry.description.as_deref(),
            c_use: entry.usage.as_deref(),
            effect: entry.effect.as_deref(),
            c_schema: entry.schema.as_deref(),
            ..Self::default()
        }
    }
}

fn rule_text(rule: &GrayRule) -> String {
    let priority = rule.priority.to_string();
    json_text(&Rule { kind: rule.kind.name(), expr: &rule.expression, version: rule.version(), priority })
}

/// A row beside the version that it made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    id: u64,
    last_id: i64,
    data_id: String,
    group: String,
    tenant: String,
    op_type: &'static str,
    publish_type: &'static str,
    gray_name: String,
    app_name: String,
    src_ip: String,
    src_user: Option<String>,
    original_md5: String,
    original_content: String,
    original_encrypted_data_key: String,
    original_ext_info: String,
    updated_md5: String,
    updated_content: String,
    updated_encrypted_data_key: String,
    update_ext_info: String,
    created_time: String,
    last_modified_time: String,
}

/// One side of a change.
#[derive(Default)]
struct Side {
    md5: String,
    content: String,
    encrypted_data_key: String,
    ext_info: String,
}

impl Side {
    fn of(entry: &HistoryEntry) -> Self {
        Self {
            md5: entry.md5.to_string(),
            content: entry.content.as_deref().unwrap_or_default().to_owned(),
            encrypted_data_key: entry.encrypted_data_key.clone().unwrap_or_default(),
            ext_info: json_text(&ExtInfo::new(entry)),
        }
    }
}

fn key(call: &Call) -> Result<ConfigKey, Failure> {
    let (data_id, group) = (call.present("dataId")?, call.present("group")?);
    nacre_config::check::names(Some(&data_id), Some(&group)).map_err(|error| refuse(&error))?;
    Ok(ConfigKey::new(&namespace(call), &group, &data_id))
}

fn id(call: &Call, name: &'static str) -> Result<u64, Failure> {
    let number = call.number::<i64>(name)?.ok_or(Failure::Missing { name, kind: "Long" })?;
    // No row has a negative number.
    Ok(u64::try_from(number).unwrap_or(u64::MAX))
}

/// v1 has one path for a page and for a single row.
pub(in crate::http) async fn read(call: &Call) -> Result<Answer, Failure> {
    if !call.is_v2() && call.get("search").as_deref() == Some("accurate") {
        return list(call).await;
    }
    Ok(shown(call, row(call).await?.as_ref().map(Row::new)))
}

/// A page of a config's history, newest first.
pub(in crate::http) async fn list(call: &Call) -> Result<Answer, Failure> {
    let key = key(call)?;
    let number = |name, default: usize| {
        let number = call.number::<i64>(name)?;
        let number = number.map_or(Ok(default), usize::try_from);
        number.ok().filter(|number| *number > 0).ok_or_else(no_page)
    };
    let (page_number, size) = (number("pageNo", 1)?, number("pageSize", DEFAULT_PAGE)?.min(LARGEST_PAGE));
    let page = call.state.config.history(&key, page_number, size).await.map_err(|error| refuse(&error))?;
    Ok(Answer::data(Page {
        total_count: page.total,
        page_number,
        pages_available: page.total.div_ceil(size as u64),
        page_items: page.rows.iter().map(Row::new).collect(),
    }))
}

/// The row that is asked for, if the config has it.
async fn row(call: &Call) -> Result<Option<HistoryEntry>, Failure> {
    let (key, id) = (key(call)?, id(call, "nid")?);
    let row = call.state.config.history_entry(id).await.map_err(|error| refuse(&error))?;
    match row {
        Some(row) if row.key != key => {
            Err(Failure::refused(403, Code::ACCESS_DENIED, "Please check dataId, group or namespaceId."))
        }
        row => Ok(row),
    }
}

/// The newest row that ended a version of the config with an id.
pub(in crate::http) async fn previous(call: &Call) -> Result<Answer, Failure> {
    let (key, id) = (key(call)?, id(call, "id")?);
    let row = call.state.config.history_previous(&key, id).await.map_err(|error| refuse(&error))?;
    Ok(shown(call, row.as_ref().map(Row::new)))
}

/// A row with the version before and the one after.
pub(in crate::http) async fn detail(call: &Call) -> Result<Answer, Failure> {
    let Some(row) = row(call).await? else { return Ok(Answer::data(None::<()>)) };
    let (before, after) = match row.operation {
        Operation::Insert => (Side::default(), Side::of(&row)),
        Operation::Delete => (Side::of(&row), Side::default()),
        _ => (Side::of(&row), following(call, &row).await?),
    };
    let time = clock::iso(row.time);
    Ok(Answer::data(Change {
        id: row.id,
        last_id: -1,
        data_id: row.key.data_id().to_owned(),
        group: row.key.group().to_owned(),
        tenant: row.key.namespace().to_owned(),
        op_type: row.operation.letter(),
        publish_type: publish_type(&row),
        gray_name: gray_name(&row).to_owned(),
        app_name: row.app_name.clone().unwrap_or_default(),
        src_ip: row.source_ip.clone(),
        src_user: row.source_user.clone(),
        original_md5: before.md5,
        original_content: before.content,
        original_encrypted_data_key: before.encrypted_data_key,
        original_ext_info: before.ext_info,
        updated_md5: after.md5,
        updated_content: after.content,
        updated_encrypted_data_key: after.encrypted_data_key,
        update_ext_info: after.ext_info,
        created_time: time.clone(),
        last_modified_time: time,
    }))
}

/// The version that an update made: what the next change replaced, or else what is there now.
async fn following(call: &Call, row: &HistoryEntry) -> Result<Side, Failure> {
    let config = &call.state.config;
    if let Some(next) = config.history_next(row).await.map_err(|error| refuse(&error))? {
        return Ok(Side::of(&next));
    }
    let present = match &row.gray {
        Some((name, _)) => config.gray_detail(&row.key, name).await,
        None => config.detail(&row.key).await,
    };
    let present = present.map_err(|error| refuse(&error))?;
    Ok(present.map_or_else(Side::default, |present| {
        let as_row = HistoryEntry {
            md5: present.md5,
            config_type: present.config_type,
            gray: present.gray.map(|(name, rule)| (name.to_string(), Some(rule))),
            tags: present.tags,
            publisher: present.origin.user,
            description: present.description,
            usage: present.usage,
            effect: present.effect,
            schema: present.schema,
            encrypted_data_key: present.encrypted_data_key.map(|key| key.to_string()),
            content: Some(present.content),
            ..row.clone()
        };
        Side::of(&as_row)
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    id: &'static str,
    data_id: String,
    group: String,
    content: Option<()>,
    md5: Option<()>,
    encrypted_data_key: Option<()>,
    tenant: String,
    app_name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    last_modified: u64,
}

/// All configs of a namespace, as the choice of what to see the history of.
pub(in crate::http) fn configs(call: &Call) -> Result<Answer, Failure> {
    let namespace = call.present(if call.is_v2() { "namespaceId" } else { "tenant" })?;
    let rows = call.state.config.list(&namespace);
    let named = rows.into_iter().map(|row| Named {
        id: "0",
        data_id: row.key.data_id().to_owned(),
        group: row.key.group().to_owned(),
        content: None,
        md5: None,
        encrypted_data_key: None,
        tenant: row.key.namespace().to_owned(),
        app_name: row.app_name.unwrap_or_default(),
        kind: row.config_type.name(),
        last_modified: row.modified,
    });
    Ok(Answer::data(named.collect::<Vec<_>>()))
}

/// A value; where there is none, v1 answers nothing at all.
fn shown(call: &Call, value: Option<impl Serialize>) -> Answer {
    match value {
        None if !call.is_v2() => Answer::Whole(Box::new(respond(http::StatusCode::OK, Some(JSON_UTF8), ""))),
        value => Answer::data(value),
    }
}
