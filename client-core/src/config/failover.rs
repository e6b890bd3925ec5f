//! Failover files: texts that an operator puts in place of the server's values.
//!
//! The folders are walked as a whole, at most once a second for reads and once per tick for listeners, so a client
//! without such files pays a few looks at folders that are not there. The user's files are never changed.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    files::{self, Layout, Read, Root, Tree},
    raw::{RawConfig, Source},
};
use crate::names::ConfigKey;

/// How old the last walk may be for a read.
const FRESH: Duration = Duration::from_secs(1);
/// Files beyond this number are not seen.
const FILES: usize = 100_000;

/// Failover files of one client object. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Failover(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    layout: Arc<Layout>,
    /// Largest file that is read.
    limit: u64,
    scan: Mutex<Scan>,
    /// Held while the folders are walked.
    walking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Scan {
    at: Option<Instant>,
    stamps: HashMap<PathBuf, Stamp>,
    /// What the files said that somebody asked for; `None` for a file that cannot be used.
    read: HashMap<PathBuf, (Stamp, Option<Arc<RawConfig>>)>,
}

/// Tells a changed file from an unchanged one: times and sizes of the content and of its data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    content: Mark,
    data_key: Option<Mark>,
}

type Mark = (Option<SystemTime>, u64);

impl Failover {
    pub(crate) fn new(layout: Arc<Layout>, limit: u64) -> Self {
        Self(Arc::new(Shared { layout, limit, scan: Mutex::default(), walking: tokio::sync::Mutex::default() }))
    }

    /// What stands in place of the server's value now.
    pub(crate) async fn find(&self, key: &ConfigKey) -> Option<Arc<RawConfig>> {
        self.refresh().await;
        self.lookup(key).await
    }

    /// Walks the folders; then [`Failover::lookup`] tells what is there.
    pub(crate) async fn rescan(&self) {
        let _walking = self.0.walking.lock().await;
        self.walk().await;
    }

    /// What the last walk found for a config.
    pub(crate) async fn lookup(&self, key: &ConfigKey) -> Option<Arc<RawConfig>> {
        if self.0.scan.lock().stamps.is_empty() {
            return None;
        }
        for pair in self.0.layout.pairs(Tree::Failover, key) {
            let stamp = {
                let scan = self.0.scan.lock();
                let Some(stamp) = scan.stamps.get(&pair.content).copied() else { continue };
                match scan.read.get(&pair.content) {
                    Some((known, config)) if *known == stamp => match config {
                        Some(config) => return Some(Arc::clone(config)),
                        None => continue,
                    },
                    _ => stamp,
                }
            };
            let (content, limit) = (pair.content.clone(), self.0.limit);
            let read = tokio::task::spawn_blocking(move || read(&pair.content, &pair.data_key, limit));
            let config = read.await.ok().flatten().map(Arc::new);
            self.0.scan.lock().read.insert(content, (stamp, config.clone()));
            if config.is_some() {
                return config;
            }
        }
        None
    }

    async fn refresh(&self) {
        let is_fresh = || self.0.scan.lock().at.map(|at| at.elapsed() < FRESH);
        match is_fresh() {
            Some(true) => {}
            // One caller walks; meanwhile the others see what the last walk found.
            Some(false) => {
                if let Ok(_walking) = self.0.walking.try_lock() {
                    self.walk().await;
                }
            }
            None => {
                let _walking = self.0.walking.lock().await;
                if is_fresh().is_none() {
                    self.walk().await;
                }
            }
        }
    }

    async fn walk(&self) {
        let layout = Arc::clone(&self.0.layout);
        let walked = tokio::task::spawn_blocking(move || {
            let mut stamps = HashMap::new();
            for root in layout.roots(Tree::Failover) {
                walk(&root, &root.pair.content, root.depth, &mut stamps);
            }
            stamps
        });
        let Ok(stamps) = walked.await else { return };
        let mut scan = self.0.scan.lock();
        scan.read.retain(|path, _| stamps.contains_key(path));
        scan.stamps = stamps;
        scan.at = Some(Instant::now());
    }
}

fn walk(root: &Root, folder: &Path, depth: usize, stamps: &mut HashMap<PathBuf, Stamp>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            tracing::debug!(path = %folder.display(), %error, "config failover folder cannot be read");
            return;
        }
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if stamps.len() >= FILES {
            return;
        }
        if depth > 1 {
            walk(root, &path, depth - 1, stamps);
        } else if let Some(content) = mark(&path) {
            let data_key =
                path.strip_prefix(&root.pair.content).ok().and_then(|rest| mark(&root.pair.data_key.join(rest)));
            stamps.insert(path, Stamp { content, data_key });
        }
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then(|| (metadata.modified().ok(), metadata.len()))
}

/// A damaged file is told once per change, since its stamp is remembered with the result.
fn read(content: &Path, data_key: &Path, limit: u64) -> Option<RawConfig> {
    match files::read(content, limit) {
        Read::Absent => None,
        Read::Text(text, modified) => {
            let data_key = match files::read(data_key, limit) {
                Read::Text(data_key, _) => Some(data_key),
                Read::Absent => None,
                Read::Damaged(reason) => {
                    tracing::warn!(path = %data_key.display(), reason, "damaged key of a config failover file");
                    return None;
                }
            };
            Some(RawConfig::local(text, data_key, Source::Failover, modified))
        }
        Read::Damaged(reason) => {
            tracing::warn!(path = %content.display(), reason, "damaged config failover file is ignored");
            None
        }
    }
}

#[cfg(test)]
mod tests;
