use std::{sync::Arc, time::Duration};

use nacre_consensus::ProposeError;
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::{
    ServiceKind, Settings,
    shard::Operation,
    testing::{Rig, at, service},
};

async fn concurrently(rig: &Rig, tasks: Vec<tokio::task::JoinHandle<Result<(), Error>>>) -> Vec<Result<(), Error>> {
    rig.link.open();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_shown() {
    let rig = Rig::new().await;
    let (a, b) = (rig.connect("a"), rig.connect("b"));
    a.register(&service("s"), at(1)).await.expect("accepted");
    assert_eq!(rig.shown("s"), "1");
    b.register_batch(&service("s"), vec![at(2), at(3)]).await.expect("accepted");
    assert_eq!(rig.shown("s"), "1,2,3");
    b.register(&service("s"), at(1)).await.expect("accepted");
    assert_eq!(rig.shown("s"), "1", "equal instances show once");
    a.deregister(&service("s"), Some(Address::new("10.9.9.9", 1))).await.expect("accepted");
    assert_eq!(rig.shown("s"), "1", "the other connection still publishes it");
    b.register_batch(&service("s"), vec![]).await.expect("accepted");
    assert_eq!(rig.shown("s"), "");
    assert!(rig.contains(&service("s")));
}

#[tokio::test(start_paused = true)]
async fn an_equal_request_writes_nothing() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    a.register(&service("s"), at(1)).await.expect("accepted");
    let entries = rig.link.entries();
    a.register(&service("s"), at(1)).await.expect("accepted");
    a.register_batch(&service("s"), vec![at(1)]).await.expect("the same list");
    assert_eq!(rig.link.entries(), entries);
    a.register(&service("s"), at(2)).await.expect("accepted");
    assert_eq!(rig.link.entries(), entries + 1);
    a.deregister(&service("s"), None).await.expect("accepted");
    a.deregister(&service("s"), None).await.expect("accepted");
    a.deregister(&service("unknown"), None).await.expect("accepted");
    assert_eq!(rig.link.entries(), entries + 2);
}

#[tokio::test(start_paused = true)]
async fn equal_requests_under_way_are_answered_together_and_in_order() {
    let rig = Rig::new().await;
    let a = Arc::new(rig.connect("a"));
    rig.link.shut();
    let register = |port: i32| {
        let a = a.clone();
        tokio::spawn(async move { a.register(&service("s"), at(port)).await })
    };
    let mut tasks = vec![register(1)];
    rig.settle().await;
    tasks.extend([register(1), register(2), register(2), register(1)]);
    rig.settle().await;
    let entries = rig.link.entries();
    for result in concurrently(&rig, tasks).await {
        result.expect("accepted");
    }
    assert_eq!(rig.link.operations(entries).len(), 3, "1, 2 and 1 again");
    assert_eq!(rig.link.entries() - entries, 2, "the first alone, the rest gathered");
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_keeps_its_place() {
    let rig = Rig::new().await;
    let a = Arc::new(rig.connect("a"));
    rig.link.shut();
    let given_up = {
        let a = a.clone();
        tokio::spawn(async move { a.register(&service("s"), at(1)).await })
    };
    rig.settle().await;
    given_up.abort();
    rig.settle().await;
    let again = {
        let a = a.clone();
        tokio::spawn(async move { a.register(&service("s"), at(1)).await })
    };
    rig.settle().await;
    concurrently(&rig, vec![again]).await.remove(0).expect("accepted");
    assert_eq!(rig.shown("s"), "1");
    assert_eq!(rig.stats().operations, 2, "the start and one register");
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_is_tried_again() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    rig.register_persistent(&service("p"), at(1), IdPolicy::Generate).await.expect("accepted");
    for _ in 0..2 {
        let refused = a.register(&service("p"), at(2)).await.expect_err("another kind");
        assert_eq!(
            refused.to_string(),
            "errCode: 400, errMsg: Current service DEFAULT_GROUP@@p is persistent service, \
             can't register ephemeral instance. "
        );
        assert!(matches!(refused, Error::KindMismatch { existing: ServiceKind::Persistent, .. }));
    }
    let refused = a.register_batch(&service("p"), vec![at(2)]).await.expect_err("another kind");
    assert!(refused.to_string().contains("can't batch register ephemeral instance"));
    *rig.link.full.lock() = true;
    assert_eq!(a.register(&service("s"), at(1)).await, Err(Error::StorageFull { free: 1, reserve: 2 }));
    *rig.link.full.lock() = false;
    a.register(&service("s"), at(1)).await.expect("space is free again");
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_request_did_not_replace_can_still_be_removed() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    a.register(&service("s"), at(1)).await.expect("accepted");
    *rig.link.full.lock() = true;
    a.register(&service("s"), at(2)).await.expect_err("no space");
    assert_eq!(rig.shown("s"), "1");
    a.register(&service("s"), at(1)).await.expect_err("it is not the last one taken");
    a.deregister(&service("s"), None).await.expect("removals need no space");
    assert_eq!(rig.shown("s"), "");
}

#[tokio::test(start_paused = true)]
async fn values_are_checked_before_anything_is_written() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    let entries = rig.link.entries();
    let with = |key: &str, value: &str| NewInstance { metadata: [(key.into(), value.into())].into(), ..at(1) };
    let invalid = a.register(&service("s"), with("preserved.heart.beat.timeout", "1000")).await;
    assert_eq!(invalid.expect_err("below the interval").code(), 400);
    let invalid = a.register(&service("s"), with("preserved.instance.id.generator", "nope")).await;
    assert_eq!(invalid.expect_err("unknown generator").code(), 500);
    let underscore = NewInstance { cluster: Some("a_b".into()), ..at(1) };
    assert_eq!(a.register(&service("s"), underscore.clone()).await.expect_err("bad cluster").code(), 400);
    assert_eq!(rig.link.entries(), entries);
    a.register_batch(&service("s"), vec![underscore]).await.expect("a batch may");
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn closing_removes_at_once_with_one_batch_per_shard() {
    let rig = Rig::with(Settings::default(), 4).await;
    let a = rig.connect("a");
    let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    for name in &names {
        a.register(&service(name), at(1)).await.expect("accepted");
    }
    let entries = rig.link.entries();
    a.close(CloseReason::Ended);
    rig.settle().await;
    assert!(names.iter().all(|name| rig.shown(name).is_empty()));
    assert_eq!(rig.link.entries() - entries, 4);
    a.close(CloseReason::Ended);
    drop(a);
    rig.settle().await;
    assert_eq!(rig.link.entries() - entries, 4);
    assert_eq!(rig.stats().counts.sessions, 0);
}

#[tokio::test(start_paused = true)]
async fn a_closed_session_refuses() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    a.close(CloseReason::Ended);
    let gone = Error::ClientGone { connection: "a".into() };
    assert_eq!(gone.code(), -401);
    assert_eq!(a.register(&service("s"), at(1)).await, Err(gone.clone()));
    assert_eq!(a.deregister(&service("s"), None).await, Err(gone.clone()));
    assert_eq!(a.subscribe(&service("s"), None), Err(gone.clone()));
    assert_eq!(a.unsubscribe(&service("s"), None), Err(gone));
}

#[tokio::test(start_paused = true)]
async fn a_late_close_cannot_remove_what_a_newer_connection_registered() {
    let rig = Rig::new().await;
    let old = rig.connect("old");
    old.register(&service("s"), at(1)).await.expect("accepted");
    let new = rig.connect("new");
    new.register(&service("s"), at(1)).await.expect("accepted");
    old.close(CloseReason::Ended);
    rig.settle().await;
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn removals_go_on_from_the_reserve() {
    let rig = Rig::new().await;
    let (a, b) = (rig.connect("a"), Arc::new(rig.connect("b")));
    a.register(&service("s"), at(1)).await.expect("accepted");
    rig.link.shut();
    *rig.link.full.lock() = true;
    let register = |port: i32| {
        let b = b.clone();
        tokio::spawn(async move { b.register(&service(&port.to_string()), at(port)).await })
    };
    let first = register(1);
    rig.settle().await;
    let second = register(2);
    rig.settle().await;
    a.close(CloseReason::Ended);
    for result in concurrently(&rig, vec![first, second]).await {
        assert!(matches!(result, Err(Error::StorageFull { .. })));
    }
    rig.settle().await;
    assert_eq!(rig.shown("s"), "");
}

#[tokio::test(start_paused = true)]
async fn after_a_reset_the_client_may_come_back_unseen() {
    let rig = Rig::new().await;
    let old = rig.connect("old");
    old.register(&service("s"), at(1)).await.expect("accepted");
    old.register(&service("t"), at(2)).await.expect("accepted");
    let before = rig.view(&service("s")).revision();
    old.close(CloseReason::AfterReset);
    advance(Duration::from_secs(14)).await;
    rig.settle().await;
    assert_eq!((rig.shown("s"), rig.shown("t")), ("1".into(), "2".into()));
    let new = rig.connect("new");
    new.register(&service("s"), at(1)).await.expect("accepted");
    assert_eq!(rig.view(&service("s")).revision(), before);
    sleep(Duration::from_millis(1_100)).await;
    rig.settle().await;
    assert_eq!((rig.shown("s"), rig.shown("t")), ("1".into(), String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_instances_to_the_next_start() {
    let mut rig = Rig::new().await;
    let old = rig.connect("old");
    old.register_batch(&service("s"), vec![at(1), at(2)]).await.expect("accepted");
    let late = rig.connect("late");
    late.register(&service("t"), at(3)).await.expect("accepted");
    old.close(CloseReason::ServerStopping);
    rig.stopping();
    late.close(CloseReason::Ended);
    rig.restart(true).await;
    assert_eq!((rig.shown("s"), rig.shown("t")), ("1,2".into(), "3".into()));
    let watcher = rig.connect("watcher");
    watcher.subscribe(&service("s"), Some("")).expect("open");
    let new = rig.connect("new");
    let before = rig.view(&service("s")).revision();
    new.register(&service("s"), at(1)).await.expect("accepted");
    assert_eq!(rig.view(&service("s")).revision(), before);
    let started = Instant::now();
    sleep(Duration::from_secs(59)).await;
    assert_eq!(rig.shown("s"), "1,2");
    sleep(Duration::from_secs(2)).await;
    rig.settle().await;
    assert_eq!((rig.shown("s"), rig.shown("t")), ("1".into(), String::new()));
    assert!(started.elapsed() > Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_deregister_reaches_what_an_earlier_connection_left() {
    let mut rig = Rig::new().await;
    let old = rig.connect("old");
    old.register_batch(&service("s"), vec![at(1), at(2)]).await.expect("accepted");
    rig.stopping();
    drop(old);
    rig.restart(false).await;
    let new = rig.connect("new");
    new.deregister(&service("s"), Some(Address::new("10.0.0.1", 1))).await.expect("accepted");
    assert_eq!(rig.shown("s"), "2");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_counts_once() {
    let rig = Rig::new().await;
    let a = rig.connect("a");
    rig.link.failures.lock().push_back(Some(ProposeError::Unknown));
    a.register(&service("s"), at(1)).await.expect("accepted");
    let publishes = |operation: &Operation| matches!(operation, Operation::Publish { .. });
    assert_eq!(rig.link.operations(0).iter().filter(|one| publishes(one)).count(), 2, "proposed twice");
    assert_eq!(rig.view(&service("s")).revision(), 1, "applied once");
}
