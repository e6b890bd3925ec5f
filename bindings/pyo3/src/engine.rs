//! The engine as an object of Python.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use nacre_bindings::{Failure, Polled};
use pyo3::{
    Bound, PyErr, PyResult, Python,
    exceptions::PyRuntimeError,
    pyclass, pyfunction, pymethods,
    types::{PyBytes, PyList},
};

/// Kinds of what `poll` gives.
const ANSWER: u8 = 0;
const FAILURE: u8 = 1;
const EVENT: u8 = 2;
const LOG: u8 = 3;

/// The version of the engine and the number of the encoding.
#[pyfunction]
pub(crate) fn version() -> &'static str {
    nacre_bindings::version()
}

/// The engine of one process. Python makes one and never frees it: a child of a fork has its threads no more, and may
/// neither wait for its locks nor let anything of it be dropped.
#[pyclass(frozen, module = "nacre._native")]
#[derive(Debug)]
pub(crate) struct Engine {
    engine: &'static nacre_bindings::Engine,
    pid: u32,
}

type Polling<'py> = Option<Bound<'py, PyList>>;

impl Engine {
    /// The engine, if this is its process, with panics as errors.
    fn guarded<T>(&self, run: impl FnOnce(&'static nacre_bindings::Engine) -> T) -> PyResult<T> {
        if self.pid != std::process::id() {
            return Err(PyRuntimeError::new_err("the engine belongs to the parent process"));
        }
        let engine = self.engine;
        catch_unwind(AssertUnwindSafe(|| run(engine))).map_err(|panic| {
            let text =
                panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            defect(text.unwrap_or("it panicked"))
        })
    }
}

fn defect(reason: &str) -> PyErr {
    PyRuntimeError::new_err(format!("a defect in the client: {reason}"))
}

fn keyed<'py>(py: Python<'py>, result: Result<u64, Failure>) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &Failure::tagged(&result.map(u64::to_be_bytes)))
}

#[pymethods]
impl Engine {
    /// Starts the threads.
    #[new]
    fn new() -> PyResult<Self> {
        let engine = nacre_bindings::Engine::alone()?;
        Ok(Self { engine: Box::leak(Box::new(engine)), pid: std::process::id() })
    }

    /// Closes everything within so many milliseconds; `poll` then gives what is left and None.
    fn stop(&self, py: Python<'_>, limit: u64) -> PyResult<()> {
        self.guarded(|engine| py.detach(|| engine.clone().stop(Duration::from_millis(limit))))
    }

    /// Makes a client of encoded options: 0 and its key, or 1 and the error.
    fn open<'py>(&self, py: Python<'py>, options: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let opened = self.guarded(|engine| py.detach(|| engine.open(options)))?;
        Ok(keyed(py, opened))
    }

    /// Starts a call; false when the client is closed. A limit of 0 is the deadline of the client's options.
    fn submit(&self, client: u64, id: u64, op: i32, request: Vec<u8>, limit: u64) -> PyResult<bool> {
        self.guarded(|engine| engine.submit(client, id, op, request, Duration::from_millis(limit)))
    }

    /// Ends a call.
    fn cancel(&self, id: u64) -> PyResult<()> {
        self.guarded(|engine| engine.cancel(id))
    }

    /// Runs what needs no server: 0 and the answer, or 1 and the error. None when it would have to wait.
    fn call<'py>(
        &self,
        py: Python<'py>,
        client: u64,
        op: i32,
        request: &[u8],
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let answer = self.guarded(|engine| engine.call(client, op, request))?;
        Ok(answer.map(|answer| PyBytes::new(py, &Failure::tagged(&answer))))
    }

    /// Follows something: 0 and the key of the subscription, or 1 and the error.
    fn subscribe<'py>(&self, py: Python<'py>, client: u64, op: i32, request: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let subscribed = self.guarded(|engine| engine.subscribe(client, op, request))?;
        Ok(keyed(py, subscribed))
    }

    /// Lets the events of a subscription come.
    fn arm(&self, subscription: u64) -> PyResult<()> {
        self.guarded(|engine| engine.arm(subscription))
    }

    /// The newest value of a subscription behind a 0, or the error that ended it behind a 1.
    fn take<'py>(&self, py: Python<'py>, subscription: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let value = self.guarded(|engine| engine.take(subscription))?;
        Ok(value.map(|value| PyBytes::new(py, &value)))
    }

    /// Says that an event was dealt with, or could not be.
    fn done(&self, subscription: u64, ok: bool) -> PyResult<()> {
        self.guarded(|engine| engine.done(subscription, ok))
    }

    /// Ends a subscription.
    fn unsubscribe(&self, subscription: u64) -> PyResult<()> {
        self.guarded(|engine| engine.unsubscribe(subscription))
    }

    /// Closes a client without telling anybody.
    fn abandon(&self, client: u64) -> PyResult<()> {
        self.guarded(|engine| engine.abandon(client))
    }

    /// Waits, at most so many milliseconds, and gives at most so many triples of kind, id and payload. None after the
    /// end.
    fn poll<'py>(&self, py: Python<'py>, most: usize, limit: u64) -> PyResult<Polling<'py>> {
        let polled = self.guarded(|engine| py.detach(|| engine.poll(most, Duration::from_millis(limit))))?;
        let Some(polled) = polled else { return Ok(None) };
        let items = polled.into_iter().map(|item| match item {
            Polled::Answer(id, payload) => (ANSWER, id, PyBytes::new(py, &payload)),
            Polled::Failure(id, payload) => (FAILURE, id, PyBytes::new(py, &payload)),
            Polled::Event(subscription) => (EVENT, subscription, PyBytes::new(py, &[])),
            Polled::Log(lines) => (LOG, 0, PyBytes::new(py, &lines)),
        });
        PyList::new(py, items.collect::<Vec<_>>()).map(Some)
    }

    /// Ends a waiting `poll` early.
    fn wake(&self) -> PyResult<()> {
        self.guarded(nacre_bindings::Engine::wake)
    }

    /// Which lines of the log are kept: 0 none, 1 errors, ... 5 all.
    fn log_level(&self, level: u8) -> PyResult<()> {
        self.guarded(|engine| engine.set_log_level(level))
    }

    /// How many clients, subscriptions and calls there are.
    fn counts(&self) -> PyResult<(usize, usize, usize)> {
        self.guarded(nacre_bindings::Engine::counts)
    }
}
