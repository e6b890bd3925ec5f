//! Applies the log of one group to its machines, and keeps the mark of how far it has come.

use std::{
    io,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use openraft::{
    EntryPayload, OptionalSend, RaftSnapshotBuilder,
    entry::RaftEntry,
    storage::{EntryResponder, RaftStateMachine, Snapshot},
};
use parking_lot::Mutex;

use super::{
    log::{LogStore, applied_key},
    record::{self, AppliedMark},
    snapshot::{self, SnapshotFile, state_end, state_prefix},
    types::{Answer, LogId, Proposal, SnapshotMeta, StoredMembership, TypeConfig},
};
use crate::{
    engine::{Op, RAFT_META},
    id::GroupId,
    machine::Applied,
    parts::Parts,
    state::{Change, Family, ReadState, Scan, StateBatch, StateReader, Visit},
    writer::Writer,
};

/// Bytes of an installed snapshot that are written at once.
const INSTALL_BYTES: usize = 4 << 20;

/// What the adapter and the readers of a group share.
pub(crate) struct GroupState {
    group: GroupId,
    generation: AtomicU32,
    writer: Writer,
    families: Arc<[Family]>,
}

impl GroupState {
    fn key(&self, key: &[u8]) -> Bytes {
        let prefix = state_prefix(self.group, self.generation.load(Ordering::Acquire));
        [&prefix[..], key].concat().into()
    }

    fn op(&self, change: Change) -> Op {
        match change {
            Change::Put { family, key, value } => Op::Put(family, self.key(&key), value),
            Change::Delete { family, key } => Op::Delete(family, self.key(&key)),
            Change::DeleteRange { family, from, to } => Op::DeleteRange(family, self.key(&from), self.key(&to)),
        }
    }
}

impl ReadState for GroupState {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        self.writer.get(family, &self.key(key))
    }

    fn scan(&self, family: Family, scan: &Scan, visit: &mut Visit<'_>) -> io::Result<()> {
        let generation = self.generation.load(Ordering::Acquire);
        let prefix = state_prefix(self.group, generation);
        let place = |key: &Bytes| Bytes::from([&prefix[..], key].concat());
        let whole = Scan {
            from: match &scan.from {
                Bound::Included(key) => Bound::Included(place(key)),
                Bound::Excluded(key) => Bound::Excluded(place(key)),
                Bound::Unbounded => Bound::Included(Bytes::copy_from_slice(&prefix)),
            },
            to: match &scan.to {
                Bound::Included(key) => Bound::Included(place(key)),
                Bound::Excluded(key) => Bound::Excluded(place(key)),
                Bound::Unbounded => Bound::Excluded(state_end(self.group, generation)),
            },
            reverse: scan.reverse,
            limit: scan.limit,
        };
        self.writer.scan(family, &whole, &mut |key, value| visit(&key[prefix.len()..], value))
    }
}

/// See the module.
pub(crate) struct Adapter {
    parts: Parts,
    state: Arc<GroupState>,
    log: LogStore,
    mark: AppliedMark,
    snapshot: Arc<Mutex<Option<SnapshotMeta>>>,
}

impl Adapter {
    /// Loads the machines from what is stored.
    pub(crate) fn open(
        group: GroupId,
        parts: Parts,
        families: Arc<[Family]>,
        log: LogStore,
        writer: Writer,
    ) -> io::Result<Self> {
        let mark = match writer.get(RAFT_META, &applied_key(group))? {
            Some(row) => record::decode_applied(row)?,
            None => AppliedMark::default(),
        };
        let state = Arc::new(GroupState { group, generation: AtomicU32::new(mark.generation), writer, families });
        parts.restore(&StateReader::new(state.clone()))?;
        // The stored state is the snapshot, so a restart has one whenever something was applied.
        let snapshot = Arc::new(Mutex::new(None));
        if let Some(index) = mark.last.as_ref().map(|id| id.index) {
            log.applied(index);
        }
        Ok(Self { parts, state, log, mark, snapshot })
    }

    pub(crate) fn reader(&self) -> StateReader {
        StateReader::new(self.state.clone())
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.mark.stamp
    }

    fn run(&mut self, index: u64, proposal: &Proposal, batch: &mut StateBatch) -> io::Result<Answer> {
        self.mark.stamp = self.mark.stamp.max(proposal.stamp);
        let machine = self.parts.get(proposal.part).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("log entry for unknown part {}", proposal.part))
        })?;
        let at = Applied { index, stamp: self.mark.stamp };
        let answer = machine.apply(at, &proposal.bytes, proposal.local.as_deref(), batch)?;
        Ok(Answer(Some(answer)))
    }

    fn meta(mark: &AppliedMark) -> SnapshotMeta {
        SnapshotMeta { last_log_id: mark.last, last_membership: mark.membership.clone() }
    }
}

/// Records a point up to which the log may be purged; the state itself is in the store already.
pub(crate) struct Builder {
    mark: AppliedMark,
    state: Arc<GroupState>,
    snapshot: Arc<Mutex<Option<SnapshotMeta>>>,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = SnapshotFile;

    async fn build_snapshot(
        &mut self,
    ) -> Result<Snapshot<LeaderId, u64, openraft::BasicNode, SnapshotFile>, io::Error> {
        // Everything applied so far must be on disk before the log that made it may go.
        self.state.writer.write_synced(Vec::new()).await?;
        let meta = Adapter::meta(&self.mark);
        *self.snapshot.lock() = Some(meta.clone());
        // No data: a file is made from the store when a follower asks for the current snapshot.
        Ok(Snapshot { meta, snapshot: SnapshotFile(tempfile::tempfile()?) })
    }
}

type LeaderId = openraft::alias::CommittedLeaderIdOf<TypeConfig>;

impl RaftStateMachine<TypeConfig> for Adapter {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.mark.last, self.mark.membership.clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            let id = entry.log_id();
            let mut batch = StateBatch::default();
            let answer = match &entry.payload {
                EntryPayload::Blank => Answer(None),
                EntryPayload::Normal(proposal) => self.run(id.index, proposal, &mut batch)?,
                EntryPayload::Membership(membership) => {
                    self.mark.membership = StoredMembership::new(Some(id), membership.clone());
                    Answer(None)
                }
            };
            self.mark.last = Some(id);
            let mut ops: Vec<Op> = batch.into_changes().into_iter().map(|change| self.state.op(change)).collect();
            ops.push(Op::Put(RAFT_META, applied_key(self.state.group), record::encode_applied(&self.mark)));
            self.state.writer.submit_state(ops);
            if let Some(responder) = responder {
                responder.send(answer);
            }
            self.log.applied(id.index);
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        Builder { mark: self.mark.clone(), state: self.state.clone(), snapshot: self.snapshot.clone() }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, data: SnapshotFile) -> Result<(), io::Error> {
        let group = self.state.group;
        let old = self.mark.generation;
        let new = old + 1;
        let prefix = state_prefix(group, new);
        let clear = |generation: u32| -> Vec<Op> {
            let (from, to) = (Bytes::copy_from_slice(&state_prefix(group, generation)), state_end(group, generation));
            self.state.families.iter().map(|family| Op::DeleteRange(*family, from.clone(), to.clone())).collect()
        };
        // What an interrupted installation left behind goes first.
        let mut ops = clear(new);
        let mut bytes = 0;
        snapshot::read(data, &self.state.families, |family, key, value| {
            let op = Op::Put(family, [&prefix[..], &key].concat().into(), value);
            bytes += op.size();
            ops.push(op);
            if bytes >= INSTALL_BYTES {
                bytes = 0;
                self.state.writer.submit_state(std::mem::take(&mut ops));
            }
            Ok(())
        })?;
        let stamp = self.mark.stamp;
        self.mark =
            AppliedMark { generation: new, last: meta.last_log_id, membership: meta.last_membership.clone(), stamp };
        ops.push(Op::Put(RAFT_META, applied_key(group), record::encode_applied(&self.mark)));
        ops.extend(clear(old));
        self.state.writer.write_synced(ops).await?;
        self.state.generation.store(new, Ordering::Release);
        *self.snapshot.lock() = Some(meta.clone());
        self.parts.restore(&self.reader())
    }

    async fn get_current_snapshot(
        &mut self,
    ) -> Result<Option<Snapshot<LeaderId, u64, openraft::BasicNode, SnapshotFile>>, io::Error> {
        if self.snapshot.lock().is_none() {
            return Ok(None);
        }
        // The file shows one state of the store, and the mark that is in it.
        self.state.writer.write_synced(Vec::new()).await?;
        let group = self.state.group;
        let mut made = None;
        self.state.writer.engine().frozen(&mut |frozen| {
            let Some(row) = frozen.get(RAFT_META, &applied_key(group))? else { return Ok(()) };
            let mark = record::decode_applied(row)?;
            let file = snapshot::write(frozen, &self.state.families, group, mark.generation)?;
            made = Some(Snapshot { meta: Self::meta(&mark), snapshot: file });
            Ok(())
        })?;
        Ok(made)
    }
}
