//! Contents: stored once under key and revision, the last used ones in memory.

use std::{io, sync::Arc};

use lru::LruCache;
use nacre_consensus::StateReader;
use parking_lot::Mutex;

use crate::{
    key::ConfigKey,
    stored::{self, CONTENT, ContentRecord, DETAIL, DetailRecord},
};

/// Bytes that an entry takes beside its text.
const ENTRY_BYTES: usize = 112;

/// Contents in memory, by revision, up to a number of bytes.
pub(crate) struct Contents {
    cache: Mutex<Cache>,
    limit: usize,
}

struct Cache {
    entries: LruCache<u64, Arc<str>>,
    bytes: usize,
}

impl Contents {
    pub(crate) fn new(limit: usize) -> Self {
        Self { cache: Mutex::new(Cache { entries: LruCache::unbounded(), bytes: 0 }), limit }
    }

    pub(crate) fn get(&self, revision: u64) -> Option<Arc<str>> {
        self.cache.lock().entries.get(&revision).cloned()
    }

    /// Remembers a content, at the cost of those that were not used for longest.
    pub(crate) fn put(&self, revision: u64, content: Arc<str>) {
        let size = content.len() + ENTRY_BYTES;
        if size > self.limit {
            return;
        }
        let mut dropped = Vec::new();
        let mut cache = self.cache.lock();
        cache.bytes += size;
        if let Some(old) = cache.entries.put(revision, content) {
            cache.bytes -= old.len() + ENTRY_BYTES;
            dropped.push(old);
        }
        while cache.bytes > self.limit {
            let Some((_, old)) = cache.entries.pop_lru() else { break };
            cache.bytes -= old.len() + ENTRY_BYTES;
            dropped.push(old);
        }
        drop(cache);
    }

    /// Forgets one content.
    pub(crate) fn forget(&self, revision: u64) {
        let mut cache = self.cache.lock();
        if let Some(old) = cache.entries.pop(&revision) {
            cache.bytes -= old.len() + ENTRY_BYTES;
        }
    }

    pub(crate) fn clear(&self) {
        let mut cache = self.cache.lock();
        cache.entries.clear();
        cache.bytes = 0;
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.cache.lock().bytes
    }
}

/// Reads a content from the store. Blocks.
pub(crate) fn load(reader: &StateReader, key: &ConfigKey, revision: u64) -> io::Result<Option<Arc<str>>> {
    let Some(value) = reader.get(CONTENT, &stored::content_key(key, revision))? else { return Ok(None) };
    let record: ContentRecord = stored::read(&value).map_err(invalid)?;
    std::str::from_utf8(&record.content).map(|content| Some(content.into())).map_err(invalid)
}

/// Reads what describes a content. Blocks.
pub(crate) fn load_detail(reader: &StateReader, key: &ConfigKey, revision: u64) -> io::Result<DetailRecord> {
    match reader.get(DETAIL, &stored::content_key(key, revision))? {
        Some(value) => stored::read(&value).map_err(invalid),
        None => Ok(DetailRecord::default()),
    }
}

pub(crate) fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_to_its_limit() {
        let contents = Contents::new(3 * (ENTRY_BYTES + 10));
        for revision in 0..5 {
            contents.put(revision, "0123456789".into());
        }
        assert!(contents.get(0).is_none() && contents.get(1).is_none());
        assert!(contents.get(2).is_some());
        contents.put(5, "0123456789".into());
        assert!(contents.get(2).is_some(), "used more recently than 3");
        assert!(contents.get(3).is_none());
        contents.put(2, "short".into());
        contents.forget(5);
        contents.put(9, "x".repeat(1000).into());
        assert!(contents.get(9).is_none(), "larger than the cache");
        assert_eq!(contents.bytes(), 2 * ENTRY_BYTES + 15);
        contents.clear();
        assert_eq!(contents.bytes(), 0);
    }
}
