//! Backups on request of an operator on the server's own machine.
//!
//! Until there are users, nearness is the only right that can be checked: the caller must be on this machine, and
//! neither a proxy nor a web page may have made the request for someone else.

use std::path::PathBuf;

use futures::future::BoxFuture;
use serde::Serialize;

use super::answer::Answer;
use super::call::Call;
use super::clock;
use super::code::Code;
use super::failure::Failure;

/// Headers of requests that are made for someone else.
const GO_BETWEEN: [&str; 5] = ["forwarded", "x-forwarded-for", "x-real-ip", "via", "origin"];

/// What makes backups of the store.
pub trait Backups: Send + Sync + 'static {
    /// Makes a backup of a name, complete and on disk when the future ends.
    fn make(&self, name: String) -> BoxFuture<'static, Result<Backup, BackupFailure>>;
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// Its folder on the server's machine.
    pub path: PathBuf,
    /// Number of its files.
    pub files: usize,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Why there is no backup.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackupFailure {
    /// The name cannot be used.
    Name(String),
    /// There is one of this name, or another one is being made.
    Conflict(String),
    /// It could not be made.
    Failed(String),
}

/// Makes a backup of the store on the server's own disk.
pub(super) async fn make(call: &Call) -> Result<Answer, Failure> {
    let is_between = GO_BETWEEN.iter().any(|name| call.has_header(name));
    if is_between || !call.is_from_this_machine() {
        let text = "backups are made for callers on the server's own machine only";
        return Err(Failure::refused(403, Code::ACCESS_DENIED, text));
    }
    let Some(backups) = call.state.backups.clone() else {
        return Err(Failure::refused(501, Code::SERVER, "this server keeps nothing on disk"));
    };
    let by_time = || format!("nacre-{}", clock::compact(clock::now()));
    let name = call.filled("name").map_or_else(by_time, std::borrow::Cow::into_owned);
    tracing::info!(name, "making a backup");
    match backups.make(name).await {
        Ok(backup) => {
            tracing::info!(path = %backup.path.display(), bytes = backup.bytes, "backup is complete");
            Ok(Answer::data(backup))
        }
        Err(BackupFailure::Name(text)) => Err(Failure::invalid(text)),
        Err(BackupFailure::Conflict(text)) => Err(Failure::refused(409, Code::RESOURCE_CONFLICT, text)),
        Err(BackupFailure::Failed(text)) => {
            tracing::error!(error = text, "no backup could be made");
            Err(Failure::internal(text))
        }
    }
}
