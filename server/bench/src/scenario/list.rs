//! The list of configs as a console shows it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::rates::remove;
use crate::bench::Bench;
use crate::error::{Error, Result};
use crate::latency::Latency;
use crate::load::Load;
use crate::progress::Progress;
use crate::report::Row;
use crate::wire;

const FIRST_PAGE: &str = "/nacos/v1/cs/configs?search=accurate&dataId=&group=&appName=&config_tags=&tenant=\
                          &pageNo=1&pageSize=10";
const LIMIT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    total_count: u64,
}

/// Asks for the first page again and again, when many configs are stored.
pub(super) async fn measure(bench: &Bench, progress: &Progress) -> Result<Vec<Row>> {
    let count = bench.scale.stored_configs;
    let load = Load::connect(bench).await?;
    let prefix = bench.name("stored");
    fill(&load, progress, prefix.clone(), count).await?;
    tokio::time::sleep(bench.scale.settle).await;
    let measured = pages(bench, progress, count).await;
    remove(&load, progress, count, move |number| format!("{prefix}-{number}")).await?;
    let label = format!("HTTP list of {count} configs, first page");
    Ok(measured?.rows("config_list", &label))
}

/// Stores so many configs and leaves them there.
pub(crate) async fn fill(load: &Load, progress: &Progress, prefix: String, count: u64) -> Result<()> {
    let publish = move |number| wire::frame(&wire::publish(&format!("{prefix}-{number}"), number));
    load.send(progress, "publishing", count, publish).await
}

async fn pages(bench: &Bench, progress: &Progress, count: u64) -> Result<Latency> {
    let endpoint = bench.target().http();
    let (mut sender, driver) = match endpoint.encrypt(endpoint.connect().await?).await? {
        Ok(encrypted) => handshake(encrypted).await?,
        Err(plain) => handshake(plain).await?,
    };
    let host = endpoint.address().to_string();
    let mut latency = Latency::new();
    progress.begin("reading", bench.scale.list_requests);
    for _ in 0..bench.scale.list_requests {
        let sent = Instant::now();
        let page = timeout(LIMIT, page(&mut sender, &host)).await;
        let total = page.unwrap_or_else(|_| Err(Error::timeout("no page in time")))?.total_count;
        latency.record(sent.elapsed());
        if total < count {
            return Err(Error::refused(format!("{count} configs were published, the list has {total}")));
        }
        progress.step();
    }
    driver.abort();
    Ok(latency)
}

/// Begins HTTP on a connection, which is driven by the task.
async fn handshake<S>(stream: S) -> Result<(SendRequest<Empty<Bytes>>, JoinHandle<hyper::Result<()>>)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::unreachable)?;
    Ok((sender, tokio::spawn(connection)))
}

async fn page(sender: &mut SendRequest<Empty<Bytes>>, host: &str) -> Result<Page> {
    let request = Request::get(FIRST_PAGE).header(header::HOST, host).body(Empty::new()).map_err(Error::internal)?;
    // The connection may still be at the end of the page before.
    sender.ready().await.map_err(Error::unreachable)?;
    let reply = sender.send_request(request).await.map_err(Error::unreachable)?;
    let status = reply.status();
    let body = reply.into_body().collect().await.map_err(Error::unreachable)?.to_bytes();
    let odd = || Error::refused(format!("the list was answered by {status} {}", String::from_utf8_lossy(&body)));
    if status != StatusCode::OK {
        return Err(odd());
    }
    serde_json::from_slice(&body).map_err(|_| odd())
}
