//! Registering: one, several, persistent ones, in namespaces, groups and clusters.

use anyhow::Result;
use nacre_client::{
    Client, ErrorKind,
    naming::{Clusters, HEART_BEAT_INTERVAL, Instance, InstancePatch, Query, ServiceSettings},
};
use nacre_harness::stub::{HttpScript, Stub};
use serde_json::json;

use crate::support::{addresses, builder, client, eventually, key, listed, next, parts, server};

#[tokio::test]
async fn an_instance_is_listed_as_it_was_registered() -> Result<()> {
    let server = server().await?;
    let naming = client(&server).await?.naming();
    let service = nacre_client::ServiceKey::new("sh.op:1", "caf\u{e9}-\u{1f980}")?;
    let instance = Instance::new("h\u{f6}st.example", 65_535)
        .with_weight(2.5)
        .with_healthy(false)
        .with_cluster("East-1")
        .with_metadata("gr\u{fc}n \u{4e2d}\u{6587}", "\u{1f600} \"quoted\" \\ \u{7}")
        .with_metadata("empty", "");
    naming.register(&service, instance.clone()).await?;
    let found = naming.instances(Query::new(&service).direct()).await?;
    let expected = Instance {
        id: Some("h\u{f6}st.example#65535#East-1#sh.op:1@@caf\u{e9}-\u{1f980}".to_owned()),
        service: Some("sh.op:1@@caf\u{e9}-\u{1f980}".to_owned()),
        ..instance
    };
    assert_eq!(found.iter().map(|one| (**one).clone()).collect::<Vec<_>>(), [expected]);
    assert_eq!(*found.service().service(), service);
    naming.deregister(&service, &Instance::new("other", 1)).await?;
    assert!(naming.instances(Query::new(&service).direct()).await?.is_empty(), "all that this client published");
    Ok(())
}

#[tokio::test]
async fn registering_again_replaces_single_and_batch() -> Result<()> {
    let server = server().await?;
    let naming = client(&server).await?.naming();
    let orders = key("orders");
    let host = |port| Instance::new("10.0.0.1", port);
    naming.register(&orders, host(1)).await?;
    naming.register(&orders, host(2).with_weight(3.0)).await?;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:2"]);
    naming.register_batch(&orders, vec![host(3), host(4), host(5)]).await?;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:3", "10.0.0.1:4", "10.0.0.1:5"]);
    naming.deregister_batch(&orders, &[host(4)]).await?;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:3", "10.0.0.1:5"]);
    naming.deregister(&orders, &host(3)).await?;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:5"], "of a batch the named one only");
    naming.deregister_batch(&orders, &[host(5), host(9)]).await?;
    assert!(listed(&naming, &orders).await?.is_empty());
    let refused = naming.deregister_batch(&orders, &[host(5)]).await.expect_err("the batch is empty");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidParameter, 400));
    naming.register(&orders, host(6)).await?;
    let refused = naming.deregister_batch(&orders, &[host(6)]).await.expect_err("no batch");
    assert_eq!(refused.code(), 400);
    for bad in [vec![], vec![host(1), host(1)]] {
        assert_eq!(naming.deregister_batch(&orders, &bad).await.expect_err("illegal").code(), 400);
    }
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:6"]);
    naming.deregister(&key("never-registered"), &host(1)).await?;
    Ok(())
}

#[tokio::test]
async fn persistent_instances_outlive_their_client() -> Result<()> {
    let server = server().await?;
    let (first, second) = (client(&server).await?, client(&server).await?);
    let (stays, orders) = (key("stays"), key("orders"));
    let host = |port| Instance::new("10.0.0.1", port).persistent();
    first.naming().register(&stays, host(1)).await?;
    first.naming().register(&stays, host(2)).await?;
    first.naming().register(&orders, Instance::new("10.0.0.9", 9)).await?;
    first.close().await;
    let naming = second.naming();
    eventually(Vec::<String>::new(), || listed(&naming, &orders)).await?;
    assert_eq!(listed(&naming, &stays).await?, ["10.0.0.1:1", "10.0.0.1:2"]);
    let found = naming.instances(Query::new(&stays).direct()).await?;
    assert!(found.iter().all(|instance| !instance.ephemeral));
    let refused = naming.register(&stays, Instance::new("10.0.0.3", 3)).await.expect_err("the other kind");
    assert_eq!((refused.kind(), refused.code(), refused.is_retryable()), (ErrorKind::InvalidParameter, 400, false));
    naming.deregister(&stays, &host(1)).await?;
    assert_eq!(listed(&naming, &stays).await?, ["10.0.0.1:2"]);
    assert_eq!(second.metrics().retries, 0, "a refusal is not repeated");
    Ok(())
}

#[tokio::test]
async fn namespaces_groups_and_clusters_are_apart() -> Result<()> {
    let server = server().await?;
    let public = client(&server).await?.naming();
    let dev = builder(&server).namespace("dev").connect().await?.naming();
    let orders = key("orders");
    let other_group = nacre_client::ServiceKey::new("other", "orders")?;
    public.register(&orders, Instance::new("10.0.0.1", 1)).await?;
    dev.register(&orders, Instance::new("10.0.0.2", 2)).await?;
    public.register(&other_group, Instance::new("10.0.0.3", 3)).await?;
    assert_eq!(listed(&public, &orders).await?, ["10.0.0.1:1"]);
    assert_eq!(listed(&dev, &orders).await?, ["10.0.0.2:2"]);
    assert_eq!(listed(&public, &other_group).await?, ["10.0.0.3:3"]);

    let cluster = |port, name: &str| Instance::new("10.0.0.4", port).with_cluster(name);
    public.register_batch(&orders, vec![cluster(1, "a"), cluster(2, "b"), cluster(3, "c")]).await?;
    eventually(3, || async { public.instances(&orders).await.map(|found| found.len()) }).await?;
    let wanted = Clusters::new(["c,a"]);
    for query in [Query::new(&orders).clusters(&wanted), Query::new(&orders).clusters(&wanted).direct()] {
        let found = public.instances(query).await?;
        assert_eq!(addresses(found.iter().map(|one| &**one)), ["10.0.0.4:1", "10.0.0.4:3"]);
    }
    assert_eq!(public.instances(&orders).await?.len(), 3, "the narrowed query left the whole list alone");
    let illegal = Clusters::new(["a b"]);
    assert_eq!(
        public.instances(Query::new(&orders).clusters(&illegal).direct()).await.expect_err("illegal").code(),
        400
    );
    Ok(())
}

#[tokio::test]
async fn choosing_follows_weight_health_and_whether_it_is_enabled() -> Result<()> {
    let server = server().await?;
    let naming = client(&server).await?.naming();
    let orders = key("orders");
    let host = |port| Instance::new("10.0.0.1", port);
    let batch = vec![
        host(1).with_weight(1.0),
        host(2).with_weight(3.0),
        host(3).with_weight(0.0),
        host(4).with_healthy(false),
        Instance { enabled: false, ..host(5) },
    ];
    naming.register_batch(&orders, batch).await?;
    assert_eq!(listed(&naming, &orders).await?.len(), 4, "servers do not list what is disabled");
    let select = async |healthy| {
        let found = naming.select(Query::new(&orders).direct(), healthy).await?;
        Ok::<_, nacre_client::Error>(addresses(found.iter().map(|one| &**one)))
    };
    assert_eq!(select(true).await?, ["10.0.0.1:1", "10.0.0.1:2"]);
    assert_eq!(select(false).await?, ["10.0.0.1:4"]);
    let mut counts = [0; 2];
    for _ in 0..4_000 {
        let chosen = naming.select_one(&orders).await?.expect("somebody can take it");
        counts[usize::from(chosen.port) - 1] += 1;
    }
    // Expected 1,000 of 4,000 with a standard deviation of 27.
    assert!((850..1_150).contains(&counts[0]), "{counts:?}");
    assert_eq!(naming.select_one(&key("nobody")).await?, None);
    Ok(())
}

#[tokio::test]
async fn what_a_server_would_refuse_is_not_sent() -> Result<()> {
    let server = server().await?;
    let client = client(&server).await?;
    let (naming, orders) = (client.naming(), key("orders"));
    let sent = client.metrics().calls;
    let long = Instance::new("10.0.0.1", 1).with_metadata("k", "v".repeat(1_024));
    let beats = Instance::new("10.0.0.1", 1).with_metadata(HEART_BEAT_INTERVAL, "60000");
    for bad in [Instance::new("", 1), long, beats, Instance::new("10.0.0.1", 1).with_cluster("a_b")] {
        let refused = naming.register(&orders, bad.clone()).await.expect_err("illegal");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidParameter, 400));
        assert_eq!(naming.register(&orders, bad.clone().persistent()).await.expect_err("illegal").code(), 400);
        assert_eq!(naming.register_batch(&orders, vec![bad]).await.expect_err("illegal").code(), 400);
    }
    let persistent = vec![Instance::new("10.0.0.1", 1).persistent()];
    assert_eq!(naming.register_batch(&orders, persistent).await.expect_err("not in a batch").code(), 400);
    let metrics = client.metrics();
    assert_eq!((metrics.calls, metrics.failed_calls), (sent, 0));
    Ok(())
}

#[tokio::test]
async fn closing_takes_back_what_the_client_made() -> Result<()> {
    let server = server().await?;
    let (leaving, staying) = (client(&server).await?, client(&server).await?);
    let (naming, orders) = (leaving.naming(), key("orders"));
    naming.register(&orders, Instance::new("10.0.0.1", 1)).await?;
    naming.register_batch(&key("pay"), vec![Instance::new("10.0.0.1", 2)]).await?;
    staying.naming().register(&orders, Instance::new("10.0.0.2", 1)).await?;
    let seen = staying.naming().subscribe(&orders).await?;
    assert_eq!(next(&seen).await?.instances.len(), 2);
    let own = naming.subscribe(&orders).await?;
    let started = tokio::time::Instant::now();
    leaving.close().await;
    assert!(started.elapsed().as_millis() < 1_000, "closing took {:?}", started.elapsed());
    let change = next(&seen).await?;
    assert_eq!(parts(&change), (vec![], vec!["10.0.0.1:1".to_owned()], vec![]));
    assert_eq!(listed(&staying.naming(), &key("pay")).await?, [""; 0]);
    assert!(!own.changed().await, "what it followed ends");
    assert!(own.take_newest().is_none());
    for refused in [
        naming.register(&orders, Instance::new("10.0.0.1", 1)).await.expect_err("closed"),
        naming.instances(&orders).await.expect_err("closed"),
        naming.watch(&orders, nacre_client::naming::Selector::new()).expect_err("closed"),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Closed);
    }
    Ok(())
}

#[tokio::test]
async fn maintenance_changes_services_and_instances() -> Result<()> {
    let server = server().await?;
    let client: Client = client(&server).await?;
    let (naming, orders) = (client.naming(), key("orders"));
    let maintenance = naming.maintenance();
    let settings = ServiceSettings::new().protect_threshold(0.5).metadata("owner", "a & b = \u{e9}");
    maintenance.create_service(&orders, &settings).await?;
    assert_eq!(maintenance.create_service(&orders, &settings).await.expect_err("it exists").code(), 400);
    let detail = maintenance.service(&orders).await?;
    assert_eq!((detail.name.as_str(), detail.group.as_str()), ("orders", "DEFAULT_GROUP"));
    assert_eq!((detail.protect_threshold, detail.metadata["owner"].as_str()), (0.5, "a & b = \u{e9}"));
    maintenance.update_service(&orders, &ServiceSettings::new()).await?;
    let updated = maintenance.service(&orders).await?;
    assert_eq!((updated.protect_threshold, updated.metadata.len()), (0.0, 0));
    maintenance.delete_service(&orders).await?;
    assert_eq!(maintenance.service(&orders).await.expect_err("gone").code(), 400);

    let pay = key("pay");
    let instance = Instance::new("10.0.0.1", 80).with_metadata("by", "provider");
    naming.register(&pay, instance.clone()).await?;
    assert_eq!(maintenance.delete_service(&pay).await.expect_err("not empty").code(), 400);
    let seen = naming.subscribe(&pay).await?;
    assert_eq!(next(&seen).await?.instances.len(), 1);
    maintenance.update_instance(&pay, &instance.clone().with_weight(7.0).with_metadata("by", "operator")).await?;
    let change = next(&seen).await?;
    assert_eq!(parts(&change), (vec![], vec![], vec!["10.0.0.1:80".to_owned()]));
    assert_eq!((change.instances[0].weight, change.instances[0].metadata["by"].as_str()), (7.0, "operator"));
    let illegal = instance.clone().with_weight(-1.0);
    assert_eq!(maintenance.update_instance(&pay, &illegal).await.expect_err("illegal").code(), 400);

    let patch = InstancePatch { weight: Some(3.0), ..InstancePatch::default() };
    maintenance.patch_instance(&pay, &instance, &patch).await?;
    let change = next(&seen).await?;
    assert_eq!((change.instances[0].weight, change.instances[0].metadata["by"].as_str()), (3.0, "operator"));
    let illegal = InstancePatch { weight: Some(10_001.0), ..InstancePatch::default() };
    assert_eq!(maintenance.patch_instance(&pay, &instance, &illegal).await.expect_err("illegal").code(), 400);
    Ok(())
}

#[tokio::test]
async fn metadata_of_many_instances_is_changed_at_once() -> Result<()> {
    let stub = Stub::start(true).await?;
    let client = Client::builder().server(stub.address().to_string()).connect().await?;
    let (naming, orders) = (client.naming(), key("orders"));
    let answer = |body| HttpScript { status: 200, body };
    let updated = json!({"updated": ["10.0.0.1:80:unknown:DEFAULT:ephemeral"]});
    stub.http("PUT /nacos/v1/ns/instance/metadata/batch", vec![answer(updated)]);
    stub.http("DELETE /nacos/v1/ns/instance/metadata/batch", vec![answer(json!({}))]);
    let maintenance = naming.maintenance();
    let some = [Instance::new("10.0.0.1", 80)];
    let metadata = [("zone".to_owned(), "a b".to_owned())].into();
    let changed = maintenance.add_metadata(&orders, &some, &metadata).await?;
    assert_eq!(changed, ["10.0.0.1:80:unknown:DEFAULT:ephemeral"]);
    assert!(maintenance.remove_metadata(&orders, &[], &["zone"]).await?.is_empty());
    let asked = stub.http_received();
    let query = |number: usize| asked[number]["query"].as_str().expect("a query").to_owned();
    let encoded = "%5B%7B%22clusterName%22%3A%22DEFAULT%22%2C%22ephemeral%22%3Atrue%2C%22ip%22%3A%2210.0.0.1%22%2C\
                   %22port%22%3A80%7D%5D";
    assert!(query(0).contains("serviceName=DEFAULT_GROUP%40%40orders&"), "{}", query(0));
    assert!(query(0).contains("metadata=%7B%22zone%22%3A%22a%20b%22%7D&"), "{}", query(0));
    assert!(query(0).contains(&format!("instances={encoded}&")), "{}", query(0));
    assert!(query(1).contains("metadata=%7B%22zone%22%3A%22%22%7D&instances=&"), "{}", query(1));
    Ok(())
}
