//! The client for Node.js: conversion only, everything else is in `nacre-bindings`.
//!
//! The package's `native.ts` declares what is here. No thread of the library runs JavaScript: a weak thread-safe
//! function says that there is something, then JavaScript drains it by `poll`.

#![deny(missing_docs)]

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nacre_bindings::{Failure, Kind, Polled, wire::Writer};
use napi::{
    Env, Error, Result, Status,
    bindgen_prelude::{BigInt, Buffer, Function},
    threadsafe_function::ThreadsafeFunctionCallMode,
};
use napi_derive::napi;

/// Kinds of what `poll` gives.
const ANSWER: u8 = 0;
const FAILURE: u8 = 1;
const EVENT: u8 = 2;
const LOG: u8 = 3;

/// Wake-ups that may wait at once; one is enough, because each leads to a drain of everything.
const WAKE_UPS: usize = 2;
/// How long the end of an environment waits for its clients to say good-bye to their servers.
const GOOD_BYE: Duration = Duration::from_millis(250);

/// The version of the engine and the number of the encoding.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    nacre_bindings::version()
}

/// All clients of one JavaScript environment: the main thread's, or a worker's.
#[napi]
pub struct Engine {
    /// Empty from the end of the environment on.
    engine: Arc<Mutex<Option<nacre_bindings::Engine>>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

#[napi]
impl Engine {
    /// An engine that calls `wake` when there is something to `poll` after a `poll` that gave nothing.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, wake: Function<'_, (), ()>) -> Result<Self> {
        let wake = wake
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .max_queue_size::<WAKE_UPS>()
            .build()?;
        let runtime = nacre_bindings::Runtime::shared()
            .map_err(|error| Error::new(Status::GenericFailure, format!("no threads: {error}")))?;
        let engine = nacre_bindings::Engine::without_log(runtime);
        engine.on_ready(move || {
            // When its queue is full one is on its way; when it is closing nobody is left to wake.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let engine = Arc::new(Mutex::new(Some(engine)));
        env.add_env_cleanup_hook(Arc::clone(&engine), |engine| {
            let engine = engine.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(engine) = engine {
                engine.forget_ready();
                engine.stop(GOOD_BYE);
            }
        })?;
        Ok(Self { engine })
    }

    fn with<T>(&self, run: impl FnOnce(&nacre_bindings::Engine) -> T) -> Option<T> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(run)
    }

    /// Makes a client of encoded options: 0 and its key, or 1 and the error.
    #[napi(catch_unwind)]
    pub fn open(&self, options: &[u8]) -> Buffer {
        keyed(self.with(|engine| engine.open(options)))
    }

    /// Starts a call, whose answer comes by `poll` under this id. False when there is no such client any more.
    #[napi(catch_unwind)]
    pub fn submit(&self, client: BigInt, id: f64, op: i32, request: &[u8], limit_millis: f64) -> bool {
        let (limit, id) = (Duration::from_millis(limit_millis as u64), id as u64);
        self.with(|engine| engine.submit(key(&client), id, op, request.to_vec(), limit)).unwrap_or_default()
    }

    /// Ends a call.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: f64) {
        self.with(|engine| engine.cancel(id as u64));
    }

    /// Runs what needs no server: 0 and the answer, 1 and the error, or null when it would have to wait.
    #[napi(catch_unwind)]
    pub fn call(&self, client: BigInt, op: i32, request: &[u8]) -> Option<Buffer> {
        let answer = self.with(|engine| engine.call(key(&client), op, request));
        answer.unwrap_or_else(|| Some(Err(Failure::closed()))).map(|answer| Failure::tagged(&answer).into())
    }

    /// Begins to follow something: 0 and the key of the subscription, or 1 and the error.
    #[napi(catch_unwind)]
    pub fn subscribe(&self, client: BigInt, op: i32, request: &[u8]) -> Buffer {
        keyed(self.with(|engine| engine.subscribe(key(&client), op, request)))
    }

    /// Lets the events of a subscription come.
    #[napi(catch_unwind)]
    pub fn arm(&self, subscription: BigInt) {
        self.with(|engine| engine.arm(key(&subscription)));
    }

    /// The newest value of a subscription behind a 0, or why it has ended behind a 1; null when there is nothing new.
    #[napi(catch_unwind)]
    pub fn take(&self, subscription: BigInt) -> Option<Buffer> {
        self.with(|engine| engine.take(key(&subscription))).flatten().map(Buffer::from)
    }

    /// Says that an event was dealt with, or could not be: then its value comes again.
    #[napi(catch_unwind)]
    pub fn done(&self, subscription: BigInt, ok: bool) {
        self.with(|engine| engine.done(key(&subscription), ok));
    }

    /// Ends a subscription.
    #[napi(catch_unwind)]
    pub fn unsubscribe(&self, subscription: BigInt) {
        self.with(|engine| engine.unsubscribe(key(&subscription)));
    }

    /// Closes a client that nobody holds any more.
    #[napi(catch_unwind)]
    pub fn abandon(&self, client: BigInt) {
        self.with(|engine| engine.abandon(key(&client)));
    }

    /// At most `most` answers, events and lines of the log: `[kind u8, id u64, bytes]`. Null when there is nothing:
    /// then `wake` is called for the next.
    #[napi(catch_unwind)]
    pub fn poll(&self, most: u32) -> Option<Buffer> {
        let polled = self.with(|engine| engine.poll(most as usize, Duration::ZERO)).flatten()?;
        if polled.is_empty() {
            return None;
        }
        let mut items = Writer::new();
        for item in polled {
            items = match item {
                Polled::Answer(id, payload) => items.u8(ANSWER).u64(id).bytes(&payload),
                Polled::Failure(id, payload) => items.u8(FAILURE).u64(id).bytes(&payload),
                Polled::Event(subscription) => items.u8(EVENT).u64(subscription).bytes(&[]),
                Polled::Log(lines) => items.u8(LOG).u64(0).bytes(&lines),
            };
        }
        Some(items.into_bytes().into())
    }

    /// Which lines of the log are kept, of all clients of the process: 0 none, 1 errors, ... 5 all. This environment is
    /// given them from now on.
    #[napi(catch_unwind)]
    pub fn log_level(&self, level: u32) {
        self.with(|engine| {
            engine.follow_log();
            engine.set_log_level(level.min(5) as u8);
        });
    }

    /// How many clients, subscriptions and calls there are.
    #[napi(catch_unwind)]
    pub fn counts(&self) -> Vec<u32> {
        let (clients, subscriptions, calls) = self.with(nacre_bindings::Engine::counts).unwrap_or_default();
        [clients, subscriptions, calls].map(|count| u32::try_from(count).unwrap_or(u32::MAX)).into()
    }
}

/// A key that JavaScript made up finds nothing, as an old one.
fn key(handle: &BigInt) -> u64 {
    let (_, key, _) = handle.get_u64();
    key
}

fn keyed(result: Option<std::result::Result<u64, Failure>>) -> Buffer {
    let result = result.unwrap_or_else(|| Err(Failure { kind: Kind::Closed, ..Failure::closed() }));
    Failure::tagged(&result.map(u64::to_be_bytes)).into()
}
