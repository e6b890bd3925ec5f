//! What the tests of the connection share.

use std::{net::SocketAddr, time::Duration};

use nacre_client::{
    Client, Error, Group,
    naming::ServicePage,
    options::{Builder, Options},
};
use nacre_harness::stub::{HttpScript, Script};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout};

/// Long enough for a busy machine, short enough for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client that begins with the first of these servers.
pub(crate) fn client(servers: &[SocketAddr]) -> Builder {
    let servers = servers.iter().map(ToString::to_string);
    Client::builder().servers(servers).options(|options: &mut Options| options.random_start = false)
}

/// Any request that every server answers.
pub(crate) async fn call(client: &Client) -> Result<ServicePage, Error> {
    client.naming().services(&Group::default(), 1, 10).await
}

/// Waits until the client has had `generation` connections and has one.
pub(crate) async fn connected(client: &Client, generation: u64) {
    let reached = until(|| {
        let status = client.status();
        status.generation >= generation && status.state == nacre_client::State::Connected
    });
    let status = || client.status();
    assert!(reached.await, "not connected in time: {:?}", status());
}

/// Waits for a condition; false when it does not become true.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) -> bool {
    let waiting = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.is_ok()
}

/// How long something took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let begin = Instant::now();
    let result = future.await;
    (result, begin.elapsed())
}

/// A scripted reply: members of the body.
pub(crate) fn reply(kind: &str, body: Value) -> Script {
    let Value::Object(body) = body else { panic!("a body is an object") };
    Script { kind: Some(kind.to_owned()), body, grpc_status: None, after_ms: 0, silent: false }
}

/// A scripted reply that never comes.
pub(crate) fn silence() -> Script {
    Script { kind: None, body: Map::new(), grpc_status: None, after_ms: 0, silent: true }
}

/// A scripted HTTP answer.
pub(crate) fn http(status: u16, body: Value) -> HttpScript {
    HttpScript { status, body }
}
