use std::time::Duration;

use nacre_consensus::{Leadership, NodeId};
use tokio::time::Instant;

use super::*;
use crate::testing::{Rig, at, service};

fn spawn(rig: &Rig, port: i32) -> tokio::task::JoinHandle<Result<(), Error>> {
    let session = rig.connect(&port.to_string());
    tokio::spawn(async move {
        let result = session.register(&service("s"), at(port)).await;
        std::mem::forget(session);
        result
    })
}

#[tokio::test(start_paused = true)]
async fn a_lone_write_waits_for_nothing_and_later_ones_gather() {
    let rig = Rig::new().await;
    let entries = rig.link.entries();
    spawn(&rig, 1).await.expect("no panic").expect("accepted");
    assert_eq!(rig.link.entries() - entries, 1);
    rig.link.shut();
    let mut tasks = vec![spawn(&rig, 2)];
    rig.settle().await;
    tasks.extend((3..=600).map(|port| spawn(&rig, port)));
    rig.settle().await;
    rig.link.open();
    for task in tasks {
        task.await.expect("no panic").expect("accepted");
    }
    let sizes: Vec<usize> = rig.link.log.lock()[entries + 1..].iter().map(|one| one.operations.len()).collect();
    assert_eq!(sizes, [1, 256, 256, 86]);
    let numbers: Vec<u64> = rig.link.log.lock().iter().map(|one| one.batch).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn large_writes_are_not_gathered_beyond_the_limit() {
    let rig = Rig::new().await;
    rig.link.shut();
    let mut tasks = vec![spawn(&rig, 1)];
    rig.settle().await;
    let large = |port: i32| {
        let session = rig.connect(&port.to_string());
        let instance = crate::NewInstance { metadata: [("k".to_owned(), "v".repeat(400_000))].into(), ..at(port) };
        tokio::spawn(async move {
            let result = session.register(&service("s"), instance).await;
            std::mem::forget(session);
            result
        })
    };
    tasks.extend((2..7).map(large));
    rig.settle().await;
    let entries = rig.link.entries();
    rig.link.open();
    for task in tasks {
        task.await.expect("no panic").expect("accepted");
    }
    let sizes: Vec<usize> = rig.link.log.lock()[entries..].iter().map(|one| one.operations.len()).collect();
    assert_eq!(sizes, [1, 2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_together_goes_one_by_one() {
    let rig = Rig::new().await;
    rig.link.shut();
    let first = spawn(&rig, 1);
    rig.settle().await;
    let tasks: Vec<_> = (2..5).map(|port| spawn(&rig, port)).collect();
    rig.settle().await;
    let too_large = ProposeError::TooLarge { size: 9, limit: 5 };
    rig.link.failures.lock().extend([None, Some(too_large.clone()), Some(too_large)]);
    rig.link.open();
    first.await.expect("no panic").expect("accepted");
    let mut refused = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, Error::TooLarge { size: 9, limit: 5 });
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 1, "only the one that is too large by itself");
}

#[tokio::test(start_paused = true)]
async fn without_a_leader_requests_are_refused_but_removals_wait() {
    let rig = Rig::new().await;
    let session = rig.connect("a");
    session.register(&service("s"), at(1)).await.expect("accepted");
    rig.link.leader.send_replace(Leadership { leader: None, is_local: false, term: 2 });
    let other = rig.connect("b");
    let begun = Instant::now();
    let refused = other.register(&service("s"), at(2)).await.expect_err("nobody leads");
    assert_eq!(refused.code(), 503);
    assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < PATIENCE * 2);
    drop(session);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(rig.shown("s"), "1");
    rig.link.leader.send_replace(Leadership { leader: Some(NodeId(1)), is_local: true, term: 3 });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(rig.shown("s"), "");
    other.register(&service("s"), at(2)).await.expect("somebody leads again");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_shard_answers_everybody() {
    let rig = Rig::new().await;
    rig.link.shut();
    let tasks: Vec<_> = (1..5).map(|port| spawn(&rig, port)).collect();
    rig.settle().await;
    rig.link.failures.lock().push_back(Some(ProposeError::Stopped));
    rig.link.open();
    for task in tasks {
        assert_eq!(task.await.expect("no panic").expect_err("stopped").code(), 503);
    }
    assert_eq!(spawn(&rig, 9).await.expect("no panic").expect_err("stopped").code(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_writes_what_was_taken() {
    let rig = Rig::new().await;
    rig.link.shut();
    let task = spawn(&rig, 1);
    rig.settle().await;
    let naming = (*rig).clone();
    let stop = tokio::spawn(async move { naming.shutdown().await });
    rig.settle().await;
    rig.link.open();
    task.await.expect("no panic").expect("accepted");
    stop.await.expect("no panic");
    assert_eq!(rig.shown("s"), "1");
    assert_eq!(spawn(&rig, 2).await.expect("no panic").expect_err("stopped").code(), 503);
}
