//! What must not grow.

use anyhow::{Context, Result};
use nacre_client::naming::{Instance, Selector};

use crate::support::{client, eventually, key, server};

fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS line")?;
    Ok(line.split_whitespace().nth(1).context("no value")?.parse::<u64>()? * 1024)
}

#[tokio::test]
async fn ten_thousand_subscriptions_and_their_ends_leave_nothing() -> Result<()> {
    let server = server().await?;
    let client = client(&server).await?;
    let naming = client.naming();
    let hosts = (1..=10).map(|port| Instance::new("10.0.0.1", port).with_metadata("k", "v".repeat(50))).collect();
    naming.register_batch(&key("orders"), hosts).await?;
    let mut before = 0;
    for round in 0..10_000u32 {
        if round == 2_000 {
            before = resident()?;
        }
        // One that exists, and others that never repeat.
        let service = if round % 2 == 0 { key("orders") } else { key(&format!("s{round}")) };
        let watch = naming.watch(&service, Selector::new())?;
        watch.established().await?;
        assert_eq!(watch.take().context("the present list")?.instances.is_empty(), round % 2 == 1);
    }
    eventually(0, || async { Ok::<_, ()>(naming.counts().services) }).await?;
    assert!(naming.subscribed().is_empty());
    let grown = resident()?.saturating_sub(before);
    assert!(grown < 2 << 20, "grew by {grown} bytes in 8,000 rounds");
    eventually(0.0, || server.metric("nacre_naming_subscriptions")).await?;
    Ok(())
}

#[tokio::test]
async fn many_changes_of_one_service_leave_nothing() -> Result<()> {
    let server = server().await?;
    let (provider, consumer) = (client(&server).await?.naming(), client(&server).await?.naming());
    let orders = key("orders");
    let watch = consumer.subscribe(&orders).await?;
    let mut before = 0;
    for round in 0..3_000u32 {
        if round == 1_000 {
            before = resident()?;
        }
        let host = Instance::new("10.0.0.1", 1).with_metadata("round", round.to_string());
        provider.register(&orders, host.with_metadata("k", "v".repeat(500))).await?;
        watch.take();
    }
    eventually(Some("2999".to_owned()), || async {
        let list = watch.current().and_then(|list| list.instances().first().cloned());
        Ok::<_, ()>(list.map(|host| host.metadata["round"].clone()))
    })
    .await?;
    let grown = resident()?.saturating_sub(before);
    assert!(grown < 2 << 20, "grew by {grown} bytes in 2,000 rounds");
    Ok(())
}
