//! `nacre config list` and `search`: which configs there are.

use std::collections::HashSet;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::command::{
    Failure, Place,
    api::{Api, Request},
    output::{self, Cell, Table},
    progress,
};

/// Rows that are asked for at once when all are wanted: each comes with its content.
const PAGE: u32 = 200;

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this group
    #[arg(long)]
    group: Option<String>,

    #[command(flatten)]
    narrow: Narrow,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Name of the config; * stands for any text
    #[arg(default_value = "*")]
    data_id: String,

    /// Group; * stands for any text
    #[arg(long, default_value = "*")]
    group: String,

    /// Only configs with this text in them; * stands for any text. Needs a server from 2.4 on
    #[arg(long, value_name = "TEXT")]
    content: Option<String>,

    /// Only configs of these types
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', conflicts_with = "content")]
    types: Vec<String>,

    #[command(flatten)]
    narrow: Narrow,
}

/// What lists and searches share.
#[derive(Debug, Args)]
struct Narrow {
    /// Only configs of this application
    #[arg(long, value_name = "NAME")]
    app: Option<String>,

    /// Only configs with one of these labels
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    tags: Vec<String>,

    /// Only this page [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    page: Option<u32>,

    /// Configs of a page
    #[arg(long, value_name = "NUMBER", default_value_t = PAGE, value_parser = clap::value_parser!(u32).range(1..=500))]
    page_size: u32,

    #[command(flatten)]
    place: Place,
}

/// A page as servers answer it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    pub(super) total_count: u64,
    #[serde(default)]
    pub(super) pages_available: u64,
    #[serde(default = "Vec::new")]
    pub(super) page_items: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    data_id: String,
    group: String,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    app_name: Option<String>,
    #[serde(default, rename = "type")]
    config_type: Option<String>,
}

/// A config as programs read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    group: String,
    data_id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    config_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<String>,
    bytes: usize,
}

#[derive(Debug, Serialize)]
struct Configs<'a> {
    namespace: &'a str,
    total: u64,
    configs: &'a [Found],
}

impl From<Row> for Found {
    fn from(row: Row) -> Self {
        Self {
            bytes: row.content.map_or(0, |content| content.len()),
            group: row.group,
            data_id: row.data_id,
            config_type: row.config_type.filter(|kind| !kind.is_empty()),
            app_name: row.app_name.filter(|name| !name.is_empty()),
        }
    }
}

pub(super) async fn list(arguments: &List) -> Result<(), Failure> {
    let query = Request::get("/v1/cs/configs").with("search", "accurate").with("dataId", "");
    show(query.with("group", arguments.group.as_deref().unwrap_or_default()), &arguments.narrow).await
}

pub(super) async fn search(arguments: &Search) -> Result<(), Failure> {
    let query = match &arguments.content {
        Some(content) => Request::get("/v2/cs/config/searchDetail").with("config_detail", wrapped(content)),
        None => Request::get("/v1/cs/configs"),
    };
    let mut query = query.with("search", "blur").with("dataId", &arguments.data_id).with("group", &arguments.group);
    if !arguments.types.is_empty() {
        query = query.with("types", arguments.types.join(","));
    }
    show(query, &arguments.narrow).await
}

/// The pattern that finds a text anywhere.
fn wrapped(text: &str) -> String {
    if text.contains('*') { text.to_owned() } else { format!("*{text}*") }
}

async fn show(query: Request, narrow: &Narrow) -> Result<(), Failure> {
    let namespace = narrow.place.namespace()?;
    let mut query = query.with("tenant", super::tenant(&namespace)).with_some("appName", narrow.app.as_deref());
    if !narrow.tags.is_empty() {
        query = query.with("config_tags", narrow.tags.join(","));
    }
    let api = Api::connect(&narrow.place.access).await?;
    let page = |number: u32| {
        let request = query.clone().with("pageNo", number).with("pageSize", narrow.page_size);
        let api = &api;
        async move { api.ask(request).await?.json::<Page<Row>>() }
    };
    let first = page(narrow.page.unwrap_or(1)).await?;
    let (total, pages) = (first.total_count, first.pages_available);
    let mut found: Vec<Found> = first.page_items.into_iter().map(Found::from).collect();
    if narrow.page.is_none() {
        // Configs that come or go meanwhile move the others between pages: each is shown once.
        let mut seen: HashSet<_> = found.iter().map(|row| (row.group.clone(), row.data_id.clone())).collect();
        let bar = progress::steps("reading", total);
        for number in 2..=u32::try_from(pages).unwrap_or(u32::MAX) {
            bar.set_position(found.len() as u64);
            let next = page(number).await?.page_items;
            if next.is_empty() {
                break;
            }
            let next = next.into_iter().map(Found::from);
            found.extend(next.filter(|row| seen.insert((row.group.clone(), row.data_id.clone()))));
        }
        bar.finish_and_clear();
    }
    let value = Configs { namespace: namespace.as_str(), total, configs: &found };
    output::show(narrow.place.access.output, &value, || {
        let mut table = Table::new(["GROUP", "CONFIG", "TYPE", "APPLICATION", "BYTES"]);
        for row in &found {
            let text = |text: &Option<String>| Cell::new(text.as_deref().unwrap_or_default());
            table.row([
                Cell::new(&row.group),
                Cell::new(&row.data_id),
                text(&row.config_type),
                text(&row.app_name),
                Cell::new(&row.bytes),
            ]);
        }
        table
    })
}
