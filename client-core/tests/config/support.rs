//! What the tests share.

use std::time::Duration;

use nacre_client::{
    Client,
    config::{ConfigValue, RawConfig, RawWatch, Watch},
    options::Builder,
};
use nacre_harness::{Options, Server, Stub};
use std::sync::Arc;
use tokio::time::timeout;

/// What a test waits for comes within this time or not at all.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// How long a test looks on to see that nothing comes.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

pub(crate) async fn server() -> Server {
    Options::new().start().await.unwrap()
}

pub(crate) fn builder(server: &Server) -> Builder {
    Client::builder().server(server.http_address().to_string())
}

pub(crate) async fn client(server: &Server) -> Client {
    builder(server).connect().await.unwrap()
}

pub(crate) async fn stub_client(stub: &Stub) -> Client {
    Client::builder().server(stub.address().to_string()).connect().await.unwrap()
}

/// The content, or `absent`.
pub(crate) fn text(value: Option<ConfigValue>) -> String {
    value.map_or("absent".into(), |value| value.content().to_owned())
}

pub(crate) fn raw_text(value: Option<Arc<RawConfig>>) -> String {
    value.map_or("absent".into(), |value| value.content.to_string())
}

/// The next value of a listener.
pub(crate) async fn next(watch: &mut Watch) -> String {
    text(timeout(LIMIT, watch.next()).await.expect("a value comes").expect("the client is open"))
}

pub(crate) async fn next_raw(watch: &mut RawWatch) -> String {
    raw_text(timeout(LIMIT, watch.next()).await.expect("a value comes").expect("the client is open"))
}

/// Takes values until this one comes; answers all that came.
pub(crate) async fn until(watch: &mut Watch, wanted: &str) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != wanted) {
        seen.push(next(watch).await);
    }
    seen
}

/// Nothing comes for a while.
pub(crate) async fn quiet(watch: &mut Watch) {
    let came = timeout(QUIET, watch.next()).await;
    assert!(came.is_err(), "{came:?}");
}
