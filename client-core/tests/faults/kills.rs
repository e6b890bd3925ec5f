//! Servers that are killed and come back.

use nacre_client::naming::Selector;
use nacre_harness::{
    Proxy,
    proxy::{Door, End},
};

use super::*;

/// The goal is 500 ms on a quiet machine with release builds; tests run beside each other.
const BACK_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn registered_and_listening_again_after_kill_9() {
    let mut server = server().await;
    let (client, other) = (connected(server.http_address()).await, connected(server.http_address()).await);
    let (orders, key) = (service(), config(&client, "kill"));
    let mut watch = client.config().watch(&key).unwrap();
    assert!(watch.next().await.unwrap().is_none());
    for round in 1..=4_u16 {
        client.naming().register(&orders, instance(round)).await.unwrap();
        server.crash_and_start().await.unwrap();
        let begun = Instant::now();
        let generation = u64::from(round) + 1;
        eventually("connected anew", async || (client.status().generation >= generation).then_some(())).await;
        let text = format!("round {round}");
        eventually("published", async || other.config().publish(&key, text.as_str()).await.ok()).await;
        loop {
            let value = tokio::time::timeout(SOON, watch.next()).await.expect("a change in time").unwrap();
            if value.is_some_and(|value| value.content() == text) {
                break;
            }
        }
        let took = begun.elapsed();
        assert!(took < BACK_WITHIN, "round {round}: {took:?}");
        println!("round {round}: listening again after {took:?}");
        wait_ports(&other, &orders, &[round]).await;
    }
    // Not what the server kept for a lost client, but this client's own: it ends with it.
    client.close().await;
    wait_ports(&other, &orders, &[]).await;
}

#[tokio::test]
async fn a_subscriber_never_sees_a_list_without_the_provider() {
    let mut server = server().await;
    let (provider, consumer) = (connected(server.http_address()).await, connected(server.http_address()).await);
    let orders = service();
    provider.naming().register(&orders, instance(1)).await.unwrap();
    let watch = consumer.naming().watch(&orders, Selector::new()).unwrap();
    watch.established().await.unwrap();
    assert_eq!(watch.take_newest().unwrap().instances.len(), 1);
    let guard = {
        let consumer = consumer.clone();
        let orders = orders.clone();
        tokio::spawn(async move {
            while watch.changed().await {
                if let Some(change) = watch.take_newest() {
                    assert_eq!(change.instances.len(), 1, "{change:?}");
                }
                assert_eq!(consumer.naming().instances(&orders).await.unwrap().len(), 1);
            }
        })
    };
    for kill in [true, false, true] {
        if kill {
            server.crash_and_start().await.unwrap()
        } else {
            server.restart().await.unwrap()
        };
        let generation = provider.status().generation;
        eventually("the provider is back", async || {
            let status = provider.status();
            (status.state == State::Connected && status.generation >= generation).then_some(())
        })
        .await;
        wait_connected(&consumer).await;
        wait_ports(&consumer, &orders, &[1]).await;
    }
    consumer.close().await;
    guard.await.expect("never fewer");
}

#[tokio::test]
async fn a_batch_comes_back_as_it_was_left() {
    let server = server().await;
    let mut proxy = Proxy::start(server.http_address()).await.unwrap();
    let (client, other) = (connected(proxy.address()).await, connected(server.http_address()).await);
    let orders = service();
    client.naming().register_batch(&orders, (1..=5).map(instance).collect()).await.unwrap();
    client.naming().deregister_batch(&orders, &[instance(2), instance(4)]).await.unwrap();
    wait_ports(&other, &orders, &[1, 3, 5]).await;
    for door in Door::BOTH {
        proxy.refuse(door);
        proxy.disconnect(door, End::Reset);
    }
    wait_ports(&other, &orders, &[]).await;
    // Nobody answers, and yet this is what the client wants from now on.
    let late = client.naming().deregister_batch(&orders, &[instance(5)]).await;
    assert!(late.is_err_and(|error| error.is_retryable()));
    for door in Door::BOTH {
        proxy.accept(door).await.unwrap();
    }
    wait_ports(&other, &orders, &[1, 3]).await;
}
