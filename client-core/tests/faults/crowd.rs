//! A thousand clients of one process that all lose their server at once.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};

use super::*;

const CLIENTS: u16 = 1000;
/// How many are made or asked at a time.
const AT_A_TIME: usize = 64;
const WHOLE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_come_back() {
    rlimit::increase_nofile_limit(8192).unwrap();
    let mut server = server().await;
    let address = server.http_address();
    let orders = service();
    let clients: Vec<Client> = stream::iter(0..CLIENTS)
        .map(|number| {
            let orders = orders.clone();
            async move {
                let patient =
                    builder(address).request_timeout(Duration::from_secs(20)).keep_alive(Duration::from_secs(5));
                let client = patient.options(|options| options.health_check_timeout = Duration::from_secs(3));
                let client = client.connect().await.unwrap();
                client.naming().register(&orders, instance(number + 1)).await.unwrap();
                client
            }
        })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    let witness = connected(address).await;
    let everyone: BTreeSet<u16> = (1..=CLIENTS).collect();
    let listed = async || -> Option<BTreeSet<u16>> { Some(ports(&witness, &orders).await?.into_iter().collect()) };
    assert_eq!(listed().await.unwrap(), everyone);
    server.crash_and_start().await.unwrap();
    let begun = Instant::now();
    while clients.iter().any(|client| client.status().generation < 2) {
        assert!(begun.elapsed() < WHOLE, "{} are not back", missing(&clients));
        sleep(AGAIN).await;
    }
    println!("{CLIENTS} clients connected again after {:?}", begun.elapsed());
    wait_connected(&witness).await;
    // All of them are owners again: when half of them leave, that half is gone at once.
    let (staying, leaving) = clients.split_at(usize::from(CLIENTS) / 2);
    stream::iter(leaving).for_each_concurrent(AT_A_TIME, |client| client.close()).await;
    let left = usize::from(CLIENTS) - leaving.len();
    eventually("half of them are listed", async || listed().await.filter(|found| found.len() == left)).await;
    assert_eq!(missing(staying), 0);
    stream::iter(staying).for_each_concurrent(AT_A_TIME, |client| client.close()).await;
    eventually("nobody is listed", async || listed().await.filter(BTreeSet::is_empty)).await;
}

fn missing(clients: &[Client]) -> usize {
    clients.iter().filter(|client| client.status().state != State::Connected).count()
}
