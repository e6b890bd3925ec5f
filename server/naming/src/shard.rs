//! The replicated state of one shard.

/// The replicated state of one shard: services, publications, operators' values.
#[derive(Debug, Default)]
pub struct ShardMachine {}
