//! How votes, log entries and applied marks are stored: a format byte, then protobuf.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use bytes::{BufMut, Bytes};
use openraft::{BasicNode, EntryPayload, entry::RaftEntry, impls::leader_id_adv::LeaderId};
use prost::Message;

use super::types::{Entry, LogId, Membership, Payload, Proposal, StoredMembership, Vote};

/// The format of everything written here.
const FORMAT: u8 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct LogIdRecord {
    #[prost(uint64, tag = "1")]
    term: u64,
    #[prost(uint64, tag = "2")]
    node: u64,
    #[prost(uint64, tag = "3")]
    index: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct VoteRecord {
    #[prost(uint64, tag = "1")]
    term: u64,
    #[prost(uint64, tag = "2")]
    node: u64,
    #[prost(bool, tag = "3")]
    committed: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct VotersRecord {
    #[prost(uint64, repeated, tag = "1")]
    nodes: Vec<u64>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct MembershipRecord {
    #[prost(message, repeated, tag = "1")]
    configs: Vec<VotersRecord>,
    #[prost(btree_map = "uint64, string", tag = "2")]
    nodes: BTreeMap<u64, String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct CommandRecord {
    #[prost(uint32, tag = "1")]
    part: u32,
    #[prost(fixed64, tag = "2")]
    stamp: u64,
    #[prost(bytes = "bytes", tag = "3")]
    bytes: Bytes,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct EntryRecord {
    #[prost(message, optional, tag = "1")]
    id: Option<LogIdRecord>,
    #[prost(message, optional, tag = "2")]
    command: Option<CommandRecord>,
    #[prost(message, optional, tag = "3")]
    membership: Option<MembershipRecord>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct AppliedRecord {
    #[prost(uint32, tag = "1")]
    generation: u32,
    #[prost(message, optional, tag = "2")]
    last: Option<LogIdRecord>,
    #[prost(message, optional, tag = "3")]
    membership_at: Option<LogIdRecord>,
    #[prost(message, optional, tag = "4")]
    membership: Option<MembershipRecord>,
    #[prost(uint64, tag = "5")]
    stamp: u64,
}

/// How far a group has applied its log; stored with the state that results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AppliedMark {
    /// Prefix of the state's keys; rises when a snapshot is installed.
    pub(crate) generation: u32,
    pub(crate) last: Option<LogId>,
    pub(crate) membership: StoredMembership,
    /// The highest stamp applied.
    pub(crate) stamp: u64,
}

fn frame(message: &impl Message) -> Bytes {
    let mut bytes = Vec::with_capacity(1 + message.encoded_len());
    bytes.put_u8(FORMAT);
    message.encode(&mut bytes).expect("a vector grows as needed");
    bytes.into()
}

fn unframe<M: Message + Default>(mut bytes: Bytes) -> io::Result<M> {
    match bytes.first() {
        Some(&FORMAT) => {
            let _ = bytes.split_to(1);
            M::decode(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }
        other => Err(io::Error::new(io::ErrorKind::InvalidData, format!("record of unknown format {other:?}"))),
    }
}

fn from_log_id(id: &LogId) -> LogIdRecord {
    LogIdRecord { term: id.leader_id.term, node: id.leader_id.node_id, index: id.index }
}

fn to_log_id(record: LogIdRecord) -> LogId {
    LogId { leader_id: LeaderId { term: record.term, node_id: record.node }, index: record.index }
}

fn from_membership(membership: &Membership) -> MembershipRecord {
    MembershipRecord {
        configs: membership
            .get_joint_config()
            .iter()
            .map(|voters| VotersRecord { nodes: voters.iter().copied().collect() })
            .collect(),
        nodes: membership.nodes().map(|(id, node)| (*id, node.addr.clone())).collect(),
    }
}

fn to_membership(record: MembershipRecord) -> io::Result<Membership> {
    let configs = record.configs.into_iter().map(|voters| voters.nodes.into_iter().collect::<BTreeSet<u64>>());
    let nodes: BTreeMap<u64, BasicNode> = record.nodes.into_iter().map(|(id, addr)| (id, BasicNode { addr })).collect();
    Membership::new(configs.collect(), nodes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

pub(crate) fn encode_log_id(id: &LogId) -> Bytes {
    frame(&from_log_id(id))
}

pub(crate) fn decode_log_id(bytes: Bytes) -> io::Result<LogId> {
    unframe(bytes).map(to_log_id)
}

pub(crate) fn encode_vote(vote: &Vote) -> Bytes {
    frame(&VoteRecord { term: vote.leader_id.term, node: vote.leader_id.node_id, committed: vote.committed })
}

pub(crate) fn decode_vote(bytes: Bytes) -> io::Result<Vote> {
    let record: VoteRecord = unframe(bytes)?;
    let mut vote = Vote::new(record.term, record.node);
    vote.committed = record.committed;
    Ok(vote)
}

pub(crate) fn encode_entry(entry: &Entry) -> Bytes {
    let mut record = EntryRecord { id: Some(from_log_id(&entry.log_id())), ..EntryRecord::default() };
    match &entry.payload {
        EntryPayload::Blank => {}
        EntryPayload::Normal(proposal) => {
            record.command = Some(CommandRecord {
                part: u32::from(proposal.part),
                stamp: proposal.stamp,
                bytes: proposal.bytes.clone(),
            });
        }
        EntryPayload::Membership(membership) => record.membership = Some(from_membership(membership)),
    }
    frame(&record)
}

pub(crate) fn decode_entry(bytes: Bytes) -> io::Result<Entry> {
    let record: EntryRecord = unframe(bytes)?;
    let id = record.id.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "log entry without id"))?;
    let payload: Payload = if let Some(command) = record.command {
        EntryPayload::Normal(Proposal {
            part: u8::try_from(command.part).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            stamp: command.stamp,
            bytes: command.bytes,
            local: None,
        })
    } else if let Some(membership) = record.membership {
        EntryPayload::Membership(to_membership(membership)?)
    } else {
        EntryPayload::Blank
    };
    Ok(Entry::new(to_log_id(id), payload))
}

pub(crate) fn encode_applied(mark: &AppliedMark) -> Bytes {
    frame(&AppliedRecord {
        generation: mark.generation,
        last: mark.last.as_ref().map(from_log_id),
        membership_at: mark.membership.log_id().as_ref().map(from_log_id),
        membership: Some(from_membership(mark.membership.membership())),
        stamp: mark.stamp,
    })
}

pub(crate) fn decode_applied(bytes: Bytes) -> io::Result<AppliedMark> {
    let record: AppliedRecord = unframe(bytes)?;
    let membership = match record.membership {
        Some(membership) if !membership.configs.is_empty() => {
            StoredMembership::new(record.membership_at.map(to_log_id), to_membership(membership)?)
        }
        _ => StoredMembership::default(),
    };
    Ok(AppliedMark { generation: record.generation, last: record.last.map(to_log_id), membership, stamp: record.stamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(term: u64, node: u64, index: u64) -> LogId {
        to_log_id(LogIdRecord { term, node, index })
    }

    fn membership() -> Membership {
        let nodes: BTreeMap<u64, BasicNode> =
            (1..4).map(|id| (id, BasicNode::new(format!("10.0.0.{id}:9849")))).collect();
        Membership::new(vec![BTreeSet::from([1, 2]), BTreeSet::from([2, 3])], nodes).unwrap()
    }

    #[test]
    fn entries_survive_storage() {
        let proposal = Proposal { part: 3, stamp: 77, bytes: Bytes::from_static(b"command"), local: None };
        for payload in [EntryPayload::Blank, EntryPayload::Normal(proposal), EntryPayload::Membership(membership())] {
            let entry = Entry::new(id(4, 2, 9), payload);
            let read = decode_entry(encode_entry(&entry)).unwrap();
            assert_eq!(read.log_id(), entry.log_id());
            assert_eq!(format!("{:?}", read.payload), format!("{:?}", entry.payload));
        }
    }

    #[test]
    fn votes_and_marks_survive_storage() {
        for committed in [false, true] {
            let mut vote = Vote::new(5, 1);
            vote.committed = committed;
            assert_eq!(decode_vote(encode_vote(&vote)).unwrap(), vote);
        }
        let mark = AppliedMark {
            generation: 2,
            last: Some(id(1, 1, 8)),
            membership: StoredMembership::new(Some(id(1, 1, 0)), membership()),
            stamp: 99,
        };
        assert_eq!(decode_applied(encode_applied(&mark)).unwrap(), mark);
        let empty = AppliedMark::default();
        assert_eq!(decode_applied(encode_applied(&empty)).unwrap(), empty);
    }

    #[test]
    fn unknown_formats_are_refused() {
        let error = decode_vote(Bytes::from_static(&[9, 0])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(decode_entry(Bytes::new()).is_err());
    }
}
