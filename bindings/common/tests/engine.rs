//! The engine as a host uses it, with no server to be found.

#![allow(clippy::disallowed_methods, reason = "these are threads of a host, and their time is real")]

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nacre_bindings::{Engine, Kind, Polled, Runtime, op::Op, wire::Writer};
use proptest::prelude::*;

/// Generous: machines are slow at times.
const LIMIT: Duration = Duration::from_secs(20);

fn engine() -> Engine {
    Engine::on(Arc::new(Runtime::start(None).expect("threads")))
}

/// Options of a client whose server accepts and never answers.
fn silent() -> (TcpListener, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    // The main port only, a deadline that no test waits for.
    let writer = Writer::new().u8(1).strings(&[address.to_string()]).u8(4).i32(0).u8(15).i64(60_000).u8(0);
    (listener, writer.into_bytes())
}

fn polled(engine: &Engine, mut enough: impl FnMut(&[Polled]) -> bool) -> Vec<Polled> {
    let (begin, mut all) = (Instant::now(), Vec::new());
    while !enough(&all) {
        assert!(begin.elapsed() < LIMIT, "only {all:?}");
        all.extend(engine.poll(256, Duration::from_millis(100)).expect("the engine has not ended"));
    }
    all
}

fn service(name: &str) -> Writer {
    Writer::new().str("G").str(name)
}

fn kind(polled: &Polled) -> Option<u8> {
    match polled {
        Polled::Failure(_, error) => error.first().copied(),
        _ => None,
    }
}

#[test]
fn calls_that_wait_fail_when_their_client_closes() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    let other = engine.open(&options).unwrap();
    for id in 1..=50 {
        let request = service("s").list([].iter(), |writer, _: &()| writer).bool(true).into_bytes();
        assert!(engine.submit(client, id, Op::Instances as i32, request, Duration::ZERO));
    }
    let request = Writer::new().i64(60_000).into_bytes();
    assert!(engine.submit(other, 99, Op::Ready as i32, request, Duration::ZERO));
    let begin = Instant::now();
    assert!(engine.submit(client, 100, Op::Close as i32, Vec::new(), Duration::ZERO));
    let answers = polled(&engine, |all| all.iter().any(|item| matches!(item, Polled::Answer(100, _))));
    assert!(begin.elapsed() < Duration::from_secs(10), "closing takes a second at most");
    let closed = answers.iter().filter(|item| kind(item) == Some(Kind::Closed as u8)).count();
    assert_eq!((closed, answers.len()), (50, 51), "{answers:?}");
    assert_eq!(engine.counts(), (1, 0, 1), "the other client's call goes on");

    assert!(!engine.submit(client, 101, Op::Ready as i32, Vec::new(), Duration::ZERO), "used after its end");
    assert!(!engine.submit(client, 102, Op::Close as i32, Vec::new(), Duration::ZERO), "closed twice");
    assert_eq!(engine.call(client, Op::Status as i32, &[]).unwrap().unwrap_err().kind, Kind::Closed);
    assert_eq!(engine.subscribe(client, Op::Events as i32, &[]).unwrap_err().kind, Kind::Closed);

    let ending = engine.clone();
    engine.stop(LIMIT);
    let mut left = Vec::new();
    while let Some(items) = ending.poll(256, LIMIT) {
        left.extend(items);
    }
    assert!(left.iter().any(|item| matches!(item, Polled::Failure(99, _))), "{left:?}");
    assert!(!ending.submit(other, 103, Op::Ready as i32, Vec::new(), Duration::ZERO), "the engine has ended");
}

#[test]
fn a_cancelled_call_has_no_answer_and_leaves_nothing() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    for id in 1..=20 {
        let request = Writer::new().i64(60_000).into_bytes();
        assert!(engine.submit(client, id, Op::Ready as i32, request, Duration::ZERO));
        engine.cancel(id);
    }
    assert_eq!(engine.counts(), (1, 0, 0));
    assert_eq!(engine.poll(256, Duration::from_millis(200)), Some(vec![]));
    engine.cancel(12_345);
    engine.stop(LIMIT);
}

#[test]
fn a_limit_of_a_call_is_its_deadline() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    let register = service("s").bool(false).str("10.0.0.1").i32(80).f64(1.0).u8(7).str("DEFAULT").bool(false).count(0);
    let limit = Duration::from_millis(100);
    assert!(engine.submit(client, 1, Op::Register as i32, register.into_bytes(), limit));
    let get = Writer::new().str("app.yaml").str("G").into_bytes();
    assert!(engine.submit(client, 2, Op::Get as i32, get, limit));
    for answer in polled(&engine, |all| all.len() == 2) {
        let late = [Kind::Timeout as u8, Kind::Unreachable as u8];
        assert!(late.contains(&kind(&answer).unwrap()), "{answer:?}");
    }
    engine.stop(LIMIT);
}

#[test]
fn a_subscription_ends_with_its_client() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    let key = service("s").into_bytes();
    let watch = engine.subscribe(client, Op::Watch as i32, &key).unwrap();
    let group = engine.subscribe(client, Op::WatchServices as i32, &Writer::new().str("G").into_bytes()).unwrap();
    engine.arm(watch);
    engine.arm(group);
    assert_eq!(engine.take(watch), None, "nothing is known yet");
    engine.done(watch, false);
    engine.unsubscribe(group);
    engine.unsubscribe(group);
    assert_eq!(engine.counts(), (1, 1, 0));
    assert!(engine.submit(client, 1, Op::Established as i32, watch.to_be_bytes().to_vec(), Duration::ZERO));
    engine.abandon(client);
    let answers = polled(&engine, |all| !all.is_empty());
    assert_eq!(kind(&answers[0]), Some(Kind::Closed as u8));
    assert_eq!((engine.take(watch), engine.counts().1), (None, 0));
    assert_eq!(engine.subscribe(client, Op::Ready as i32, &[]).unwrap_err().kind, Kind::Closed);
    engine.stop(LIMIT);
}

#[test]
fn the_threads_end_with_the_engine() {
    let runtime = Arc::new(Runtime::start(None).unwrap());
    let held = Arc::downgrade(&runtime);
    let engine = Engine::on(runtime);
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    let watch = engine.subscribe(client, Op::Watch as i32, &service("s").into_bytes()).unwrap();
    engine.arm(watch);
    assert!(engine.submit(client, 1, Op::Ready as i32, Writer::new().i64(60_000).into_bytes(), Duration::ZERO));
    engine.stop(LIMIT);
    let begin = Instant::now();
    while held.upgrade().is_some() {
        assert!(begin.elapsed() < LIMIT, "something holds the runtime");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn lines_of_the_log_come_with_the_answers() {
    let engine = engine();
    engine.set_log_level(5);
    let (_server, options) = silent();
    engine.open(&options).unwrap();
    let lines = polled(&engine, |all| all.iter().any(|item| matches!(item, Polled::Log(_))));
    let text = lines.iter().find_map(|item| match item {
        Polled::Log(lines) => Some(String::from_utf8_lossy(lines).into_owned()),
        _ => None,
    });
    assert!(text.is_some_and(|text| text.contains("nacre_client")));
    engine.stop(LIMIT);
}

#[cfg(feature = "testing")]
#[test]
fn a_panic_is_a_failure_like_another() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    assert!(engine.submit(client, 1, Op::Panic as i32, Vec::new(), Duration::ZERO));
    let answers = polled(&engine, |all| !all.is_empty());
    assert_eq!(kind(&answers[0]), Some(Kind::Internal as u8));
    engine.stop(LIMIT);
}

/// Bytes that begin like a request, so that they get past the first fields.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let text = || ".{0,9}".prop_map(|text: String| Writer::new().str(&text).into_bytes());
    let legal = || "[a-z]{1,5}".prop_map(|text: String| Writer::new().str(&text).into_bytes());
    let part = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        text(),
        legal(),
        any::<i64>().prop_map(|number| Writer::new().i64(number).into_bytes()),
        (0_u8..3).prop_map(|byte| vec![byte]),
    ];
    (proptest::collection::vec(legal(), 0..3), proptest::collection::vec(part, 0..12))
        .prop_map(|(first, rest)| [first.concat(), rest.concat()].concat())
}

#[test]
fn any_bytes_are_a_request_or_an_error_and_never_a_panic() {
    let engine = engine();
    let (_server, options) = silent();
    let client = engine.open(&options).unwrap();
    let ids = AtomicU64::new(1);
    proptest!(|(op in prop::sample::select(Op::ALL), bytes in requests())| {
        prop_assume!(op != Op::Panic && op != Op::Close);
        let _ = engine.call(client, op as i32, &bytes);
        if let Ok(key) = engine.subscribe(client, op as i32, &bytes) {
            engine.arm(key);
            let _ = engine.take(key);
            engine.unsubscribe(key);
        }
        if let Err(failure) = engine.open(&bytes) {
            prop_assert!(!failure.reason.contains("defect"), "{}", failure.reason);
        }
        let id = ids.fetch_add(1, Ordering::Relaxed);
        prop_assert!(engine.submit(client, id, op as i32, bytes, Duration::from_millis(5)));
        for item in engine.poll(256, Duration::from_millis(20)).unwrap() {
            if let Polled::Failure(_, error) = item {
                let text = String::from_utf8_lossy(&error).into_owned();
                prop_assert!(!text.contains("defect"), "{}", text);
            }
        }
    });
    engine.stop(LIMIT);
}
