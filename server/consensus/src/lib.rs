//! Raft groups over one durable store: many groups, one database, one writer.
//!
//! The rest of the server sees [`Group`], [`StateMachine`] and [`StateReader`]; neither openraft's
//! nor RocksDB's types leave this crate, and it knows nothing of naming or config.

mod id;
mod machine;
mod state;

pub use id::{GroupId, NodeId, SLOT_COUNT, SlotId, slot_of};
pub use machine::{Applied, Command, DecodeError, StateMachine};
pub use state::{Change, Family, Scan, StateBatch, StateReader, Visit};
