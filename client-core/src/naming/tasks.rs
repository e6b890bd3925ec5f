//! Tasks that end with their owner.

use std::future::Future;

use parking_lot::Mutex;
use tokio::{runtime::Handle, task::JoinSet};

/// Spawned tasks; dropping it aborts them. Those that have ended are forgotten as new ones come.
#[derive(Debug)]
pub(crate) struct Tasks {
    set: Mutex<JoinSet<()>>,
    /// The runtime on which the owner was made. Later calls may come from any thread.
    runtime: Option<Handle>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { set: Mutex::default(), runtime: Handle::try_current().ok() }
    }
}

impl Tasks {
    /// Runs a task.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let Some(runtime) = &self.runtime else {
            tracing::error!("made outside of a tokio runtime, cannot do anything in the background");
            return;
        };
        let mut set = self.set.lock();
        while set.try_join_next().is_some() {}
        set.spawn_on(task, runtime);
    }

    /// Ends all tasks.
    pub(crate) fn abort(&self) {
        self.set.lock().abort_all();
    }
}
