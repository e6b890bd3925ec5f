//! Whatever a registered client sends as a request is answered, and the client is served afterwards.

use std::sync::{Mutex, PoisonError};

use nacre_gateway::Settings;
use nacre_proto::{RequestType, payload};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::support::{Connection, Server, Stream};

struct Served {
    runtime: Runtime,
    // Before the server, which is dropped last.
    stream: Stream,
    connection: Connection,
    server: Server,
}

impl Served {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (server, connection, stream) = runtime.block_on(async {
            let server = Server::start(Settings::default()).await;
            let (connection, stream) = server.client("").await;
            (server, connection, stream)
        });
        Self { runtime, stream, connection, server }
    }

    fn request(&self, kind: &str, body: &[u8]) {
        self.runtime.block_on(async {
            let frame = payload::frame(kind, "127.0.0.1", &[body]);
            let (status, reply) = self.connection.send(&[], frame).await;
            assert_eq!(status, "0", "{kind}");
            let (_, reply) = reply.expect("a message");
            assert_ne!(reply["message"], "internal error", "{kind}: {}", String::from_utf8_lossy(body));
        });
    }
}

#[test]
fn fuzz_requests() {
    let served = Mutex::new(None);
    bolero::check!().for_each(|input: &[u8]| {
        let Some((first, body)) = input.split_first() else { return };
        let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
        let served = served.get_or_insert_with(Served::start);
        let kinds = RequestType::ALL;
        served.request(kinds[usize::from(*first) % kinds.len()].name(), body);
        served.request("HealthCheckRequest", json!({"headers": {}}).to_string().as_bytes());
    });
    if let Some(served) = served.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let Served { runtime, stream, connection, server } = served;
        runtime.block_on(async move { drop((stream, connection, server)) });
    }
}
