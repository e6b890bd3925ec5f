//! `nacre config import` and `export`: zip archives as Nacos's console makes them.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::tenant;
use crate::command::{
    Failure, Place,
    api::{Api, Patience, Request},
    output::{self, Cell, Table},
    progress,
};

/// What happens to a config that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// It and all that follow are left out
    Abort,
    /// It is left out
    Skip,
    /// It is replaced
    Overwrite,
}

/// The two forms of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// `.meta.yml` with names of applications
    #[value(name = "1")]
    First,
    /// `.metadata.yml` with types and descriptions too
    #[value(name = "2")]
    Second,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The archive; its layout is found out
    file: PathBuf,

    /// What happens to a config that is there already
    #[arg(long, value_enum, default_value_t = Policy::Abort)]
    policy: Policy,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The archive to write, - for standard output [default: as the server names it]
    file: Option<PathBuf>,

    /// Layout of the archive
    #[arg(long, value_enum, default_value_t = Layout::Second)]
    layout: Layout,

    /// Only this config, in which * stands for any text
    #[arg(long, value_name = "NAME")]
    data_id: Option<String>,

    /// Only this group
    #[arg(long)]
    group: Option<String>,

    /// Only configs of this application
    #[arg(long, value_name = "NAME")]
    app: Option<String>,

    /// Replace the file if it is there
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    group: String,
    data_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unrecognized {
    item_name: String,
}

/// The answer of a server; lists are there when there is something in them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    succ_count: u64,
    fail_data: Vec<Left>,
    skip_data: Vec<Left>,
    unrecognized_data: Vec<Unrecognized>,
}

#[derive(Debug, Serialize)]
struct Imported<'a> {
    namespace: &'a str,
    written: u64,
    failed: &'a [Left],
    skipped: &'a [Left],
    unrecognized: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Exported<'a> {
    file: &'a Path,
    bytes: usize,
}

pub(super) async fn import(arguments: &Import) -> Result<(), Failure> {
    let (file, place) = (&arguments.file, &arguments.place);
    let namespace = place.namespace()?;
    let content = std::fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    if !content.starts_with(b"PK") {
        return Err(Failure::usage(format!("{}: no zip archive", file.display())));
    }
    let policy = match arguments.policy {
        Policy::Abort => "ABORT",
        Policy::Skip => "SKIP",
        Policy::Overwrite => "OVERWRITE",
    };
    let api = Api::connect(&place.access).await?;
    let bar = progress::bytes("uploading", Some(content.len() as u64));
    let request = Request::post("/v1/cs/configs").with("import", "true").with("namespace", tenant(&namespace));
    let request = request.with("policy", policy).file(content, bar.clone()).patience(Patience::Transfer);
    let reply = api.ask(request).await;
    bar.finish_and_clear();
    let answer: Answer = reply?.data()?;
    let value = Imported {
        namespace: namespace.as_str(),
        written: answer.succ_count,
        failed: &answer.fail_data,
        skipped: &answer.skip_data,
        unrecognized: answer.unrecognized_data.iter().map(|item| item.item_name.as_str()).collect(),
    };
    output::show(place.access.output, &value, || {
        let mut table = Table::new(["RESULT", "CONFIG"]);
        table.row([Cell::new("written"), Cell::new(&value.written)]);
        for (result, list) in [("failed", value.failed), ("skipped", value.skipped)] {
            for left in list {
                table.row([Cell::new(result), Cell::new(&format!("{}/{}", left.group, left.data_id))]);
            }
        }
        value.unrecognized.iter().for_each(|name| table.row([Cell::new("unrecognized"), Cell::new(*name)]));
        table
    })?;
    let mut lost = answer.fail_data.len() + answer.unrecognized_data.len();
    if arguments.policy == Policy::Abort {
        lost += answer.skip_data.len();
    }
    if lost > 0 { Err(Failure::refused(format!("{lost} of the archive's entries were not taken"))) } else { Ok(()) }
}

pub(super) async fn export(arguments: &Export) -> Result<(), Failure> {
    let place = &arguments.place;
    let namespace = place.namespace()?;
    if let Some(file) = &arguments.file {
        refuse_existing(file, arguments.force)?;
    }
    let api = Api::connect(&place.access).await?;
    let kind = match arguments.layout {
        Layout::First => "export",
        Layout::Second => "exportV2",
    };
    let bar = progress::bytes("downloading", None);
    let request = Request::get("/v1/cs/configs").with(kind, "true").with("ids", "").with("tenant", tenant(&namespace));
    let request = request.with("dataId", arguments.data_id.as_deref().unwrap_or_default());
    let request = request.with("group", arguments.group.as_deref().unwrap_or_default());
    let request = request.with_some("appName", arguments.app.as_deref());
    let reply = api.ask(request.counted(bar.clone()).patience(Patience::Transfer)).await;
    bar.finish_and_clear();
    let reply = reply?;
    if !reply.body.starts_with(b"PK") {
        return Err(Failure::internal(format!("{} did not answer a zip archive", api.place())));
    }
    if arguments.file.as_deref().is_some_and(is_stdout) {
        return output::print(&reply.body).map(drop);
    }
    let named = || reply.header("content-disposition").and_then(file_name).map(PathBuf::from);
    let file = arguments.file.clone().or_else(named).unwrap_or_else(|| PathBuf::from("nacos_config_export.zip"));
    refuse_existing(&file, arguments.force)?;
    write(&file, &reply.body).map_err(|error| Failure::internal(format!("{}: {error}", file.display())))?;
    let value = Exported { file: &file, bytes: reply.body.len() };
    output::show(place.access.output, &value, || {
        let mut table = Table::new(["FILE", "BYTES"]);
        table.row([Cell::new(&file.display()), Cell::new(&value.bytes)]);
        table
    })
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn refuse_existing(file: &Path, force: bool) -> Result<(), Failure> {
    if !force && !is_stdout(file) && file.exists() {
        return Err(Failure::usage(format!("{} is there already: name another file or use --force", file.display())));
    }
    Ok(())
}

/// The name that a server gives an archive, as long as it is nothing but a name.
fn file_name(header: &str) -> Option<String> {
    let name = header.split(';').find_map(|part| part.trim().strip_prefix("filename="))?.trim_matches('"');
    let is_plain = name.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    (is_plain && !name.starts_with('.') && !name.is_empty()).then(|| name.to_owned())
}

/// A file appears whole or not at all.
fn write(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    let mut out = std::fs::File::create(&partial)?;
    out.write_all(content)?;
    out.sync_all()?;
    std::fs::rename(&partial, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_names_a_file_but_no_place() {
        assert_eq!(file_name("attachment;filename=nacos_1.zip").as_deref(), Some("nacos_1.zip"));
        assert_eq!(file_name("attachment; filename=\"a.zip\"").as_deref(), Some("a.zip"));
        for odd in ["attachment", "attachment;filename=../a", "attachment;filename=/etc/x", "attachment;filename=.x"] {
            assert_eq!(file_name(odd), None, "{odd}");
        }
    }
}
