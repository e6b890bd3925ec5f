//! This node's share of the cluster: the open store, its groups, and the steps of a start.
//!
//! Each step of a first start can be repeated, so that a start after a crash finishes it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::try_join_all;
use tokio::sync::watch;

use crate::{
    backup::Backups,
    cluster::{CLUSTER, ClusterCommand, ClusterMachine, SlotTable},
    engine::Engine,
    failpoint,
    group::{Group, RawGroup},
    id::GroupId,
    identity::{Directory, Identity, OpenError},
    parts::Parts,
    space::SpaceGuard,
    state::Family,
    writer::{Writer, WriterStats},
};

/// Tag of the cluster's own machine in the meta group; the domains use others.
const CLUSTER_PART: u8 = 0;

/// How a node's store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Free bytes below which new writes are refused.
    pub reserve: u64,
    /// The families that the domains keep state in.
    pub families: Vec<Family>,
    /// Number of shard groups, taken at the first start of a cluster only.
    pub shards: u16,
}

/// See the module.
#[derive(Debug)]
pub struct Host {
    directory: Directory,
    writer: Writer,
    families: Arc<[Family]>,
    meta: RawGroup,
    shards: Vec<RawGroup>,
    slots: SlotTable,
    epoch: u64,
}

impl Host {
    /// Opens the store with `open` and starts all groups: the meta group with the machines of
    /// `meta`, then each shard with those of `shard(number)`. When it returns, all that is on disk
    /// is applied.
    ///
    /// # Errors
    /// When the directory cannot be used; see [`OpenError`].
    pub async fn start<O>(
        options: Options,
        open: O,
        meta: Parts,
        shard: impl Fn(u16) -> Parts,
    ) -> Result<Self, OpenError>
    where
        O: FnOnce(&Path, &[Family]) -> io::Result<Arc<dyn Engine>> + Send + 'static,
    {
        let directory = Directory::open(&options.data_dir)?;
        let families: Arc<[Family]> = options.families.iter().copied().chain([CLUSTER]).collect();
        let (path, of_engine) = (directory.database(), families.clone());
        let failed = OpenError::io(format!("cannot open the database in {}", path.display()));
        // Opening reads and writes files for a while.
        let engine = tokio::task::spawn_blocking(move || open(&path, &of_engine)).await;
        let engine = engine.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(failed)?;
        failpoint::hit("first-start", 5);
        directory.complete()?;
        failpoint::hit("first-start", 7);
        let space = Arc::new(SpaceGuard::new(options.data_dir.clone(), options.reserve));
        let writer = Writer::start(engine, space);
        Self::run(directory, writer, families, options.shards, meta, shard).await
    }

    async fn run(
        directory: Directory,
        writer: Writer,
        families: Arc<[Family]>,
        shard_count: u16,
        meta: Parts,
        shard: impl Fn(u16) -> Parts,
    ) -> Result<Self, OpenError> {
        let node = directory.identity.node;
        let failed = |what: &str| OpenError::io(what.to_owned());
        let meta = meta.with(CLUSTER_PART, Arc::new(ClusterMachine::default()));
        let meta = RawGroup::start(GroupId::META, node, meta, families.clone(), writer.clone())
            .await
            .map_err(failed("cannot start the meta group"))?;
        failpoint::hit("first-start", 8);
        let cluster: Group<ClusterMachine> = meta.part(CLUSTER_PART);
        let propose = |command: ClusterCommand| {
            let cluster = &cluster;
            async move {
                let written = cluster.propose(command).await;
                written.map_err(|error| failed("cannot write the cluster's state")(io::Error::other(error)))
            }
        };
        if cluster.machine().slots().is_none() {
            propose(ClusterCommand::slots(shard_count)).await?;
        }
        failpoint::hit("first-start", 9);
        let slots = cluster.machine().slots().expect("laid down just now");
        // Side by side, so that one sync of the disk serves all of them.
        let shards = try_join_all((0..slots.shards()).map(|number| {
            RawGroup::start(GroupId::shard(number), node, shard(number), families.clone(), writer.clone())
        }))
        .await
        .map_err(failed("cannot start a shard group"))?;
        failpoint::hit("first-start", 10);
        let epoch = propose(ClusterCommand::start(node)).await?;
        failpoint::hit("first-start", 11);
        Ok(Self { directory, writer, families, meta, shards, slots, epoch })
    }

    /// Who this node is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.directory.identity
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.directory.path
    }

    /// How often this node has started; higher with every start.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Which shard owns a slot.
    #[must_use]
    pub fn slots(&self) -> &SlotTable {
        &self.slots
    }

    /// The meta group.
    #[must_use]
    pub fn meta(&self) -> &RawGroup {
        &self.meta
    }

    /// The shard groups in order of their numbers.
    #[must_use]
    pub fn shards(&self) -> &[RawGroup] {
        &self.shards
    }

    /// Becomes `Some(reason)` when the store could not be written. The process must end then:
    /// nothing is acknowledged any more.
    #[must_use]
    pub fn store_failure(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.writer.failed()
    }

    /// A view of the store's figures that outlives the host.
    #[must_use]
    pub fn store(&self) -> StoreView {
        StoreView { writer: self.writer.clone(), families: self.families.len() }
    }

    /// What makes backups in `folder`.
    #[must_use]
    pub fn backups(&self, folder: PathBuf) -> Backups {
        Backups::new(self.writer.clone(), self.identity().clone(), folder)
    }

    /// Ends all groups, then writes and syncs what is left.
    pub async fn stop(self) {
        let groups = self.shards.iter().chain([&self.meta]);
        futures::future::join_all(groups.map(RawGroup::stop)).await;
        let writer = self.writer.clone();
        // Waits for the disk.
        drop(tokio::task::spawn_blocking(move || writer.close()).await);
    }
}

/// Figures of the store.
#[derive(Clone, Debug)]
pub struct StoreView {
    writer: Writer,
    families: usize,
}

impl StoreView {
    /// What was written since the start.
    #[must_use]
    pub fn writes(&self) -> WriterStats {
        self.writer.stats()
    }

    /// Free bytes on the disk as last seen, and the reserve.
    #[must_use]
    pub fn space(&self) -> (u64, u64) {
        self.writer.space().figures()
    }

    /// Number of families of state.
    #[must_use]
    pub fn families(&self) -> usize {
        self.families
    }
}
