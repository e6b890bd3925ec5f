//! Many clients at once.

use std::time::Duration;

use nacre_client::{
    Client, ServiceKey, State,
    naming::{Instance, Query},
};
use nacre_harness::Options;
use tokio::task::JoinSet;

use crate::support::{call, client, timed, until};

const CLIENTS: usize = 1000;
const REGISTERED: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_come_back_after_a_crash() {
    let mut server = Options::new().start().await.unwrap();
    let mut opening = JoinSet::new();
    for _ in 0..CLIENTS {
        let builder = client(&[server.http_address()]).request_timeout(Duration::from_secs(15));
        opening.spawn(async move { builder.connect().await.unwrap() });
    }
    let clients: Vec<Client> = opening.join_all().await;
    let service = ServiceKey::new("", "crowd").unwrap();
    let mut registering = JoinSet::new();
    for (number, client) in clients.iter().enumerate().take(REGISTERED) {
        let (naming, service) = (client.naming(), service.clone());
        let port = u16::try_from(number + 1).unwrap();
        registering.spawn(async move { naming.register(&service, Instance::new("10.0.0.1", port)).await.unwrap() });
    }
    registering.join_all().await;

    let down = server.crash_and_start().await.unwrap();
    let back = |client: &Client| client.status().generation == 2 && client.status().state == State::Connected;
    let (all, took) = timed(until(|| clients.iter().all(back))).await;
    assert!(all, "{} of {CLIENTS} are back", clients.iter().filter(|client| back(client)).count());
    assert!(took < Duration::from_secs(20), "{took:?}");
    // Attempts are spread over the outage: no client asks more often than every 80 ms, on two ports each time.
    let most = clients.iter().map(|client| client.metrics().failed_connections).max().unwrap();
    assert!(u128::from(most) <= 2 + (down + took).as_millis() / 80, "{most} attempts in {:?}", down + took);

    call(&clients[0]).await.unwrap();
    let direct = Query::new(&service).direct();
    let naming = clients[CLIENTS - 1].naming();
    let redone = async {
        while naming.instances(direct).await.unwrap().len() < REGISTERED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), redone).await.expect("all who had registered do so again");
}
