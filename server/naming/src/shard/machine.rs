//! The state machine of a shard: state behind a lock, changes told to a sink.

use std::{fmt, io, sync::Arc};

use nacre_consensus::{Applied, StateBatch, StateMachine, StateReader};
use parking_lot::{RwLock, RwLockReadGuard};

use super::{
    apply::Touched,
    command::{Answer, ShardCommand},
    state::State,
};
use crate::model::ServiceKey;

/// Learns which services changed. Called while a command is applied: it must not block.
pub trait ChangeSink: Send + Sync + 'static {
    /// The shown list of `service` may have changed. State shows the change already.
    fn changed(&self, service: &ServiceKey);
}

/// The replicated state of one shard: services, publications, operators' values.
#[derive(Default)]
pub struct ShardMachine {
    state: RwLock<State>,
    sink: RwLock<Option<Arc<dyn ChangeSink>>>,
}

impl ShardMachine {
    /// An empty shard that tells nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on changes are told to `sink`, and no longer to the one before.
    pub fn attach(&self, sink: Arc<dyn ChangeSink>) {
        *self.sink.write() = Some(sink);
    }

    /// A number over the whole state; equal after the same log.
    #[must_use]
    pub fn digest(&self) -> u64 {
        // FNV-1a, since it must be the same in every build.
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        for (key, value) in self.state.read().rows() {
            for part in [key, value] {
                for byte in (part.len() as u64).to_be_bytes().iter().chain(&part) {
                    digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
        digest
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read()
    }

    fn tell<'a>(&self, services: impl IntoIterator<Item = &'a ServiceKey>) {
        let Some(sink) = self.sink.read().clone() else { return };
        for service in services {
            sink.changed(service);
        }
    }

    pub(super) fn replace(&self, state: State) {
        let mut services: Vec<ServiceKey> = state.services.keys().cloned().collect();
        let before = std::mem::replace(&mut *self.state.write(), state);
        services.extend(before.services.into_keys());
        self.tell(&services);
    }
}

impl StateMachine for ShardMachine {
    type Command = ShardCommand;
    type Reply = Arc<[Answer]>;

    fn restore(&self, state: &StateReader) -> io::Result<()> {
        self.replace(State::load(state)?);
        Ok(())
    }

    fn apply(&self, at: Applied, command: &ShardCommand, batch: &mut StateBatch) -> Arc<[Answer]> {
        let mut touched = Touched::default();
        let answers = {
            let mut state = self.state.write();
            let answers = state.apply(at.stamp, command, &mut touched);
            state.store(&touched, batch);
            answers
        };
        self.tell(&touched.changed);
        answers
    }
}

impl fmt::Debug for ShardMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardMachine").field("services", &self.state.read().services.len()).finish_non_exhaustive()
    }
}
