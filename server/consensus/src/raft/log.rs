//! The log of one group: rows in the shared store, and the newest entries in memory.

use std::{
    collections::VecDeque,
    fmt::Debug,
    io,
    ops::{Bound, RangeBounds},
    sync::Arc,
};

use bytes::Bytes;
use openraft::{
    LogState, OptionalSend, RaftLogReader,
    entry::RaftEntry,
    storage::{IOFlushed, RaftLogStorage},
};
use parking_lot::Mutex;

use super::{
    record,
    types::{Entry, LogId, TypeConfig, Vote},
};
use crate::{
    engine::{Op, RAFT_LOG, RAFT_META},
    id::GroupId,
    writer::Writer,
};

/// Bytes that one read of the log returns at most; one larger entry is returned alone.
const READ_BYTES: usize = 4 << 20;
/// Distance between the marks from which a purge position is found.
const MARK_BYTES: u64 = 1 << 20;

struct Cached {
    entry: Entry,
    bytes: usize,
}

#[derive(Default)]
struct Inner {
    vote: Option<Vote>,
    purged: Option<LogId>,
    last: Option<LogId>,
    /// The newest entries, without gaps; all that are not yet on disk are among them.
    tail: VecDeque<Cached>,
    /// Entries up to here are on disk.
    durable: Option<u64>,
    /// Entries up to here are applied.
    applied: Option<u64>,
    /// Bytes in the log, and the index at every [`MARK_BYTES`].
    bytes: u64,
    marks: VecDeque<(u64, u64)>,
    unmarked: u64,
}

impl Inner {
    fn first_cached(&self) -> Option<u64> {
        self.tail.front().map(|cached| cached.entry.index())
    }

    fn note_size(&mut self, index: u64, bytes: u64) {
        self.bytes += bytes;
        self.unmarked += bytes;
        if self.unmarked >= MARK_BYTES {
            self.marks.push_back((index, self.unmarked));
            self.unmarked = 0;
        }
    }

    /// Drops from memory what is on disk and applied. Followers are fed from disk.
    fn trim(&mut self) {
        let limit = self.durable.min(self.applied);
        while let Some(front) = self.first_cached() {
            if limit.is_none_or(|limit| front > limit) {
                break;
            }
            self.tail.pop_front();
        }
        if self.tail.is_empty() {
            self.tail.shrink_to(64);
        }
    }
}

/// See the module. Clones share one log.
#[derive(Clone)]
pub(crate) struct LogStore {
    group: GroupId,
    writer: Writer,
    inner: Arc<Mutex<Inner>>,
}

fn group_key(group: GroupId, rest: &[u8]) -> Bytes {
    let mut key = Vec::with_capacity(2 + rest.len());
    key.extend_from_slice(&group.0.to_be_bytes());
    key.extend_from_slice(rest);
    key.into()
}

fn row_key(group: GroupId, index: u64) -> Bytes {
    group_key(group, &index.to_be_bytes())
}

/// Key of the mark that says how far a group has applied.
pub(crate) fn applied_key(group: GroupId) -> Bytes {
    group_key(group, b"a")
}

impl LogStore {
    /// Reads where the group's log stands.
    pub(crate) fn open(group: GroupId, writer: Writer) -> io::Result<Self> {
        let engine = writer.engine();
        let mut inner = Inner {
            vote: engine.get(RAFT_META, &group_key(group, b"v"))?.map(record::decode_vote).transpose()?,
            purged: engine.get(RAFT_META, &group_key(group, b"p"))?.map(record::decode_log_id).transpose()?,
            ..Inner::default()
        };
        let first = inner.purged.as_ref().map_or(0, |id| id.index + 1);
        let (from, to) = (row_key(group, first), row_key(group, u64::MAX));
        let mut newest = None;
        engine.scan(RAFT_LOG, Bound::Included(&from), Bound::Included(&to), true, &mut |_, value| {
            newest = Some(Bytes::copy_from_slice(value));
            false
        })?;
        inner.last = match newest {
            Some(row) => Some(record::decode_entry(row)?.log_id()),
            None => inner.purged,
        };
        // What an earlier process left counts as one block of unknown size; reading it all only to
        // measure it would delay the start.
        inner.marks.extend(inner.last.as_ref().map(|id| (id.index, 0)));
        inner.durable = inner.last.as_ref().map(|id| id.index);
        Ok(Self { group, writer, inner: Arc::new(Mutex::new(inner)) })
    }

    /// Whether the group has never voted nor logged.
    pub(crate) fn is_pristine(&self) -> bool {
        let inner = self.inner.lock();
        inner.vote.is_none() && inner.last.is_none()
    }

    /// The newest entry.
    pub(crate) fn last(&self) -> Option<LogId> {
        self.inner.lock().last
    }

    /// Bytes between the purge position and the end.
    pub(crate) fn bytes(&self) -> u64 {
        self.inner.lock().bytes
    }

    /// The highest index that can be purged so that about `keep` bytes remain.
    pub(crate) fn purge_target(&self, keep: u64) -> Option<u64> {
        let inner = self.inner.lock();
        let mut left = inner.bytes;
        let mut target = None;
        for (index, bytes) in &inner.marks {
            if left <= keep {
                break;
            }
            left -= bytes;
            target = Some(*index);
        }
        target
    }

    /// Notes how far the state machine has come, so that memory can be given back.
    pub(crate) fn applied(&self, index: u64) {
        let mut inner = self.inner.lock();
        inner.applied = inner.applied.max(Some(index));
        inner.trim();
    }

    fn durable(&self, index: u64) {
        let mut inner = self.inner.lock();
        let last = inner.last.as_ref().map(|id| id.index);
        // A truncation may have removed what this commit brought.
        inner.durable = inner.durable.max(Some(index)).min(last);
        inner.trim();
    }

    fn read(&self, first: u64, end: u64, budget: usize) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut used = 0;
        let (disk_end, cached) = {
            let inner = self.inner.lock();
            let low = inner.purged.as_ref().map_or(0, |id| id.index + 1).max(first);
            let end = end.min(inner.last.as_ref().map_or(0, |id| id.index + 1));
            if low >= end {
                return Ok(entries);
            }
            let disk_end = inner.first_cached().unwrap_or(u64::MAX).clamp(low, end);
            let mut cached = Vec::new();
            if disk_end < end {
                let offset = disk_end - inner.first_cached().expect("the range reaches into the tail");
                for row in inner.tail.iter().skip(offset as usize).take((end - disk_end) as usize) {
                    cached.push((row.entry.clone(), row.bytes));
                    used += row.bytes;
                    if used > budget {
                        break;
                    }
                }
            }
            (low..disk_end, cached)
        };
        used = 0;
        let mut take = |entry: Entry, bytes: usize, entries: &mut Vec<Entry>| {
            used += bytes;
            let fits = entries.is_empty() || used <= budget;
            if fits {
                entries.push(entry);
            }
            fits
        };
        if !disk_end.is_empty() {
            let (from, to) = (row_key(self.group, disk_end.start), row_key(self.group, disk_end.end));
            let mut failure = None;
            let mut full = false;
            self.writer.engine().scan(
                RAFT_LOG,
                Bound::Included(&from),
                Bound::Excluded(&to),
                false,
                &mut |_, value| match record::decode_entry(Bytes::copy_from_slice(value)) {
                    Ok(entry) => {
                        full = !take(entry, value.len(), &mut entries);
                        !full
                    }
                    Err(error) => {
                        failure = Some(error);
                        false
                    }
                },
            )?;
            if let Some(error) = failure {
                return Err(error);
            }
            if full {
                return Ok(entries);
            }
        }
        for (entry, bytes) in cached {
            if !take(entry, bytes, &mut entries) {
                break;
            }
        }
        Ok(entries)
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, io::Error> {
        let first = match range.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last + 1,
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        self.read(first, end, usize::MAX)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.inner.lock().vote)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        self.read(start, end, READ_BYTES)
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let inner = self.inner.lock();
        Ok(LogState { last_purged_log_id: inner.purged, last_log_id: inner.last })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let op = Op::Put(RAFT_META, group_key(self.group, b"v"), record::encode_vote(vote));
        self.inner.lock().vote = Some(*vote);
        self.writer.write_synced(vec![op]).await
    }

    // The committed position is not stored by itself: what is applied is committed, and that mark
    // is stored with the state.

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut ops = Vec::new();
        let mut last = None;
        {
            let mut inner = self.inner.lock();
            for entry in entries {
                let key = row_key(self.group, entry.index());
                let row = record::encode_entry(&entry);
                let bytes = key.len() + row.len();
                inner.note_size(entry.index(), bytes as u64);
                last = Some(entry.log_id());
                inner.tail.push_back(Cached { entry, bytes });
                ops.push(Op::Put(RAFT_LOG, key, row));
            }
            if last.is_some() {
                inner.last = last;
            }
        }
        let store = self.clone();
        self.writer.submit_synced(
            ops,
            Box::new(move |written| {
                if let (Ok(()), Some(last)) = (&written, last) {
                    store.durable(last.index);
                }
                callback.io_completed(written);
            }),
        );
        Ok(())
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        let first_removed = last_log_id.as_ref().map_or(0, |id| id.index + 1);
        {
            let mut inner = self.inner.lock();
            if inner.last.as_ref().is_none_or(|last| last.index < first_removed) {
                return Ok(());
            }
            while inner.tail.back().is_some_and(|cached| cached.entry.index() >= first_removed) {
                inner.tail.pop_back();
            }
            inner.last = last_log_id;
            inner.durable = inner.durable.min(last_log_id.as_ref().map(|id| id.index));
            while inner.marks.back().is_some_and(|(index, _)| *index >= first_removed) {
                let (_, bytes) = inner.marks.pop_back().expect("seen just now");
                inner.bytes = inner.bytes.saturating_sub(bytes);
            }
        }
        let range = Op::DeleteRange(RAFT_LOG, row_key(self.group, first_removed), row_key(self.group, u64::MAX));
        self.writer.write_synced(vec![range]).await
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        let first = {
            let mut inner = self.inner.lock();
            let first = inner.purged.as_ref().map_or(0, |id| id.index + 1);
            inner.purged = Some(log_id);
            if inner.last.as_ref().is_none_or(|last| last.index < log_id.index) {
                inner.last = Some(log_id);
            }
            while inner.first_cached().is_some_and(|index| index <= log_id.index) {
                inner.tail.pop_front();
            }
            while inner.marks.front().is_some_and(|(index, _)| *index <= log_id.index) {
                let (_, bytes) = inner.marks.pop_front().expect("seen just now");
                inner.bytes = inner.bytes.saturating_sub(bytes);
            }
            first
        };
        // Behind the state that makes these entries needless, as the queue keeps its order.
        self.writer.submit_state(vec![
            Op::Put(RAFT_META, group_key(self.group, b"p"), record::encode_log_id(&log_id)),
            Op::DeleteRange(RAFT_LOG, row_key(self.group, first), row_key(self.group, log_id.index + 1)),
        ]);
        Ok(())
    }
}
