//! Snapshots: copies on disk of what the server said last.
//!
//! Writing is coalesced: one blocking job at a time takes what is newest for each config. A disk that is full,
//! slow or read-only costs the copy and never a call.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::watch, time::timeout};

use super::{
    files::{self, Layout, Pair, Read, Tree},
    raw::{RawConfig, Source, Value, digest},
};
use crate::names::ConfigKey;

/// Bytes of contents that may wait for the disk; beyond them a copy is dropped.
const WAITING_BYTES: usize = 64 << 20;
/// How many configs are remembered as written.
const REMEMBERED: usize = 16_384;

/// Snapshots of one client object. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    layout: Arc<Layout>,
    /// Largest file that is read.
    limit: u64,
    runtime: Handle,
    state: Mutex<State>,
    written: watch::Sender<u64>,
    /// Whether the last write failed: an outage is told once.
    failing: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Nothing is written or read.
    off: bool,
    waiting: HashMap<ConfigKey, Value>,
    waiting_bytes: usize,
    /// What the disk holds, or will: writing the same again is left out.
    known: HashMap<ConfigKey, Value>,
    /// Number of the newest order.
    ordered: u64,
    busy: bool,
}

/// An order to write; it is carried out even if nobody waits for it.
#[derive(Debug)]
pub(crate) struct Ticket {
    number: u64,
    written: Option<watch::Receiver<u64>>,
}

impl Ticket {
    /// Waits until the order was carried out, but not longer than `limit`.
    pub(crate) async fn done(self, limit: Duration) -> bool {
        let Some(mut written) = self.written else { return true };
        timeout(limit, written.wait_for(|number| *number >= self.number)).await.is_ok()
    }
}

impl Snapshots {
    pub(crate) fn new(layout: Arc<Layout>, limit: u64, runtime: Handle, on: bool) -> Self {
        let state = State { off: !on, ..State::default() };
        Self(Arc::new(Shared {
            layout,
            limit,
            runtime,
            state: Mutex::new(state),
            written: watch::Sender::new(0),
            failing: AtomicBool::new(false),
        }))
    }

    /// Switches them on or off. Off, what waits is dropped; what is being written is waited for, but not longer than
    /// `limit`.
    pub(crate) async fn switch(&self, on: bool, limit: Duration) {
        {
            let mut state = self.0.state.lock();
            if state.off != on {
                return;
            }
            state.off = !on;
            state.waiting.clear();
            state.waiting_bytes = 0;
            // The files may be removed or changed meanwhile.
            state.known.clear();
        }
        self.flush(limit).await;
    }

    /// Orders a copy of the server's value; an absent config's copy is removed.
    pub(crate) fn store(&self, key: &ConfigKey, value: &Value) -> Ticket {
        let mut state = self.0.state.lock();
        if state.off {
            return self.ticket(0, false);
        }
        if state.known.get(key).is_some_and(|known| is_same(known, value)) {
            let pending = state.waiting.contains_key(key) || state.busy;
            return self.ticket(state.ordered, pending);
        }
        let length = value.as_ref().map_or(0, |config| config.content.len());
        if state.waiting_bytes + length > WAITING_BYTES {
            drop(state);
            self.0.report(&io::Error::other("too much waits for the disk"), self.0.layout.folder());
            return self.ticket(0, false);
        }
        if state.known.len() >= REMEMBERED {
            state.known.clear();
        }
        state.known.insert(key.clone(), value.as_ref().map(remembered));
        state.waiting_bytes += length;
        if let Some(Some(replaced)) = state.waiting.insert(key.clone(), value.clone()) {
            state.waiting_bytes -= replaced.content.len();
        }
        state.ordered += 1;
        let number = state.ordered;
        if !state.busy {
            state.busy = true;
            let shared = self.0.clone();
            self.0.runtime.spawn_blocking(move || shared.write_all());
        }
        self.ticket(number, true)
    }

    /// Waits until all that was ordered so far is on disk, but not longer than `limit`.
    pub(crate) async fn flush(&self, limit: Duration) -> bool {
        let number = self.0.state.lock().ordered;
        self.ticket(number, true).done(limit).await
    }

    /// The copy of a config, if there is a usable one.
    pub(crate) async fn load(&self, key: &ConfigKey) -> Option<Arc<RawConfig>> {
        {
            let state = self.0.state.lock();
            if state.off {
                return None;
            }
            if let Some(waiting) = state.waiting.get(key) {
                return waiting
                    .as_ref()
                    .map(|config| Arc::new(RawConfig { source: Source::Snapshot, ..(**config).clone() }));
            }
        }
        let (shared, key) = (self.0.clone(), key.clone());
        tokio::task::spawn_blocking(move || shared.read(&key)).await.ok().flatten().map(Arc::new)
    }

    fn ticket(&self, number: u64, pending: bool) -> Ticket {
        Ticket { number, written: pending.then(|| self.0.written.subscribe()) }
    }
}

/// The md5 and the data key are enough to tell that nothing changed; the content is not kept for that.
fn remembered(config: &Arc<RawConfig>) -> Arc<RawConfig> {
    Arc::new(RawConfig { content: "".into(), ..(**config).clone() })
}

fn is_same(known: &Value, value: &Value) -> bool {
    let data_key = |value: &Value| value.as_ref().and_then(|config| config.encrypted_data_key.clone());
    digest(known) == digest(value) && data_key(known) == data_key(value)
}

impl Shared {
    /// Writes until nothing waits.
    fn write_all(&self) {
        loop {
            let (batch, number) = {
                let mut state = self.state.lock();
                if state.waiting.is_empty() {
                    state.busy = false;
                    // Orders that were dropped are not waited for.
                    self.written.send_replace(state.ordered);
                    return;
                }
                state.waiting_bytes = 0;
                (std::mem::take(&mut state.waiting), state.ordered)
            };
            for (key, value) in batch {
                let done = match &value {
                    Some(config) => self.write(&key, config),
                    None => self.remove(&key),
                };
                match done {
                    Ok(()) => self.failing.store(false, Ordering::Relaxed),
                    Err((path, error)) => {
                        self.state.lock().known.remove(&key);
                        self.report(&error, &path);
                    }
                }
            }
            self.written.send_replace(number);
        }
    }

    fn write(&self, key: &ConfigKey, config: &RawConfig) -> Result<(), (std::path::PathBuf, io::Error)> {
        let Some(pair) = self.layout.pairs(Tree::Snapshot, key).next() else { return Ok(()) };
        // The key first: content without its key could not be read at all.
        let key_written = match &config.encrypted_data_key {
            Some(data_key) => files::write(&pair.data_key, data_key),
            None => files::remove(&pair.data_key),
        };
        key_written.map_err(|error| (pair.data_key, error))?;
        files::write(&pair.content, &config.content).map_err(|error| (pair.content, error))
    }

    /// Removes the copy from all places, so that an older client's does not come back.
    fn remove(&self, key: &ConfigKey) -> Result<(), (std::path::PathBuf, io::Error)> {
        for Pair { content, data_key } in self.layout.pairs(Tree::Snapshot, key) {
            for path in [content, data_key] {
                files::remove(&path).map_err(|error| (path, error))?;
            }
        }
        Ok(())
    }

    fn read(&self, key: &ConfigKey) -> Option<RawConfig> {
        for pair in self.layout.pairs(Tree::Snapshot, key) {
            match files::read(&pair.content, self.limit) {
                Read::Absent => {}
                // No content is blank: this is what a crash left of a file.
                Read::Text(text, _) if text.is_empty() => set_aside(&pair.content, "it is empty"),
                Read::Text(text, modified) => match files::read(&pair.data_key, self.limit) {
                    Read::Text(data_key, _) => {
                        return Some(RawConfig::local(text, Some(data_key), Source::Snapshot, modified));
                    }
                    Read::Absent => return Some(RawConfig::local(text, None, Source::Snapshot, modified)),
                    Read::Damaged(reason) => set_aside(&pair.data_key, &reason),
                },
                Read::Damaged(reason) => set_aside(&pair.content, &reason),
            }
        }
        None
    }

    fn report(&self, error: &io::Error, path: &Path) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(path = %path.display(), %error, "config snapshot cannot be written");
        }
    }
}

fn set_aside(path: &Path, reason: &str) {
    match files::set_aside(path) {
        Ok(aside) => {
            tracing::warn!(path = %path.display(), reason, moved_to = %aside.display(), "damaged config snapshot");
        }
        Err(error) => tracing::warn!(path = %path.display(), reason, %error, "damaged config snapshot stays"),
    }
}

#[cfg(test)]
mod tests;
