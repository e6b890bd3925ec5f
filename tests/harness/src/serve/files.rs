//! Files below the scope's directory.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::fs;
use tokio::time::{Instant, sleep};

use super::content::{Content, shown};
use super::{Scope, read, unknown, within_default};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    path: String,
    /// The whole content.
    content: Option<Content>,
    /// A part of the content.
    contains: Option<String>,
    /// Waits until there is no such file.
    #[serde(default)]
    absent: bool,
    #[serde(default = "within_default")]
    within_ms: u64,
}

pub(super) async fn perform(scope: &Scope, verb: &str, args: Value) -> Result<Value> {
    let root = scope.directory.path();
    match verb {
        "write" => {
            let Write { path, content } = read(args)?;
            let path = below(root, &path)?;
            fs::create_dir_all(path.parent().context("a path with a folder")?).await?;
            fs::write(&path, content.bytes()?).await?;
            Ok(Value::Null)
        }
        "read" => {
            let At { path } = read(args)?;
            Ok(content_of(&below(root, &path)?).await?.map_or(Value::Null, shown))
        }
        "remove" => {
            let At { path } = read(args)?;
            remove(&below(root, &path)?).await?;
            Ok(Value::Null)
        }
        "list" => {
            let At { path } = read(args)?;
            Ok(json!(list(root, below(root, &path)?).await?))
        }
        "wait" => {
            let wait: Wait = read(args)?;
            wait_for(&below(root, &wait.path)?, &wait).await
        }
        _ => unknown(),
    }
}

/// A path that cannot leave the directory.
fn below(root: &Path, path: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    let path = path.strip_prefix(root).unwrap_or(path);
    ensure!(
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
        "{} is not below the scope's directory",
        path.display()
    );
    Ok(root.join(path))
}

async fn content_of(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

async fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path).await } else { fs::remove_file(path).await };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("remove"),
        _ => Ok(()),
    }
}

/// All files below a folder, as paths relative to the scope's directory, in order.
async fn list(root: &Path, folder: PathBuf) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        let Ok(mut entries) = fs::read_dir(&folder).await else { continue };
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_type().await?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

async fn wait_for(path: &Path, wait: &Wait) -> Result<Value> {
    let deadline = Instant::now() + Duration::from_millis(wait.within_ms);
    let whole = wait.content.as_ref().map(Content::bytes).transpose()?;
    loop {
        let found = content_of(path).await?;
        let satisfied = match &found {
            None => wait.absent,
            Some(_) if wait.absent => false,
            Some(bytes) => {
                let part = wait.contains.as_deref().unwrap_or_default();
                whole.as_ref().is_none_or(|whole| whole == bytes) && String::from_utf8_lossy(bytes).contains(part)
            }
        };
        if satisfied {
            return Ok(found.map_or(Value::Null, shown));
        }
        if Instant::now() >= deadline {
            let seen = found.map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned());
            bail!("after {} ms {} holds {seen:?}", wait.within_ms, path.display());
        }
        sleep(LOOK_AGAIN).await;
    }
}
