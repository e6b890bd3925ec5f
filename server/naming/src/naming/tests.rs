use std::{collections::BTreeMap, time::Duration};

use nacre_consensus::{GroupId, testing};
use tokio::time::sleep;

use super::*;
use crate::{
    ClusterMetadata, Filter, HealthChecker, InstanceKey, InstanceOverride, OverrideChange, ServiceKind,
    ServiceMetadata,
    testing::{Rig, at, drain, push_within, service},
};

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn pages_are_sorted_over_all_shards() {
    let rig = Rig::with(Settings::default(), 4).await;
    let session = rig.connect("a");
    for name in ["d", "a", "c", "e", "b"] {
        session.register(&service(name), at(1)).await.expect("accepted");
    }
    session.register(&ServiceKey::new("public", "G2", "x"), at(1)).await.expect("accepted");
    let page = |page, size| {
        let ServicePage { count, names } = rig.services("public", "DEFAULT_GROUP", page, size);
        assert_eq!(count, 5);
        names.concat()
    };
    assert_eq!((page(1, 10).as_str(), page(1, 2).as_str(), page(3, 2).as_str()), ("abcde", "ab", "e"));
    assert_eq!((page(4, 2).as_str(), page(1, 0).as_str(), page(0, 3).as_str()), ("", "", "abc"));
    assert_eq!((page(-3, 10).as_str(), page(i64::MAX, usize::MAX).as_str()), ("abcde", ""));
    assert_eq!(rig.services("public", "G3", 1, 10), ServicePage { count: 0, names: vec![] });
    assert_eq!(rig.services("other", "G2", 1, 10).count, 0);
    let all = rig.all_services(None);
    assert_eq!(all["public"].iter().map(ServiceKey::grouped_name).next_back(), Some("G2@@x"));
    assert!(rig.all_services(Some("other")).is_empty());
}

#[tokio::test(start_paused = true)]
async fn counts() {
    let rig = Rig::with(Settings::default(), 4).await;
    let session = rig.connect("a");
    session.register_batch(&service("s"), vec![at(1), at(2)]).await.expect("accepted");
    session.subscribe(&service("s"), None).expect("open");
    session.subscribe(&service("t"), None).expect("open");
    for name in ["s", "u"] {
        rig.register_beaten(&service(name), at(3), IdPolicy::Generate).await.expect("accepted");
    }
    rig.register_persistent(&service("p"), at(4), IdPolicy::Generate).await.expect("accepted");
    let counts = rig.counts();
    assert_eq!((counts.services, counts.instances, counts.subscribers), (3, 5, 2));
    assert_eq!((counts.sessions, counts.beat_clients, counts.persistent_clients), (1, 1, 1));
    let subscribers = rig.subscribers("public", |key| key.name().contains('s'));
    assert_eq!(subscribers.len(), 1);
    assert_eq!((subscribers[0].client.connection.as_str(), &subscribers[0].clusters), ("a", &None));
}

#[tokio::test(start_paused = true)]
async fn services_are_created_changed_and_removed() {
    let rig = Rig::new().await;
    let (key, metadata) = (service("s"), ServiceMetadata { protect_threshold: 0.3, ..ServiceMetadata::default() });
    assert_eq!(rig.update_service(&key, metadata.clone()).await, Err(Error::ServiceNotFound { service: key.clone() }));
    assert_eq!(rig.delete_service(&key).await.expect_err("unknown").to_string(), "service DEFAULT_GROUP@@s not found!");
    rig.create_service(&key, ServiceKind::Ephemeral, metadata.clone()).await.expect("new");
    let exists = rig.create_service(&key, ServiceKind::Ephemeral, metadata).await.expect_err("exists");
    assert_eq!(exists.to_string(), "specified service DEFAULT_GROUP@@s already exists!");
    let session = rig.connect("a");
    session.register(&key, at(1)).await.expect("accepted");
    let full = rig.delete_service(&key).await.expect_err("not empty").to_string();
    assert_eq!(full, "Service DEFAULT_GROUP@@s is not empty, can't be delete. Please unregister instance first");
    session.deregister(&key, None).await.expect("accepted");
    rig.delete_service(&key).await.expect("empty");
    assert!(rig.service(&key).is_err());
}

#[tokio::test(start_paused = true)]
async fn protection_reaches_readers_and_subscribers() {
    let rig = Rig::new().await;
    let session = rig.connect("a");
    let sick = |port: i32| NewInstance { healthy: false, ..at(port) };
    session.register_batch(&service("s"), vec![sick(1), sick(2), at(3)]).await.expect("accepted");
    session.subscribe(&service("s"), Some("")).expect("open");
    drain(&session).await;
    assert_eq!(rig.shown("s"), "1!,2!,3");
    let metadata = ServiceMetadata { protect_threshold: 0.5, ..ServiceMetadata::default() };
    rig.update_service(&service("s"), metadata).await.expect("known");
    assert_eq!(rig.shown("s"), "1,2,3*");
    assert_eq!(rig.query(&service("s"), &Filter::all().healthy_only(true)), "s/:3");
    assert_eq!(push_within(&session, 1).await.expect("told").1, "s/:1,2,3*");
}

#[tokio::test(start_paused = true)]
async fn health_is_set_by_hand_only_where_nothing_checks() {
    let rig = Rig::new().await;
    let set = |port: i32| {
        let naming = (*rig).clone();
        async move { naming.set_health(&service("s"), "DEFAULT", "10.0.0.1", port, false).await }
    };
    assert_eq!(
        set(1).await.expect_err("unknown service").to_string(),
        "health check is still working, service: DEFAULT_GROUP@@s, cluster: DEFAULT"
    );
    rig.register_persistent(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    assert!(set(1).await.is_err());
    let metadata = ClusterMetadata { health_checker: HealthChecker::None, ..ClusterMetadata::default() };
    rig.update_cluster(&service("s"), "DEFAULT", metadata.clone()).await.expect("known");
    set(9).await.expect("an unknown address is no error");
    set(1).await.expect("allowed");
    assert_eq!(rig.shown("s"), "1*", "all unhealthy, and operators set something: shown as healthy");
    assert!(!rig.view(&service("s")).instances()[0].healthy);
    assert_eq!(rig.service(&service("s")).expect("known").clusters["DEFAULT"], metadata);
}

#[tokio::test(start_paused = true)]
async fn overrides_of_one_instance() {
    let rig = Rig::new().await;
    let (session, key) = (rig.connect("a"), InstanceKey::new("10.0.0.1", 1, ""));
    let none = rig.change_override(&service("s"), key.clone(), OverrideChange::default()).await.expect_err("unknown");
    assert_eq!(none.to_string(), "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@s");
    assert_eq!(rig.instance(&service("s"), &key).expect_err("unknown").code(), 404);
    session.register(&service("s"), at(1)).await.expect("accepted");
    let other = InstanceKey::new("10.0.0.1", 1, "c2");
    let change = rig.change_override(&service("s"), other.clone(), OverrideChange::default()).await;
    assert_eq!(change, Err(Error::InstanceNotFound));
    assert_eq!(rig.instance(&service("s"), &other), Err(Error::InstanceNotFound));
    let hide = InstanceOverride { enabled: Some(false), ..InstanceOverride::default() };
    rig.set_override(&service("s"), key.clone(), hide).await.expect("known service");
    assert_eq!(rig.shown("s"), "");
    assert!(!rig.instance(&service("s"), &key).expect("hidden from lists only").enabled);
}

#[tokio::test(start_paused = true)]
async fn empty_services_go_after_a_while() {
    let rig = Rig::new().await;
    let session = rig.connect("a");
    for name in ["gone", "kept", "void"] {
        session.register(&service(name), at(1)).await.expect("accepted");
    }
    session.deregister(&service("gone"), None).await.expect("accepted");
    session.register_batch(&service("void"), vec![]).await.expect("accepted");
    session.subscribe(&service("gone"), None).expect("open");
    seconds(60).await;
    assert!(rig.contains(&service("gone")), "too early");
    seconds(61).await;
    let left = rig.services("public", "DEFAULT_GROUP", 1, 10);
    assert_eq!(left.names, ["kept", "void"], "who publishes nothing still publishes");
}

#[tokio::test(start_paused = true)]
async fn overrides_outlive_their_instance_for_a_minute() {
    let rig = Rig::new().await;
    let (session, key) = (rig.connect("a"), InstanceKey::new("10.0.0.1", 1, ""));
    session.register_batch(&service("s"), vec![at(1), at(2)]).await.expect("accepted");
    let value = InstanceOverride { weight: Some(9.0), ..InstanceOverride::default() };
    rig.set_override(&service("s"), key.clone(), value).await.expect("known");
    let weight = |rig: &Rig| rig.instance(&service("s"), &key).expect("there").weight;
    for (away, expected) in [(50, 9.0), (50, 9.0), (70, 1.0)] {
        session.register(&service("s"), at(2)).await.expect("accepted");
        seconds(away).await;
        session.register_batch(&service("s"), vec![at(1), at(2)]).await.expect("accepted");
        assert_eq!(weight(&rig), expected, "away for {away} s");
        seconds(6).await;
    }
}

#[tokio::test(start_paused = true)]
async fn idle_shards_keep_their_time() {
    let rig = Rig::new().await;
    let before = rig.list(&service("unknown"), &Filter::all()).last_ref_time;
    seconds(3_700).await;
    let after = rig.list(&service("unknown"), &Filter::all()).last_ref_time;
    assert!(after >= before + 3_600_000, "{before} {after}");
}

#[tokio::test(start_paused = true)]
async fn no_subscriber_sees_a_shorter_list_over_a_restart() {
    let mut rig = Rig::with(Settings::default(), 2).await;
    let providers: Vec<_> = (0..50).map(|number| rig.connect(&format!("p{number}"))).collect();
    for (port, provider) in providers.iter().enumerate() {
        provider.register(&service("s"), at(port as i32)).await.expect("accepted");
    }
    let full = rig.shown("s");
    rig.stopping();
    drop(providers);
    rig.restart(false).await;
    let watcher = rig.connect("watcher");
    assert_eq!(watcher.subscribe(&service("s"), Some("")), Ok(format!("s/:{full}").into()));
    let mut providers = Vec::new();
    for port in 0..50 {
        let provider = rig.connect(&format!("again{port}"));
        provider.register(&service("s"), at(port)).await.expect("accepted");
        assert_eq!(rig.shown("s"), full);
        providers.push(provider);
    }
    let (id, body) = push_within(&watcher, 1_000).await.expect("the first push");
    assert_eq!(body, format!("s/:{full}"));
    watcher.acked(id, true);
    assert_eq!(push_within(&watcher, 120_000).await, None, "nothing changed, not even at the end of the grace");
    assert_eq!(rig.shown("s"), full);
}

struct NoEncoder;

impl Encoder for NoEncoder {
    fn info(&self, listing: &crate::Listing<'_>) -> bytes::Bytes {
        format!("{} {}", listing.hosts.len(), listing.last_ref_time).into()
    }

    fn push(&self, _request_id: u64, info: &bytes::Bytes) -> bytes::Bytes {
        info.clone()
    }
}

async fn on_a_log(engine: nacre_consensus::engine::memory::MemoryEngine, epoch: u64) -> (Naming, testing::Guard) {
    let (group, guard) = testing::group_on(engine, GroupId::shard(0), Arc::new(ShardMachine::new())).await;
    let options = Options {
        settings: Settings::default(),
        node: NodeId(1),
        epoch,
        shards: vec![group],
        slots: SlotTable::even(1),
        switches: None,
        encoder: Arc::new(NoEncoder),
        request_ids: Arc::default(),
    };
    (Naming::start(options).await.expect("a shard that takes writes"), guard)
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let (naming, guard) = on_a_log(nacre_consensus::engine::memory::MemoryEngine::new(), 1).await;
    let session = naming.open(Client { connection: "a".into(), ..Client::default() });
    let metadata = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let instance = NewInstance { metadata, weight: 2.5, ..at(1) };
    session.register(&service("s"), instance).await.expect("accepted");
    naming.register_persistent(&service("p"), at(2), IdPolicy::Generate).await.expect("accepted");
    let override_of = InstanceOverride { weight: Some(9.0), ..InstanceOverride::default() };
    naming.set_override(&service("p"), InstanceKey::new("10.0.0.1", 2, ""), override_of).await.expect("known");
    let (s, p) = (naming.view(&service("s")), naming.view(&service("p")));
    let engine = guard.engine.after_crash(0);
    drop((session, naming, guard));

    let (naming, _guard) = on_a_log(engine, 2).await;
    assert_eq!(naming.view(&service("s")).instances(), s.instances());
    assert_eq!(naming.view(&service("p")).instances(), p.instances());
    assert_eq!(naming.view(&service("s")).revision(), s.revision());
    let session = naming.open(Client { connection: "b".into(), ..Client::default() });
    session.register(&service("s"), NewInstance { weight: 3.0, ..at(1) }).await.expect("accepted");
    let again = naming.view(&service("s"));
    assert_eq!(again.instances().len(), 1, "the old connection's gave way");
    assert!(again.revision() > s.revision() && again.ref_time() > s.ref_time());
}
