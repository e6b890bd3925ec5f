//! The replicated state of one shard: what is proposed, how it is applied, how it is stored.
//!
//! It knows nothing of connections, timers or encodings; whoever is interested in changes attaches
//! a sink.

mod apply;
mod codec;
mod command;
mod machine;
mod read;
mod record;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use codec::{decode, encode};
pub use command::{Answer, Incarnation, Operation, Owner, Refusal, ShardCommand};
pub use machine::{ChangeSink, ShardMachine};
pub use state::Publication;
pub(crate) use store::NAMING;

/// The families that a shard's state is kept in.
pub const FAMILIES: [nacre_consensus::Family; 1] = [store::NAMING];
