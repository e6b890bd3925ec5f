//! Calls that are cancelled.

use std::time::Duration;

use anyhow::Result;
use nacre_client::{Client, ErrorKind, naming::Instance};
use nacre_harness::{
    Stub,
    proxy::{Door, Fault, Proxy, Way},
};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{LIMIT, builder, client, eventually, key, listed, server};

#[tokio::test]
async fn a_cancelled_registration_does_not_stay() -> Result<()> {
    let server = server().await?;
    let proxy = Proxy::start(server.http_address()).await?;
    let slow = nacre_client::Client::builder().server(proxy.address().to_string()).connect().await?;
    let (naming, observer) = (slow.naming(), client(&server).await?.naming());
    let orders = key("orders");
    // The server gets the request, and its answer comes too late.
    proxy.set(Door::Grpc, Way::Down, Fault::Delay(Duration::from_millis(400)));
    let cancelled = timeout(Duration::from_millis(150), naming.register(&orders, Instance::new("10.0.0.1", 1))).await;
    assert!(cancelled.is_err());
    eventually(vec!["10.0.0.1:1".to_owned()], || listed(&observer, &orders)).await?;
    eventually(Vec::<String>::new(), || listed(&observer, &orders)).await?;
    proxy.set_all(Fault::Pass);
    naming.register(&orders, Instance::new("10.0.0.1", 2)).await?;
    proxy.set(Door::Grpc, Way::Down, Fault::Delay(Duration::from_millis(400)));
    let cancelled = timeout(Duration::from_millis(150), naming.register(&orders, Instance::new("10.0.0.1", 3))).await;
    assert!(cancelled.is_err());
    eventually(vec!["10.0.0.1:2".to_owned()], || listed(&observer, &orders)).await?;
    Ok(())
}

#[tokio::test]
async fn a_cancelled_subscription_does_not_stay() -> Result<()> {
    let server = server().await?;
    let proxy = Proxy::start(server.http_address()).await?;
    let slow = nacre_client::Client::builder().server(proxy.address().to_string()).connect().await?;
    let naming = slow.naming();
    let orders = key("orders");
    proxy.set(Door::Grpc, Way::Down, Fault::Delay(Duration::from_millis(400)));
    assert!(timeout(Duration::from_millis(150), naming.subscribe(&orders)).await.is_err());
    assert!(timeout(Duration::from_millis(150), naming.instances(&key("pay"))).await.is_err());
    assert!(naming.subscribed().is_empty());
    proxy.set_all(Fault::Pass);
    eventually(0.0, || server.metric("nacre_naming_subscriptions")).await?;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(naming.counts().services, 0);
    let quick = builder(&server).connect().await?;
    assert!(quick.naming().instances(&orders).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn calls_that_wait_while_the_client_closes_fail_as_closed() -> Result<()> {
    let stub = Stub::start(true).await?;
    let client = Client::builder().server(stub.address().to_string()).connect().await?;
    for kind in ["InstanceRequest", "SubscribeServiceRequest"] {
        stub.reply(kind, vec![serde_json::from_value(json!({"silent": true}))?]);
    }
    let (one, two) = (client.naming(), client.naming());
    let register = tokio::spawn(async move { one.register(&key("orders"), Instance::new("10.0.0.1", 80)).await });
    let query = tokio::spawn(async move { two.instances(&key("orders")).await.map(drop) });
    for kind in ["InstanceRequest", "SubscribeServiceRequest"] {
        stub.wait_received(|sent| sent.message.kind == kind, LIMIT).await?;
    }
    client.close().await;
    for (kind, waiting) in [("register", register), ("query", query)] {
        let error = waiting.await?.expect_err("it was never answered");
        assert_eq!(error.kind(), ErrorKind::Closed, "{kind}: {error:?}");
    }
    Ok(())
}
