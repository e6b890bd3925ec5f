//! Backups as the HTTP door asks the store for them.

use nacre_consensus::backup::{BackupError, Backups as Store};
use nacre_gateway::http::{self, BackupFailure};
use tokio::task::spawn_blocking;

/// See the module.
#[derive(Debug)]
pub(crate) struct Backups(Store);

impl Backups {
    pub(crate) fn new(store: Store) -> Self {
        Self(store)
    }
}

impl http::Backups for Backups {
    fn make(&self, name: String) -> futures::future::BoxFuture<'static, Result<http::Backup, BackupFailure>> {
        let store = self.0.clone();
        Box::pin(async move {
            let made = spawn_blocking(move || store.make(&name)).await;
            let made = made.map_err(|error| BackupFailure::Failed(error.to_string()))?;
            made.map_err(|error| failure(&error)).map(|backup| http::Backup {
                files: backup.manifest.files.len(),
                bytes: backup.manifest.bytes(),
                path: std::path::absolute(&backup.path).unwrap_or(backup.path),
            })
        })
    }
}

fn failure(error: &BackupError) -> BackupFailure {
    let text = error.to_string();
    match error {
        BackupError::Name => BackupFailure::Name(text),
        BackupError::Exists { .. } | BackupError::Busy => BackupFailure::Conflict(text),
        _ => BackupFailure::Failed(text),
    }
}
