//! Clients that share connections.

use nacre_client::{Client, ErrorKind, Pool, ServiceKey, naming::Instance};
use nacre_harness::{
    Options,
    proxy::{Door, Proxy},
};

use crate::support::{PATIENCE, call, client};

async fn instances(client: &Client, service: &ServiceKey) -> usize {
    client.naming().instances(nacre_client::naming::Query::new(service).direct()).await.unwrap().len()
}

#[tokio::test]
async fn clients_share_a_connection_until_they_clash() {
    let server = Options::new().start().await.unwrap();
    let proxy = Proxy::start(server.http_address()).await.unwrap();
    let pool = Pool::new();
    let builder = client(&[proxy.address()]).pool(&pool);
    let (one, two) = (builder.clone().connect().await.unwrap(), builder.clone().connect().await.unwrap());
    call(&one).await.unwrap();
    call(&two).await.unwrap();
    assert_eq!((pool.connections(), proxy.accepted(Door::Grpc)), (1, 1));

    // Other services, and the same one in another namespace, do not clash.
    let (service, other) = (ServiceKey::new("", "shared").unwrap(), ServiceKey::new("", "own").unwrap());
    let elsewhere = builder.namespace("dev").connect().await.unwrap();
    one.naming().register(&service, Instance::new("10.0.0.1", 1)).await.unwrap();
    two.naming().register(&other, Instance::new("10.0.0.2", 1)).await.unwrap();
    elsewhere.naming().register(&service, Instance::new("10.0.0.3", 1)).await.unwrap();
    assert_eq!((pool.connections(), proxy.accepted(Door::Grpc)), (1, 1));

    two.naming().register(&service, Instance::new("10.0.0.2", 2)).await.unwrap();
    assert_eq!((pool.connections(), proxy.accepted(Door::Grpc)), (2, 2));
    assert_eq!(instances(&one, &service).await, 2, "as two clients would have it");

    // Who leaves takes what is its own.
    one.close().await;
    assert_eq!(call(&one).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!((instances(&two, &service).await, instances(&two, &other).await), (1, 1));
    assert_eq!(instances(&elsewhere, &service).await, 1);
    two.close().await;
    assert_eq!(pool.connections(), 1, "one client is left");
    elsewhere.close().await;
    assert_eq!(pool.connections(), 0);
    proxy.wait_open(&[Door::Grpc], |open| open == 0, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn what_a_server_can_tell_apart_is_not_shared() {
    let server = Options::new().start().await.unwrap();
    let pool = Pool::new();
    let builder = client(&[server.http_address()]).pool(&pool);
    let clients = [
        builder.clone().connect().await.unwrap(),
        builder.clone().app_name("orders").connect().await.unwrap(),
        builder.clone().app_label("zone", "a").connect().await.unwrap(),
        builder.clone().keys(nacre_client::options::Keys::new("a", "b")).connect().await.unwrap(),
    ];
    assert_eq!(pool.connections(), clients.len());
    let same = builder.keep_alive(std::time::Duration::from_secs(60)).connect().await.unwrap();
    assert_eq!(pool.connections(), clients.len(), "what no server sees does not matter");
    drop(clients);
    assert_eq!(pool.connections(), 1);
    call(&same).await.unwrap();
}
