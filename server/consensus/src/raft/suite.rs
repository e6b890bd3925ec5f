//! openraft's own storage suite on our store.

use std::sync::Arc;

use openraft::{
    StorageError,
    testing::log::{StoreBuilder, Suite},
};

use super::{adapter::Adapter, log::LogStore, types::TypeConfig};
use crate::{
    engine::{Engine, memory::MemoryEngine},
    id::GroupId,
    parts::Parts,
    space::SpaceGuard,
    state::Family,
    writer::Writer,
};

struct Closing(Writer, #[allow(dead_code)] Option<tempfile::TempDir>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Builder<F>(F);

impl<F> StoreBuilder<TypeConfig, LogStore, Adapter, Closing> for Builder<F>
where
    F: Fn() -> (Arc<dyn Engine>, Option<tempfile::TempDir>) + Send + Sync,
{
    async fn build(&self) -> Result<(Closing, LogStore, Adapter), StorageError<TypeConfig>> {
        let (engine, home) = (self.0)();
        let writer = Writer::start(engine, Arc::new(SpaceGuard::unlimited()));
        // Not the first group, so that keys of groups beside each other are covered too.
        let group = GroupId::shard(3);
        let families: Arc<[Family]> = Arc::from([]);
        let log = LogStore::open(group, writer.clone()).expect("an empty store opens");
        let adapter = Adapter::open(group, Parts::new(), families, log.clone(), writer.clone());
        Ok((Closing(writer, home), log, adapter.expect("an empty store opens")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_engine_passes_the_storage_suite() {
    let builder = Builder(|| -> (Arc<dyn Engine>, _) { (Arc::new(MemoryEngine::new()), None) });
    Suite::test_all(builder).await.unwrap();
}

#[cfg(feature = "rocksdb")]
#[tokio::test(flavor = "multi_thread")]
async fn rocksdb_engine_passes_the_storage_suite() {
    let builder = Builder(|| {
        let home = tempfile::tempdir().unwrap();
        (crate::engine::rocks::open(home.path(), &[]).unwrap(), Some(home))
    });
    Suite::test_all(builder).await.unwrap();
}
