use std::{
    future::poll_fn,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::config::raw::{RawConfig, Source, md5_hex};

fn value(text: &str) -> Value {
    Some(Arc::new(RawConfig::local(text.into(), None, Source::Server, 0)))
}

fn text(value: Option<Value>) -> Option<String> {
    value.map(|value| value.map_or("absent".into(), |config| config.content.to_string()))
}

fn outlet(baseline: Option<&str>) -> Arc<Outlet> {
    Arc::new(Outlet::new(baseline, Handle::current()))
}

#[tokio::test]
async fn without_baseline_the_first_value_is_told_whatever_it_is() {
    for first in [None, value("v1")] {
        let outlet = outlet(None);
        assert!(outlet.take().is_none());
        outlet.offer(&first, Age::Asked(1));
        assert_eq!(outlet.take(), Some(first.clone()));
        assert!(outlet.take().is_none());
        outlet.offer(&first, Age::Asked(2));
        assert!(outlet.take().is_none());
    }
}

#[tokio::test]
async fn a_baseline_is_told_what_differs() {
    let outlet = outlet(Some(&md5_hex("v1")));
    outlet.begin(10);
    outlet.offer(&value("v0"), Age::Asked(9));
    assert!(!outlet.is_due(), "older than the baseline");
    outlet.offer(&value("file"), Age::Snapshot);
    assert!(!outlet.is_due(), "snapshots are for who has nothing");
    outlet.offer(&value("v1"), Age::Asked(11));
    assert!(!outlet.is_due());
    assert_eq!(text(outlet.newest()).as_deref(), Some("v1"));
    outlet.offer(&None, Age::Asked(12));
    assert_eq!(text(outlet.take()).as_deref(), Some("absent"));
    outlet.offer(&value("mine"), Age::Failover);
    assert_eq!(text(outlet.take()).as_deref(), Some("mine"));
}

#[tokio::test]
async fn a_slow_listener_gets_the_newest_value_only() {
    let outlet = outlet(None);
    for number in 0..100 {
        outlet.offer(&value(&number.to_string()), Age::Asked(number));
    }
    assert_eq!(text(outlet.take()).as_deref(), Some("99"));
    outlet.offer(&value("other"), Age::Asked(100));
    outlet.offer(&value("99"), Age::Asked(101));
    assert!(outlet.take().is_none(), "it changed back before it was taken");
}

#[tokio::test(start_paused = true)]
async fn a_failed_value_comes_again_later_each_time() {
    let outlet = outlet(None);
    outlet.offer(&value("v1"), Age::Asked(1));
    for pause in [1, 2, 4, 5, 5] {
        assert_eq!(text(outlet.take()).as_deref(), Some("v1"));
        outlet.failed();
        assert!(!outlet.is_due());
        let start = tokio::time::Instant::now();
        assert!(poll_fn(|context| outlet.poll_due(context)).await);
        let waited = start.elapsed();
        assert!(
            waited >= Duration::from_secs(pause) && waited < Duration::from_millis(pause * 1000 + 100),
            "{waited:?}"
        );
    }
    assert_eq!(text(outlet.take()).as_deref(), Some("v1"));
    // A success resets the pauses.
    outlet.offer(&value("v2"), Age::Asked(2));
    assert_eq!(text(outlet.take()).as_deref(), Some("v2"));
    outlet.failed();
    let start = tokio::time::Instant::now();
    assert!(poll_fn(|context| outlet.poll_due(context)).await);
    assert!(start.elapsed() < Duration::from_millis(1100));
}

#[tokio::test(start_paused = true)]
async fn the_next_change_ends_the_pause_after_a_failure() {
    let outlet = outlet(Some("none"));
    outlet.offer(&value("v1"), Age::Asked(1));
    assert!(outlet.take().is_some());
    outlet.failed();
    outlet.failed();
    assert!(!outlet.is_due());
    outlet.offer(&value("v1"), Age::Asked(2));
    assert!(!outlet.is_due(), "the same value is no change");
    outlet.offer(&value("v2"), Age::Asked(3));
    assert_eq!(text(outlet.take()).as_deref(), Some("v2"));
    // A change that came while the listener worked is due at once.
    outlet.offer(&value("v3"), Age::Asked(4));
    outlet.failed();
    assert_eq!(text(outlet.take()).as_deref(), Some("v3"));
    // Back to what it had before it failed: nothing is missed.
    outlet.offer(&value("v4"), Age::Asked(5));
    assert!(outlet.take().is_some());
    outlet.failed();
    outlet.offer(&value("v3"), Age::Asked(6));
    assert!(!outlet.is_due());
}

#[tokio::test]
async fn the_callback_comes_once_until_the_value_is_taken() {
    let (calls, outlet) = (Arc::new(AtomicUsize::new(0)), outlet(None));
    let count = || calls.load(Ordering::SeqCst);
    outlet.offer(&value("v1"), Age::Asked(1));
    let counter = calls.clone();
    outlet.on_ready(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(count(), 1, "what waits already is told at once");
    call(outlet.offer(&value("v2"), Age::Asked(2)));
    assert_eq!(count(), 1);
    assert!(outlet.take().is_some());
    call(outlet.offer(&value("v2"), Age::Asked(3)));
    assert_eq!(count(), 1);
    call(outlet.offer(&value("v3"), Age::Asked(4)));
    assert_eq!(count(), 2);
    outlet.close();
    call(outlet.offer(&value("v4"), Age::Asked(5)));
    assert_eq!(count(), 2);
    assert!(!poll_fn(|context| outlet.poll_due(context)).await);
    assert!(outlet.take().is_none());
}
