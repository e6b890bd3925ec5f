//! Several clients on shared connections.

use anyhow::Result;
use nacre_client::{Client, Pool, naming::Instance};
use nacre_harness::Server;

use crate::support::{builder, client, eventually, key, listed, next, parts, server};

async fn pooled(server: &Server, pool: &Pool, namespace: &str) -> Result<Client> {
    Ok(builder(server).pool(pool).namespace(namespace).connect().await?)
}

fn host(port: u16) -> Instance {
    Instance::new("10.0.0.1", port)
}

#[tokio::test]
async fn two_clients_that_register_one_service_give_two_instances() -> Result<()> {
    let (server, pool) = (server().await?, Pool::new());
    let (first, second) = (pooled(&server, &pool, "public").await?, pooled(&server, &pool, "public").await?);
    assert_eq!(first.status().local_address, second.status().local_address, "one connection");
    let observer = client(&server).await?.naming();
    let orders = key("orders");
    first.naming().register(&orders, host(1)).await?;
    second.naming().register(&orders, host(2)).await?;
    second.naming().register(&orders, host(3)).await?;
    assert_eq!(listed(&observer, &orders).await?, ["10.0.0.1:1", "10.0.0.1:3"]);
    first.naming().register(&orders, host(4)).await?;
    assert_eq!(listed(&observer, &orders).await?, ["10.0.0.1:3", "10.0.0.1:4"]);
    second.naming().deregister(&orders, &host(3)).await?;
    assert_eq!(listed(&observer, &orders).await?, ["10.0.0.1:4"], "the other's is not touched");
    Ok(())
}

#[tokio::test]
async fn closing_one_client_leaves_the_others_alone() -> Result<()> {
    let (server, pool) = (server().await?, Pool::new());
    let (first, second) = (pooled(&server, &pool, "public").await?, pooled(&server, &pool, "public").await?);
    let (orders, pay) = (key("orders"), key("pay"));
    first.naming().register(&orders, host(1)).await?;
    second.naming().register(&orders, host(2)).await?;
    second.naming().register(&pay, host(3)).await?;
    let seen = second.naming().subscribe(&orders).await?;
    next(&seen).await?;
    let _also = first.naming().subscribe(&orders).await?;
    first.close().await;
    let change = next(&seen).await?;
    assert_eq!(parts(&change), (vec![], vec!["10.0.0.1:1".to_owned()], vec![]));
    let observer = client(&server).await?.naming();
    assert_eq!(listed(&observer, &orders).await?, ["10.0.0.1:2"]);
    assert_eq!(listed(&observer, &pay).await?, ["10.0.0.1:3"]);
    second.naming().register(&orders, host(5)).await?;
    assert_eq!(parts(&next(&seen).await?).0, ["10.0.0.1:5"], "it still follows");
    Ok(())
}

#[tokio::test]
async fn a_dropped_client_takes_its_own_along() -> Result<()> {
    let (server, pool) = (server().await?, Pool::new());
    let (first, second) = (pooled(&server, &pool, "public").await?, pooled(&server, &pool, "public").await?);
    let orders = key("orders");
    first.naming().register(&orders, host(1)).await?;
    second.naming().register(&key("pay"), host(2)).await?;
    let seen = second.naming().subscribe(&orders).await?;
    next(&seen).await?;
    drop(first);
    assert_eq!(parts(&next(&seen).await?).1, ["10.0.0.1:1"]);
    assert_eq!(listed(&second.naming(), &key("pay")).await?, ["10.0.0.1:2"]);
    Ok(())
}

#[tokio::test]
async fn one_service_is_followed_in_two_namespaces() -> Result<()> {
    let (server, pool) = (server().await?, Pool::new());
    let (first, second) = (pooled(&server, &pool, "one").await?, pooled(&server, &pool, "two").await?);
    let orders = key("orders");
    let (one, two) = (first.naming().subscribe(&orders).await?, second.naming().subscribe(&orders).await?);
    next(&one).await?;
    next(&two).await?;
    first.naming().register(&orders, host(1)).await?;
    second.naming().register(&orders, host(2)).await?;
    assert_eq!(parts(&next(&one).await?).0, ["10.0.0.1:1"]);
    assert_eq!(parts(&next(&two).await?).0, ["10.0.0.1:2"]);
    let naming = second.naming();
    eventually(vec!["10.0.0.1:2".to_owned()], || listed(&naming, &orders)).await?;
    assert!(one.take_newest().is_none(), "a push of one namespace is not shown in the other");
    Ok(())
}
