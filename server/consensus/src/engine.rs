//! The durable store behind all groups, reduced to what consensus needs of it.
//!
//! Keys are complete (group and generation included). The writer is the only caller of `write`.

use std::{fmt, io, ops::Bound, path::Path};

use bytes::Bytes;

use crate::state::{Family, Visit};

pub mod memory;
#[cfg(feature = "rocksdb")]
pub mod rocks;

/// Raft log entries: group, index.
pub(crate) const RAFT_LOG: Family = Family("raft_log");
/// Votes, purge marks and applied marks: group, kind.
pub(crate) const RAFT_META: Family = Family("raft_meta");

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Set a key.
    Put(Family, Bytes, Bytes),
    /// Remove a key.
    Delete(Family, Bytes),
    /// Remove the keys from the first, up to but without the second.
    DeleteRange(Family, Bytes, Bytes),
}

impl Op {
    /// Bytes that this change brings to the log of the store.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Put(_, key, value) => key.len() + value.len() + 16,
            Self::Delete(_, key) => key.len() + 16,
            Self::DeleteRange(_, from, to) => from.len() + to.len() + 16,
        }
    }
}

/// Reads of one consistent state of the store.
pub trait Read {
    /// The value of a key.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>>;

    /// Visits the keys between the bounds, rising or falling, until `visit` answers `false`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> io::Result<()>;
}

/// A store with an ordered log: what was written before a synced write survives a crash with it.
pub trait Engine: Read + Send + Sync + fmt::Debug + 'static {
    /// Writes all changes or none. With `sync` they, and all earlier ones, are on disk on return.
    ///
    /// # Errors
    /// When the store cannot be written. The caller must not go on.
    fn write(&self, ops: &[Op], sync: bool) -> io::Result<()>;

    /// Runs `read` on a state that later writes do not change.
    ///
    /// # Errors
    /// Those of `read`.
    fn frozen(&self, read: &mut dyn FnMut(&dyn Read) -> io::Result<()>) -> io::Result<()>;

    /// Makes the new folder `into` a database of its own that holds what is synced now, and reads it again. Writes
    /// go on meanwhile.
    ///
    /// # Errors
    /// When it cannot be written, or this store is not on a disk.
    fn checkpoint(&self, into: &Path) -> io::Result<()> {
        let _ = into;
        Err(io::ErrorKind::Unsupported.into())
    }
}
