//! What is proposed to a shard and what it answers.

use std::sync::Arc;

use nacre_consensus::{Command, DecodeError, NodeId};

use super::codec;
use crate::model::{
    Address, ClusterMetadata, Instance, InstanceKey, InstanceOverride, OverrideChange, ServiceKey, ServiceKind,
    ServiceMetadata,
};

/// One start of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation {
    /// The node.
    pub node: NodeId,
    /// Rises with each start of the node.
    pub epoch: u64,
}

/// Who published something. One owner holds at most one publication per service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A connection; its publications end with it.
    Connection {
        /// Where it is connected.
        incarnation: Incarnation,
        /// The connection's id.
        id: Arc<str>,
    },
    /// An address that is kept by beats.
    Beaten(Address),
    /// An address that stays until it is removed.
    Persistent(Address),
}

impl Owner {
    /// The kind of service that it publishes to.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        match self {
            Self::Connection { .. } | Self::Beaten(_) => ServiceKind::Ephemeral,
            Self::Persistent(_) => ServiceKind::Persistent,
        }
    }
}

/// One change of a shard.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Sets what an owner holds in a service; creates the service if need be.
    Publish {
        /// The service.
        service: ServiceKey,
        /// The owner.
        owner: Owner,
        /// The node that answers for the owner.
        holder: Incarnation,
        /// The instances, possibly none.
        instances: Arc<[Arc<Instance>]>,
    },
    /// Removes what an owner holds in a service.
    Withdraw {
        /// The service.
        service: ServiceKey,
        /// The owner.
        owner: Owner,
        /// Dropped from owners in grace, too.
        address: Option<Address>,
    },
    /// Removes all that a connection holds.
    Leave {
        /// The owner.
        owner: Owner,
    },
    /// Puts all that a connection holds into the grace.
    Detach {
        /// The owner.
        owner: Owner,
    },
    /// A beat reached a node that does not answer for the address yet.
    Claim {
        /// The service.
        service: ServiceKey,
        /// The address.
        address: Address,
        /// The node that answers for it from now on.
        holder: Incarnation,
    },
    /// Sets the health of all that an owner holds in a service.
    SetHealth {
        /// The service.
        service: ServiceKey,
        /// The owner.
        owner: Owner,
        /// The health.
        healthy: bool,
    },
    /// Creates an empty service.
    Create {
        /// The service.
        service: ServiceKey,
        /// Its kind.
        kind: ServiceKind,
        /// What is set for it.
        metadata: ServiceMetadata,
    },
    /// Replaces what is set for a service.
    Update {
        /// The service.
        service: ServiceKey,
        /// What is set for it.
        metadata: ServiceMetadata,
    },
    /// Removes a service without instances.
    Delete {
        /// The service.
        service: ServiceKey,
    },
    /// Removes a service if it has no publication and was not changed since.
    DeleteEmpty {
        /// The service.
        service: ServiceKey,
        /// The revision at which it was seen empty.
        revision: u64,
    },
    /// Replaces what is set for a cluster.
    SetCluster {
        /// The service.
        service: ServiceKey,
        /// The cluster.
        cluster: String,
        /// What is set for it.
        metadata: ClusterMetadata,
    },
    /// Replaces an override.
    SetOverride {
        /// The service.
        service: ServiceKey,
        /// The instance.
        instance: InstanceKey,
        /// The override.
        value: InstanceOverride,
    },
    /// Changes parts of an override of an instance that exists.
    ChangeOverride {
        /// The service.
        service: ServiceKey,
        /// The instance.
        instance: InstanceKey,
        /// The change.
        change: OverrideChange,
    },
    /// Removes overrides whose instances are still absent.
    DropOverrides {
        /// The service.
        service: ServiceKey,
        /// The instances.
        instances: Vec<InstanceKey>,
    },
    /// A node started. The first batch of a start puts what earlier ones hold into the grace; this
    /// is what such a batch contains when there is nothing else to say.
    BeginEpoch,
    /// The grace is over: removes what connections of earlier epochs left.
    EndGrace {
        /// The start after which the grace began.
        incarnation: Incarnation,
    },
    /// Changes nothing but the shard's time.
    Mark,
}

impl Operation {
    /// Whether it frees space or keeps the shown state true, so that it may be written although
    /// the disk is nearly full.
    #[must_use]
    pub fn may_use_reserve(&self) -> bool {
        !matches!(
            self,
            Self::Publish { .. }
                | Self::Create { .. }
                | Self::Update { .. }
                | Self::SetCluster { .. }
                | Self::SetOverride { .. }
                | Self::ChangeOverride { .. }
        )
    }

    /// Roughly the bytes that it takes in the log.
    pub(crate) fn estimated_size(&self) -> usize {
        let metadata = |map: &std::collections::BTreeMap<String, String>| -> usize {
            map.iter().map(|(key, value)| key.len() + value.len() + 6).sum()
        };
        128 + match self {
            Self::Publish { instances, .. } => {
                instances.iter().map(|instance| 96 + 2 * instance.cluster.len() + metadata(&instance.metadata)).sum()
            }
            Self::Create { metadata: value, .. } | Self::Update { metadata: value, .. } => metadata(&value.metadata),
            Self::SetCluster { metadata: value, .. } => metadata(&value.metadata),
            Self::SetOverride { value, .. } => metadata(&value.metadata),
            Self::ChangeOverride { change, .. } => metadata(&change.set) + change.remove.len() * 32,
            Self::DropOverrides { instances, .. } => instances.len() * 48,
            _ => 0,
        }
    }
}

/// Why an operation changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The service is of this other kind.
    KindMismatch(ServiceKind),
    /// No such service.
    ServiceNotFound,
    /// The service exists.
    ServiceExists,
    /// The service has instances.
    ServiceNotEmpty,
    /// The service has no instances, or does not exist.
    NoInstances,
    /// The service has other instances.
    InstanceNotFound,
    /// The proposer has been replaced by a later start, or sent an old batch again.
    Stale,
}

/// The answer to one operation.
pub type Answer = Result<(), Refusal>;

/// A batch of operations: one log entry. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardCommand {
    /// Who proposes.
    pub origin: Incarnation,
    /// Rises by one with each new batch of this origin for this shard. The same number again
    /// changes nothing and gives the same answers.
    pub batch: u64,
    /// The operations, each answered by itself.
    pub operations: Arc<[Operation]>,
}

impl Command for ShardCommand {
    fn encode(&self) -> Vec<u8> {
        codec::encode_command(self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_command(bytes)
    }

    fn may_use_reserve(&self) -> bool {
        self.operations.iter().all(Operation::may_use_reserve)
    }
}
