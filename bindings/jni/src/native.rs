//! The functions, in the order of `io.nacre.internal.Native`.

use std::{sync::LazyLock, time::Duration};

use jni::{
    Env, NativeMethod,
    errors::Result,
    native_method,
    objects::{JByteArray, JClass, JIntArray, JLongArray, JObjectArray, JString},
    sys::{jboolean, jint, jlong},
};
use nacre_bindings::{Engine, Failure, Polled, table::Table};

use crate::policy::ThrowDefect;

/// Kinds of what `poll` gives.
const ANSWER: jint = 0;
const FAILURE: jint = 1;
const EVENT: jint = 2;
const LOG: jint = 3;
/// What `poll` answers after the end.
const END: jint = -1;

static ENGINES: LazyLock<Table<Engine>> = LazyLock::new(Table::default);

pub(crate) const VERSION: NativeMethod<'_> = native_method! {
    error_policy = ThrowDefect,
    static fn version() -> JString,
};

pub(crate) const METHODS: [NativeMethod<'_>; 16] = [
    native_method! { error_policy = ThrowDefect, static fn start() -> jlong },
    native_method! { error_policy = ThrowDefect, static fn stop(engine: jlong, limit_millis: jlong) },
    native_method! { error_policy = ThrowDefect, static fn open(engine: jlong, options: [jbyte]) -> [jbyte] },
    native_method! {
        error_policy = ThrowDefect,
        static fn submit(engine: jlong, client: jlong, id: jlong, op: jint, request: [jbyte], timeout: jlong)
            -> jboolean,
    },
    native_method! { error_policy = ThrowDefect, static fn cancel(engine: jlong, id: jlong) },
    native_method! {
        error_policy = ThrowDefect,
        static fn call(engine: jlong, client: jlong, op: jint, request: [jbyte]) -> [jbyte],
    },
    native_method! {
        error_policy = ThrowDefect,
        static fn subscribe(engine: jlong, client: jlong, op: jint, request: [jbyte]) -> [jbyte],
    },
    native_method! { error_policy = ThrowDefect, static fn arm(engine: jlong, subscription: jlong) },
    native_method! { error_policy = ThrowDefect, static fn take(engine: jlong, subscription: jlong) -> [jbyte] },
    native_method! {
        error_policy = ThrowDefect,
        static fn done(engine: jlong, subscription: jlong, ok: jboolean),
    },
    native_method! { error_policy = ThrowDefect, static fn unsubscribe(engine: jlong, subscription: jlong) },
    native_method! { error_policy = ThrowDefect, static fn abandon(engine: jlong, client: jlong) },
    native_method! {
        error_policy = ThrowDefect,
        static fn poll(engine: jlong, ids: [jlong], kinds: [jint], payloads: jbyte[][], timeout: jlong) -> jint,
    },
    native_method! { error_policy = ThrowDefect, static fn wake(engine: jlong) },
    native_method! { error_policy = ThrowDefect, static fn log_level(engine: jlong, level: jint) },
    native_method! { error_policy = ThrowDefect, static fn counts(engine: jlong) -> [jlong] },
];

/// Handles are unsigned here and signed there.
fn engine(handle: jlong) -> Option<Engine> {
    ENGINES.get(handle as u64)
}

fn millis(millis: jlong) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn tagged<'local>(env: &mut Env<'local>, result: &std::result::Result<Vec<u8>, Failure>) -> Result<JByteArray<'local>> {
    env.byte_array_from_slice(&Failure::tagged(result))
}

fn keyed<'local>(env: &mut Env<'local>, result: std::result::Result<u64, Failure>) -> Result<JByteArray<'local>> {
    tagged(env, &result.map(|key| key.to_be_bytes().to_vec()))
}

fn version<'local>(env: &mut Env<'local>, _: JClass<'local>) -> Result<JString<'local>> {
    env.new_string(nacre_bindings::version())
}

fn start<'local>(_: &mut Env<'local>, _: JClass<'local>) -> Result<jlong> {
    let engine = Engine::start().unwrap_or_else(|error| panic!("no threads: {error}"));
    Ok(ENGINES.insert(engine) as jlong)
}

fn stop<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, limit_millis: jlong) -> Result<()> {
    if let Some(engine) = ENGINES.remove(handle as u64) {
        engine.stop(millis(limit_millis));
    }
    Ok(())
}

fn open<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    options: JByteArray<'local>,
) -> Result<JByteArray<'local>> {
    let options = env.convert_byte_array(&options)?;
    let opened = engine(handle).ok_or_else(Failure::closed).and_then(|engine| engine.open(&options));
    keyed(env, opened)
}

#[allow(clippy::too_many_arguments)]
fn submit<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    client: jlong,
    id: jlong,
    op: jint,
    request: JByteArray<'local>,
    timeout: jlong,
) -> Result<jboolean> {
    let request = env.convert_byte_array(&request)?;
    let engine = engine(handle);
    Ok(engine.is_some_and(|engine| engine.submit(client as u64, id as u64, op, request, millis(timeout))))
}

fn cancel<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, id: jlong) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.cancel(id as u64);
    }
    Ok(())
}

fn call<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    client: jlong,
    op: jint,
    request: JByteArray<'local>,
) -> Result<JByteArray<'local>> {
    let request = env.convert_byte_array(&request)?;
    let answer = match engine(handle) {
        Some(engine) => engine.call(client as u64, op, &request),
        None => Some(Err(Failure::closed())),
    };
    answer.map_or(Ok(JByteArray::null()), |answer| tagged(env, &answer))
}

fn subscribe<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    client: jlong,
    op: jint,
    request: JByteArray<'local>,
) -> Result<JByteArray<'local>> {
    let request = env.convert_byte_array(&request)?;
    let engine = engine(handle).ok_or_else(Failure::closed);
    keyed(env, engine.and_then(|engine| engine.subscribe(client as u64, op, &request)))
}

fn arm<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, subscription: jlong) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.arm(subscription as u64);
    }
    Ok(())
}

fn take<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    subscription: jlong,
) -> Result<JByteArray<'local>> {
    let value = engine(handle).and_then(|engine| engine.take(subscription as u64));
    value.map_or(Ok(JByteArray::null()), |value| env.byte_array_from_slice(&value))
}

fn done<'local>(
    _: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    subscription: jlong,
    ok: jboolean,
) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.done(subscription as u64, ok);
    }
    Ok(())
}

fn unsubscribe<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, subscription: jlong) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.unsubscribe(subscription as u64);
    }
    Ok(())
}

fn abandon<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, client: jlong) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.abandon(client as u64);
    }
    Ok(())
}

fn poll<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    ids: JLongArray<'local>,
    kinds: JIntArray<'local>,
    payloads: JObjectArray<'local, JByteArray<'local>>,
    timeout: jlong,
) -> Result<jint> {
    let most = payloads.len(env)?.min(ids.len(env)?).min(kinds.len(env)?);
    let Some(polled) = engine(handle).and_then(|engine| engine.poll(most, millis(timeout))) else { return Ok(END) };
    let count = polled.len();
    let (mut numbers, mut kind_numbers) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (place, item) in polled.into_iter().enumerate() {
        let (id, kind, payload) = match item {
            Polled::Answer(id, payload) => (id, ANSWER, Some(payload)),
            Polled::Failure(id, payload) => (id, FAILURE, Some(payload)),
            Polled::Event(subscription) => (subscription, EVENT, None),
            Polled::Log(lines) => (0, LOG, Some(lines)),
        };
        numbers.push(id as jlong);
        kind_numbers.push(kind);
        if let Some(payload) = payload {
            let array = env.byte_array_from_slice(&payload)?;
            payloads.set_element(env, place, &array)?;
            // Hundreds of them would crowd the frame of this call.
            env.delete_local_ref(array);
        }
    }
    ids.set_region(env, 0, &numbers)?;
    kinds.set_region(env, 0, &kind_numbers)?;
    Ok(count as jint)
}

fn wake<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.wake();
    }
    Ok(())
}

fn log_level<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, level: jint) -> Result<()> {
    if let Some(engine) = engine(handle) {
        engine.set_log_level(level.clamp(0, 5) as u8);
    }
    Ok(())
}

fn counts<'local>(env: &mut Env<'local>, _: JClass<'local>, handle: jlong) -> Result<JLongArray<'local>> {
    let (clients, subscriptions, calls) = engine(handle).map_or((0, 0, 0), |engine| engine.counts());
    let array = JLongArray::new(env, 3)?;
    array.set_region(env, 0, &[clients as jlong, subscriptions as jlong, calls as jlong])?;
    Ok(array)
}
