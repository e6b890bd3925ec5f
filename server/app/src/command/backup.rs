//! `nacre backup` and `nacre restore`: a copy of a running server's data, and a data directory made from one.

use std::path::PathBuf;

use clap::Args;
use nacre_consensus::{backup, engine::rocks};
use serde::{Deserialize, Serialize};

use super::{
    Access, Failure,
    api::{Api, Patience, Request},
    output::{self, Cell, Format, Table},
    progress,
};

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Name of the backup [default: by the time]
    name: Option<String>,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Folder of the backup
    backup: PathBuf,

    /// Directory that shall hold the data: empty, or not there yet
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,

    /// How the result is shown
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Deserialize, Serialize)]
struct Made {
    path: PathBuf,
    files: usize,
    bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Restored<'a> {
    data_dir: PathBuf,
    cluster: &'a str,
    node: u64,
    files: usize,
    bytes: u64,
}

pub(crate) async fn make(arguments: BackupArgs) -> Result<(), Failure> {
    let api = Api::connect(&arguments.access).await?;
    let request = Request::post("/v1/nacre/backup").with_some("name", arguments.name.as_deref());
    let reply = api.send(request.patience(Patience::Transfer)).await?;
    if reply.status == 404 {
        return Err(Failure::refused(format!(
            "{} makes no backups: it is no Nacre server, or an old one",
            api.place()
        )));
    }
    let made: Made = reply.good()?.data()?;
    output::show(arguments.access.output, &made, || {
        let mut table = Table::new(["BACKUP", "FILES", "BYTES"]);
        table.row([Cell::new(&made.path.display()), Cell::new(&made.files), Cell::new(&made.bytes)]);
        table
    })
}

pub(crate) async fn restore(arguments: RestoreArgs) -> Result<(), Failure> {
    let RestoreArgs { backup: from, data_dir: into, output } = arguments;
    let manifest = backup::read_manifest(&from).map_err(|error| failure(&error))?;
    let bar = progress::bytes("restoring", Some(manifest.bytes()));
    let (counted, target) = (bar.clone(), into.clone());
    let work = move || backup::restore(&from, &target, &mut |bytes| counted.inc(bytes), rocks::verify);
    let restored = tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?;
    bar.finish_and_clear();
    let manifest = restored.map_err(|error| failure(&error))?;
    let value = Restored {
        data_dir: std::path::absolute(&into)?,
        cluster: &manifest.cluster,
        node: manifest.node,
        files: manifest.files.len(),
        bytes: manifest.bytes(),
    };
    output::show(output, &value, || {
        let mut table = Table::new(["DATA DIRECTORY", "FILES", "BYTES"]);
        table.row([Cell::new(&value.data_dir.display()), Cell::new(&value.files), Cell::new(&value.bytes)]);
        table
    })
}

fn failure(error: &backup::BackupError) -> Failure {
    match error {
        backup::BackupError::NotEmpty { .. } => Failure::usage(error),
        backup::BackupError::Damaged { .. } => Failure::refused(error),
        _ => Failure::internal(error),
    }
}
