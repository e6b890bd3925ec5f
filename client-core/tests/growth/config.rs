//! Watches of configurations.

use tokio::time::timeout;

use super::{LIMIT, SLACK, alone, client, eventually, resident, server};

#[tokio::test]
async fn watches_that_come_and_go_leave_nothing() {
    let _turn = alone().await;
    let server = server().await;
    let config = client(&server).await.config();
    let keys: Vec<_> = (0..100).map(|number| config.key("G", &format!("k{number}")).unwrap()).collect();
    let mut before = 0;
    for round in 0..50_000 {
        if round == 10_000 {
            before = resident();
        }
        let mut watch = config.watch(&keys[round % 100]).unwrap();
        if round % 10 == 0 {
            timeout(LIMIT, watch.next()).await.expect("a value comes").expect("the client is open");
        }
    }
    eventually("no listens at the server", async || server.metric("nacre_config_listens").await.unwrap() == 0.0).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < SLACK, "grew by {grown} bytes in 40,000 watches");
}
