use parking_lot::Mutex;

use super::*;
use crate::{config::raw::Source, names::Namespace};

const LIMITS: Limits = Limits { keys: 3, bytes: 1000 };

#[derive(Debug, Default)]
struct Ear(Mutex<Vec<String>>);

impl Observer for Ear {
    fn server(&self, value: &Value, _asked: u64) {
        self.0.lock().push(value.as_ref().map_or("absent".into(), |config| config.content.to_string()));
    }
}

impl Ear {
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

fn ear() -> (Arc<Ear>, Weak<dyn Observer>) {
    let ear = Arc::new(Ear::default());
    let observer: Arc<dyn Observer> = ear.clone();
    (ear, Arc::downgrade(&observer))
}

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::default(), "G", data_id).unwrap()
}

fn value(text: &str) -> Value {
    Some(Arc::new(RawConfig::local(text.into(), None, Source::Server, 0)))
}

fn sent(batch: &Batch) -> Vec<(String, String)> {
    let contexts = batch.request.config_listen_contexts.as_ref().unwrap();
    contexts.iter().map(|context| (context.data_id.clone().unwrap(), context.md5.clone().unwrap())).collect()
}

fn names(batch: &Batch) -> Vec<&str> {
    batch.keys.iter().map(ConfigKey::data_id).collect()
}

/// The server says that these differ and all else of the batch is the same.
fn answer(table: &mut Table, batch: &Batch, changed: &[&str]) {
    let changed = changed.iter().map(|data_id| key(data_id)).collect();
    for notice in table.listened(batch, &changed) {
        notice.tell();
    }
}

/// The queue holds one query, which is answered with this.
fn query(table: &mut Table, data_id: &str, answer: Value) {
    let query = table.next_query().expect("a query is due");
    assert_eq!(query.key, key(data_id));
    if let Some(notice) = table.queried(&query, answer, Instant::now()) {
        notice.tell();
    }
}

/// One config that was listened to and read.
fn known(table: &mut Table, data_id: &str, observer: &Weak<dyn Observer>, text: &str) {
    table.attach(&key(data_id), observer.clone(), None);
    let batch = table.next_listen(LIMITS).unwrap();
    answer(table, &batch, &[data_id]);
    query(table, data_id, value(text));
    let batch = table.next_listen(LIMITS).unwrap();
    answer(table, &batch, &[]);
    assert!(is_idle(table));
}

fn is_idle(table: &mut Table) -> bool {
    table.next_listen(LIMITS).is_none() && table.next_leave(LIMITS).is_none() && table.next_query().is_none()
}

fn table() -> Table {
    let mut table = Table::default();
    table.connected(Some(1));
    table
}

#[tokio::test]
async fn a_listen_is_registered_then_read_then_confirmed() {
    let (mut table, (ear, observer)) = (table(), ear());
    table.attach(&key("a"), observer, None);
    assert!(table.next_query().is_none(), "not before the server knows the listen");
    let batch = table.next_listen(LIMITS).unwrap();
    assert_eq!(sent(&batch), [("a".to_owned(), String::new())]);
    assert_eq!(batch.request.config_listen_contexts.as_ref().unwrap()[0].tenant.as_deref(), Some(""));
    assert!(batch.request.listen && is_idle(&mut table));
    answer(&mut table, &batch, &["a"]);
    assert!(ear.heard().is_empty());
    query(&mut table, "a", value("v1"));
    assert_eq!(ear.heard(), ["v1"]);
    let batch = table.next_listen(LIMITS).unwrap();
    assert_eq!(sent(&batch), [("a".to_owned(), "6654c734ccab8f440ff0825eb443dc7f".to_owned())]);
    answer(&mut table, &batch, &[]);
    assert!(ear.heard().is_empty() && is_idle(&mut table) && table.next_at().is_none());
}

#[tokio::test]
async fn absence_needs_no_query() {
    let (mut table, (ear, observer)) = (table(), ear());
    table.attach(&key("a"), observer, None);
    let batch = table.next_listen(LIMITS).unwrap();
    answer(&mut table, &batch, &[]);
    assert_eq!(ear.heard(), ["absent"]);
    assert!(is_idle(&mut table));
}

#[tokio::test]
async fn a_push_is_read_at_once_even_while_another_question_is_out() {
    let (mut table, (ear, observer)) = (table(), ear());
    known(&mut table, "a", &observer, "v1");
    ear.heard();
    table.pushed(&key("a"));
    let first = table.next_query().unwrap();
    // The second change comes while the first is being read.
    table.pushed(&key("a"));
    assert!(table.next_query().is_none() && table.next_listen(LIMITS).is_none());
    table.queried(&first, value("v2"), Instant::now()).unwrap().tell();
    query(&mut table, "a", value("v3"));
    assert_eq!(ear.heard(), ["v2", "v3"]);
    let batch = table.next_listen(LIMITS).unwrap();
    // And a third one while the listen is confirmed.
    table.pushed(&key("a"));
    answer(&mut table, &batch, &[]);
    query(&mut table, "a", value("v4"));
    assert_eq!(ear.heard(), ["v4"]);
    table.pushed(&key("unknown"));
    assert!(table.next_query().is_none());
}

#[tokio::test]
async fn a_baseline_costs_no_query_while_it_is_right() {
    let (mut table, (ear, observer)) = (table(), ear());
    let attached = table.attach(&key("a"), observer, Some("m1"));
    assert!(attached.held.is_none());
    let batch = table.next_listen(LIMITS).unwrap();
    assert_eq!(sent(&batch), [("a".to_owned(), "m1".to_owned())]);
    answer(&mut table, &batch, &[]);
    assert!(is_idle(&mut table) && ear.heard().is_empty());
    // Another listener has something else, or nothing: the value is needed.
    let (other, observer) = self::ear();
    table.attach(&key("a"), observer.clone(), None);
    query(&mut table, "a", value("v1"));
    assert_eq!((ear.heard(), other.heard()), (vec!["v1".to_owned()], vec!["v1".to_owned()]));
    let attached = table.attach(&key("a"), observer.clone(), Some("6654c734ccab8f440ff0825eb443dc7f"));
    assert!(attached.held.is_some() && table.next_query().is_none());
    let attached = table.attach(&key("a"), observer, Some("older"));
    let query = table.next_query().expect("what is held may be older than the baseline");
    assert!(query.asked > attached.since);
}

#[tokio::test]
async fn each_connection_gets_all_listens_in_batches() {
    let (mut table, (_ear, observer)) = (table(), ear());
    for number in 0..7 {
        table.attach(&key(&format!("k{number}")), observer.clone(), Some(&format!("m{number}")));
    }
    let mut seen = Vec::new();
    while let Some(batch) = table.next_listen(LIMITS) {
        assert_eq!(batch.redone, 0);
        seen.push(batch.keys.len());
        answer(&mut table, &batch, &[]);
    }
    assert_eq!(seen, [3, 3, 1]);
    table.connected(None);
    assert!(is_idle(&mut table));
    table.connected(Some(2));
    let mut md5s = Vec::new();
    while let Some(batch) = table.next_listen(LIMITS) {
        assert_eq!(batch.redone, batch.keys.len());
        md5s.extend(sent(&batch));
        answer(&mut table, &batch, &[]);
    }
    md5s.sort();
    assert_eq!(md5s.len(), 7);
    assert_eq!(md5s[6], ("k6".to_owned(), "m6".to_owned()));
    table.check_all();
    assert_eq!(table.next_listen(LIMITS).unwrap().keys.len(), 3);
}

#[tokio::test]
async fn batches_are_bounded_in_bytes_and_of_one_namespace() {
    let (mut table, (_ear, observer)) = (table(), ear());
    let long = "d".repeat(200);
    for (namespace, data_id) in [("", &*long), ("", "b"), ("dev", "c"), ("", "d"), ("dev", "e")] {
        let key = ConfigKey::new(&Namespace::new(namespace).unwrap(), "G", data_id).unwrap();
        table.attach(&key, observer.clone(), None);
    }
    let limits = Limits { keys: 10, bytes: 300 };
    let mut batches = Vec::new();
    while let Some(batch) = table.next_listen(limits) {
        batches.push(names(&batch).join(" "));
        answer(&mut table, &batch, &[]);
    }
    assert_eq!(batches, [long.as_str(), "b d", "c e"]);
}

#[tokio::test]
async fn the_last_listener_stops_the_listen() {
    let (mut table, (_ear, first)) = (table(), ear());
    let (_other, second) = ear();
    known(&mut table, "a", &first, "v1");
    table.attach(&key("a"), first.clone(), None);
    table.attach(&key("a"), second.clone(), None);
    assert_eq!(table.count(), 1);
    table.detach(&key("a"), &first);
    table.detach(&key("a"), &first);
    assert!(table.next_leave(LIMITS).is_none());
    table.detach(&key("a"), &second);
    assert_eq!(table.count(), 0);
    let batch = table.next_leave(LIMITS).unwrap();
    assert!(!batch.request.listen && !table.is_settled(&key("a")));
    table.left(&batch);
    assert!(table.is_settled(&key("a")) && table.slots.is_empty());
}

#[tokio::test]
async fn who_comes_while_a_listen_is_stopped_begins_anew() {
    let (mut table, (ear, observer)) = (table(), ear());
    known(&mut table, "a", &observer, "v1");
    table.detach(&key("a"), &observer);
    let batch = table.next_leave(LIMITS).unwrap();
    ear.heard();
    let attached = table.attach(&key("a"), observer.clone(), None);
    assert!(attached.held.is_none(), "it may have changed since nobody listens");
    assert!(table.next_listen(LIMITS).is_none(), "the request to stop is on its way");
    table.left(&batch);
    let batch = table.next_listen(LIMITS).unwrap();
    answer(&mut table, &batch, &["a"]);
    query(&mut table, "a", value("v2"));
    assert_eq!(ear.heard(), ["v2"]);
    // Before the request is sent nothing is lost: the listen simply stays.
    let batch = table.next_listen(LIMITS).unwrap();
    answer(&mut table, &batch, &[]);
    table.detach(&key("a"), &observer);
    let attached = table.attach(&key("a"), observer.clone(), None);
    assert_eq!(attached.held.map(|(value, _)| value), Some(value("v2")));
    assert!(is_idle(&mut table));
}

#[tokio::test]
async fn nobody_is_told_of_a_listen_that_the_server_does_not_know() {
    let mut table = Table::default();
    let (_ear, observer) = ear();
    table.attach(&key("a"), observer.clone(), None);
    table.detach(&key("a"), &observer);
    assert!(table.slots.is_empty());
    table.connected(Some(1));
    table.attach(&key("b"), observer.clone(), None);
    table.detach(&key("b"), &observer);
    assert!(table.next_listen(LIMITS).is_none() && table.slots.is_empty());
    known(&mut table, "c", &observer, "v1");
    table.detach(&key("c"), &observer);
    table.connected(None);
    assert!(table.slots.is_empty());
}

#[tokio::test(start_paused = true)]
async fn failures_are_repeated_later_each_time_and_a_push_ends_the_pause() {
    let (mut table, (ear, observer)) = (table(), ear());
    known(&mut table, "a", &observer, "v1");
    ear.heard();
    table.pushed(&key("a"));
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let query = table.next_query().unwrap();
        let now = Instant::now();
        table.not_queried(&query, Error::timeout("no answer"), now);
        assert!(table.next_query().is_none());
        let at = table.next_at().unwrap();
        pauses.push((at - now).as_millis());
        tokio::time::sleep_until(at).await;
        table.wake(Instant::now());
    }
    assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    assert_eq!(table.trouble(&key("a")).unwrap().kind(), ErrorKind::Timeout);
    let asked = table.next_query().unwrap();
    table.not_queried(&asked, Error::from_code(403, "denied"), Instant::now());
    assert!(table.next_query().is_none());
    table.pushed(&key("a"));
    query(&mut table, "a", value("v2"));
    assert_eq!(ear.heard(), ["v2"]);
    assert!(table.trouble(&key("a")).is_none() && table.next_at().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_contradicts_itself_is_not_asked_without_end() {
    // A Nacos 2.5 server under `public`: every listen reports a change.
    let (mut table, (ear, observer)) = (table(), ear());
    table.attach(&key("a"), observer, None);
    let mut rounds = 0;
    loop {
        table.wake(Instant::now());
        if let Some(batch) = table.next_listen(LIMITS) {
            answer(&mut table, &batch, &["a"]);
            query(&mut table, "a", value("v1"));
            rounds += 1;
        } else if let Some(at) = table.next_at() {
            tokio::time::sleep_until(at).await;
        } else {
            break;
        }
    }
    assert_eq!(rounds, 6);
    assert_eq!(ear.heard(), ["v1"; 6], "entries tell equal values apart");
    table.pushed(&key("a"));
    query(&mut table, "a", value("v2"));
    assert_eq!(ear.heard(), ["v2"]);
    assert!(table.next_listen(LIMITS).is_some(), "a push makes it worth asking again");
}

#[tokio::test(start_paused = true)]
async fn one_refused_listen_does_not_harm_the_others() {
    let (mut table, (_ear, observer)) = (table(), ear());
    let limits = Limits { keys: 100, bytes: 100_000 };
    for number in 0..20 {
        table.attach(&key(&format!("k{number}")), observer.clone(), None);
    }
    let mut requests = 0;
    while let Some(batch) = table.next_listen(limits) {
        requests += 1;
        if names(&batch).contains(&"k7") {
            table.not_listened(&batch, &Error::from_code(400, "bad"), Instant::now());
        } else {
            answer(&mut table, &batch, &[]);
        }
    }
    assert!(requests <= 11, "{requests}");
    let registered = table.slots.values().filter(|slot| slot.registered == Some(1)).count();
    assert_eq!(registered, 19);
    assert_eq!(table.trouble(&key("k7")).unwrap().code(), 400);
    // It goes alone from now on.
    tokio::time::sleep(LONGEST_PAUSE).await;
    table.check_all();
    table.wake(Instant::now());
    let mut alone = 0;
    while let Some(batch) = table.next_listen(limits) {
        alone += usize::from(names(&batch) == ["k7"]);
        answer(&mut table, &batch, &[]);
    }
    assert_eq!(alone, 1);
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_batch_is_not_cut() {
    let (mut table, (_ear, observer)) = (table(), ear());
    table.attach(&key("a"), observer.clone(), None);
    table.attach(&key("b"), observer, None);
    let batch = table.next_listen(LIMITS).unwrap();
    table.not_listened(&batch, &Error::from_code(403, "denied"), Instant::now());
    assert!(is_idle(&mut table));
    assert_eq!(table.next_at(), Some(Instant::now() + LONGEST_PAUSE));
    tokio::time::sleep(LONGEST_PAUSE).await;
    table.wake(Instant::now());
    assert_eq!(table.next_listen(LIMITS).unwrap().keys.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_stop_is_repeated_and_then_left_alone() {
    let (mut table, (_ear, observer)) = (table(), ear());
    known(&mut table, "a", &observer, "v1");
    table.detach(&key("a"), &observer);
    for _ in 0..LEAVE_ATTEMPTS {
        let batch = table.next_leave(LIMITS).unwrap();
        table.not_left(&batch, &Error::timeout("no answer"), Instant::now());
        tokio::time::sleep(LONGEST_PAUSE).await;
        table.wake(Instant::now());
    }
    assert!(is_idle(&mut table) && table.slots.is_empty());
}
