use super::*;
use crate::{naming::model::Instance, options::Options, pool::Pool};

/// A holder whose server does not answer.
pub(crate) fn holder() -> Arc<Holder> {
    let options = Options {
        servers: crate::options::ServerSource::Fixed(vec!["127.0.0.1:1".into()]),
        request_timeout: Duration::from_millis(100),
        ..Options::default()
    };
    let lines = Lines::open(Arc::new(options), Pool::new()).expect("settings that are legal");
    Holder::new(&lines, Surroundings::default())
}

pub(crate) fn key(name: &str) -> ServiceKey {
    ServiceKey::new("G", name).expect("legal names")
}

pub(crate) fn list(name: &str, ports: &[u16]) -> Arc<ServiceSnapshot> {
    ServiceSnapshot::of(key(name), ports.iter().map(|port| Instance::new("h", *port)).collect())
}

#[tokio::test]
async fn a_service_is_there_while_somebody_uses_it() {
    let holder = holder();
    assert!(holder.find(&key("a")).is_none() && holder.get(&key("a")).is_none());
    let (one, two) = (holder.enter(&key("a")).expect("open"), holder.enter(&key("a")).expect("open"));
    assert!(Arc::ptr_eq(one.slot(), two.slot()));
    assert_eq!((holder.len(), holder.slots().len()), (1, 1));
    one.slot().take(&list("a", &[1]));
    assert_eq!(holder.get(&key("a")).map(|list| list.instances().len()), Some(1));
    drop(one);
    assert_eq!(holder.len(), 1);
    let old = Arc::clone(two.slot());
    drop(two);
    assert_eq!(holder.len(), 0);
    let again = holder.enter(&key("a")).expect("open");
    assert!(!Arc::ptr_eq(&old, again.slot()), "what was known is not shown as if it were new");
    assert!(holder.get(&key("a")).is_none());
}

#[tokio::test]
async fn what_a_query_keeps_goes_when_it_is_given_up() {
    let holder = holder();
    let used = holder.enter(&key("a")).expect("open");
    used.slot().pin();
    drop(used);
    assert_eq!(holder.len(), 1);
    holder.unpin(&key("a"));
    holder.unpin(&key("never"));
    assert_eq!(holder.len(), 0);
}

#[tokio::test]
async fn closing_ends_all_uses() {
    let holder = holder();
    let used = holder.enter(&key("a")).expect("open");
    holder.close();
    assert!(used.slot().is_closed() && used.slot().line().is_none());
    assert_eq!((holder.len(), holder.enter(&key("a")).expect_err("closed").code()), (0, Error::closed().code()));
    assert_eq!(holder.open().expect_err("closed").kind(), crate::ErrorKind::Closed);
    assert!(used.established().await.is_err());
}

#[tokio::test]
async fn without_a_server_a_use_says_so_and_goes_on() {
    let holder = holder();
    let used = holder.enter(&key("a")).expect("open");
    let error = used.established().await.expect_err("nobody answers");
    assert!(error.is_retryable(), "{error:?}");
    assert!(used.slot().is_used() && used.slot().line().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_come_and_go_at_once_leave_nothing() {
    let holder = holder();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let holder = Arc::clone(&holder);
            tokio::spawn(async move {
                for round in 0..500 {
                    let used = holder.enter(&key(["a", "b", "c"][(task + round) % 3])).expect("open");
                    assert!(!used.slot().is_closed());
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!((holder.len(), holder.slots().len()), (0, 0));
}
