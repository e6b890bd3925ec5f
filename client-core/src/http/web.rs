//! One HTTP/1.1 exchange on a connection of its own: what needs it is rare, so nothing is kept open and no task runs.

use std::{pin::pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use crate::{
    connection::{dial::Dialer, tls},
    error::Error,
    options::{Options, Tls},
    servers::{self, authority},
};

/// Longest answer that is read.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) https: bool,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Sends HTTP requests.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    dialer: Dialer,
    tls: Tls,
    user_agent: HeaderValue,
}

impl Web {
    pub(crate) fn new(options: &Options, dialer: Dialer) -> Result<Self, Error> {
        let user_agent = HeaderValue::from_str(&options.client_version)
            .map_err(|error| Error::invalid("the client version cannot stand in a header").with_source(error))?;
        Ok(Self { dialer, tls: options.tls.clone().unwrap_or_default(), user_agent })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When no answer comes by the deadline, whatever its status.
    pub(crate) async fn exchange(
        &self,
        origin: &Origin,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let place = authority(&origin.host, origin.port);
        let late = |_| Error::timeout(format!("{place} did not answer over HTTP in time"));
        timeout_at(deadline, self.send(origin, &place, request, deadline)).await.map_err(late)?
    }

    async fn send(
        &self,
        origin: &Origin,
        place: &str,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let addresses = servers::resolve(&origin.host, origin.port, limit).await?;
        let mut failure = None;
        for address in addresses {
            let tls = origin.https.then_some((&self.tls, &*origin.host));
            match self.dialer.dial(address, tls, tls::HTTP1).await {
                Ok(socket) => return self.converse(TokioIo::new(socket.io), place, request).await,
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| Error::unreachable(format!("{place} has no address"))))
    }

    async fn converse(
        &self,
        io: impl hyper::rt::Read + hyper::rt::Write + Unpin,
        place: &str,
        request: Request<Bytes>,
    ) -> Result<Answer, Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Error::unreachable(format!("HTTP with {place} failed: {error}"))
        };
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        let host = HeaderValue::from_str(place)
            .map_err(|error| Error::invalid("the host cannot stand in a header").with_source(error))?;
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        headers.insert("client-version", self.user_agent.clone());
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));

        let (mut sender, connection) = http1::handshake(io).await.map_err(|error| failed(&error).with_source(error))?;
        let answer = async {
            let answer = sender.send_request(request).await.map_err(|error| failed(&error).with_source(error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST_BODY).collect().await;
            let body = body.map_err(|error| failed(error.as_ref()))?.to_bytes();
            Ok(Answer { status, body })
        };
        let mut answer = pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            // The connection may end as soon as it has handed over the answer.
            _ = connection => {}
        }
        answer.await
    }
}
