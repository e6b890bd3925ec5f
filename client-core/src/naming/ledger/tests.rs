//! The ledger against a pretended server that keeps what each connection has, under paused time.

mod fake;

use std::collections::BTreeSet;

use nacre_proto::Payload;
use tokio::time::{advance, sleep};

use super::*;
use crate::naming::model::ServiceSnapshot;
use fake::{Fake, Fault};

const LIMIT: Duration = Duration::from_secs(3);

fn key(name: &str) -> ServiceKey {
    ServiceKey::new("G", name).expect("legal names")
}

fn scope(name: &str) -> Scope {
    Scope { namespace: Namespace::default(), service: key(name) }
}

fn one(port: u16) -> Content {
    Content::One(Arc::new(Instance::new("10.0.0.1", port)))
}

fn batch(ports: &[u16]) -> Content {
    Content::Batch(ports.iter().map(|port| Instance::new("10.0.0.1", *port)).collect())
}

/// Takes lists as an object does.
#[derive(Debug, Default)]
struct Seen {
    lists: Mutex<Vec<Vec<u16>>>,
    refusal: Mutex<Option<i32>>,
}

impl Seen {
    fn new() -> (Arc<Self>, Weak<dyn Sink>) {
        let seen = Arc::new(Self::default());
        let weak: Weak<Self> = Arc::downgrade(&seen);
        (seen, weak)
    }

    fn ports(&self) -> Vec<Vec<u16>> {
        self.lists.lock().clone()
    }
}

impl Sink for Seen {
    fn take(&self, list: &Arc<ServiceSnapshot>) {
        self.lists.lock().push(list.instances().iter().map(|host| host.port).collect());
    }

    fn refused(&self, error: &Error) {
        *self.refusal.lock() = Some(error.code());
    }
}

struct World {
    link: Fake,
    book: Arc<Book<Fake>>,
    owner: Owner,
}

impl World {
    /// Connected, nothing registered.
    async fn new() -> Self {
        let link = Fake::default();
        let book = Book::new(&link);
        let world = Self { link, book, owner: Owner::next() };
        world.link.connect();
        world.settle().await;
        world
    }

    /// Lets everything run that needs no time.
    async fn settle(&self) {
        sleep(Duration::from_millis(1)).await;
    }

    async fn publish(&self, name: &str, content: Content) -> Result<(), Error> {
        assert!(self.book.claim(&Namespace::default(), &key(name), self.owner));
        self.book.publish(scope(name), self.owner, content, LIMIT).await.expect("claimed just now")
    }

    async fn withdraw(&self, name: &str) -> Result<(), Error> {
        self.book.withdraw(scope(name), self.owner, LIMIT).await
    }

    fn subscribe(&self, name: &str, sink: &Weak<dyn Sink>) -> bool {
        self.book.subscribe(&Namespace::default(), &key(name), sink)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_published_is_on_the_server_until_it_is_withdrawn() {
    let world = World::new().await;
    world.publish("orders", one(1)).await.expect("published");
    assert_eq!(world.link.published("orders"), Some(vec![1]));
    world.publish("orders", batch(&[2, 3])).await.expect("replaced");
    assert_eq!(world.link.published("orders"), Some(vec![2, 3]));
    assert_eq!(world.book.content(&scope("orders"), world.owner), Some(batch(&[2, 3])));
    world.withdraw("orders").await.expect("withdrawn");
    assert_eq!(world.link.published("orders"), None);
    world.settle().await;
    assert_eq!(world.book.sizes(), (0, 0), "nothing is left in the ledger");
    world.withdraw("orders").await.expect("nothing to do");
    assert_eq!(world.link.log(), ["register orders 1", "batch orders 2 3", "deregister orders 2"]);
}

#[tokio::test(start_paused = true)]
async fn all_is_done_again_within_100_ms_of_a_new_connection() {
    let world = World::new().await;
    let (seen, sink) = Seen::new();
    world.link.set_list("pay", &[7]);
    for number in 0..300 {
        world.publish(&format!("s{number}"), one(number)).await.expect("published");
    }
    assert!(world.subscribe("pay", &sink));
    world.settle().await;
    world.link.disconnect();
    sleep(Duration::from_secs(10)).await;
    world.link.forget_log();
    world.link.slow(Duration::from_millis(10));
    world.link.connect();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(world.link.log().len(), 301);
    assert!(world.link.most_at_once() <= work::AT_ONCE, "{} calls at once", world.link.most_at_once());
    assert!((0..300).all(|number| world.link.published(&format!("s{number}")) == Some(vec![number])));
    assert_eq!(world.link.redone(), 301);
    assert_eq!(seen.ports(), [[7], [7]], "the list of the new connection is shown, too");
}

#[tokio::test(start_paused = true)]
async fn a_call_during_an_outage_fails_and_is_made_later() {
    let world = World::new().await;
    world.link.disconnect();
    let error = world.publish("orders", one(1)).await.expect_err("nobody is there");
    assert_eq!(error.code(), Error::unreachable("").code());
    assert_eq!(world.book.content(&scope("orders"), world.owner), Some(one(1)), "it stays");
    sleep(Duration::from_secs(60)).await;
    world.link.connect();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(world.link.published("orders"), Some(vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_first_connection() {
    let link = Fake::default();
    let book = Book::new(&link);
    let world = World { link: link.clone(), book, owner: Owner::next() };
    let late = async {
        sleep(Duration::from_secs(1)).await;
        link.connect();
    };
    let (published, ()) = tokio::join!(world.publish("orders", one(1)), late);
    published.expect("published once there was a connection");
    world.settle().await;
    assert_eq!(world.link.log(), ["register orders 1"], "sent once");
}

#[tokio::test(start_paused = true)]
async fn failures_that_may_pass_are_tried_again_with_growing_pauses() {
    let world = World::new().await;
    world.link.fault("register", Fault::Error(503), 4);
    assert_eq!(world.publish("orders", one(1)).await.expect_err("busy").code(), 503);
    let started = Instant::now();
    let mut gaps = Vec::new();
    let mut last = started;
    for calls in 2..=5 {
        while world.link.log().len() < calls {
            sleep(Duration::from_millis(20)).await;
        }
        gaps.push((Instant::now() - last).as_secs_f64());
        last = Instant::now();
    }
    for (gap, expected) in gaps.iter().zip([1.0, 2.0, 4.0, 5.0]) {
        assert!((expected * 0.8 - 0.1..expected * 1.2 + 0.1).contains(gap), "{gaps:?}");
    }
    world.settle().await;
    assert_eq!(world.link.published("orders"), Some(vec![1]));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.link.log().len(), 5, "no more once it is there");
}

#[tokio::test(start_paused = true)]
async fn denied_is_tried_again_and_other_refusals_are_not() {
    let world = World::new().await;
    world.link.fault("register", Fault::Error(403), 1);
    assert_eq!(world.publish("orders", one(1)).await.expect_err("denied").code(), 403);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.link.published("orders"), Some(vec![1]), "the next login has more rights");
    world.link.fault("register", Fault::Error(400), 1);
    assert_eq!(world.publish("pay", one(1)).await.expect_err("refused").code(), 400);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((world.link.published("pay"), world.book.content(&scope("pay"), world.owner)), (None, None));
    assert_eq!(world.book.sizes(), (1, 0));
    world.link.disconnect();
    world.link.connect();
    world.settle().await;
    assert_eq!(world.link.published("pay"), None, "nor on the next connection");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_register_is_undone_if_it_was_sent() {
    let world = World::new().await;
    world.link.slow(Duration::from_millis(500));
    let cancelled = tokio::time::timeout(Duration::from_millis(100), world.publish("orders", one(1))).await;
    assert!(cancelled.is_err());
    assert_eq!(world.book.content(&scope("orders"), world.owner), None, "out of the ledger at once");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.link.log(), ["register orders 1", "deregister orders 1"]);
    assert_eq!((world.link.published("orders"), world.book.sizes()), (None, (0, 0)));

    world.link.disconnect();
    world.link.forget_log();
    let cancelled = tokio::time::timeout(Duration::from_millis(100), world.publish("orders", one(1))).await;
    assert!(cancelled.is_err());
    world.link.connect();
    sleep(Duration::from_secs(5)).await;
    let log = world.link.log();
    assert!(log.is_empty() || log == ["register orders 1", "deregister orders 1"], "{log:?}");
    assert_eq!((world.link.published("orders"), world.book.sizes()), (None, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_replacement_brings_back_what_was_there() {
    let world = World::new().await;
    world.publish("orders", one(1)).await.expect("published");
    world.link.slow(Duration::from_millis(500));
    let cancelled = tokio::time::timeout(Duration::from_millis(100), world.publish("orders", one(2))).await;
    assert!(cancelled.is_err());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.link.log(), ["register orders 1", "register orders 2", "register orders 1"]);
    assert_eq!(world.link.published("orders"), Some(vec![1]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let world = World::new().await;
    world.link.fault("register", Fault::Lost, 1);
    assert!(world.publish("orders", one(1)).await.expect_err("no answer").is_retryable());
    assert_eq!(world.link.published("orders"), Some(vec![1]), "the server did it all the same");
    world.withdraw("orders").await.expect("withdrawn");
    assert_eq!(world.link.published("orders"), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_during_an_outage_does_not_come_back() {
    let world = World::new().await;
    world.publish("orders", one(1)).await.expect("published");
    world.link.disconnect();
    let _ = world.withdraw("orders").await;
    world.link.forget_log();
    world.link.connect();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.link.log(), [""; 0], "the server has nothing of the new connection");
    assert_eq!(world.book.sizes(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failed_withdrawal_is_carried_on() {
    let world = World::new().await;
    world.publish("orders", one(1)).await.expect("published");
    world.link.fault("deregister", Fault::Error(503), 2);
    assert_eq!(world.withdraw("orders").await.expect_err("busy").code(), 503);
    assert_eq!(world.link.published("orders"), Some(vec![1]));
    sleep(Duration::from_secs(10)).await;
    assert_eq!((world.link.published("orders"), world.book.sizes()), (None, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn two_owners_do_not_share_a_publication() {
    let world = World::new().await;
    let (namespace, other) = (Namespace::default(), Owner::next());
    assert!(world.book.claim(&namespace, &key("orders"), other), "free");
    assert!(world.book.claim(&namespace, &key("orders"), world.owner), "a claim alone holds nothing");
    world.publish("orders", one(1)).await.expect("published");
    let late = world.book.publish(scope("orders"), other, one(2), LIMIT).await;
    assert_eq!(late.expect_err("the other one was quicker"), Taken);
    assert_eq!(world.link.published("orders"), Some(vec![1]));
    assert!(!world.book.claim(&namespace, &key("orders"), other));
    assert!(world.book.claim(&Namespace::new("dev").expect("legal"), &key("orders"), other), "another service");
    assert_eq!(world.book.content(&scope("orders"), other), None);
    world.book.withdraw(scope("orders"), other, LIMIT).await.expect("not its own, nothing to do");
    assert_eq!(world.link.published("orders"), Some(vec![1]));
    world.withdraw("orders").await.expect("withdrawn");
    assert!(world.book.claim(&namespace, &key("orders"), other), "free again");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_leaves_takes_its_own_along() {
    let world = World::new().await;
    let other = Owner::next();
    for number in 0..100 {
        world.publish(&format!("s{number}"), one(number)).await.expect("published");
    }
    assert!(world.book.claim(&Namespace::default(), &key("theirs"), other));
    world.book.publish(scope("theirs"), other, one(1), LIMIT).await.expect("claimed").expect("published");
    world.link.slow(Duration::from_millis(10));
    world.book.leave(world.owner, Instant::now() + Duration::from_secs(1)).await;
    assert_eq!(world.link.services(), BTreeSet::from(["theirs".to_owned()]));
    world.book.abandon(other);
    world.settle().await;
    sleep(Duration::from_millis(50)).await;
    assert!(world.link.services().is_empty());
}

#[tokio::test(start_paused = true)]
async fn leaving_ends_with_its_deadline() {
    let world = World::new().await;
    world.publish("orders", one(1)).await.expect("published");
    world.link.fault("deregister", Fault::Silent, 1);
    let started = Instant::now();
    world.book.leave(world.owner, started + Duration::from_millis(800)).await;
    assert_eq!(started.elapsed().as_millis(), 800);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_counted() {
    let world = World::new().await;
    world.link.set_list("orders", &[1, 2]);
    let ((first, first_sink), (second, second_sink)) = (Seen::new(), Seen::new());
    assert!(world.subscribe("orders", &first_sink));
    world.book.subscribed(&key("orders"), LIMIT).await.expect("answered");
    assert_eq!(first.ports(), [[1, 2]]);
    assert!(world.subscribe("orders", &second_sink));
    assert_eq!(second.ports(), [[1, 2]], "at once, from memory");
    world.book.subscribed(&key("orders"), LIMIT).await.expect("there already");
    world.book.unsubscribe(&key("orders"), &first_sink);
    world.settle().await;
    assert_eq!(world.link.log(), ["subscribe orders"]);
    world.book.unsubscribe(&key("orders"), &second_sink);
    world.settle().await;
    assert_eq!(world.link.log(), ["subscribe orders", "unsubscribe orders"]);
    assert_eq!(world.book.sizes(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_connection_follows_a_service_in_one_namespace() {
    let world = World::new().await;
    let ((_one, sink), (_two, other_sink)) = (Seen::new(), Seen::new());
    let dev = Namespace::new("dev").expect("legal");
    assert!(world.subscribe("orders", &sink));
    assert!(!world.book.subscribe(&dev, &key("orders"), &other_sink), "pushes do not name the namespace");
    assert!(world.book.subscribe(&dev, &key("pay"), &other_sink));
    world.settle().await;
    world.book.unsubscribe(&key("orders"), &sink);
    world.settle().await;
    assert!(world.book.subscribe(&dev, &key("orders"), &other_sink), "free by now");
}

#[tokio::test(start_paused = true)]
async fn a_failed_subscription_stays_and_a_refused_one_does_not() {
    let world = World::new().await;
    let (seen, sink) = Seen::new();
    world.link.set_list("orders", &[1]);
    world.link.fault("subscribe", Fault::Error(503), 1);
    assert!(world.subscribe("orders", &sink));
    assert_eq!(world.book.subscribed(&key("orders"), LIMIT).await.expect_err("busy").code(), 503);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((seen.ports(), *seen.refusal.lock()), (vec![vec![1]], None));

    let (refused, refused_sink) = Seen::new();
    world.link.fault("subscribe", Fault::Error(400), 1);
    assert!(world.subscribe("pay", &refused_sink));
    assert_eq!(world.book.subscribed(&key("pay"), LIMIT).await.expect_err("refused").code(), 400);
    assert_eq!(*refused.refusal.lock(), Some(400));
    assert_eq!(world.book.subscribed(&key("pay"), LIMIT).await.expect_err("still").code(), 400);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.link.log().iter().filter(|line| *line == "subscribe pay").count(), 1);
    world.book.unsubscribe(&key("pay"), &refused_sink);
    world.settle().await;
    assert_eq!(world.book.sizes(), (0, 1));
}

fn push(json: &str) -> Payload {
    Payload::new("NotifySubscriberRequest", json.to_owned().into_bytes().into())
}

fn list(name: &str, stamp: i64, ports: &[u16], id: &str) -> Payload {
    let hosts: Vec<_> = ports.iter().map(|port| format!(r#"{{"ip":"h","port":{port}}}"#)).collect();
    push(&format!(
        r#"{{"headers":{{}},"requestId":"{id}","serviceInfo":{{"name":"{name}","groupName":"G","clusters":"",
        "hosts":[{}],"lastRefTime":{stamp}}},"module":"naming"}}"#,
        hosts.join(",")
    ))
}

#[tokio::test(start_paused = true)]
async fn pushes_are_answered_and_older_ones_not_shown() {
    let world = World::new().await;
    let (seen, sink) = Seen::new();
    assert!(world.subscribe("orders", &sink));
    world.settle().await;
    let answer = |payload: &Payload| {
        let frame = world.book.take_push(payload).expect("answered");
        String::from_utf8_lossy(&frame[5..]).into_owned()
    };
    let first = answer(&list("orders", 1_000, &[1], "17"));
    assert!(first.contains("NotifySubscriberResponse") && first.contains(r#""requestId":"17""#), "{first}");
    assert!(first.contains(r#""resultCode":200"#));
    answer(&list("orders", 999, &[1, 2], "18"));
    assert_eq!(seen.ports(), [vec![], vec![1]], "an older list is answered and not shown");
    answer(&list("orders", 1_000, &[1], "19"));
    answer(&list("orders", 1_000, &[3], "20"));
    answer(&list("orders", 1_001, &[], "21"));
    assert_eq!(seen.ports().last(), Some(&vec![]));
    assert!(seen.ports().contains(&vec![3]), "an equal stamp is no reason to refuse");
    answer(&list("other", 1, &[1], "22"));
    assert!(world.book.take_push(&Payload::new("ConfigChangeNotifyRequest", "{}".into())).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_may_have_an_older_clock() {
    let world = World::new().await;
    let (seen, sink) = Seen::new();
    assert!(world.subscribe("orders", &sink));
    world.settle().await;
    world.book.take_push(&list("orders", 5_000_000, &[1], "1"));
    world.link.set_list("orders", &[2]);
    world.link.disconnect();
    world.link.connect();
    world.settle().await;
    assert_eq!(seen.ports().last(), Some(&vec![2]));
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_answered_with_an_error_if_it_has_an_id() {
    let world = World::new().await;
    let frame = world.book.take_push(&push(r#"{"requestId":"9","serviceInfo":7}"#)).expect("answered");
    let text = String::from_utf8_lossy(&frame).into_owned();
    assert!(text.contains("ErrorResponse") && text.contains(r#""errorCode":-500"#), "{text}");
    assert!(text.contains(r#""requestId":"9""#), "{text}");
    assert!(world.book.take_push(&push("{")).is_none());
    assert!(world.book.take_push(&push("null")).is_none());
    let odd = push(r#"{"requestId":"1","serviceInfo":{"name":"a b","groupName":"G"}}"#);
    assert!(world.book.take_push(&odd).is_some(), "an impossible name is answered, or it comes again for ever");
    assert!(world.book.take_push(&push(r#"{"requestId":"1"}"#)).is_some());
}

#[tokio::test(start_paused = true)]
async fn lists_that_are_equal_are_kept_as_one() {
    let world = World::new().await;
    let lists: Arc<Mutex<Vec<Arc<ServiceSnapshot>>>> = Arc::default();
    #[derive(Debug)]
    struct Keep(Arc<Mutex<Vec<Arc<ServiceSnapshot>>>>);
    impl Sink for Keep {
        fn take(&self, list: &Arc<ServiceSnapshot>) {
            self.0.lock().push(Arc::clone(list));
        }
        fn refused(&self, _: &Error) {}
    }
    let keep = Arc::new(Keep(Arc::clone(&lists)));
    let weak: Weak<Keep> = Arc::downgrade(&keep);
    let sink: Weak<dyn Sink> = weak;
    assert!(world.subscribe("orders", &sink));
    world.settle().await;
    for stamp in 1_000..1_010 {
        world.book.take_push(&list("orders", stamp, &[1, 2], "1"));
    }
    let lists = lists.lock();
    assert!(lists[2..].iter().all(|list| Arc::ptr_eq(list, &lists[1])), "repeated pushes cost no memory");
}

#[derive(Debug, Default)]
struct Patterns {
    services: Mutex<Vec<Vec<String>>>,
    refusal: Mutex<Option<i32>>,
}

impl PatternSink for Patterns {
    fn take(&self, services: &Services) {
        self.services.lock().push(services.iter().map(|service| service.name().to_owned()).collect());
    }

    fn refused(&self, error: &Error) {
        *self.refusal.lock() = Some(error.code());
    }
}

fn sync(kind: &str, services: &[(&str, &str)]) -> Payload {
    let contexts: Vec<_> = services
        .iter()
        .map(|(name, change)| format!(r#"{{"serviceKey":"public@@G@@{name}","changedType":"{change}"}}"#))
        .collect();
    let json = format!(
        r#"{{"headers":{{}},"requestId":"1","syncType":"{kind}","groupKeyPattern":"public>>G>>order-*",
        "contexts":[{}],"totalBatch":1,"currentBatch":1,"module":"naming"}}"#,
        contexts.join(",")
    );
    Payload::new("NamingFuzzyWatchSyncRequest", json.into_bytes().into())
}

fn changed(name: &str, change: &str) -> Payload {
    let json = format!(
        r#"{{"headers":{{}},"requestId":"2","syncType":"FUZZY_WATCH_RESOURCE_CHANGED",
        "serviceKey":"public@@G@@{name}","changedType":"{change}","module":"naming"}}"#
    );
    Payload::new("NamingFuzzyWatchChangeNotifyRequest", json.into_bytes().into())
}

#[tokio::test(start_paused = true)]
async fn a_pattern_is_watched_over_connections() {
    let world = World::new().await;
    let board = Arc::new(Patterns::default());
    let weak: Weak<Patterns> = Arc::downgrade(&board);
    let sink: Weak<dyn PatternSink> = weak;
    let pattern = Pattern { namespace: Namespace::default(), group: "G".into(), service: "order-*".into() };
    world.book.watch_pattern(&pattern, &sink);
    world.book.pattern_watched(&pattern, LIMIT).await.expect("answered");
    assert_eq!(world.link.log(), ["WATCH public>>G>>order-* true []"]);

    let (init, add, delete) = ("FUZZY_WATCH_INIT_NOTIFY", "ADD_SERVICE", "DELETE_SERVICE");
    let frame = world.book.take_push(&sync(init, &[("order-a", add), ("order-b", add)])).expect("answered");
    assert!(String::from_utf8_lossy(&frame).contains("NamingFuzzyWatchChangeNotifyResponse"));
    assert!(board.services.lock().is_empty(), "not before all are known");
    world.book.take_push(&sync("FINISH_FUZZY_WATCH_INIT_NOTIFY", &[])).expect("answered");
    world.book.take_push(&changed("order-c", add)).expect("answered");
    world.book.take_push(&changed("order-c", add)).expect("answered");
    world.book.take_push(&changed("pay", add)).expect("answered, though it fits no pattern");
    world.book.take_push(&changed("order-a", delete)).expect("answered");
    let expected = vec![vec!["order-a", "order-b"], vec!["order-a", "order-b", "order-c"], vec!["order-b", "order-c"]];
    assert_eq!(*board.services.lock(), expected);

    world.link.forget_log();
    world.link.disconnect();
    world.link.connect();
    world.settle().await;
    let again = "WATCH public>>G>>order-* false [\"public@@G@@order-b\", \"public@@G@@order-c\"]";
    assert_eq!(world.link.log(), [again]);
    world.book.take_push(&sync("FUZZY_WATCH_DIFF_SYNC_NOTIFY", &[("order-b", delete), ("order-d", add)]));
    assert_eq!(board.services.lock().last().expect("told"), &["order-c", "order-d"]);

    world.link.forget_log();
    advance(Duration::from_secs(179)).await;
    world.settle().await;
    assert_eq!(world.link.log(), [""; 0]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.link.log().len(), 1, "compared with the server every three minutes");

    world.link.forget_log();
    world.book.unwatch_pattern(&pattern, &sink);
    world.settle().await;
    assert!(world.link.log()[0].starts_with("CANCEL_WATCH public>>G>>order-*"), "{:?}", world.link.log());
}

#[tokio::test(start_paused = true)]
async fn limits_on_patterns_are_told_and_tried_again_seldom() {
    let world = World::new().await;
    let board = Arc::new(Patterns::default());
    let weak: Weak<Patterns> = Arc::downgrade(&board);
    let sink: Weak<dyn PatternSink> = weak;
    let pattern = Pattern { namespace: Namespace::default(), group: "*".into(), service: "*".into() };
    world.link.fault("WATCH", Fault::Error(50_310), 1);
    world.book.watch_pattern(&pattern, &sink);
    let error = world.book.pattern_watched(&pattern, LIMIT).await.expect_err("too many");
    assert_eq!((error.code(), error.kind()), (50_310, crate::ErrorKind::OverLimit));
    sleep(Duration::from_secs(59)).await;
    assert_eq!(world.link.log().len(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.link.log().len(), 2);
}
