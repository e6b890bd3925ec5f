//! An HTTP/1.1 client that sends its bytes as given and shows the answer as it came.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const MAX_HEADERS: usize = 128;
const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// Encodes pairs for a query or a form.
pub fn encode_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let encode = |text: &'a str| utf8_percent_encode(text, UNRESERVED);
    let parts: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    parts.join("&")
}

/// A request; `target` goes out as it is.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers beside `Host` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body, if any.
    pub body: Option<Bytes>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.into(), target: target.into(), ..Self::default() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets a form-encoded body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let body = encode_pairs(pairs.iter().copied());
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = match (&self.body, self.method.as_str()) {
            (Some(body), _) => Some(body.len()),
            (None, "POST" | "PUT" | "PATCH") => Some(0),
            (None, _) => None,
        };
        let named = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if let Some(length) = length.filter(|_| !named("content-length") && !named("transfer-encoding")) {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// The time from before the connection was opened until the last byte.
    pub elapsed: Duration,
}

impl Reply {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends each request on a fresh connection.
#[derive(Debug, Clone, Copy)]
pub struct Http {
    address: SocketAddr,
    limit: Duration,
}

impl Http {
    /// A client with 60 s of patience.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, limit: DEFAULT_LIMIT }
    }

    /// Sets the longest wait for a whole answer.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the connection fails or no whole answer comes in time.
    pub async fn send(&self, request: &Request) -> Result<Reply> {
        let started = Instant::now();
        let exchange = async {
            let mut connection = Connection::open(self.address).await?;
            connection.send(request).await
        };
        let mut reply = timeout(self.limit, exchange)
            .await
            .with_context(|| format!("{} {}: no answer in time", request.method, request.target))??;
        reply.elapsed = started.elapsed();
        Ok(reply)
    }

    /// GET with a query.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply> {
        self.send(&Request::new("GET", target(path, query))).await
    }

    /// DELETE with a query.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn delete(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply> {
        self.send(&Request::new("DELETE", target(path, query))).await
    }

    /// POST with a form.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply> {
        self.send(&Request::new("POST", path).form(form)).await
    }

    /// PUT with a form.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply> {
        self.send(&Request::new("PUT", path).form(form)).await
    }
}

fn target(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", encode_pairs(query.iter().copied())) }
}

/// A connection that is kept for several requests, one after the other.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
    address: SocketAddr,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::new(), address })
    }

    /// Sends a request and reads the answer, without a limit of time.
    ///
    /// # Errors
    /// When the connection fails or the answer is not HTTP.
    pub async fn send(&mut self, request: &Request) -> Result<Reply> {
        let started = Instant::now();
        let written = self.stream.write_all(&request.bytes(self.address)).await;
        // A server that refuses a body early may have answered and closed: its answer counts.
        let (status, headers) = match (self.head().await, written) {
            (Ok(head), _) => head,
            (Err(_), Err(error)) => return Err(error).context("send the request"),
            (Err(error), Ok(())) => return Err(error),
        };
        let body = if request.method == "HEAD" || status == 204 || status == 304 {
            Bytes::new()
        } else {
            self.body(&headers).await?
        };
        Ok(Reply { status, headers, body, elapsed: started.elapsed() })
    }

    async fn head(&mut self) -> Result<(u16, Vec<(String, String)>)> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(length) = response.parse(&self.buffer).context("response head")? {
                let status = response.code.context("no status")?;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let headers =
                    response.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect();
                self.buffer.advance(length);
                if status >= 200 {
                    return Ok((status, headers));
                }
                continue;
            }
            self.more().await?;
        }
    }

    async fn body(&mut self, headers: &[(String, String)]) -> Result<Bytes> {
        let value = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
        };
        if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunks().await;
        }
        if let Some(length) = value("content-length") {
            return self.exactly(length.parse().context("content length")?).await;
        }
        while self.stream.read_buf(&mut self.buffer).await? > 0 {}
        Ok(self.buffer.split().freeze())
    }

    async fn chunks(&mut self) -> Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let size = match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.advance(start);
                    usize::try_from(size)?
                }
                Ok(httparse::Status::Partial) => {
                    self.more().await?;
                    continue;
                }
                Err(_) => bail!("odd chunk size"),
            };
            let chunk = self.exactly(size).await?;
            body.extend_from_slice(&chunk);
            let end = self.exactly(2).await?;
            ensure!(&end[..] == b"\r\n", "no line end after a chunk");
            if size == 0 {
                return Ok(body.freeze());
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Result<Bytes> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn more(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn answer_of(bytes: &'static [u8]) -> Result<Reply> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            assert!(request[..length].starts_with(b"GET /a?b=%E4%B8%AD HTTP/1.1\r\nHost: "));
            for piece in bytes.chunks(7) {
                stream.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(server, async { Http::new(address).get("/a", &[("b", "中")]).await }).1
    }

    #[tokio::test]
    async fn reads_all_kinds_of_bodies() {
        let sized = answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nok").await.unwrap();
        assert_eq!((sized.status, sized.text().as_str(), sized.header("a")), (200, "ok", Some("b")));
        let chunked =
            answer_of(b"HTTP/1.1 500 E\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                .await;
        assert_eq!(chunked.unwrap().text(), "abcde");
        let until_end = answer_of(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 N\r\n\r\nrest").await.unwrap();
        assert_eq!((until_end.status, until_end.text().as_str()), (404, "rest"));
        assert!(answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok").await.is_err());
    }
}
