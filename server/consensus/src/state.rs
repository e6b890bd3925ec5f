//! The stored state of one domain in one group: what `apply` writes and what reads see.

use std::{fmt, io, ops::Bound, sync::Arc};

use bytes::Bytes;

/// A kind of state; each has its own column family in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(pub &'static str);

/// One change of stored state. Keys are the domain's own; the store adds group and generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Set `key` to `value`.
    Put {
        /// Column family.
        family: Family,
        /// The domain's key.
        key: Bytes,
        /// The value, format byte included.
        value: Bytes,
    },
    /// Remove `key`; nothing happens when it is absent.
    Delete {
        /// Column family.
        family: Family,
        /// The domain's key.
        key: Bytes,
    },
    /// Remove all keys in `from..to`.
    DeleteRange {
        /// Column family.
        family: Family,
        /// First key to remove.
        from: Bytes,
        /// First key to keep.
        to: Bytes,
    },
}

/// The stored changes of one applied command, written together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateBatch {
    changes: Vec<Change>,
}

impl StateBatch {
    /// Sets `key` to `value`.
    pub fn put(&mut self, family: Family, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.changes.push(Change::Put { family, key: key.into(), value: value.into() });
    }

    /// Removes `key`.
    pub fn delete(&mut self, family: Family, key: impl Into<Bytes>) {
        self.changes.push(Change::Delete { family, key: key.into() });
    }

    /// Removes all keys in `from..to`.
    pub fn delete_range(&mut self, family: Family, from: impl Into<Bytes>, to: impl Into<Bytes>) {
        self.changes.push(Change::DeleteRange { family, from: from.into(), to: to.into() });
    }

    /// The changes in order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Takes the changes out.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}

/// A range read. Bounds are the domain's keys.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Lower bound.
    pub from: Bound<Bytes>,
    /// Upper bound.
    pub to: Bound<Bytes>,
    /// From the highest key downwards.
    pub reverse: bool,
    /// At most this many rows.
    pub limit: usize,
}

impl Scan {
    /// All keys that begin with `prefix`, in rising order.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut end = prefix.to_vec();
        while end.last() == Some(&0xff) {
            end.pop();
        }
        let to = match end.last_mut() {
            Some(last) => {
                *last += 1;
                Bound::Excluded(Bytes::from(end))
            }
            None => Bound::Unbounded,
        };
        Self { from: Bound::Included(Bytes::copy_from_slice(prefix)), to, reverse: false, limit: usize::MAX }
    }

    /// The same range from its highest key downwards.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// The same range, at most `limit` rows.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// Receives the rows of a scan; answers whether to go on.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> bool + 'a;

/// How a [`StateReader`] reaches the store.
pub(crate) trait ReadState: Send + Sync {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>>;
    fn scan(&self, family: Family, scan: &Scan, visit: &mut Visit<'_>) -> io::Result<()>;
}

/// Reads the stored state of one group. What was applied but not yet written to disk is seen too.
/// Reads may touch the disk: call them where blocking for a moment is allowed.
#[derive(Clone)]
pub struct StateReader {
    inner: Arc<dyn ReadState>,
}

impl StateReader {
    #[allow(dead_code)]
    pub(crate) fn new(inner: Arc<dyn ReadState>) -> Self {
        Self { inner }
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        self.inner.get(family, key)
    }

    /// Calls `visit` with each row of the range until it answers `false`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn scan(&self, family: Family, scan: &Scan, visit: &mut Visit<'_>) -> io::Result<()> {
        self.inner.scan(family, scan, visit)
    }
}

impl fmt::Debug for StateReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateReader").finish_non_exhaustive()
    }
}
