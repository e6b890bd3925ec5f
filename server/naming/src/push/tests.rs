use std::{future::poll_fn, task::Poll, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::{
    CloseReason, Session,
    testing::{Rig, at, drain, push_within, service},
};

async fn subscribed(rig: &Rig, connection: &str) -> Session {
    let session = rig.connect(connection);
    session.subscribe(&service("s"), Some("")).expect("open");
    drain(&session).await;
    session
}

async fn frame(session: &Session) -> Bytes {
    poll_fn(|context| session.poll_push(context)).await.expect("open")
}

#[tokio::test(start_paused = true)]
async fn the_first_subscribe_is_followed_by_one_push() {
    let rig = Rig::new().await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let session = rig.connect("a");
    let begun = Instant::now();
    assert_eq!(session.subscribe(&service("s"), Some("")), Ok("s/:1".into()));
    let (id, body) = push_within(&session, 1_000).await.expect("the first push");
    assert_eq!(body, "s/:1");
    assert!(begun.elapsed() >= Duration::from_millis(500) && begun.elapsed() < Duration::from_millis(510));
    assert!(session.acked(id, true));
    session.subscribe(&service("s"), Some("")).expect("open");
    assert_eq!(push_within(&session, 20_000).await, None, "acknowledged, and not the first subscribe");
    session.unsubscribe(&service("s"), None).expect("open");
    session.subscribe(&service("s"), None).expect("open");
    let (id, body) = push_within(&session, 1_000).await.expect("a first subscribe again");
    assert_eq!(body, "s/-:1");
    session.acked(id, true);
}

#[tokio::test(start_paused = true)]
async fn the_first_change_goes_at_once_and_the_rest_is_merged() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    let provider = rig.connect("p");
    let begun = Instant::now();
    for port in 0..20 {
        provider.register(&service("s"), at(port)).await.expect("accepted");
        if port == 0 {
            let (id, body) = push_within(&session, 1).await.expect("at once");
            assert_eq!((body.as_str(), begun.elapsed()), ("s/:0", Duration::ZERO));
            session.acked(id, true);
        }
    }
    let (id, body) = push_within(&session, 1_000).await.expect("the merged rest");
    assert_eq!(body, "s/:19");
    assert!(begun.elapsed() >= Duration::from_millis(20) && begun.elapsed() <= Duration::from_millis(25));
    session.acked(id, true);
    assert_eq!(push_within(&session, 10_000).await, None);
    provider.register(&service("s"), at(7)).await.expect("accepted");
    let again = Instant::now();
    assert_eq!(push_within(&session, 1_000).await.expect("a quiet service starts anew").1, "s/:7");
    assert!(again.elapsed() < Duration::from_millis(2));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_see_is_not_pushed() {
    let rig = Rig::new().await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let session = subscribed(&rig, "a").await;
    provider.register(&service("s"), at(1)).await.expect("accepted");
    rig.connect("q").register(&service("other"), at(1)).await.expect("accepted");
    let twin = rig.connect("twin");
    twin.register(&service("t"), at(1)).await.expect("accepted");
    assert_eq!(push_within(&session, 20_000).await, None);
}

#[tokio::test(start_paused = true)]
async fn subscribers_with_one_filter_share_one_frame() {
    let rig = Rig::new().await;
    let (a, b) = (subscribed(&rig, "a").await, subscribed(&rig, "b").await);
    let c = rig.connect("c");
    c.subscribe(&service("s"), Some("other")).expect("open");
    drain(&c).await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let (of_a, of_b, of_c) = (frame(&a).await, frame(&b).await, frame(&c).await);
    assert_eq!(of_a.as_ptr(), of_b.as_ptr(), "no copy");
    assert!(of_c.ends_with(b"|s/other:"));
    assert_ne!(of_a[..5], of_c[..5], "another id");
}

#[tokio::test(start_paused = true)]
async fn a_push_without_an_answer_is_repeated_under_a_new_id() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let (first, body) = push_within(&session, 1).await.expect("at once");
    let mut last = first;
    for _ in 0..3 {
        let sent = Instant::now();
        let (id, again) = push_within(&session, 9_000).await.expect("repeated");
        assert_eq!(again, body);
        assert!(id > last);
        let waited = sent.elapsed();
        assert!(waited >= Duration::from_secs(6) && waited < Duration::from_millis(6_300), "{waited:?}");
        assert!(!session.acked(last, true), "only the newest counts");
        last = id;
    }
    assert!(session.acked(last, true));
    assert_eq!(push_within(&session, 20_000).await, None);
    let stats = rig.stats().push;
    assert_eq!((stats.retried, stats.timed_out, stats.failed), (3, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refused_push_is_repeated_after_a_second() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let (id, _) = push_within(&session, 1).await.expect("at once");
    let refused = Instant::now();
    assert!(session.acked(id, false));
    let (again, body) = push_within(&session, 9_000).await.expect("repeated");
    assert_eq!(body, "s/:1");
    let waited = refused.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_millis(1_300), "{waited:?}");
    assert!(session.acked(again, true));
    assert_eq!(push_within(&session, 20_000).await, None, "once only");
}

#[tokio::test(start_paused = true)]
async fn a_newer_push_replaces_an_older_one() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let (old, _) = push_within(&session, 1).await.expect("at once");
    session.acked(old, false);
    sleep(Duration::from_millis(500)).await;
    provider.register(&service("s"), at(2)).await.expect("accepted");
    let (new, body) = push_within(&session, 1).await.expect("at once");
    assert_eq!(body, "s/:2");
    assert!(session.acked(new, true));
    assert_eq!(push_within(&session, 20_000).await, None, "the older one is not repeated");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_consumer_costs_one_entry_and_is_given_up() {
    let rig = Rig::new().await;
    let frozen = subscribed(&rig, "frozen").await;
    let other = subscribed(&rig, "other").await;
    let provider = rig.connect("p");
    for port in 0..100 {
        provider.register(&service("s"), at(port)).await.expect("accepted");
        sleep(Duration::from_millis(25)).await;
        drain_now(&other).await;
    }
    assert_eq!(rig.stats().push.pending, 1);
    assert!(timeout(Duration::from_secs(25), frozen.stalled()).await.is_err(), "too early");
    timeout(Duration::from_secs(6), frozen.stalled()).await.expect("it took nothing for 30 s");
    timeout(Duration::from_secs(1), frozen.stalled()).await.expect("and stays so");
    assert!(timeout(Duration::from_secs(60), other.stalled()).await.is_err());
    assert_eq!(rig.stats().push.stalled, 1);
    assert_eq!(push_within(&frozen, 1).await.expect("when it wakes it gets the newest").1, "s/:99");
    frozen.close(CloseReason::Ended);
    assert_eq!(rig.stats().push.pending, 0);
}

async fn drain_now(session: &Session) {
    while let Poll::Ready(Some(frame)) = poll_fn(|context| Poll::Ready(session.poll_push(context))).await {
        let text = String::from_utf8(frame.to_vec()).expect("text");
        session.acked(text.split_once('|').expect("an id").0.parse().expect("a number"), true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_never_ends_a_connection() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    for _ in 0..30 {
        push_within(&session, 10_000).await.expect("repeated");
    }
    assert_eq!(rig.stats().push.stalled, 0);
}

#[tokio::test(start_paused = true)]
async fn other_clusters_replace_the_filter() {
    let rig = Rig::new().await;
    let session = rig.connect("a");
    let provider = rig.connect("p");
    let in_cluster = |port: i32, cluster: &str| crate::NewInstance { cluster: Some(cluster.into()), ..at(port) };
    provider.register_batch(&service("s"), vec![in_cluster(1, "c1"), in_cluster(2, "c2")]).await.expect("accepted");
    assert_eq!(session.subscribe(&service("s"), Some("c1")), Ok("s/c1:1".into()));
    drain(&session).await;
    assert_eq!(session.subscribe(&service("s"), Some("c2")), Ok("s/c2:2".into()));
    assert_eq!(push_within(&session, 5_000).await, None);
    provider.register_batch(&service("s"), vec![in_cluster(1, "c1"), in_cluster(4, "c2")]).await.expect("accepted");
    let (id, body) = push_within(&session, 1).await.expect("at once");
    assert_eq!(body, "s/c2:4");
    session.acked(id, true);
    assert_eq!(session.unsubscribe(&service("s"), Some("zz")), Ok("s/zz:".into()));
    provider.register(&service("s"), at(9)).await.expect("accepted");
    assert_eq!(push_within(&session, 20_000).await, None);
    assert_eq!(rig.stats().counts.subscribers, 0);
    assert!(rig.naming_topics_are_gone());
}

impl Rig {
    fn naming_topics_are_gone(&self) -> bool {
        self.hub_for_tests().topics.is_empty()
    }
}

#[tokio::test(start_paused = true)]
async fn all_of_many_subscribers_are_told_in_the_same_moment() {
    let rig = Rig::new().await;
    let mut sessions = Vec::new();
    for number in 0..600 {
        let session = rig.connect(&number.to_string());
        session.subscribe(&service("s"), Some("")).expect("open");
        sessions.push(session);
    }
    for session in &sessions {
        drain(session).await;
    }
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    let begun = Instant::now();
    for session in &sessions {
        assert_eq!(push_within(session, 1).await.expect("told").1, "s/:1");
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(rig.stats().counts.subscribers, 600);
    drop(sessions);
    assert_eq!(rig.stats().counts.subscribers, 0);
    assert!(rig.naming_topics_are_gone());
}

#[tokio::test(start_paused = true)]
async fn subscribing_before_the_service_exists() {
    let rig = Rig::new().await;
    let session = rig.connect("a");
    assert_eq!(session.subscribe(&service("s"), Some("")), Ok("s/:".into()));
    assert!(!rig.contains(&service("s")), "a subscriber creates nothing");
    drain(&session).await;
    let provider = rig.connect("p");
    provider.register(&service("s"), at(1)).await.expect("accepted");
    assert_eq!(push_within(&session, 1).await.expect("told").1, "s/:1");
    provider.close(CloseReason::Ended);
    assert_eq!(push_within(&session, 100).await.expect("told").1, "s/:");
}

#[tokio::test(start_paused = true)]
async fn an_open_reader_is_woken_by_the_close() {
    let rig = Rig::new().await;
    let session = Arc::new(subscribed(&rig, "a").await);
    let reader = session.clone();
    let reader = tokio::spawn(async move { poll_fn(|context| reader.poll_push(context)).await });
    rig.settle().await;
    session.close(CloseReason::Ended);
    assert_eq!(reader.await.expect("no panic"), None);
}

#[tokio::test(start_paused = true)]
async fn timers_forget_what_is_done() {
    let rig = Rig::new().await;
    let session = subscribed(&rig, "a").await;
    sleep(Duration::from_secs(10)).await;
    assert!(rig.hub_for_tests().watched.lock().is_empty());
    assert!(rig.hub_for_tests().first.lock().is_empty());
    assert_eq!(session.mailbox_for_tests().sizes(), (0, 0, 0));
}
