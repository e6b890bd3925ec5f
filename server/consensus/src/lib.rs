//! Raft groups over one durable store: many groups, one database, one writer.
//!
//! The rest of the server sees [`Group`], [`StateMachine`] and [`StateReader`]; neither openraft's
//! nor RocksDB's types leave this crate, and it knows nothing of naming or config.

pub mod backup;
mod clock;
mod cluster;
pub mod engine;
pub mod failpoint;
mod group;
mod host;
mod id;
mod identity;
mod machine;
mod parts;
mod raft;
mod space;
mod state;
pub mod testing;
mod writer;

pub use cluster::SlotTable;
pub use group::{Group, GroupStats, Leadership, ProposeError, RawGroup};
pub use host::{Host, Options, StoreView};
pub use id::{GroupId, NodeId, SLOT_COUNT, SlotId, slot_of};
pub use identity::{Identity, OpenError};
pub use machine::{Applied, Command, DecodeError, StateMachine};
pub use parts::Parts;
pub use state::{Change, Family, Scan, StateBatch, StateReader, Visit};
pub use writer::WriterStats;
