//! `nacre config history` and `rollback`: what a config was, and making it so again.

use clap::Args;
use nacre_client::ConfigKey;
use serde::{Deserialize, Serialize};

use super::{key, search::Page, tenant};
use crate::command::{
    Failure, Target,
    api::{Api, Request},
    output::{self, Cell, Format, Table},
};

const PATH: &str = "/v1/cs/history";

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Name of the config within its group
    data_id: String,

    /// Print the content that this entry keeps
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["page", "page_size"])]
    id: Option<u64>,

    /// Page, newest entries first
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,

    /// Entries of a page
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    page_size: u32,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Name of the config within its group
    data_id: String,

    /// Entry of the history whose content is written again
    #[arg(long, value_name = "NUMBER")]
    id: u64,

    /// Write only if the config has this md5 now [default: the md5 when the command starts]
    #[arg(long, value_name = "MD5", conflicts_with = "force")]
    if_md5: Option<String>,

    /// Write whatever the config is now
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    target: Target,
}

/// An entry as servers answer it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    #[serde(default)]
    md5: Option<String>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    app_name: Option<String>,
    #[serde(default)]
    src_ip: Option<String>,
    #[serde(default)]
    src_user: Option<String>,
    #[serde(default)]
    op_type: Option<String>,
    #[serde(default)]
    publish_type: Option<String>,
    #[serde(default)]
    gray_name: Option<String>,
    #[serde(default)]
    ext_info: Option<String>,
    #[serde(default)]
    last_modified_time: Option<String>,
    #[serde(default)]
    encrypted_data_key: Option<String>,
}

/// What a version has beside its content.
#[derive(Debug, Default, Deserialize)]
struct Extra {
    #[serde(default, rename = "type")]
    config_type: Option<String>,
    #[serde(default)]
    config_tags: Option<String>,
    #[serde(default)]
    c_desc: Option<String>,
    #[serde(default)]
    c_use: Option<String>,
    #[serde(default)]
    effect: Option<String>,
    #[serde(default)]
    c_schema: Option<String>,
}

/// An entry as programs read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    id: &'a str,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gray: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entries<'a> {
    namespace: &'a str,
    group: &'a str,
    data_id: &'a str,
    total: u64,
    entries: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    namespace: &'a str,
    group: &'a str,
    data_id: &'a str,
    entry: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_md5: Option<&'a str>,
    md5: &'a str,
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl Row {
    /// Servers pad the letter with blanks.
    fn operation(&self) -> &'static str {
        match self.op_type.as_deref().map(str::trim) {
            Some("I") => "insert",
            Some("U") => "update",
            Some("D") => "delete",
            _ => "unknown",
        }
    }

    fn is_gray(&self) -> bool {
        self.publish_type.as_deref() == Some("gray")
    }

    fn shown(&self) -> Entry<'_> {
        Entry {
            id: &self.id,
            operation: self.operation(),
            gray: filled(&self.gray_name),
            time: filled(&self.last_modified_time),
            address: filled(&self.src_ip),
            user: filled(&self.src_user),
            md5: filled(&self.md5),
            content: self.content.as_deref(),
        }
    }
}

fn of_key(request: Request, key: &ConfigKey) -> Request {
    request.with("dataId", key.data_id()).with("group", key.group()).with("tenant", tenant(key.namespace()))
}

pub(super) async fn history(arguments: &History) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let api = Api::connect(&arguments.target.place.access).await?;
    if let Some(id) = arguments.id {
        return print_entry(arguments.target.output(), &entry(&api, &key, id).await?);
    }
    let request = of_key(Request::get(PATH), &key).with("search", "accurate");
    let request = request.with("pageNo", arguments.page).with("pageSize", arguments.page_size);
    let page: Page<Row> = api.ask(request).await?.json()?;
    let rows = &page.page_items;
    let value = Entries {
        namespace: key.namespace().as_str(),
        group: key.group().as_str(),
        data_id: key.data_id(),
        total: page.total_count,
        entries: rows.iter().map(Row::shown).collect(),
    };
    output::show(arguments.target.output(), &value, || {
        let mut table = Table::new(["ENTRY", "OPERATION", "GRAY", "TIME", "ADDRESS", "USER"]);
        for row in &value.entries {
            let text = |text: Option<&str>| Cell::new(text.unwrap_or_default());
            let (id, operation) = (Cell::new(row.id), Cell::new(row.operation));
            table.row([id, operation, text(row.gray), text(row.time), text(row.address), text(row.user)]);
        }
        table
    })
}

/// One entry of the history with its content.
async fn entry(api: &Api, key: &ConfigKey, id: u64) -> Result<Row, Failure> {
    let missing = || Failure::not_found(format!("no entry {id} in the history of {key}"));
    let reply = api.send(of_key(Request::get(PATH), key).with("nid", id)).await?;
    // An entry of another config is refused, one that nobody has is answered by nothing.
    if reply.status == 403 && reply.text().contains("dataId") {
        return Err(missing());
    }
    let reply = reply.good()?;
    if matches!(reply.text().trim(), "" | "null") { Err(missing()) } else { reply.json() }
}

fn print_entry(format: Format, row: &Row) -> Result<(), Failure> {
    if format == Format::Table {
        return super::print_content(row.content.as_deref().unwrap_or_default());
    }
    output::show(format, &row.shown(), || Table::new([]))
}

/// The md5 that the config has now; none if there is no config.
async fn present_md5(api: &Api, key: &ConfigKey) -> Result<Option<String>, Failure> {
    let request = of_key(Request::get("/v1/cs/configs"), key).with("show", "all");
    let reply = api.ask(request).await?;
    if matches!(reply.text().trim(), "" | "null") {
        return Ok(None);
    }
    #[derive(Deserialize)]
    struct Present {
        md5: String,
    }
    Ok(Some(reply.json::<Present>()?.md5))
}

pub(super) async fn rollback(arguments: &Rollback) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let api = Api::connect(&arguments.target.place.access).await?;
    let present = present_md5(&api, &key).await?;
    let row = entry(&api, &key, arguments.id).await?;
    if row.is_gray() {
        return Err(Failure::usage(format!("entry {} is of a gray version, not of the config", arguments.id)));
    }
    if let (Some(wanted), None) = (&arguments.if_md5, &present) {
        return Err(Failure::refused(format!("{key} does not have the md5 {wanted}: it does not exist")));
    }
    let expected = if arguments.force { None } else { arguments.if_md5.as_ref().or(present.as_ref()) };
    let content = row.content.as_deref().unwrap_or_default();
    let reply = api.send(publish(&key, &row, content, expected.map(String::as_str))).await?;
    if reply.text().contains("Cas publish fail") {
        let text = format!("{key} is not what it was: look at it, then try again or use --force");
        return Err(Failure::refused(text));
    }
    reply.good()?;
    let written = present_md5(&api, &key).await?.unwrap_or_default();
    let value = Outcome {
        namespace: key.namespace().as_str(),
        group: key.group().as_str(),
        data_id: key.data_id(),
        entry: arguments.id,
        replaced_md5: present.as_deref(),
        md5: &written,
    };
    output::show(arguments.target.output(), &value, || {
        let mut table = Table::new(["CONFIG", "ENTRY", "REPLACED", "MD5"]);
        let replaced = present.as_deref().unwrap_or("nothing");
        table.row([Cell::new(&key), Cell::new(&arguments.id), Cell::new(replaced), Cell::new(&written)]);
        table
    })
}

/// Writes an entry's version as it was, descriptions included.
fn publish(key: &ConfigKey, row: &Row, content: &str, expected: Option<&str>) -> Request {
    let extra: Extra = row.ext_info.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut request = of_key(Request::post("/v1/cs/configs"), key).with("content", content);
    for (name, value) in [
        ("type", extra.config_type.as_deref().or_else(|| super::type_by_name(key.data_id()))),
        ("config_tags", extra.config_tags.as_deref()),
        ("desc", extra.c_desc.as_deref()),
        ("use", extra.c_use.as_deref()),
        ("effect", extra.effect.as_deref()),
        ("schema", extra.c_schema.as_deref()),
        ("appName", filled(&row.app_name)),
        ("encryptedDataKey", filled(&row.encrypted_data_key)),
    ] {
        request = request.with_some(name, value);
    }
    match expected {
        Some(md5) => request.header("casMd5", md5),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_old_servers_are_read() {
        let row: Row = serde_json::from_str(r#"{"id":"7","opType":"U         ","content":"a","srcIp":null}"#).unwrap();
        assert_eq!((row.operation(), row.is_gray(), row.shown().address), ("update", false, None));
    }
}
