//! Servers that die and come back.

use std::time::Duration;

use anyhow::Result;
use nacre_client::{
    ErrorKind, State,
    naming::{Instance, Selector},
};
use nacre_harness::Options;
use tokio::time::sleep;

use crate::support::{builder, client, eventually, key, listed, next, parts, server};

fn host(port: u16) -> Instance {
    Instance::new("10.0.0.1", port)
}

#[tokio::test]
async fn after_a_crash_all_is_registered_and_followed_again() -> Result<()> {
    let mut server = server().await?;
    let (provider, consumer) = (client(&server).await?, client(&server).await?);
    let orders = key("orders");
    provider.naming().register(&orders, host(1)).await?;
    provider.naming().register_batch(&key("pay"), vec![host(2), host(3)]).await?;
    let seen = consumer.naming().subscribe(&orders).await?;
    next(&seen).await?;
    server.kill().await?;
    sleep(Duration::from_millis(300)).await;
    server.start().await?;
    let observer = client(&server).await?.naming();
    for client in [&provider, &consumer] {
        client.ready(Duration::from_secs(5)).await?;
        assert_eq!(client.status().generation, 2);
    }
    // What the server had on disk is in grace; only what was registered again is still there afterwards.
    eventually(2, || async { Ok::<_, ()>(provider.metrics().redone) }).await?;
    eventually(1, || async { Ok::<_, ()>(consumer.metrics().redone) }).await?;
    assert_eq!(listed(&observer, &orders).await?, ["10.0.0.1:1"]);
    assert_eq!(listed(&observer, &key("pay")).await?, ["10.0.0.1:2", "10.0.0.1:3"]);
    assert!(seen.take_newest().is_none(), "no change was seen");
    provider.naming().register(&orders, host(9)).await?;
    assert_eq!(parts(&next(&seen).await?).0, ["10.0.0.1:9"], "pushes arrive again");
    Ok(())
}

#[tokio::test]
async fn a_server_that_lost_everything_gets_it_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Options::new().data_dir(folder.path().join("data")).start().await?;
    let client = client(&server).await?;
    let (naming, orders) = (client.naming(), key("orders"));
    for number in 0..200 {
        naming.register(&key(&format!("s{number}")), host(number)).await?;
    }
    naming.register(&orders, host(1)).await?;
    let seen = naming.subscribe(&orders).await?;
    next(&seen).await?;
    server.kill().await?;
    tokio::fs::remove_dir_all(folder.path().join("data")).await?;
    server.start().await?;
    eventually(202, || async { Ok::<_, ()>(client.metrics().redone) }).await?;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:1"]);
    for number in [0, 77, 199] {
        assert_eq!(listed(&naming, &key(&format!("s{number}"))).await?, [format!("10.0.0.1:{number}")]);
    }
    Ok(())
}

#[tokio::test]
async fn failed_calls_are_made_when_the_server_is_there() -> Result<()> {
    let mut server = Options::new().prepare()?;
    let client = builder(&server).request_timeout(Duration::from_secs(1)).build()?;
    let (naming, orders) = (client.naming(), key("orders"));
    let failed = naming.register(&orders, host(1)).await.expect_err("nobody is there");
    assert_eq!(failed.kind(), ErrorKind::Unreachable);
    assert!(failed.is_retryable());
    assert_eq!(naming.instances(&key("pay")).await.expect_err("nobody").kind(), ErrorKind::Unreachable);
    let watch = naming.watch(&orders, Selector::new())?;
    assert_eq!(watch.established().await.expect_err("nobody").kind(), ErrorKind::Unreachable);
    assert!(naming.subscribe(&key("given-up")).await.is_err());
    assert!(watch.current().is_none() && watch.take_newest().is_none());
    assert_eq!(client.status().state, State::Connecting);
    server.start().await?;
    client.ready(Duration::from_secs(10)).await?;
    eventually(vec!["10.0.0.1:1".to_owned()], || listed(&naming, &orders)).await?;
    let mut change = next(&watch).await?;
    while change.instances.is_empty() {
        change = next(&watch).await?;
    }
    assert_eq!(naming.subscribed(), [orders, key("pay")], "the query's subscription stays, the dropped one does not");
    Ok(())
}

#[tokio::test]
async fn what_was_deregistered_while_it_was_away_does_not_come_back() -> Result<()> {
    let mut server = server().await?;
    let client = builder(&server).request_timeout(Duration::from_secs(2)).connect().await?;
    let (naming, orders) = (client.naming(), key("orders"));
    naming.register(&orders, host(1)).await?;
    naming.register(&key("pay"), host(2)).await?;
    server.kill().await?;
    let _ = naming.deregister(&orders, &host(1)).await;
    server.start().await?;
    client.ready(Duration::from_secs(10)).await?;
    eventually(1, || async { Ok::<_, ()>(client.metrics().redone) }).await?;
    let other = crate::support::client(&server).await?.naming();
    naming.register(&orders, host(3)).await?;
    assert!(listed(&other, &orders).await?.contains(&"10.0.0.1:3".to_owned()));
    naming.deregister(&orders, &host(3)).await?;
    assert!(!listed(&other, &orders).await?.contains(&"10.0.0.1:3".to_owned()));
    assert_eq!(listed(&other, &key("pay")).await?, ["10.0.0.1:2"]);
    Ok(())
}

#[tokio::test]
async fn a_call_under_way_survives_the_crash() -> Result<()> {
    let mut server = server().await?;
    let client = builder(&server).request_timeout(Duration::from_secs(15)).connect().await?;
    let (naming, orders) = (client.naming(), key("orders"));
    server.kill().await?;
    let waiting = tokio::spawn({
        let (naming, orders) = (naming.clone(), orders.clone());
        async move { naming.register(&orders, host(1)).await }
    });
    sleep(Duration::from_millis(200)).await;
    server.start().await?;
    waiting.await??;
    assert_eq!(listed(&naming, &orders).await?, ["10.0.0.1:1"]);
    Ok(())
}
