//! The types that our groups give to openraft.

use std::{any::Any, fmt, sync::Arc};

use bytes::Bytes;

openraft::declare_raft_types!(
    /// One configuration serves all groups; what differs between them is in the bytes.
    pub(crate) TypeConfig:
        D = Proposal,
        R = Answer,
);

pub(crate) type LogId = openraft::alias::LogIdOf<TypeConfig>;
pub(crate) type Entry = openraft::alias::EntryOf<TypeConfig>;
pub(crate) type Payload = openraft::alias::PayloadOf<TypeConfig>;
pub(crate) type Vote = openraft::alias::VoteOf<TypeConfig>;
pub(crate) type StoredMembership = openraft::alias::StoredMembershipOf<TypeConfig>;
pub(crate) type SnapshotMeta = openraft::alias::SnapshotMetaOf<TypeConfig>;
pub(crate) type Membership = openraft::Membership<u64, openraft::BasicNode>;

/// A command on its way through the log.
#[derive(Clone)]
pub(crate) struct Proposal {
    /// Which machine of the group it is for.
    pub(crate) part: u8,
    /// The leader's time in milliseconds.
    pub(crate) stamp: u64,
    /// The encoded command.
    pub(crate) bytes: Bytes,
    /// The command itself, on the node that proposed it, which spares decoding.
    pub(crate) local: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proposal(part {}, {} bytes, stamp {})", self.part, self.bytes.len(), self.stamp)
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a machine answered; `None` for entries that are not commands.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Option<Box<dyn Any + Send + Sync>>);
