//! One Raft group on this node, and the typed face of it that the domains hold.

use std::{fmt, io, sync::Arc, time::Duration};

use openraft::{
    BasicNode, Config, ServerState, SnapshotPolicy,
    async_runtime::watch::WatchReceiver,
    errors::{ClientWriteError, RaftError},
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{
    clock::Clock,
    id::{GroupId, NodeId},
    machine::{Command, StateMachine},
    parts::Parts,
    raft::{
        adapter::Adapter,
        log::LogStore,
        network::NoPeers,
        types::{Answer, Proposal, TypeConfig},
    },
    state::{Family, StateReader},
    writer::Writer,
};

type Raft = openraft::Raft<TypeConfig, Adapter>;

/// The largest encoded command. Above the largest config that the doors let in.
const COMMAND_LIMIT: usize = 48 << 20;
/// Bytes of commands that a group has in flight; more wait.
const IN_FLIGHT_BYTES: usize = 64 << 20;
/// One permit of the in-flight limit.
const PERMIT_BYTES: usize = 1 << 10;
/// Bytes of log that a group with one voter keeps.
const LOG_KEEP: u64 = 64 << 20;
/// How often the size of the log is looked at.
const LOG_CHECK: Duration = Duration::from_secs(2);
/// How long a group may take to elect its only voter and apply its log.
const START_LIMIT: Duration = Duration::from_secs(600);

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProposeError {
    /// Another node leads the group, or nobody at the moment. Nothing was written.
    #[error("not the leader of the group; leader is {leader:?}")]
    NotLeader {
        /// Who leads, if known.
        leader: Option<NodeId>,
    },
    /// Leadership was lost while the command was under way; whether it counts is unknown.
    #[error("leadership changed while writing; the outcome is unknown")]
    Unknown,
    /// Free disk space is below the reserve. Nothing was written.
    #[error("free disk space of {free} bytes is below the reserve of {reserve} bytes; writes are refused")]
    StorageFull {
        /// Free bytes on the disk.
        free: u64,
        /// Configured reserve in bytes.
        reserve: u64,
    },
    /// The command is larger than a log entry may be. Nothing was written.
    #[error("command of {size} bytes is above the limit of {limit} bytes")]
    TooLarge {
        /// Encoded size in bytes.
        size: usize,
        /// Limit in bytes.
        limit: usize,
    },
    /// The group is shut down, or its store has failed.
    #[error("the group has stopped")]
    Stopped,
}

/// Who leads a group, as this node sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The leader, if there is one.
    pub leader: Option<NodeId>,
    /// Whether that is this node.
    pub is_local: bool,
    /// The Raft term.
    pub term: u64,
}

/// Figures of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupStats {
    /// Index of the newest log entry.
    pub last_index: u64,
    /// Index of the last applied entry.
    pub applied_index: u64,
    /// Bytes of log since the last purge.
    pub log_bytes: u64,
    /// The Raft term.
    pub term: u64,
}

struct Owned {
    leadership: watch::Receiver<Leadership>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A running group whose machines' types are forgotten.
#[derive(Clone)]
pub struct RawGroup {
    id: GroupId,
    raft: Raft,
    parts: Parts,
    reader: StateReader,
    clock: Arc<Clock>,
    log: LogStore,
    writer: Writer,
    in_flight: Arc<Semaphore>,
    owned: Arc<Owned>,
}

impl fmt::Debug for RawGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawGroup").field("id", &self.id).field("parts", &self.parts).finish_non_exhaustive()
    }
}

fn raft_config(group: GroupId) -> Config {
    Config {
        cluster_name: group.to_string(),
        heartbeat_interval: 250,
        election_timeout_min: 600,
        election_timeout_max: 1100,
        enable_pre_vote: Some(true),
        quorum_loss_probe_interval: Some(2500),
        install_snapshot_timeout: 30_000,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(20_000),
        max_in_snapshot_log_to_keep: 1_000,
        purge_batch_size: 512,
        max_payload_entries: 512,
        replication_lag_threshold: 50_000,
        // Small queues: the bytes in flight are limited before they get here.
        api_channel_size: Some(4096),
        // Room that each group reserves at its start; the default costs more than a megabyte.
        api_batch_capacity: 256,
        notification_channel_size: Some(4096),
        state_machine_channel_size: Some(256),
        // The only voter needs no heartbeats and no election timer; a change of membership turns
        // them on.
        enable_tick: false,
        ..Config::default()
    }
}

impl RawGroup {
    /// Starts the group with this node as its only voter, and waits until all that is on disk is
    /// applied.
    pub(crate) async fn start(
        id: GroupId,
        node: NodeId,
        parts: Parts,
        families: Arc<[Family]>,
        writer: Writer,
    ) -> io::Result<Self> {
        let mut failed = writer.failed();
        tokio::select! {
            started = Self::elect(id, node, parts, families, writer) => started,
            _ = failed.wait_for(Option::is_some) => Err(io::Error::other("the store failed during the start")),
        }
    }

    async fn elect(
        id: GroupId,
        node: NodeId,
        parts: Parts,
        families: Arc<[Family]>,
        writer: Writer,
    ) -> io::Result<Self> {
        let log = LogStore::open(id, writer.clone())?;
        let pristine = log.is_pristine();
        let barrier = log.last();
        let adapter = Adapter::open(id, parts.clone(), families, log.clone(), writer.clone())?;
        let reader = adapter.reader();
        let stored_stamp = adapter.stamp();
        let config = Arc::new(raft_config(id).validate().map_err(io::Error::other)?);
        let raft = Raft::new(node.0, config, NoPeers, log.clone(), adapter).await.map_err(io::Error::other)?;
        if pristine {
            let members = std::collections::BTreeMap::from([(node.0, BasicNode::default())]);
            raft.initialize(members).await.map_err(io::Error::other)?;
        } else if !raft.is_leader() {
            raft.trigger().elect(false).await.map_err(io::Error::other)?;
        }
        let barrier = barrier.map(|id| id.index);
        let wait = raft.wait(Some(START_LIMIT));
        let reached = wait.metrics(
            |metrics| {
                metrics.running_state.is_err()
                    || metrics.state == ServerState::Leader
                        && metrics.last_applied.as_ref().map(|id| id.index) >= barrier.max(metrics.last_log_index)
            },
            "the log on disk is applied",
        );
        reached.await.map_err(io::Error::other)?.running_state.map_err(io::Error::other)?;
        let (leadership, follow) = follow_leader(node, &raft);
        let tasks = vec![follow, limit_log(id, raft.clone(), log.clone())];
        Ok(Self {
            id,
            raft,
            parts,
            reader,
            clock: Arc::new(Clock::above(stored_stamp)),
            log,
            writer,
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT_BYTES / PERMIT_BYTES)),
            owned: Arc::new(Owned { leadership, tasks }),
        })
    }

    /// The typed face of the part with this tag.
    ///
    /// # Panics
    /// When the group has no such part, or it is of another type.
    #[must_use]
    pub fn part<M: StateMachine>(&self, tag: u8) -> Group<M> {
        let machine = self.parts.typed::<M>(tag).expect("the group was started with this machine under this tag");
        Group { raw: self.clone(), tag, machine }
    }

    /// Figures of the group.
    #[must_use]
    pub fn stats(&self) -> GroupStats {
        let metrics = self.raft.metrics().borrow_watched().clone();
        GroupStats {
            last_index: metrics.last_log_index.unwrap_or(0),
            applied_index: metrics.last_applied.map_or(0, |id| id.index),
            log_bytes: self.log.bytes(),
            term: metrics.current_term,
        }
    }

    /// Which group this is.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.id
    }

    /// Ends the group's tasks; what was acknowledged is on disk.
    pub(crate) async fn stop(&self) {
        if let Err(error) = self.raft.shutdown().await {
            tracing::warn!(group = %self.id, %error, "group ended with an error");
        }
    }

    fn proposal<C: Command>(&self, tag: u8, command: C) -> Result<(Proposal, usize), ProposeError> {
        if !command.may_use_reserve() {
            self.writer
                .space()
                .check()
                .map_err(|shortage| ProposeError::StorageFull { free: shortage.free, reserve: shortage.reserve })?;
        }
        let bytes = command.encode();
        let size = bytes.len();
        if size > COMMAND_LIMIT {
            return Err(ProposeError::TooLarge { size, limit: COMMAND_LIMIT });
        }
        let local: Arc<dyn std::any::Any + Send + Sync> = Arc::new(command);
        Ok((Proposal { part: tag, stamp: self.clock.now(), bytes: bytes.into(), local: Some(local) }, size))
    }

    async fn admit(&self, size: usize) -> Result<tokio::sync::SemaphorePermit<'_>, ProposeError> {
        let permits = (size / PERMIT_BYTES + 1).min(IN_FLIGHT_BYTES / PERMIT_BYTES);
        self.in_flight.acquire_many(permits as u32).await.map_err(|_| ProposeError::Stopped)
    }
}

fn follow_leader(node: NodeId, raft: &Raft) -> (watch::Receiver<Leadership>, JoinHandle<()>) {
    let mut metrics = raft.server_metrics();
    let current = move |leader: Option<u64>, term: u64| Leadership {
        leader: leader.map(NodeId),
        is_local: leader == Some(node.0),
        term,
    };
    let first = metrics.borrow_watched().clone();
    let (sender, receiver) = watch::channel(current(first.current_leader, first.vote.leader_id.term));
    let task = tokio::spawn(async move {
        while metrics.changed().await.is_ok() {
            let seen = metrics.borrow_watched().clone();
            let next = current(seen.current_leader, seen.vote.leader_id.term);
            sender.send_if_modified(|known| std::mem::replace(known, next) != next);
        }
    });
    (receiver, task)
}

/// Keeps the log below its byte limit. openraft itself counts entries only.
fn limit_log(group: GroupId, raft: Raft, log: LogStore) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(LOG_CHECK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if log.bytes() <= LOG_KEEP {
                continue;
            }
            let Some(target) = log.purge_target(LOG_KEEP / 2) else { continue };
            tracing::debug!(%group, target, bytes = log.bytes(), "log is above its limit");
            if raft.trigger().snapshot().await.is_err() || raft.trigger().purge_log(target).await.is_err() {
                return;
            }
        }
    })
}

/// One part of a running group: what a domain proposes to and reads from. Cheap to clone.
pub struct Group<M> {
    raw: RawGroup,
    tag: u8,
    machine: Arc<M>,
}

impl<M> Clone for Group<M> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), tag: self.tag, machine: self.machine.clone() }
    }
}

impl<M> fmt::Debug for Group<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("id", &self.raw.id).field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl<M: StateMachine> Group<M> {
    /// Which group this is.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.raw.id
    }

    /// The machine, for reads from memory.
    #[must_use]
    pub fn machine(&self) -> &Arc<M> {
        &self.machine
    }

    /// The stored state.
    #[must_use]
    pub fn reader(&self) -> &StateReader {
        &self.raw.reader
    }

    /// The group's time in milliseconds since the epoch; not below the last stamp in the state.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.raw.clock.now()
    }

    /// Writes a command: it is on disk on a majority and applied here when this returns.
    ///
    /// # Errors
    /// See [`ProposeError`]. Cancelling the future does not take the command back.
    pub async fn propose(&self, command: M::Command) -> Result<M::Reply, ProposeError> {
        let (proposal, size) = self.raw.proposal(self.tag, command)?;
        let _permit = self.raw.admit(size).await?;
        match self.raw.raft.client_write(proposal).await {
            Ok(response) => Ok(reply::<M>(response.data)),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Writes several commands, each its own log entry, in one go. Answers are in their order.
    ///
    /// # Errors
    /// As [`Self::propose`]. After [`ProposeError::Unknown`] or `Stopped` some may count.
    pub async fn propose_batch(&self, commands: Vec<M::Command>) -> Result<Vec<M::Reply>, ProposeError> {
        use futures::TryStreamExt;

        let mut proposals = Vec::with_capacity(commands.len());
        let mut total = 0;
        for command in commands {
            let (proposal, size) = self.raw.proposal(self.tag, command)?;
            total += size;
            proposals.push(proposal);
        }
        let _permit = self.raw.admit(total).await?;
        let mut replies = Vec::with_capacity(proposals.len());
        let mut answers = self.raw.raft.client_write_many(proposals).await.map_err(|_| ProposeError::Stopped)?;
        while let Some(answer) = answers.try_next().await.map_err(|_| ProposeError::Stopped)? {
            match answer {
                Ok(written) => replies.push(reply::<M>(written.response)),
                Err(error) => return Err(refusal(RaftError::APIError(error))),
            }
        }
        Ok(replies)
    }

    /// Returns when this node has applied all that was committed before the call.
    ///
    /// # Errors
    /// When this node does not lead, or the group has stopped.
    pub async fn read_index(&self) -> Result<(), ProposeError> {
        match self.raw.raft.ensure_linearizable(openraft::ReadPolicy::ReadIndex).await {
            Ok(_) => Ok(()),
            Err(RaftError::Fatal(_)) => Err(ProposeError::Stopped),
            Err(RaftError::APIError(_)) => Err(ProposeError::NotLeader { leader: self.watch_leader().borrow().leader }),
        }
    }

    /// Follows who leads the group.
    #[must_use]
    pub fn watch_leader(&self) -> watch::Receiver<Leadership> {
        self.raw.owned.leadership.clone()
    }
}

fn reply<M: StateMachine>(answer: Answer) -> M::Reply {
    let answer = answer.0.expect("a command is answered by its machine");
    *answer.downcast().expect("the machine of this part answers with its reply type")
}

fn refusal(error: RaftError<TypeConfig, ClientWriteError<TypeConfig>>) -> ProposeError {
    match error {
        RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => {
            ProposeError::NotLeader { leader: forward.leader_id.map(NodeId) }
        }
        RaftError::APIError(_) => ProposeError::Unknown,
        RaftError::Fatal(_) => ProposeError::Stopped,
    }
}
