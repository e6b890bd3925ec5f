//! The cluster's own state in the meta group: nodes, their epochs, and which shard owns a slot.

use std::{collections::BTreeMap, io};

use bytes::Bytes;
use parking_lot::RwLock;
use prost::Message;

use crate::{
    id::{NodeId, SLOT_COUNT, SlotId},
    machine::{Applied, Command, DecodeError, StateMachine},
    state::{Family, StateBatch, StateReader},
};

/// The family of the cluster's state.
pub(crate) const CLUSTER: Family = Family("cluster");

const FORMAT: u8 = 1;
const NODES_KEY: &[u8] = b"nodes";
const SLOTS_KEY: &[u8] = b"slots";

/// Which shard owns each slot: runs of slots, each with its shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotTable {
    shards: u16,
    owners: Box<[u16]>,
}

impl SlotTable {
    /// Spreads the slots evenly over `shards` shards, in runs.
    ///
    /// # Panics
    /// When `shards` is 0.
    #[must_use]
    pub fn even(shards: u16) -> Self {
        assert!(shards > 0, "a cluster has at least one shard");
        let owner = |slot: u16| (u32::from(slot) * u32::from(shards) / u32::from(SLOT_COUNT)) as u16;
        Self { shards, owners: (0..SLOT_COUNT).map(owner).collect() }
    }

    /// Number of shards, fixed when the cluster first started.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.shards
    }

    /// The shard that owns the slot, counted from 0.
    #[must_use]
    pub fn shard_of(&self, slot: SlotId) -> u16 {
        self.owners[usize::from(slot.0)]
    }
}

#[derive(Clone, PartialEq, Eq, Message)]
struct SlotsRecord {
    #[prost(uint32, tag = "1")]
    shards: u32,
    #[prost(uint32, repeated, tag = "2")]
    owners: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct NodesRecord {
    /// Node id to the number of its starts.
    #[prost(btree_map = "uint64, uint64", tag = "1")]
    epochs: BTreeMap<u64, u64>,
}

/// A change of the cluster's state.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ClusterCommand {
    #[prost(oneof = "Change", tags = "1, 2")]
    change: Option<Change>,
}

#[derive(Clone, PartialEq, Eq, prost::Oneof)]
enum Change {
    /// Lay down the slot table with this number of shards, if there is none.
    #[prost(uint32, tag = "1")]
    Slots(u32),
    /// The node has started once more.
    #[prost(uint64, tag = "2")]
    Start(u64),
}

impl ClusterCommand {
    pub(crate) fn slots(shards: u16) -> Self {
        Self { change: Some(Change::Slots(u32::from(shards))) }
    }

    pub(crate) fn start(node: NodeId) -> Self {
        Self { change: Some(Change::Start(node.0)) }
    }
}

impl Command for ClusterCommand {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.encode_to_vec());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => Message::decode(rest).map_err(|error| DecodeError(error.to_string())),
            other => Err(DecodeError(format!("cluster command of format {:?}", other.map(|(format, _)| format)))),
        }
    }

    fn may_use_reserve(&self) -> bool {
        true
    }
}

#[derive(Debug, Default)]
struct State {
    epochs: BTreeMap<u64, u64>,
    slots: Option<SlotTable>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct ClusterMachine {
    state: RwLock<State>,
}

impl ClusterMachine {
    pub(crate) fn slots(&self) -> Option<SlotTable> {
        self.state.read().slots.clone()
    }
}

fn frame(message: &impl Message) -> Bytes {
    let mut bytes = vec![FORMAT];
    bytes.extend(message.encode_to_vec());
    bytes.into()
}

fn unframe<M: Message + Default>(bytes: &[u8]) -> io::Result<M> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => M::decode(rest).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "cluster state of an unknown format")),
    }
}

impl StateMachine for ClusterMachine {
    type Command = ClusterCommand;
    /// The node's epoch after a start, otherwise 0.
    type Reply = u64;

    fn restore(&self, stored: &StateReader) -> io::Result<()> {
        let mut state = State::default();
        if let Some(row) = stored.get(CLUSTER, NODES_KEY)? {
            state.epochs = unframe::<NodesRecord>(&row)?.epochs;
        }
        if let Some(row) = stored.get(CLUSTER, SLOTS_KEY)? {
            let record: SlotsRecord = unframe(&row)?;
            let owners: Box<[u16]> = record.owners.iter().map(|owner| *owner as u16).collect();
            if owners.len() != usize::from(SLOT_COUNT) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "slot table of the wrong length"));
            }
            state.slots = Some(SlotTable { shards: record.shards as u16, owners });
        }
        *self.state.write() = state;
        Ok(())
    }

    fn apply(&self, _at: Applied, command: &ClusterCommand, batch: &mut StateBatch) -> u64 {
        let mut state = self.state.write();
        match &command.change {
            Some(Change::Slots(shards)) => {
                if state.slots.is_none() && (1..=u32::from(u16::MAX)).contains(shards) {
                    let table = SlotTable::even(*shards as u16);
                    let owners = table.owners.iter().map(|owner| u32::from(*owner)).collect();
                    batch.put(CLUSTER, SLOTS_KEY, frame(&SlotsRecord { shards: *shards, owners }));
                    state.slots = Some(table);
                }
                0
            }
            Some(Change::Start(node)) => {
                let epoch = state.epochs.entry(*node).or_default();
                *epoch += 1;
                let epoch = *epoch;
                batch.put(CLUSTER, NODES_KEY, frame(&NodesRecord { epochs: state.epochs.clone() }));
                epoch
            }
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_evenly() {
        let table = SlotTable::even(16);
        for shard in 0..16 {
            assert_eq!(table.owners.iter().filter(|owner| **owner == shard).count(), 1024);
        }
        assert_eq!(table.shard_of(SlotId(0)), 0);
        assert_eq!(table.shard_of(SlotId(SLOT_COUNT - 1)), 15);
    }

    #[test]
    fn the_slot_table_is_laid_down_once() {
        let machine = ClusterMachine::default();
        let at = Applied { index: 1, stamp: 1 };
        machine.apply(at, &ClusterCommand::slots(16), &mut StateBatch::default());
        let mut batch = StateBatch::default();
        machine.apply(at, &ClusterCommand::slots(4), &mut batch);
        assert!(batch.is_empty());
        assert_eq!(machine.slots().unwrap().shards(), 16);
    }

    #[tokio::test]
    async fn epochs_rise_over_restarts() {
        let machine = std::sync::Arc::new(ClusterMachine::default());
        let (group, guard) = crate::testing::group(machine).await;
        assert_eq!(group.propose(ClusterCommand::start(NodeId(1))).await.unwrap(), 1);
        assert_eq!(group.propose(ClusterCommand::start(NodeId(1))).await.unwrap(), 2);
        group.propose(ClusterCommand::slots(16)).await.unwrap();

        let restarted = guard.engine.after_crash(0);
        let machine = std::sync::Arc::new(ClusterMachine::default());
        let (group, _guard) = crate::testing::group_on(restarted, crate::GroupId::META, machine).await;
        assert_eq!(group.machine().slots().unwrap(), SlotTable::even(16));
        assert_eq!(group.propose(ClusterCommand::start(NodeId(1))).await.unwrap(), 3);
        let bytes = Command::encode(&ClusterCommand::slots(3));
        assert_eq!(<ClusterCommand as Command>::decode(&bytes).unwrap(), ClusterCommand::slots(3));
    }
}
