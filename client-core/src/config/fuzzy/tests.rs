use nacre_proto::config::fuzzy::FuzzyWatchContext;
use tokio::time::sleep;

use super::*;
use crate::{
    config::listen::tests::{FakeServer, open},
    names::Namespace,
};

/// As a Nacos 3.0.3 server sent them.
const INIT: &str = r#"{"headers":{},"requestId":"71","groupKeyPattern":"public>>G>>app-*","contexts":[
    {"groupKey":"app-a+G+public","changedType":"ADD_CONFIG"},{"groupKey":"app-b+G+public","changedType":"ADD_CONFIG"}],
    "syncType":"FUZZY_WATCH_INIT_NOTIFY","totalBatch":1,"currentBatch":1,"module":"config"}"#;
const FINISH: &str = r#"{"headers":{},"requestId":"72","groupKeyPattern":"public>>G>>app-*",
    "syncType":"FINISH_FUZZY_WATCH_INIT_NOTIFY","totalBatch":0,"currentBatch":0,"module":"config"}"#;

fn pattern(data_id: &str) -> Pattern {
    Pattern::new(&Namespace::default(), "G", data_id).unwrap()
}

fn sync(patterns: &Patterns, json: &str) -> bool {
    let push = Payload::new("ConfigFuzzyWatchSyncRequest", Bytes::copy_from_slice(json.as_bytes()));
    patterns.shared.push(&push).is_some()
}

fn change(patterns: &Patterns, group_key: &str, change: &str) {
    let push = ConfigFuzzyWatchChangeNotifyRequest {
        group_key: Some(group_key.into()),
        change_type: Some(change.into()),
        ..Default::default()
    };
    let push = Payload::new(ConfigFuzzyWatchChangeNotifyRequest::TYPE, push.to_json().into());
    assert!(patterns.shared.push(&push).is_some());
}

fn names(outlet: &Outlet<KeySet>) -> Option<Vec<String>> {
    outlet.take().map(|set| set.keys.iter().map(|key| key.data_id().to_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn the_first_list_is_told_when_it_is_complete() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let patterns = listens.patterns();
    let outlet = patterns.attach(&pattern("app-*"));
    sleep(Duration::from_millis(10)).await;
    let requests = fake.fuzzy_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].group_key_pattern.as_deref(), Some("public>>G>>app-*"));
    assert_eq!(requests[0].watch_type.as_deref(), Some(WATCH));
    assert!(requests[0].initializing && requests[0].received_group_keys == Some(Vec::new()));
    assert!(sync(patterns, INIT));
    assert_eq!(names(&outlet), None);
    assert!(sync(patterns, FINISH));
    assert_eq!(names(&outlet), Some(vec!["app-a".into(), "app-b".into()]));

    change(patterns, "app-c+G+public", "CONFIG_CHANGED");
    change(patterns, "app-a+G+public", "DELETE_CONFIG");
    change(patterns, "other+G+public", "CONFIG_CHANGED");
    assert_eq!(names(&outlet), Some(vec!["app-b".into(), "app-c".into()]));
    change(patterns, "app-c+G+public", "CONFIG_CHANGED");
    assert_eq!(names(&outlet), None);
    // A second watcher is told at once.
    assert_eq!(names(&patterns.attach(&pattern("app-*"))), Some(vec!["app-b".into(), "app-c".into()]));
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_is_told_what_is_known() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let patterns = listens.patterns();
    let outlet = patterns.attach(&pattern("app-*"));
    sleep(Duration::from_millis(10)).await;
    sync(patterns, INIT);
    sync(patterns, FINISH);
    assert!(names(&outlet).is_some());
    fake.fuzzy_requests();
    fake.disconnect();
    fake.connect(2);
    sleep(Duration::from_millis(100)).await;
    let requests = fake.fuzzy_requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].initializing);
    assert_eq!(requests[0].received_group_keys, Some(vec!["app-a+G+public".into(), "app-b+G+public".into()]));
    let gone = FuzzyWatchContext { group_key: Some("app-a+G+public".into()), changed_type: Some(DELETE_CONFIG.into()) };
    let difference = ConfigFuzzyWatchSyncRequest {
        group_key_pattern: Some("public>>G>>app-*".into()),
        contexts: Some(vec![gone]),
        ..Default::default()
    };
    assert!(sync(patterns, &String::from_utf8(difference.to_json()).unwrap()));
    assert_eq!(names(&outlet), Some(vec!["app-b".into()]));
    // And every three minutes.
    sleep(Duration::from_secs(181)).await;
    assert_eq!(fake.fuzzy_requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_watcher_cancels() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let patterns = listens.patterns();
    let (first, second) = (patterns.attach(&pattern("a*")), patterns.attach(&pattern("a*")));
    sleep(Duration::from_millis(10)).await;
    fake.fuzzy_requests();
    patterns.detach(&pattern("a*"), &first);
    sleep(Duration::from_millis(10)).await;
    assert!(fake.fuzzy_requests().is_empty());
    patterns.detach(&pattern("a*"), &second);
    sleep(Duration::from_millis(10)).await;
    let requests = fake.fuzzy_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].watch_type.as_deref(), Some(CANCEL_WATCH));
    assert!(patterns.shared.watched.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pattern_over_the_limit_is_tried_again_after_a_minute() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let patterns = listens.patterns();
    fake.fail(Some(Error::from_code(50_310, "too many patterns")));
    let _outlet = patterns.attach(&pattern("a*"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(patterns.trouble(&pattern("a*")).unwrap().kind(), ErrorKind::OverLimit);
    fake.fail(None);
    sleep(Duration::from_secs(58)).await;
    assert!(fake.fuzzy_requests().is_empty());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(fake.fuzzy_requests().len(), 1);
    assert!(patterns.trouble(&pattern("a*")).is_none());
}
