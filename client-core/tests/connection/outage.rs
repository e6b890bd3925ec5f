//! Servers that die, hang or answer badly.

use std::time::Duration;

use nacre_client::{ErrorKind, Event, State};
use nacre_harness::{
    Options, Server,
    proxy::{Door, End, Fault, Proxy, Way},
    stub::Stub,
};
use serde_json::json;

use crate::support::{PATIENCE, call, client, connected, reply, silence, timed, until};

async fn server() -> Server {
    Options::new().start().await.unwrap()
}

#[tokio::test]
async fn a_killed_server_is_found_again_soon_after_its_return() {
    let mut server = server().await;
    let client = client(&[server.http_address()]).connect().await.unwrap();
    let mut events = client.events();
    server.kill().await.unwrap();
    assert!(matches!(events.next().await, Some(Event::Disconnected { .. })));
    assert_eq!(client.status().state, State::Reconnecting);
    assert!(client.status().last_error.is_some());
    server.start().await.unwrap();
    let ((), took) = timed(connected(&client, 2)).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    call(&client).await.unwrap();
    assert!(client.status().last_error.is_none());
}

#[tokio::test]
async fn calls_wait_for_the_return_of_a_server() {
    let mut server = server().await;
    let client = client(&[server.http_address()]).request_timeout(PATIENCE).connect().await.unwrap();
    server.kill().await.unwrap();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { call(&client).await }
    });
    server.start().await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_dead_server_gives_way_to_the_other() {
    let (mut first, second) = (server().await, server().await);
    let client = client(&[first.http_address(), second.http_address()]).connect().await.unwrap();
    assert_eq!(client.status().server, Some(first.http_address().to_string()));
    first.kill().await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(client.status().server, Some(second.http_address().to_string()));
    assert_eq!(client.metrics().failed_calls, 0);
}

#[tokio::test]
async fn a_server_that_says_nothing_any_more_is_left() {
    let (hidden, other) = (server().await, server().await);
    let proxy = Proxy::start(hidden.http_address()).await.unwrap();
    let client = client(&[proxy.address(), other.http_address()])
        .keep_alive(Duration::from_millis(200))
        .options(|options| options.health_check_timeout = Duration::from_millis(300))
        .connect()
        .await
        .unwrap();
    proxy.set_all(Fault::BlackHole);
    let ((), took) = timed(connected(&client, 2)).await;
    assert_eq!(client.status().server, Some(other.http_address().to_string()));
    assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(8), "{took:?}");
    call(&client).await.unwrap();
}

#[tokio::test]
async fn a_call_that_gets_no_answer_makes_the_connection_prove_itself() {
    let hidden = server().await;
    let proxy = Proxy::start(hidden.http_address()).await.unwrap();
    let client = client(&[proxy.address()])
        .request_timeout(Duration::from_millis(800))
        .options(|options| {
            options.health_check_timeout = Duration::from_millis(500);
            options.health_check_retries = 0;
        })
        .connect()
        .await
        .unwrap();
    proxy.set(Door::Grpc, Way::Down, Fault::BlackHole);
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true));
    // Without the doubt it would take 5 s of silence until anybody looks.
    let ((), took) = timed(async {
        assert!(until(|| client.status().state == State::Reconnecting).await);
    })
    .await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    proxy.set_all(Fault::Pass);
    connected(&client, 2).await;
    call(&client).await.unwrap();
}

#[tokio::test]
async fn connections_cut_in_the_middle_of_a_frame_are_replaced() {
    let hidden = server().await;
    let proxy = Proxy::start(hidden.http_address()).await.unwrap();
    let client = client(&[proxy.address()]).connect().await.unwrap();
    for (generation, end) in [(2, End::Close), (3, End::Reset)] {
        for door in Door::BOTH {
            proxy.set(door, Way::Down, Fault::CutInFrame(end));
        }
        let failed = client.metrics().failed_connections;
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { call(&client).await }
        });
        assert!(until(|| client.metrics().failed_connections > failed).await, "its answers are cut as well");
        proxy.set_all(Fault::Pass);
        waiting.await.unwrap().unwrap();
        connected(&client, generation).await;
    }
}

#[tokio::test]
async fn a_slow_network_is_no_outage() {
    let hidden = server().await;
    let proxy = Proxy::start(hidden.http_address()).await.unwrap();
    let client = client(&[proxy.address()]).connect().await.unwrap();
    proxy.set_all(Fault::Delay(Duration::from_millis(200)));
    for _ in 0..3 {
        call(&client).await.unwrap();
    }
    assert_eq!(client.status().generation, 1);
}

#[tokio::test]
async fn a_server_that_forgets_its_clients_gets_them_back() {
    let stub = Stub::start(true).await.unwrap();
    let client = client(&[stub.address()]).connect().await.unwrap();
    let forgotten = reply("ErrorResponse", json!({"resultCode": 500, "errorCode": 301}));
    let fine = reply("ServiceListResponse", json!({"count": 3, "serviceNames": []}));
    stub.reply("ServiceListRequest", vec![forgotten, fine]);
    assert_eq!(call(&client).await.unwrap().count, 3);
    assert_eq!((client.status().generation, stub.connections()), (2, 2));
}

#[tokio::test]
async fn a_server_that_accepts_and_stays_silent_does_not_hold_the_client() {
    let (mute, good) = (Stub::start(true).await.unwrap(), Stub::start(true).await.unwrap());
    mute.reply("ServerCheckRequest", vec![silence()]);
    let connecting = client(&[mute.address(), good.address()])
        .options(|options| options.server_check_timeout = Duration::from_millis(500))
        .connect();
    let (client, took) = timed(connecting).await;
    assert_eq!(client.unwrap().status().server, Some(good.address().to_string()));
    assert!(took < Duration::from_secs(5), "{took:?}");
}
