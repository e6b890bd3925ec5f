use super::*;
use crate::{
    listener::tests::{Server, key},
    md5::Md5,
    request::Target,
    settings::Settings,
};

fn holds(data_id: &str, content: Option<&str>) -> PollKey {
    PollKey { key: key(data_id), md5: Some(content.map_or(String::new(), |text| Md5::of(text).to_string())) }
}

fn labels() -> Labels {
    Labels::new("10.0.0.1")
}

const LIMIT: Duration = Duration::from_millis(29_500);

#[tokio::test(start_paused = true)]
async fn what_differs_is_answered_at_once() {
    let server = Server::new(Settings::default());
    server.publish(&key("a"), "one");
    let keys = [holds("a", None), holds("b", None), holds("c", Some("x")), holds("a", Some("one"))];
    let start = Instant::now();
    assert_eq!(poll(&server.shared, &keys, &labels(), LIMIT).await.unwrap(), [0, 2]);
    assert_eq!(poll(&server.shared, &keys[1..2], &labels(), Duration::ZERO).await.unwrap(), [0; 0]);
    assert!(start.elapsed().is_zero());
    assert_eq!(server.shared.hub.topics(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_held_poll_ends_with_the_key_that_changed() {
    let server = Server::new(Settings::default());
    server.publish(&key("a"), "one");
    let keys = [holds("a", Some("one")), holds("b", None)];
    let change = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(server.shared.metrics.polls.get(), 1);
        server.publish(&key("b"), "two");
    };
    let start = Instant::now();
    let labels = labels();
    let (changed, ()) = tokio::join!(poll(&server.shared, &keys, &labels, LIMIT), change);
    assert_eq!(changed.unwrap(), [1]);
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((server.shared.metrics.polls.get(), server.shared.hub.topics()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_for_others_leaves_it_held_until_its_time_is_over() {
    let server = Server::new(Settings::default());
    server.publish(&key("a"), "one");
    let keys = [holds("a", Some("one"))];
    let change = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        server.publish_to(&key("a"), "beta", Target::requested(Some("10.9.9.9"), None));
    };
    let start = Instant::now();
    let labels = labels();
    let (changed, ()) = tokio::join!(poll(&server.shared, &keys, &labels, LIMIT), change);
    assert_eq!(changed.unwrap(), [0; 0]);
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn the_version_for_this_caller_counts() {
    let server = Server::new(Settings::default());
    server.publish(&key("a"), "one");
    server.publish_to(&key("a"), "beta", Target::requested(Some("10.0.0.1"), None));
    let other = Labels::new("10.0.0.2");
    let keys = [holds("a", Some("one"))];
    assert_eq!(poll(&server.shared, &keys, &labels(), LIMIT).await.unwrap(), [0]);
    assert_eq!(poll(&server.shared, &keys, &other, Duration::ZERO).await.unwrap(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_poll_leaves_nothing() {
    let server = Server::new(Settings::default());
    let keys = [holds("a", None)];
    let held = tokio::time::timeout(Duration::from_secs(1), poll(&server.shared, &keys, &labels(), LIMIT)).await;
    assert!(held.is_err());
    assert_eq!((server.shared.metrics.polls.get(), server.shared.hub.topics()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn held_polls_have_a_limit() {
    let settings = Settings { max_long_polls: 0, max_listens_per_connection: 1, ..Settings::default() };
    let server = Server::new(settings);
    let keys = [holds("a", None), holds("b", None)];
    let refused = poll(&server.shared, &keys, &labels(), LIMIT).await;
    assert_eq!(refused, Err(Error::TooManyListens { limit: 1 }));
    let refused = poll(&server.shared, &keys[..1], &labels(), LIMIT).await;
    assert_eq!(refused, Err(Error::TooManyPolls { limit: 0 }));
}
