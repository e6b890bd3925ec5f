//! Groups on the in-memory engine, for the domains' own tests.

use std::{io, sync::Arc};

use crate::{
    engine::memory::MemoryEngine,
    group::{Group, RawGroup},
    id::{GroupId, NodeId},
    machine::StateMachine,
    parts::Parts,
    space::SpaceGuard,
    state::Family,
    writer::Writer,
};

/// Keeps a test's store running; dropping it ends the writer.
#[derive(Debug)]
pub struct Guard {
    writer: Writer,
    /// The store, to be crashed.
    pub engine: MemoryEngine,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.writer.close();
    }
}

/// A group with one voter and one machine on a fresh in-memory store.
pub async fn group<M: StateMachine>(machine: Arc<M>) -> (Group<M>, Guard) {
    group_on(MemoryEngine::new(), GroupId::META, machine).await
}

/// The same on a given store, which may hold an earlier life of the group.
///
/// # Panics
/// When the group cannot start.
pub async fn group_on<M: StateMachine>(engine: MemoryEngine, id: GroupId, machine: Arc<M>) -> (Group<M>, Guard) {
    try_group_on(engine, id, machine).await.expect("a group on a store in memory starts")
}

/// The same on a store that may crash meanwhile.
///
/// # Errors
/// When it did.
pub async fn try_group_on<M: StateMachine>(
    engine: MemoryEngine,
    id: GroupId,
    machine: Arc<M>,
) -> io::Result<(Group<M>, Guard)> {
    let writer = Writer::start(Arc::new(engine.clone()), Arc::new(SpaceGuard::unlimited()));
    let families: Arc<[Family]> = Arc::from([]);
    let guard = Guard { writer: writer.clone(), engine };
    let raw = RawGroup::start(id, NodeId(1), Parts::new().with(0, machine), families, writer).await?;
    Ok((raw.part(0), guard))
}
