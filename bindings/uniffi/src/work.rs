//! Where calls run: as tasks of the runtime, ended when the host does not wait for them any more.

use std::{future::Future, sync::Arc};

use nacre_bindings::{Failure, Runtime};
use tokio::task::JoinHandle;

use crate::error::NacreError;

/// The runtime of a client. It ends with the last object that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Work(Arc<Runtime>);

/// A task that ends when nobody waits for it.
struct Waited<T>(JoinHandle<T>);

impl<T> Drop for Waited<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Work {
    pub(crate) fn start() -> Result<Self, NacreError> {
        let runtime = Runtime::shared().map_err(|error| Failure::internal(format!("no threads: {error}")))?;
        Ok(Self(runtime))
    }

    /// Runs a call. Dropping the future ends it.
    pub(crate) async fn run<T, E, F>(&self, call: F) -> Result<T, NacreError>
    where
        T: Send + 'static,
        E: Into<NacreError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.0.check_process()?;
        let mut task = Waited(self.0.handle().spawn(call));
        match (&mut task.0).await {
            Ok(done) => done.map_err(Into::into),
            Err(error) if error.is_panic() => Err(Failure::internal(text(error.into_panic())).into()),
            Err(_) => Err(Failure::closed().into()),
        }
    }

    /// Runs what starts tasks but does not wait.
    pub(crate) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        let _entered = self.0.handle().enter();
        run()
    }

    /// Runs something for which nobody waits.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.0.handle().spawn(task));
    }
}

/// What a panic says.
fn text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(|| "a defect".to_owned(), |text| (*text).to_owned()),
    }
}

/// Something of the engine, which has to be dropped on its runtime.
#[derive(Debug)]
pub(crate) struct Held<T> {
    value: Option<T>,
    pub(crate) work: Work,
}

impl<T: Clone> Held<T> {
    pub(crate) fn new(value: T, work: &Work) -> Self {
        Self { value: Some(value), work: work.clone() }
    }

    pub(crate) fn get(&self) -> T {
        self.value.clone().expect("it is taken out by drop only")
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        self.work.enter(|| drop(value));
    }
}
