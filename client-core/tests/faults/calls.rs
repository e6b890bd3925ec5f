//! Single calls that a fault meets in the middle.

use nacre_client::ErrorKind;
use nacre_harness::{
    Proxy, Stub,
    proxy::{Door, End, Fault, Way},
};
use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn a_cut_publish_is_done_whole_or_not_at_all() {
    let server = server().await;
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let (cut, other) = (connected(proxy.address()).await, connected(server.http_address()).await);
    for round in 0..6 {
        let key = config(&other, &format!("cut-{round}"));
        let (old, new) = ("old ".repeat(20_000), format!("new {round} ").repeat(20_000));
        other.config().publish(&key, old.as_str()).await.unwrap();
        let (way, fault) = match round % 3 {
            0 => (Way::Up, Fault::CutInFrame(End::Reset)),
            1 => (Way::Up, Fault::CutAfter(50_000, End::Close)),
            _ => (Way::Down, Fault::CutAfter(1, End::Reset)),
        };
        proxy.set(Door::Grpc, way, fault);
        let result = cut.config().with_timeout(Duration::from_millis(700)).publish(&key, new.as_str()).await;
        proxy.set_all(Fault::Pass);
        wait_connected(&cut).await;
        let found = other.config().get(&key).await.unwrap().unwrap();
        match result {
            Ok(()) => assert_eq!(found.content(), new, "round {round}"),
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout),
                    "round {round}: {error:?}"
                );
                assert!(error.is_retryable(), "round {round}: {error:?}");
                assert!([&old, &new].contains(&&found.content().to_owned()), "round {round}: a part of it");
            }
        }
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_whatever_the_network_does() {
    let server = server().await;
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let client = connected(proxy.address()).await;
    let key = config(&client, "deadline");
    let limit = Duration::from_millis(600);
    for fault in [Fault::Drop, Fault::BlackHole, Fault::Delay(Duration::from_secs(30)), Fault::Throttle(1)] {
        for way in Way::BOTH {
            proxy.set(Door::Grpc, way, fault);
            let begun = Instant::now();
            let error = client.config().with_timeout(limit).get(&key).await.unwrap_err();
            let took = begun.elapsed();
            assert!(
                matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unreachable),
                "{fault:?} {way:?}: {error:?}"
            );
            assert!(took < limit + Duration::from_secs(3), "{fault:?} {way:?}: {took:?}");
            proxy.set_all(Fault::Pass);
            wait_connected(&client).await;
            eventually("a call succeeds again", async || client.config().get(&key).await.ok()).await;
        }
    }
}

#[tokio::test]
async fn a_cancelled_registration_is_taken_back() {
    let server = server().await;
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let (slow, other) = (connected(proxy.address()).await, connected(server.http_address()).await);
    let (orders, marker) = (service(), service());
    proxy.set(Door::Grpc, Way::Down, Fault::Delay(Duration::from_millis(600)));
    let naming = slow.naming();
    let register = naming.register(&orders, instance(1));
    assert!(timeout(Duration::from_millis(200), register).await.is_err(), "the answer is late");
    wait_ports(&other, &orders, &[]).await;
    // What was sent after the undo has arrived after it.
    naming.register(&marker, instance(2)).await.unwrap();
    assert_eq!(ports(&other, &orders).await.unwrap(), [0_u16; 0]);
    // Nor does it come back with the next connection.
    proxy.set_all(Fault::Pass);
    proxy.disconnect(Door::Grpc, End::Reset);
    eventually("connected anew", async || (slow.status().generation >= 2).then_some(())).await;
    wait_ports(&other, &marker, &[2]).await;
    assert_eq!(ports(&other, &orders).await.unwrap(), [0_u16; 0]);
}

#[tokio::test]
async fn a_failed_registration_is_made_when_the_network_is_back() {
    let server = server().await;
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let (cut, other) = (connected(proxy.address()).await, connected(server.http_address()).await);
    let orders = service();
    proxy.set(Door::Grpc, Way::Up, Fault::BlackHole);
    let error = cut.naming().register(&orders, instance(1)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(ports(&other, &orders).await.unwrap(), [0_u16; 0]);
    proxy.set_all(Fault::Pass);
    wait_ports(&other, &orders, &[1]).await;
}

#[tokio::test]
async fn a_refused_registration_is_not_made_again() {
    let stub = Stub::start(true).await.unwrap();
    let client = connected(stub.address()).await;
    let refused = serde_json::json!([{"body": {"resultCode": 500, "errorCode": 400}}]);
    stub.reply("InstanceRequest", serde_json::from_value(refused).unwrap());
    let orders = service();
    assert_eq!(client.naming().register(&orders, instance(1)).await.unwrap_err().kind(), ErrorKind::InvalidParameter);
    stub.reply("InstanceRequest", Vec::new());
    stub.forget();
    stub.disconnect().await;
    eventually("connected anew", async || (client.status().generation >= 2).then_some(())).await;
    // A request that comes after all that is redone.
    client.naming().register(&service(), instance(2)).await.unwrap();
    let named = |request: &nacre_harness::stub::Received| request.message.json()["serviceName"] == orders.name();
    assert!(!stub.received(Some("InstanceRequest")).iter().any(named));
}

#[tokio::test]
async fn closing_takes_a_second_at_most_wherever_the_client_stands() {
    // A second, and what a busy machine adds.
    let limit = Duration::from_secs(4);
    let server = server().await;
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let busy = connected(proxy.address()).await;
    busy.naming().register(&service(), instance(1)).await.unwrap();
    let _watch = busy.config().watch(&config(&busy, "closing")).unwrap();
    proxy.set_all(Fault::BlackHole);
    let begun = Instant::now();
    busy.close().await;
    assert!(begun.elapsed() < limit, "with a dead connection: {:?}", begun.elapsed());
    let connecting = builder(proxy.address()).build().unwrap();
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    connecting.close().await;
    assert!(begun.elapsed() < limit, "while connecting: {:?}", begun.elapsed());
}
