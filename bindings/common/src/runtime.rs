//! The tokio runtime that a host's clients run on.

use std::{
    io,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tracing::Dispatch;

use crate::{
    failure::Failure,
    log::{Ring, Sink},
};

/// Workers of a runtime unless the host says otherwise: a client needs no more.
const WORKERS: usize = 2;
/// Threads for what blocks (files, name look-ups).
const BLOCKING: usize = 8;
/// After this idle time those end.
const BLOCKING_IDLE: Duration = Duration::from_secs(3);

static DEFAULT: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());

/// Threads for clients. Owned by whoever made it; [`Runtime::shared`] is the default one of the process.
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// `None` where the host has its own, and after the end.
    owned: Mutex<Option<tokio::runtime::Runtime>>,
    /// Threads do not survive a fork.
    pid: u32,
    logs: Arc<Ring>,
    dispatch: Dispatch,
    /// Whether it is the default one, which others may begin to use at any time.
    is_default: bool,
}

impl Runtime {
    /// Starts a runtime with this many workers, named `nacre-worker-N`; by default two.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(workers: Option<usize>) -> io::Result<Self> {
        let (logs, dispatch) = logs();
        let numbers = AtomicUsize::new(1);
        let of_thread = dispatch.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers.unwrap_or(WORKERS))
            .max_blocking_threads(BLOCKING)
            .thread_keep_alive(BLOCKING_IDLE)
            .thread_name_fn(move || format!("nacre-worker-{}", numbers.fetch_add(1, Ordering::Relaxed)))
            .on_thread_start(move || {
                // For the life of the thread; a guard that is dropped would end it.
                std::mem::forget(tracing::dispatcher::set_default(&of_thread));
            })
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Self {
            handle,
            owned: Mutex::new(Some(runtime)),
            pid: std::process::id(),
            logs,
            dispatch,
            is_default: false,
        })
    }

    /// Uses a runtime that the host has. Lines of the log are then those of calls only.
    #[must_use]
    pub fn of_host(handle: Handle) -> Self {
        let (logs, dispatch) = logs();
        Self { handle, owned: Mutex::new(None), pid: std::process::id(), logs, dispatch, is_default: false }
    }

    /// The default runtime of the process: the one that is there, or a new one.
    ///
    /// # Errors
    /// As [`Runtime::start`].
    pub fn shared() -> io::Result<Arc<Self>> {
        let mut default = DEFAULT.lock();
        if let Some(runtime) = default.upgrade().filter(|runtime| runtime.is_usable()) {
            return Ok(runtime);
        }
        let mut runtime = Self::start(None)?;
        runtime.is_default = true;
        let runtime = Arc::new(runtime);
        *default = Arc::downgrade(&runtime);
        Ok(runtime)
    }

    fn is_usable(&self) -> bool {
        self.pid == std::process::id() && self.owned.lock().is_some()
    }

    /// Checks that this is the process that started it.
    ///
    /// # Errors
    /// [`Internal`](crate::Kind::Internal) after a fork, in the child.
    pub fn check_process(&self) -> Result<(), Failure> {
        if self.pid == std::process::id() {
            return Ok(());
        }
        Err(Failure::internal("the client was made before a fork; make a new one in the child process"))
    }

    /// Where tasks are started.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The lines that its threads write.
    #[must_use]
    pub fn logs(&self) -> &Arc<Ring> {
        &self.logs
    }

    /// Which lines are kept: 0 none, 1 errors, ... 5 all. Begins with none.
    pub fn set_log_level(&self, level: u8) {
        self.logs.set_level(level, &self.dispatch);
    }

    /// Runs something of the engine on a thread of the host.
    pub(crate) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        tracing::dispatcher::with_default(&self.dispatch, run)
    }

    /// As [`Runtime::shutdown`], unless others use it.
    pub(crate) fn shutdown_if_last(self: Arc<Self>, limit: Duration) {
        // Under this lock nobody becomes another user of the default one.
        let default = self.is_default.then(|| DEFAULT.lock());
        let last = Arc::into_inner(self);
        drop(default);
        if let Some(runtime) = last {
            runtime.shutdown(limit);
        }
    }

    /// Ends the threads, at the latest after `limit`; what does not end by then is left alone. The host's own runtime
    /// is not touched.
    pub fn shutdown(&self, limit: Duration) {
        let owned = self.owned.lock().take();
        if let Some(runtime) = owned {
            if self.pid == std::process::id() {
                runtime.shutdown_timeout(limit);
            } else {
                // Its threads do not exist here.
                std::mem::forget(runtime);
            }
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.owned.get_mut().take() {
            if self.pid == std::process::id() {
                runtime.shutdown_background();
            } else {
                std::mem::forget(runtime);
            }
        }
    }
}

fn logs() -> (Arc<Ring>, Dispatch) {
    let ring = Arc::new(Ring::default());
    let dispatch = Dispatch::new(Sink(Arc::clone(&ring)));
    (ring, dispatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_have_names_and_write_lines() {
        let runtime = Runtime::start(Some(1)).unwrap();
        runtime.set_log_level(3);
        let name = runtime.handle().spawn(async {
            tracing::info!(target: "nacre_test", "here");
            std::thread::current().name().map(str::to_owned)
        });
        let name = runtime.handle().block_on(name).unwrap();
        assert_eq!(name.as_deref(), Some("nacre-worker-1"));
        let (_, lines) = runtime.logs().drain(9);
        assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["here"]);
        let write = || {
            let writing = runtime.handle().spawn(async { tracing::warn!(target: "nacre_test", "again") });
            runtime.handle().block_on(writing).unwrap();
            runtime.logs().drain(9).1.len()
        };
        assert_eq!(write(), 1);
        // By threads that have no subscriber.
        for (level, lines) in [(0, 0), (2, 1), (1, 0), (5, 1)] {
            std::thread::scope(|scope| scope.spawn(|| runtime.set_log_level(level)).join()).unwrap();
            assert_eq!(write(), lines, "level {level}");
        }
        runtime.shutdown(Duration::from_secs(5));
        runtime.shutdown(Duration::from_secs(5));
    }

    #[test]
    fn the_default_one_is_shared_until_it_ends() {
        let first = Runtime::shared().unwrap();
        let second = Runtime::shared().unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        first.shutdown(Duration::from_secs(5));
        let third = Runtime::shared().unwrap();
        assert!(!Arc::ptr_eq(&first, &third), "one that ended is not given out");
        assert!(third.check_process().is_ok());
    }

    #[test]
    fn a_runtime_of_the_host_outlives_ours() {
        let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let runtime = Runtime::of_host(host.handle().clone());
        runtime.shutdown(Duration::ZERO);
        drop(runtime);
        assert_eq!(host.block_on(host.spawn(async { 1 })).unwrap(), 1);
    }
}
