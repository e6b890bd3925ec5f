//! How batches reach the node that leads a shard.

use std::sync::Arc;

use futures::future::BoxFuture;
use nacre_consensus::{Group, Leadership, NodeId, ProposeError};
use tokio::sync::watch;

use crate::shard::{Answer, ShardCommand, ShardMachine};

/// The way to the shards. What is written knows the node that it is meant for, so that another
/// implementation can carry it there.
pub(crate) trait Link: Send + Sync + 'static {
    /// Writes a batch to a shard by way of `target`.
    fn propose(
        &self,
        target: NodeId,
        shard: usize,
        command: ShardCommand,
    ) -> BoxFuture<'_, Result<Arc<[Answer]>, ProposeError>>;

    /// Who leads a shard.
    fn leader(&self, shard: usize) -> watch::Receiver<Leadership>;
}

/// Shards that are led by this node.
pub(crate) struct LocalLink {
    node: NodeId,
    groups: Vec<Group<ShardMachine>>,
}

impl LocalLink {
    pub(crate) fn new(node: NodeId, groups: Vec<Group<ShardMachine>>) -> Self {
        Self { node, groups }
    }
}

impl Link for LocalLink {
    fn propose(
        &self,
        target: NodeId,
        shard: usize,
        command: ShardCommand,
    ) -> BoxFuture<'_, Result<Arc<[Answer]>, ProposeError>> {
        Box::pin(async move {
            if target != self.node {
                return Err(ProposeError::NotLeader { leader: Some(target) });
            }
            self.groups[shard].propose(command).await
        })
    }

    fn leader(&self, shard: usize) -> watch::Receiver<Leadership> {
        self.groups[shard].watch_leader()
    }
}
