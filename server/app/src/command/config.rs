//! `nacre config`: read, write and watch configs.

mod history;
mod search;
mod transfer;

use std::{
    io::{IsTerminal as _, Read as _},
    path::PathBuf,
    sync::Arc,
};

use clap::{Args, Subcommand};
use nacre_client::{
    Client, ConfigKey, Namespace,
    config::{ConfigValue, Publish},
};
use serde::Serialize;

use super::{
    Failure, Stop, Target,
    output::{self, Cell, Format, Table},
    waiting,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a config
    Get(Get),
    /// Write a config: from --content, --file or standard input
    Set(Set),
    /// Remove a config
    Remove(Remove),
    /// Print the config now and after each change, one line of JSON each, until Ctrl-C
    Watch(Watch),
    /// List the configs of a namespace
    List(search::List),
    /// Find configs by parts of their names, or by content
    Search(search::Search),
    /// List what a config was, newest first, or print one entry
    History(history::History),
    /// Write the content again that an entry of the history keeps
    Rollback(history::Rollback),
    /// Write the configs of a zip archive, in either layout of Nacos
    Import(transfer::Import),
    /// Write configs to a zip archive as Nacos makes it
    Export(transfer::Export),
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Name of the config within its group
    data_id: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Name of the config within its group
    data_id: String,

    /// The text itself
    #[arg(long, value_name = "TEXT", conflicts_with = "file", allow_hyphen_values = true)]
    content: Option<String>,

    /// A file with the text, - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Type: text, json, yaml, properties, xml, html, toml [default: by the ending of the name]
    #[arg(long = "type", value_name = "TYPE")]
    config_type: Option<String>,

    /// Write only if the config has this md5 now
    #[arg(long, value_name = "MD5")]
    if_md5: Option<String>,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Name of the config within its group
    data_id: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Name of the config within its group
    data_id: String,
    #[command(flatten)]
    target: Target,
}

/// A config as programs read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    namespace: &'a str,
    group: &'a str,
    data_id: &'a str,
    exists: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    config_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<i64>,
}

impl<'a> Shown<'a> {
    fn new(key: &'a ConfigKey, value: Option<&'a ConfigValue>) -> Self {
        let raw = value.map(ConfigValue::raw);
        Self {
            namespace: key.namespace().as_str(),
            group: key.group().as_str(),
            data_id: key.data_id(),
            exists: value.is_some(),
            content: value.map(ConfigValue::content),
            md5: raw.map(|raw| raw.md5.as_str()),
            config_type: raw.and_then(|raw| raw.config_type.as_deref()),
            last_modified: raw.map(|raw| raw.last_modified),
        }
    }
}

pub(crate) async fn run(command: ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Get(arguments) => get(&arguments).await,
        ConfigCommand::Set(arguments) => set(&arguments).await,
        ConfigCommand::Remove(arguments) => remove(&arguments).await,
        ConfigCommand::Watch(arguments) => watch(&arguments).await,
        ConfigCommand::List(arguments) => search::list(&arguments).await,
        ConfigCommand::Search(arguments) => search::search(&arguments).await,
        ConfigCommand::History(arguments) => history::history(&arguments).await,
        ConfigCommand::Rollback(arguments) => history::rollback(&arguments).await,
        ConfigCommand::Import(arguments) => transfer::import(&arguments).await,
        ConfigCommand::Export(arguments) => transfer::export(&arguments).await,
    }
}

fn key(target: &Target, data_id: &str) -> Result<ConfigKey, Failure> {
    let namespace = target.place.namespace()?;
    ConfigKey::new(&namespace, &target.group, data_id).map_err(Failure::usage)
}

fn missing(key: &ConfigKey) -> Failure {
    Failure::not_found(format!("no config {key}"))
}

async fn read(client: &Client, key: &ConfigKey) -> Result<ConfigValue, Failure> {
    let value = waiting("reading", client.config().get(key)).await?;
    value.ok_or_else(|| missing(key))
}

async fn get(arguments: &Get) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let client = arguments.target.connect().await?;
    let value = read(&client, &key).await?;
    client.close().await;
    if arguments.target.output() != Format::Table {
        return output::show(arguments.target.output(), &Shown::new(&key, Some(&value)), || Table::new([]));
    }
    print_content(value.content())
}

/// A prompt belongs on a line of its own; a file gets the content and nothing else.
fn print_content(content: &str) -> Result<(), Failure> {
    let mut text = content.to_owned();
    if std::io::stdout().is_terminal() && !text.ends_with('\n') {
        text.push('\n');
    }
    output::print(text.as_bytes()).map(drop)
}

/// The namespace as the HTTP API of configs knows it: all versions take an empty word for the public one.
fn tenant(namespace: &Namespace) -> &str {
    match namespace.as_str() {
        "public" => "",
        id => id,
    }
}

async fn set(arguments: &Set) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let content = content(arguments)?;
    if content.trim().is_empty() {
        return Err(Failure::usage("the content is empty"));
    }
    let config_type = arguments.config_type.as_deref().or_else(|| type_by_name(key.data_id()));
    let client = arguments.target.connect().await?;
    let config = client.config();
    let mut publish = Publish::new(content);
    if let Some(config_type) = config_type {
        publish = publish.config_type(config_type);
    }
    match &arguments.if_md5 {
        Some(md5) => waiting("writing", config.publish_cas(&key, publish, md5)).await?,
        None => waiting("writing", config.publish(&key, publish)).await?,
    }
    let value = read(&client, &key).await?;
    client.close().await;
    output::show(arguments.target.output(), &Shown { content: None, ..Shown::new(&key, Some(&value)) }, || {
        let mut table = Table::new(["CONFIG", "TYPE", "MD5"]);
        let config_type = value.raw().config_type.clone().unwrap_or_default();
        table.row([Cell::new(&key), Cell::new(&config_type), Cell::new(value.md5())]);
        table
    })
}

async fn remove(arguments: &Remove) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let client = arguments.target.connect().await?;
    // A server removes what is not there without a word; who named it has mistyped it more likely.
    read(&client, &key).await?;
    waiting("removing", client.config().remove(&key)).await?;
    client.close().await;
    output::show(arguments.target.output(), &Shown::new(&key, None), || {
        let mut table = Table::new(["REMOVED"]);
        table.row([Cell::new(&key)]);
        table
    })
}

async fn watch(arguments: &Watch) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.data_id)?;
    let mut stop = Stop::listen()?;
    let client = arguments.target.connect().await?;
    let mut watch = client.config().watch(&key)?;
    loop {
        tokio::select! {
            () = stop.requested() => break,
            value = watch.next() => {
                let Some(value) = value else { break };
                if !output::line(&Shown::new(&key, value.as_ref()))? {
                    break;
                }
            }
        }
    }
    client.close().await;
    Ok(())
}

/// What to write.
fn content(arguments: &Set) -> Result<Arc<str>, Failure> {
    if let Some(content) = &arguments.content {
        return Ok(content.as_str().into());
    }
    let bytes = match &arguments.file {
        Some(path) if path.as_os_str() != "-" => {
            std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
        }
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::usage("nothing to write: give --content, --file or standard input"));
        }
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            bytes
        }
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::usage(format!("the content is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    Ok(text.into())
}

/// The type that a name's ending stands for.
fn type_by_name(data_id: &str) -> Option<&'static str> {
    let (_, ending) = data_id.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => "yaml",
        "json" => "json",
        "properties" => "properties",
        "xml" => "xml",
        "html" | "htm" => "html",
        "toml" => "toml",
        "txt" => "text",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_follows_the_name() {
        assert_eq!(type_by_name("app.YML"), Some("yaml"));
        assert_eq!(type_by_name("app.properties"), Some("properties"));
        assert_eq!((type_by_name("app"), type_by_name("app.v2")), (None, None));
    }
}
