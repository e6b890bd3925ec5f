//! The machines of one group. A group may carry several, told apart by a tag in each entry.

use std::{any::Any, fmt, io, sync::Arc};

use crate::{
    machine::{Applied, Command, StateMachine},
    state::{StateBatch, StateReader},
};

/// A machine whose types are forgotten.
pub(crate) trait AnyMachine: Send + Sync {
    fn restore(&self, state: &StateReader) -> io::Result<()>;

    /// Applies an encoded command, or its typed form where that is at hand. `Err` only when the
    /// bytes cannot be decoded.
    fn apply(
        &self,
        at: Applied,
        bytes: &[u8],
        local: Option<&(dyn Any + Send + Sync)>,
        batch: &mut StateBatch,
    ) -> io::Result<Box<dyn Any + Send + Sync>>;

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<M: StateMachine> AnyMachine for M {
    fn restore(&self, state: &StateReader) -> io::Result<()> {
        StateMachine::restore(self, state)
    }

    fn apply(
        &self,
        at: Applied,
        bytes: &[u8],
        local: Option<&(dyn Any + Send + Sync)>,
        batch: &mut StateBatch,
    ) -> io::Result<Box<dyn Any + Send + Sync>> {
        if let Some(command) = local.and_then(|command| command.downcast_ref::<M::Command>()) {
            return Ok(Box::new(StateMachine::apply(self, at, command, batch)));
        }
        let command = M::Command::decode(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Box::new(StateMachine::apply(self, at, &command, batch)))
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The machines of one group with their tags. A tag stands in the log: it never changes meaning.
#[derive(Clone, Default)]
pub struct Parts {
    machines: Vec<(u8, Arc<dyn AnyMachine>)>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.machines.iter().map(|(tag, _)| tag)).finish()
    }
}

impl Parts {
    /// No machines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a machine.
    ///
    /// # Panics
    /// When the tag is taken.
    #[must_use]
    pub fn with<M: StateMachine>(mut self, tag: u8, machine: Arc<M>) -> Self {
        assert!(self.get(tag).is_none(), "two machines with tag {tag}");
        self.machines.push((tag, machine));
        self
    }

    pub(crate) fn get(&self, tag: u8) -> Option<&Arc<dyn AnyMachine>> {
        self.machines.iter().find(|(of, _)| *of == tag).map(|(_, machine)| machine)
    }

    pub(crate) fn typed<M: StateMachine>(&self, tag: u8) -> Option<Arc<M>> {
        self.get(tag)?.clone().as_any().downcast().ok()
    }

    pub(crate) fn restore(&self, state: &StateReader) -> io::Result<()> {
        self.machines.iter().try_for_each(|(_, machine)| machine.restore(state))
    }
}
