//! Following services: first item, changes, selectors, and the ways to be told.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use futures::StreamExt as _;
use nacre_client::naming::{Instance, Selector, Source};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::support::{LIMIT, addresses, client, eventually, key, next, parts, server};

fn host(port: u16) -> Instance {
    Instance::new("10.0.0.1", port)
}

fn one(port: u16) -> Vec<String> {
    vec![format!("10.0.0.1:{port}")]
}

#[tokio::test]
async fn the_present_list_comes_first_and_then_what_changes() -> Result<()> {
    let server = server().await?;
    let (provider, consumer) = (client(&server).await?.naming(), client(&server).await?.naming());
    let orders = key("orders");
    let seen = consumer.subscribe(&orders).await?;
    let first = next(&seen).await?;
    assert_eq!((first.instances.len(), parts(&first)), (0, (vec![], vec![], vec![])), "even an empty one");
    provider.register(&orders, host(1)).await?;
    assert_eq!(parts(&next(&seen).await?), (one(1), vec![], vec![]));
    provider.register(&orders, host(1).with_metadata("v", "2")).await?;
    let changed = next(&seen).await?;
    assert_eq!(parts(&changed), (vec![], vec![], one(1)));
    assert_eq!(changed.modified[0].metadata["v"], "2");
    provider.register(&orders, host(2)).await?;
    let moved = next(&seen).await?;
    assert_eq!(parts(&moved), (one(2), one(1), vec![]));
    assert_eq!(moved.removed[0].metadata["v"], "2", "as it last was");
    assert!(moved.service.revision() > changed.service.revision());
    assert_eq!(moved.service.source(), Source::Server);
    provider.deregister(&orders, &host(2)).await?;
    assert_eq!(parts(&next(&seen).await?), (vec![], one(2), vec![]));
    assert!(seen.current().context("known")?.instances().is_empty());
    let late = consumer.subscribe(&orders).await?;
    assert_eq!(next(&late).await?.instances.len(), 0, "a later subscription begins with the present list, too");
    Ok(())
}

#[tokio::test]
async fn who_is_slow_gets_one_change_against_what_it_saw() -> Result<()> {
    let server = server().await?;
    let (provider, consumer) = (client(&server).await?.naming(), client(&server).await?.naming());
    let orders = key("orders");
    provider.register_batch(&orders, vec![host(1), host(2), host(3)]).await?;
    let (slow, quick) = (consumer.subscribe(&orders).await?, consumer.subscribe(&orders).await?);
    assert_eq!(next(&slow).await?.added.len(), 3);
    for port in 4..20 {
        provider.register_batch(&orders, vec![host(1).with_weight(f64::from(port)), host(3), host(port)]).await?;
    }
    let mut last = next(&quick).await?;
    while addresses(last.instances.iter().map(|one| &**one)) != ["10.0.0.1:1", "10.0.0.1:19", "10.0.0.1:3"] {
        last = next(&quick).await?;
    }
    let change = next(&slow).await?;
    assert_eq!(parts(&change), (one(19), one(2), one(1)));
    assert_eq!(change.modified[0].weight, 19.0);
    assert!(slow.take_newest().is_none());
    Ok(())
}

#[tokio::test]
async fn it_is_a_stream_that_ends_with_the_client() -> Result<()> {
    let server = server().await?;
    let client = client(&server).await?;
    let (naming, orders) = (client.naming(), key("orders"));
    let mut stream = pin!(naming.watch(&orders, Selector::new())?);
    assert!(timeout(LIMIT, stream.next()).await?.context("the present list")?.instances.is_empty());
    naming.register(&orders, host(1)).await?;
    assert_eq!(parts(&timeout(LIMIT, stream.next()).await?.context("a change")?).0, one(1));
    client.close().await;
    assert!(timeout(LIMIT, stream.next()).await?.is_none());
    assert!(timeout(LIMIT, stream.next()).await?.is_none(), "and stays at its end");
    Ok(())
}

#[tokio::test]
async fn a_function_and_a_wake_up_are_ways_to_be_told() -> Result<()> {
    let server = server().await?;
    let naming = client(&server).await?.naming();
    let orders = key("orders");
    let (sender, mut heard) = mpsc::unbounded_channel();
    let listener = naming.listen(&orders, Selector::new(), move |change| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(parts(&change));
        }
    })?;
    assert_eq!(timeout(LIMIT, heard.recv()).await?.context("the present list")?, (vec![], vec![], vec![]));

    let woken = Arc::new(AtomicUsize::new(0));
    let watch = naming.watch(&orders, Selector::new())?;
    watch.established().await?;
    let counter = Arc::clone(&woken);
    watch.on_ready(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(woken.load(Ordering::SeqCst), 1, "there is something already");
    assert!(watch.take_newest().context("the present list")?.instances.is_empty());

    naming.register(&orders, host(1)).await?;
    assert_eq!(timeout(LIMIT, heard.recv()).await?.context("a change")?.0, one(1));
    eventually(true, || async { Ok::<_, ()>(woken.load(Ordering::SeqCst) > 1) }).await?;
    assert_eq!(parts(&watch.take_newest().context("a change")?).0, one(1));

    drop(listener);
    drop(watch);
    let before = woken.load(Ordering::SeqCst);
    let other = naming.subscribe(&orders).await?;
    next(&other).await?;
    naming.register(&orders, host(2)).await?;
    next(&other).await?;
    assert!(heard.recv().await.is_none(), "a dropped listener hears nothing");
    assert_eq!(woken.load(Ordering::SeqCst), before);
    Ok(())
}

#[tokio::test]
async fn a_selector_shows_what_it_accepts_coming_and_going() -> Result<()> {
    let server = server().await?;
    let (provider, consumer) = (client(&server).await?.naming(), client(&server).await?.naming());
    let orders = key("orders");
    let selector = Selector::new().healthy(true).clusters(["a"]);
    let seen = consumer.watch(&orders, selector)?;
    assert!(next(&seen).await?.instances.is_empty());
    let near = |healthy| host(1).with_cluster("a").with_healthy(healthy);
    let far = || host(2).with_cluster("b");
    provider.register_batch(&orders, vec![near(true), far()]).await?;
    let change = next(&seen).await?;
    assert_eq!((parts(&change), change.service.instances().len()), ((one(1), vec![], vec![]), 2));
    provider.register_batch(&orders, vec![near(false), far()]).await?;
    assert_eq!(parts(&next(&seen).await?), (vec![], one(1), vec![]), "unhealthy is as good as gone");
    provider.register_batch(&orders, vec![near(false), far().with_weight(9.0)]).await?;
    let all = consumer.subscribe(&orders).await?;
    while next(&all).await?.instances.iter().all(|instance| instance.weight < 9.0) {}
    assert!(seen.take_newest().is_none(), "what it does not accept changes nothing");
    assert_eq!(consumer.instances(&orders).await?.len(), 2, "queries see the whole list");
    Ok(())
}

#[tokio::test]
async fn queries_follow_a_service_until_they_are_told_to_stop() -> Result<()> {
    let server = server().await?;
    let client = client(&server).await?;
    let (naming, orders) = (client.naming(), key("orders"));
    assert!(naming.instances(&orders).await?.is_empty());
    assert_eq!(naming.subscribed(), std::slice::from_ref(&orders));
    naming.register(&orders, host(1)).await?;
    eventually(1, || async { naming.instances(&orders).await.map(|found| found.len()) }).await?;
    let sent = client.metrics().calls;
    for _ in 0..1_000 {
        assert_eq!(naming.select(&orders, true).await?.len(), 1);
    }
    assert!(client.metrics().calls - sent < 5, "from memory");
    let watch = naming.watch(&orders, Selector::new())?;
    naming.unsubscribe(&orders);
    assert_eq!(naming.subscribed(), std::slice::from_ref(&orders), "the watch needs it");
    drop(watch);
    assert!(naming.subscribed().is_empty());
    assert_eq!(naming.counts().services, 0, "and it is out of memory");
    naming.register(&orders, host(2)).await?;
    assert_eq!(addresses(naming.instances(&orders).await?.iter().map(|one| &**one)), one(2), "it is asked for anew");
    Ok(())
}

#[tokio::test]
async fn a_change_arrives_within_milliseconds() -> Result<()> {
    let server = server().await?;
    let (provider, consumer) = (client(&server).await?.naming(), client(&server).await?.naming());
    let orders = key("orders");
    let seen = consumer.subscribe(&orders).await?;
    next(&seen).await?;
    // The server repeats the list half a second after the first subscription.
    sleep(Duration::from_millis(600)).await;
    let mut fastest = Duration::MAX;
    for port in 1..30 {
        let started = tokio::time::Instant::now();
        provider.register(&orders, host(port)).await?;
        next(&seen).await?;
        fastest = fastest.min(started.elapsed());
        sleep(Duration::from_millis(30)).await;
    }
    assert!(fastest < Duration::from_millis(15), "the fastest of 29 took {fastest:?}");
    Ok(())
}
