//! What a domain implements to be replicated: commands, and the machine that applies them.

use std::io;

use crate::state::{StateBatch, StateReader};

/// A stored command could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot decode command: {0}")]
pub struct DecodeError(pub String);

/// One typed change, as it stands in the log.
pub trait Command: Send + Sync + Sized + 'static {
    /// The bytes for the log: a format byte, then protobuf.
    fn encode(&self) -> Vec<u8>;

    /// Reads what [`Command::encode`] wrote, also by an earlier version.
    ///
    /// # Errors
    /// When the bytes are not a command of a known format.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;

    /// Whether this command may be written although free disk space is below the reserve: what
    /// frees space, and what keeps the shown state true (removals, beats).
    fn may_use_reserve(&self) -> bool {
        false
    }
}

/// Where a command stands: its place in the log and the leader's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Index in the group's log; strictly rising.
    pub index: u64,
    /// Hybrid logical time in milliseconds since the epoch, stamped by the leader; never falls
    /// within a group. The only clock that `apply` may read.
    pub stamp: u64,
}

/// The replicated state of one domain in one group.
///
/// The machine keeps in memory what its reads need and owns its locks; `apply` is called by one
/// task at a time and in log order. The same commands give the same state on every node.
pub trait StateMachine: Send + Sync + 'static {
    /// What is proposed.
    type Command: Command;
    /// The typed answer of `apply`; a refusal is an answer.
    type Reply: Send + Sync + 'static;

    /// Forgets everything in memory and loads it from the stored state. Called at start and after
    /// a snapshot was installed.
    ///
    /// # Errors
    /// When the store cannot be read or holds what this version cannot understand.
    fn restore(&self, state: &StateReader) -> io::Result<()>;

    /// Applies one command: changes memory, adds what must be stored to `batch`, answers.
    ///
    /// Total: it never fails, never blocks, reads no clock but `at.stamp`. The answer reaches the
    /// proposer after memory shows the change.
    fn apply(&self, at: Applied, command: &Self::Command, batch: &mut StateBatch) -> Self::Reply;
}
