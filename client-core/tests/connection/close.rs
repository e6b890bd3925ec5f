//! The end of a client: in order, in time, and once more from the beginning.

use std::{net::SocketAddr, time::Duration};

use nacre_client::{ErrorKind, State};
use nacre_harness::{
    Options,
    proxy::{Door, Fault, Proxy},
    stub::Stub,
};

use crate::support::{PATIENCE, call, client, silence, timed, until};

/// A second, and what a busy machine adds.
const LIMIT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_closed_client_is_gone_and_can_be_opened_again() {
    let server = Options::new().start().await.unwrap();
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let client = client(&[proxy.address()]).connect().await.unwrap();
    let (naming, mut events) = (client.naming(), client.events());
    call(&client).await.unwrap();
    let ((), took) = timed(client.close()).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    proxy.wait_open(&[Door::Grpc], |open| open == 0, PATIENCE).await.unwrap();
    assert_eq!((client.status().state, client.is_closed()), (State::Closed, true));
    assert_eq!(call(&client).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.ready(PATIENCE).await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(events.next().await.is_none());
    client.close().await;

    client.reopen().unwrap();
    client.ready(PATIENCE).await.unwrap();
    call(&client).await.unwrap();
    let group = nacre_client::Group::default();
    assert_eq!(naming.services(&group, 1, 1).await.unwrap_err().kind(), ErrorKind::Closed, "an old handle");
    client.reopen().unwrap();
    assert_eq!((client.status().generation, client.is_closed()), (1, false));
}

#[tokio::test]
async fn closing_takes_a_second_at_most_whatever_the_server_does() {
    let server = Options::new().start().await.unwrap();
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let frozen = client(&[proxy.address()]).connect().await.unwrap();
    proxy.set_all(Fault::BlackHole);
    let waiting = tokio::spawn({
        let frozen = frozen.clone();
        async move { call(&frozen).await }
    });
    let ((), took) = timed(frozen.close()).await;
    assert!(took < LIMIT, "{took:?}");
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);

    let absent = client(&[SocketAddr::from(([127, 0, 0, 1], 1))]).build().unwrap();
    let ((), took) = timed(absent.close()).await;
    assert!(took < LIMIT, "{took:?}");
}

#[tokio::test]
async fn closing_does_not_wait_for_calls() {
    let stub = Stub::start(true).await.unwrap();
    stub.reply("ServiceListRequest", vec![silence()]);
    let client = client(&[stub.address()]).connect().await.unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    stub.wait_received(|received| received.message.kind == "ServiceListRequest", PATIENCE).await.unwrap();
    let ((), took) = timed(client.close()).await;
    assert!(took < LIMIT, "{took:?}");
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    }
}

#[tokio::test]
async fn a_dropped_client_closes_its_connection() {
    let server = Options::new().start().await.unwrap();
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let client = client(&[proxy.address()]).connect().await.unwrap();
    call(&client).await.unwrap();
    let (naming, config) = (client.naming(), client.config());
    drop(client);
    assert_eq!(proxy.open(Door::Grpc), 1, "handles are as good as the client");
    drop((naming, config));
    proxy.wait_open(&[Door::Grpc], |open| open == 0, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn clients_that_come_and_go_leave_nothing() {
    let stub = Stub::start(true).await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let stub_tasks_and_test = tasks();
    for round in 0..30 {
        let client = client(&[stub.address()]).connect().await.unwrap();
        if round % 2 == 0 {
            client.close().await;
        }
    }
    assert!(until(|| tasks() <= stub_tasks_and_test).await, "{} tasks, {stub_tasks_and_test} before", tasks());
}
