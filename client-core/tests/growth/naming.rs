//! Subscriptions and the lists they hold.

use nacre_client::{
    ServiceKey,
    naming::{Instance, Selector},
};

use super::{SLACK, alone, client, eventually, resident, server};

fn key(name: &str) -> ServiceKey {
    ServiceKey::new("DEFAULT_GROUP", name).unwrap()
}

#[tokio::test]
async fn ten_thousand_subscriptions_and_their_ends_leave_nothing() {
    let _turn = alone().await;
    let server = server().await;
    let client = client(&server).await;
    let naming = client.naming();
    let hosts = (1..=10).map(|port| Instance::new("10.0.0.1", port).with_metadata("k", "v".repeat(50))).collect();
    naming.register_batch(&key("orders"), hosts).await.unwrap();
    let mut before = 0;
    for round in 0..10_000u32 {
        if round == 2_000 {
            before = resident();
        }
        // One that exists, and others that never repeat.
        let service = if round % 2 == 0 { key("orders") } else { key(&format!("s{round}")) };
        let watch = naming.watch(&service, Selector::new()).unwrap();
        watch.established().await.unwrap();
        assert_eq!(watch.take_newest().expect("the present list").instances.is_empty(), round % 2 == 1);
    }
    eventually("no services held", async || naming.counts().services == 0).await;
    assert!(naming.subscribed().is_empty());
    let grown = resident().saturating_sub(before);
    assert!(grown < SLACK, "grew by {grown} bytes in 8,000 rounds");
    let left = async || server.metric("nacre_naming_subscriptions").await.unwrap() == 0.0;
    eventually("no subscriptions at the server", left).await;
}

#[tokio::test]
async fn many_changes_of_one_service_leave_nothing() {
    let _turn = alone().await;
    let server = server().await;
    let (provider, consumer) = (client(&server).await.naming(), client(&server).await.naming());
    let orders = key("orders");
    let watch = consumer.subscribe(&orders).await.unwrap();
    let mut before = 0;
    for round in 0..3_000u32 {
        if round == 1_000 {
            before = resident();
        }
        let host = Instance::new("10.0.0.1", 1).with_metadata("round", round.to_string());
        provider.register(&orders, host.with_metadata("k", "v".repeat(500))).await.unwrap();
        watch.take_newest();
    }
    let newest = async || {
        let list = watch.current().and_then(|list| list.instances().first().cloned());
        list.is_some_and(|host| host.metadata["round"] == "2999")
    };
    eventually("the last change is seen", newest).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < SLACK, "grew by {grown} bytes in 2,000 rounds");
}
