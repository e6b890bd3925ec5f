//! Two servers that know nothing of each other: where the client is, there its things are.

use super::*;

#[tokio::test]
async fn a_client_follows_the_living_server_to_and_fro() {
    let (mut first, mut second) = (server().await, server().await);
    let list = format!("{},{}", first.http_address(), second.http_address());
    let client = builder(first.http_address()).server(list).options(|options| options.random_start = false);
    let client = client.connect().await.unwrap();
    let key = config(&client, "where");
    for (server, text) in [(&first, "first"), (&second, "second")] {
        connected(server.http_address()).await.config().publish(&key, text).await.unwrap();
    }
    let orders = service();
    client.naming().register(&orders, instance(1)).await.unwrap();
    let mut watch = client.config().watch(&key).unwrap();
    let mut told = async |text: &str| {
        let what = format!("the watch tells {text}");
        eventually(&what, async || {
            let value = tokio::time::timeout(AGAIN, watch.next()).await.ok()??;
            value.filter(|value| value.content() == text)
        })
        .await
    };
    told("first").await;
    for round in 0..2 {
        first.kill().await.unwrap();
        let (_, took) = told("second").await;
        println!("round {round}: on the second after {took:?}");
        let witness = connected(second.http_address()).await;
        wait_ports(&witness, &orders, &[1]).await;
        assert_eq!(client.status().server.unwrap(), second.http_address().to_string());
        first.start().await.unwrap();
        // It stays where it is: a server that comes back is no reason to move.
        assert_eq!(client.status().server.unwrap(), second.http_address().to_string());
        second.kill().await.unwrap();
        told("first").await;
        let witness = connected(first.http_address()).await;
        wait_ports(&witness, &orders, &[1]).await;
        second.start().await.unwrap();
    }
}

#[tokio::test]
async fn a_dead_first_address_costs_little() {
    let server = server().await;
    let mut nobody = Options::new().prepare().unwrap();
    nobody.free_ports();
    let list = format!("{},{}", nobody.http_address(), server.http_address());
    for _ in 0..5 {
        let begun = Instant::now();
        let client =
            builder(server.http_address()).server(list.clone()).options(|options| options.random_start = false);
        let client = client.connect().await.unwrap();
        assert_eq!(client.status().server.unwrap(), server.http_address().to_string());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
