//! Which services there are, and whether the server is up.

use anyhow::{Context, Result};
use nacre_client::{
    Group,
    naming::{Instance, ServerStatus, ServicesWatch},
};
use tokio::time::timeout;

use crate::support::{LIMIT, builder, client, eventually, key, server};

async fn names(watch: &ServicesWatch) -> Result<(u64, Vec<String>)> {
    loop {
        anyhow::ensure!(timeout(LIMIT, watch.changed()).await?, "it has ended");
        if let Some(list) = watch.take_newest() {
            return Ok((list.revision, list.names.to_vec()));
        }
    }
}

#[tokio::test]
async fn services_are_listed_in_pages_and_all_at_once() -> Result<()> {
    let server = server().await?;
    let naming = client(&server).await?.naming();
    let (group, other) = (Group::default(), Group::new("other")?);
    for number in 0..25 {
        naming.register(&key(&format!("s{number:02}")), Instance::new("10.0.0.1", 1)).await?;
    }
    let page = naming.services(&group, 3, 10).await?;
    assert_eq!((page.count, page.names.len()), (25, 5));
    assert_eq!(naming.services(&group, 4, 10).await?.names, [""; 0]);
    assert_eq!(naming.services(&group, 1, 0).await?.count, 25);
    let all = naming.all_services(&group).await?;
    assert_eq!((all.len(), all[0].as_str(), all[24].as_str()), (25, "s00", "s24"));
    assert!(naming.all_services(&other).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_watch_of_the_services_has_a_revision_that_rises() -> Result<()> {
    let server = server().await?;
    let client = builder(&server).naming(|naming| naming.services_refresh = std::time::Duration::from_millis(50));
    let client = client.connect().await?;
    let naming = client.naming();
    let group = Group::default();
    let watch = naming.watch_services(&group)?;
    assert_eq!(names(&watch).await?, (1, vec![]), "an empty list is a list");
    naming.register(&key("orders"), Instance::new("10.0.0.1", 1)).await?;
    assert_eq!(names(&watch).await?, (2, vec!["orders".to_owned()]));
    naming.register(&key("pay"), Instance::new("10.0.0.1", 1)).await?;
    assert_eq!(names(&watch).await?, (3, vec!["orders".to_owned(), "pay".to_owned()]));
    let second = naming.watch_services(&group)?;
    assert_eq!(names(&second).await?.0, 3, "shared with the first");
    assert_eq!(second.current().context("known")?.names.len(), 2);
    assert!(second.take_newest().is_none());
    client.close().await;
    assert!(!timeout(LIMIT, watch.changed()).await?);
    Ok(())
}

#[tokio::test]
async fn the_watch_goes_on_after_an_outage() -> Result<()> {
    let mut server = server().await?;
    let naming = builder(&server).connect().await?.naming();
    let watch = naming.watch_services(&Group::default())?;
    assert_eq!(names(&watch).await?, (1, vec![]));
    naming.register(&key("orders"), Instance::new("10.0.0.1", 1)).await?;
    server.crash_and_start().await?;
    // A new connection is a reason to look; the period alone would be 10 s.
    let started = tokio::time::Instant::now();
    assert_eq!(names(&watch).await?.1, ["orders"]);
    assert!(started.elapsed().as_secs() < 8);
    Ok(())
}

#[tokio::test]
async fn the_status_of_the_server_is_told() -> Result<()> {
    let mut server = server().await?;
    let naming = client(&server).await?.naming();
    assert_eq!(naming.server_status().await, ServerStatus::Up);
    server.kill().await?;
    eventually(ServerStatus::Down, || async { Ok::<_, ()>(naming.server_status().await) }).await?;
    server.start().await?;
    eventually(ServerStatus::Up, || async { Ok::<_, ()>(naming.server_status().await) }).await?;
    Ok(())
}
