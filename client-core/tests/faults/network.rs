//! Each fault of the network for a while, and then none.

use std::{collections::HashSet, sync::Arc};

use futures::future::join_all;
use nacre_harness::{
    Proxy,
    proxy::{Door, End, Fault, Way},
};
use parking_lot::Mutex;

use super::*;

const FAULTY: Duration = Duration::from_millis(1500);

#[derive(Clone, Copy, Debug)]
enum Harm {
    Fault(Option<Way>, Fault),
    Disconnect(End),
    Refuse(End),
}

fn harms() -> Vec<Harm> {
    let faults = [
        Fault::Delay(Duration::from_millis(300)),
        Fault::Drop,
        Fault::BlackHole,
        Fault::CutAfter(700, End::Close),
        Fault::CutInFrame(End::Reset),
        Fault::Throttle(3_000),
    ];
    let ways = [Some(Way::Up), Some(Way::Down), None];
    let mut harms: Vec<Harm> = faults.into_iter().flat_map(|fault| ways.map(|way| Harm::Fault(way, fault))).collect();
    harms.extend([End::Close, End::Reset].into_iter().flat_map(|end| [Harm::Disconnect(end), Harm::Refuse(end)]));
    harms
}

async fn apply(proxy: &mut Proxy, harm: Harm) {
    match harm {
        Harm::Fault(None, fault) => proxy.set_all(fault),
        Harm::Fault(Some(way), fault) => Door::BOTH.iter().for_each(|door| proxy.set(*door, way, fault)),
        Harm::Disconnect(end) => {
            for _ in 0..10 {
                Door::BOTH.iter().for_each(|door| proxy.disconnect(*door, end));
                sleep(FAULTY / 10).await;
            }
        }
        Harm::Refuse(end) => {
            Door::BOTH.iter().for_each(|door| proxy.refuse(*door));
            Door::BOTH.iter().for_each(|door| proxy.disconnect(*door, end));
        }
    }
    sleep(FAULTY).await;
}

async fn heal(proxy: &mut Proxy) {
    proxy.set_all(Fault::Pass);
    for door in Door::BOTH {
        proxy.accept(door).await.unwrap();
    }
}

/// A client that works all the time behind a proxy that harms it.
async fn survives(server: SocketAddr, number: usize, harm: Harm) {
    let mut proxy = Proxy::start(server).await.unwrap();
    let (harmed, other) = (connected(proxy.address()).await, connected(server).await);
    let (orders, key) = (service(), config(&other, &format!("harm-{number}")));
    harmed.naming().register(&orders, instance(1)).await.unwrap();
    other.config().publish(&key, "0").await.unwrap();
    let mut watch = harmed.config().watch(&key).unwrap();
    let written = Arc::new(Mutex::new(HashSet::from(["0".to_owned()])));
    let reader = {
        let (client, key, written) = (harmed.clone(), key.clone(), Arc::clone(&written));
        tokio::spawn(async move {
            let mut newest = 0;
            loop {
                if let Ok(found) = client.config().get(&key).await {
                    let content = found.expect("it was never removed").content().to_owned();
                    assert!(written.lock().contains(&content), "{harm:?}: nobody has written {content:?}");
                    let version: u32 = content.parse().unwrap();
                    assert!(version >= newest, "{harm:?}: {version} after {newest}");
                    newest = version;
                }
                sleep(AGAIN).await;
            }
        })
    };
    let publish = async |version: u32| {
        written.lock().insert(version.to_string());
        other.config().publish(&key, version.to_string()).await.unwrap();
    };
    publish(1).await;
    apply(&mut proxy, harm).await;
    publish(2).await;
    heal(&mut proxy).await;
    let read = async || harmed.config().get(&key).await.ok().flatten().filter(|found| found.content() == "2");
    eventually(&format!("{harm:?}: reads again"), read).await;
    let seen = async || match tokio::time::timeout(AGAIN, watch.next()).await {
        Ok(Some(Some(value))) => (value.content() == "2").then_some(()),
        Ok(other) => panic!("{harm:?}: {other:?}"),
        Err(_) => watch.current().filter(|value| value.content() == "2").map(drop),
    };
    eventually(&format!("{harm:?}: the watch sees what was published meanwhile"), seen).await;
    // A connection cut late is made again and registers again, which takes a moment.
    wait_ports(&other, &orders, &[1]).await;
    // The registration belongs to the present connection: it ends with it.
    harmed.close().await;
    wait_ports(&other, &orders, &[]).await;
    reader.abort();
    assert!(!reader.await.is_err_and(|error| error.is_panic()), "{harm:?}: the reader");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_heals() {
    let server = server().await;
    let harms = harms().into_iter().enumerate();
    join_all(harms.map(|(number, harm)| survives(server.http_address(), number, harm))).await;
}
