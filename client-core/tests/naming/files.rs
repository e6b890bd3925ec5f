//! The cache on disk and the failover folder.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use nacre_client::{
    ErrorKind,
    naming::{Clusters, Instance, Query, Selector, Source},
    options::Builder,
};
use nacre_harness::Server;
use tokio::fs;

use crate::support::{addresses, builder, client, eventually, key, next, parts, server};

const SWITCH: &str = "00-00---000-VIPSRV_FAILOVER_SWITCH-000---00-00";

fn with_files(server: &Server, home: &tempfile::TempDir) -> Builder {
    let quick = |naming: &mut nacre_client::options::NamingOptions| naming.failover_refresh = Duration::from_millis(20);
    builder(server).directory(home.path()).request_timeout(Duration::from_millis(1500)).naming(quick)
}

fn folder(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("nacos/naming/public")
}

async fn contains(path: PathBuf, text: &str) -> Result<()> {
    eventually(true, || async {
        let content = fs::read_to_string(&path).await;
        content.map(|content| content.contains(text))
    })
    .await
    .map(|_| ())
}

#[tokio::test]
async fn without_a_server_the_lists_of_the_last_run_are_shown() -> Result<()> {
    let (mut server, home) = (server().await?, tempfile::tempdir()?);
    let first = with_files(&server, &home).connect().await?;
    let orders = key("orders");
    first.naming().register(&orders, Instance::new("10.0.0.1", 1).with_metadata("k", "\u{e9}")).await?;
    assert_eq!(first.naming().instances(&orders).await?.len(), 1);
    contains(folder(&home).join("DEFAULT_GROUP%40%40orders"), "\u{e9}").await?;
    first.close().await;
    contains(folder(&home).join("DEFAULT_GROUP%40%40orders"), "10.0.0.1").await?;
    server.kill().await?;

    let second = with_files(&server, &home).build()?;
    let found = second.naming().instances(&orders).await?;
    assert_eq!((found.len(), found.service().source()), (1, Source::Cache));
    assert_eq!(found[0].metadata["k"], "\u{e9}");
    let watch = second.naming().watch(&orders, Selector::new())?;
    assert_eq!(parts(&next(&watch).await?).0, ["10.0.0.1:1"], "also for those who watch");
    let unknown = second.naming().instances(&key("pay")).await.expect_err("never seen");
    assert_eq!(unknown.kind(), ErrorKind::Unreachable);

    server.start().await?;
    let provider = client(&server).await?;
    provider.naming().register(&orders, Instance::new("10.0.0.2", 2)).await?;
    let mut shown = Vec::new();
    while !shown.contains(&"10.0.0.2:2".to_owned()) {
        shown = addresses(next(&watch).await?.instances.iter().map(|one| &**one));
    }
    assert_eq!(second.naming().instances(&orders).await?.service().source(), Source::Server);
    Ok(())
}

#[tokio::test]
async fn the_cache_is_not_read_unless_asked_for() -> Result<()> {
    let (server, home) = (nacre_harness::Options::new().prepare()?, tempfile::tempdir()?);
    fs::create_dir_all(folder(&home)).await?;
    let list = r#"{"name":"orders","groupName":"DEFAULT_GROUP","hosts":[{"ip":"10.0.0.1","port":1}]}"#;
    fs::write(folder(&home).join("DEFAULT_GROUP%40%40orders"), list).await?;
    let without = with_files(&server, &home).naming(|naming| naming.load_cache_at_start = false).build()?;
    assert!(without.naming().instances(&key("orders")).await.is_err());
    let with = with_files(&server, &home).build()?;
    assert_eq!(with.naming().instances(&key("orders")).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn corrupt_files_are_set_aside_and_full_disks_cost_only_the_cache() -> Result<()> {
    let (server, home) = (server().await?, tempfile::tempdir()?);
    fs::create_dir_all(folder(&home)).await?;
    fs::write(folder(&home).join("DEFAULT_GROUP%40%40orders"), b"{\"name\":\xff").await?;
    let client = with_files(&server, &home).connect().await?;
    let naming = client.naming();
    let orders = key("orders");
    assert!(naming.instances(&orders).await?.is_empty());
    eventually(1, || async { Ok::<_, ()>(naming.counts().corrupt_files) }).await?;
    assert_eq!(fs::read(folder(&home).join("corrupt/DEFAULT_GROUP%40%40orders")).await?, b"{\"name\":\xff");
    contains(folder(&home).join("DEFAULT_GROUP%40%40orders"), "\"hosts\":[]").await?;

    let blocked = tempfile::tempdir()?;
    fs::write(blocked.path().join("nacos"), "in the way").await?;
    let client = with_files(&server, &blocked).connect().await?;
    let naming = client.naming();
    naming.register(&orders, Instance::new("10.0.0.1", 1)).await?;
    eventually(1, || async { naming.instances(&orders).await.map(|found| found.len()) }).await?;
    eventually(true, || async { Ok::<_, ()>(naming.counts().failed_writes > 0) }).await?;
    client.close().await;
    Ok(())
}

#[tokio::test]
async fn failover_lists_stand_in_while_their_switch_is_on() -> Result<()> {
    let (server, home) = (server().await?, tempfile::tempdir()?);
    let naming = with_files(&server, &home).connect().await?.naming();
    let orders = key("orders");
    let real = Instance::new("10.0.0.1", 1).with_cluster("a");
    naming.register(&orders, real.clone()).await?;
    let seen = naming.subscribe(&orders).await?;
    assert_eq!(parts(&next(&seen).await?).0, ["10.0.0.1:1"]);
    let failover = folder(&home).join("failover");
    fs::create_dir_all(&failover).await?;
    let list = r#"{"name":"orders","groupName":"DEFAULT_GROUP","hosts":[
        {"ip":"10.9.9.9","port":9,"clusterName":"b"},{"ip":"10.9.9.8","port":9,"clusterName":"b","healthy":false}]}"#;
    fs::write(failover.join("DEFAULT_GROUP%40%40orders"), list.replace('\n', "")).await?;
    fs::write(failover.join("DEFAULT_GROUP%40%40never"), r#"{"name":"never","hosts":[{"ip":"h","port":1}]}"#).await?;
    fs::write(failover.join(SWITCH), "1").await?;

    let change = next(&seen).await?;
    assert_eq!(parts(&change), (vec!["10.9.9.8:9".into(), "10.9.9.9:9".into()], vec!["10.0.0.1:1".into()], vec![]));
    assert_eq!(change.service.source(), Source::Failover);
    assert_eq!(naming.select(&orders, true).await?.len(), 1);
    assert_eq!(naming.instances(Query::new(&orders).direct()).await?.len(), 2, "before the server is asked, too");
    let real_cluster = Clusters::new(["a"]);
    let found = naming.instances(Query::new(&orders).clusters(&real_cluster)).await?;
    assert_eq!(addresses(found.iter().map(|one| &**one)), ["10.0.0.1:1"], "where it has nothing the server's counts");
    assert_eq!(naming.instances(&key("never")).await?.len(), 1, "a service that nobody follows");
    assert_eq!(naming.counts().failover_services, 2);

    naming.register(&orders, real.with_weight(5.0)).await?;
    contains(folder(&home).join("DEFAULT_GROUP%40%40orders"), "\"weight\":5.0").await?;
    assert!(seen.take_newest().is_none(), "pushes are kept, and not shown");
    fs::write(failover.join(SWITCH), "0").await?;
    let back = next(&seen).await?;
    assert_eq!(parts(&back), (vec!["10.0.0.1:1".into()], vec!["10.9.9.8:9".into(), "10.9.9.9:9".into()], vec![]));
    assert_eq!(back.instances[0].weight, 5.0);
    assert_eq!(naming.counts().failover_services, 0);
    Ok(())
}

#[tokio::test]
async fn with_protection_an_empty_push_is_not_shown() -> Result<()> {
    let server = server().await?;
    let guarded = builder(&server).naming(|naming| naming.push_empty_protection = true).connect().await?.naming();
    let open = client(&server).await?.naming();
    let provider = client(&server).await?.naming();
    let orders = key("orders");
    let seen = guarded.subscribe(&orders).await?;
    assert!(next(&seen).await?.instances.is_empty(), "a first list may be empty");
    provider.register(&orders, Instance::new("10.0.0.1", 1)).await?;
    next(&seen).await?;
    let others = open.subscribe(&orders).await?;
    next(&others).await?;
    provider.register(&orders, Instance::new("10.0.0.1", 1).with_weight(0.0)).await?;
    assert_eq!(next(&others).await?.modified.len(), 1);
    provider.deregister(&orders, &Instance::new("10.0.0.1", 1)).await?;
    assert_eq!(next(&others).await?.removed.len(), 1);
    assert_eq!(guarded.instances(&orders).await?.len(), 1);
    provider.register(&orders, Instance::new("10.0.0.2", 2)).await?;
    assert_eq!(parts(&next(&seen).await?), (vec!["10.0.0.2:2".into()], vec!["10.0.0.1:1".into()], vec![]));
    Ok(())
}
