//! The HTTP API of a server, for what is administered and not subscribed to.

use std::{
    fmt,
    io::{Cursor, Read as _},
    sync::Arc,
    time::Duration,
};

use indicatif::ProgressBar;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use ureq::{Agent, SendBody, http};

use super::{Access, Failure, progress::Counted, tls::TlsArgs, waiting};

const DEFAULT_PORT: u16 = 8848;
const DEFAULT_CONTEXT: &str = "/nacos";
/// Longest answer that is read.
const LARGEST_ANSWER: u64 = 512 << 20;
/// Longest text of a refusal that is repeated.
const LONGEST_REASON: usize = 500;
/// How long an archive may be on its way and worked on.
const TRANSFER_LIMIT: Duration = Duration::from_secs(600);

const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a request may take at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// What the user has said.
    Request,
    /// As long as a large transfer takes.
    Transfer,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: http::Method,
    path: &'static str,
    parameters: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    file: Option<(Vec<u8>, ProgressBar)>,
    received: Option<ProgressBar>,
    patience: Patience,
}

impl Request {
    fn new(method: http::Method, path: &'static str) -> Self {
        let (parameters, headers) = (Vec::new(), Vec::new());
        Self { method, path, parameters, headers, file: None, received: None, patience: Patience::Request }
    }

    pub(crate) fn get(path: &'static str) -> Self {
        Self::new(http::Method::GET, path)
    }

    pub(crate) fn post(path: &'static str) -> Self {
        Self::new(http::Method::POST, path)
    }

    pub(crate) fn put(path: &'static str) -> Self {
        Self::new(http::Method::PUT, path)
    }

    pub(crate) fn patch(path: &'static str) -> Self {
        Self::new(http::Method::PATCH, path)
    }

    pub(crate) fn delete(path: &'static str) -> Self {
        Self::new(http::Method::DELETE, path)
    }

    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }

    /// Adds a parameter if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<&(impl ToString + ?Sized)>) -> Self {
        match value {
            Some(value) => self.with(name, value.to_string()),
            None => self,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends a file in the body, where otherwise the parameters stand.
    pub(crate) fn file(mut self, content: Vec<u8>, bar: ProgressBar) -> Self {
        self.file = Some((content, bar));
        self
    }

    /// Counts the bytes of the answer.
    pub(crate) fn counted(mut self, bar: ProgressBar) -> Self {
        self.received = Some(bar);
        self
    }

    pub(crate) fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    place: Arc<str>,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: http::HeaderMap,
}

#[derive(Deserialize)]
struct Wrapped {
    code: i64,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    data: Value,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The reply unless its status is a refusal.
    pub(crate) fn good(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.refusal()) }
    }

    /// What a status that is no success says.
    pub(crate) fn refusal(&self) -> Failure {
        let text = self.text();
        let json: Option<Value> = serde_json::from_str(&text).ok();
        let member = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
        let reason = member("data").or_else(|| member("message")).unwrap_or_else(|| text.trim().to_owned());
        let has_reason = !reason.is_empty() && reason.len() <= LONGEST_REASON && !reason.starts_with('<');
        let colon = if has_reason { format!(": {}", unescaped(&reason)) } else { String::new() };
        let text = format!("{} answered {}{colon}", self.place, self.status);
        if self.status == 404 { Failure::not_found(text) } else { Failure::refused(text) }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::internal(format!("{} answered something else than expected: {error}", self.place))
        })
    }

    /// The data of a result object whose code is good.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let wrapped: Wrapped = self.json()?;
        if !matches!(wrapped.code, 0 | 200) {
            let message = wrapped.message.unwrap_or_default();
            return Err(Failure::refused(format!("{} refused with code {}: {message}", self.place, wrapped.code)));
        }
        serde_json::from_value(wrapped.data).map_err(|error| {
            Failure::internal(format!("{} answered something else than expected: {error}", self.place))
        })
    }

    /// For operations that answer a bare `true`.
    pub(crate) fn is_true(&self) -> bool {
        self.text().trim() == "true"
    }
}

/// Texts of server errors come escaped for web pages.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// A server that answers, and the right to ask it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    agent: Agent,
    base: Arc<str>,
    place: Arc<str>,
    token: Option<Arc<str>>,
    limit: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    access_token: String,
}

impl Api {
    /// A server that nobody has asked anything yet.
    pub(crate) fn at(name: &str, tls: &TlsArgs, limit: Duration) -> Result<Self, Failure> {
        let base = base(name, if tls.is_on() { "https" } else { "http" })?;
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).user_agent("nacre");
        let agent = config.tls_config(tls.http()?).build().new_agent();
        Ok(Self { agent, base: base.into(), place: name.into(), token: None, limit })
    }

    /// Finds the first server of the list that answers, and logs in there.
    pub(crate) async fn connect(access: &Access) -> Result<Self, Failure> {
        let mut failure = Failure::usage("no server is named");
        for name in access.server.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let mut api = Self::at(name, &access.tls, access.limit())?;
            let entered = match (&access.username, &access.password) {
                (Some(username), Some(password)) => api.login(username, password).await,
                // Any answer will do.
                _ => api.send(Request::get("/v1/console/health/liveness")).await.map(drop),
            };
            match entered {
                Ok(()) => return Ok(api),
                Err(error) if error.code == Failure::UNREACHABLE => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    async fn login(&mut self, username: &str, password: &str) -> Result<(), Failure> {
        let request = Request::post("/v1/auth/login").with("username", username).with("password", password);
        let reply = self.send(request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(Failure::refused(format!("the login failed: {}", reply.refusal().text)));
        }
        self.token = Some(reply.json::<Token>()?.access_token.into());
        Ok(())
    }

    /// The server as the user has named it.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Sends a request and reads the answer, whatever its status.
    pub(crate) async fn send(&self, request: Request) -> Result<Reply, Failure> {
        let api = self.clone();
        let asked = tokio::task::spawn_blocking(move || api.exchange(request));
        waiting(&format!("waiting for {}", self.place), asked).await.map_err(Failure::internal)?
    }

    /// As [`Api::send`], and a refusal is a failure.
    pub(crate) async fn ask(&self, request: Request) -> Result<Reply, Failure> {
        self.send(request).await?.good()
    }

    fn exchange(&self, request: Request) -> Result<Reply, Failure> {
        let Request { method, path, parameters, headers, file, received, patience } = request;
        let encoded = encode(&parameters);
        let in_query = matches!(method, http::Method::GET | http::Method::DELETE) || file.is_some();
        let query = if in_query && !encoded.is_empty() { format!("?{encoded}") } else { String::new() };
        let mut built = http::Request::builder().method(method).uri(format!("{}{path}{query}", self.base));
        for (name, value) in &headers {
            built = built.header(*name, value);
        }
        if let Some(token) = &self.token {
            built = built.header("accessToken", &**token).header("Authorization", format!("Bearer {token}"));
        }
        let limit = match patience {
            Patience::Request => self.limit,
            Patience::Transfer => self.limit.max(TRANSFER_LIMIT),
        };
        let agent = &self.agent;
        let run = |request: http::Request<SendBody<'_>>| {
            let configured = agent.configure_request(request).timeout_global(Some(limit));
            agent.run(configured.timeout_connect(Some(self.limit)).build())
        };
        let answered = if let Some((content, bar)) = file {
            let (kind, body) = multipart(&content);
            let length = body.len();
            bar.set_length(length as u64);
            let mut body = Counted { inner: Cursor::new(body), bar };
            let built = built.header("Content-Type", kind).header("Content-Length", length);
            built.body(SendBody::from_reader(&mut body)).map_err(Failure::usage).map(run)?
        } else if in_query {
            built.body(SendBody::none()).map_err(Failure::usage).map(run)?
        } else {
            let built = built.header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
            let mut body = encoded.as_bytes();
            let built = built.header("Content-Length", encoded.len());
            built.body(SendBody::from_reader(&mut body)).map_err(Failure::usage).map(run)?
        };
        let mut answer = answered.map_err(|error| self.unanswered(&error))?;
        let mut body = Vec::new();
        let bar = received.unwrap_or_else(ProgressBar::hidden);
        let reader = answer.body_mut().with_config().limit(LARGEST_ANSWER).reader();
        let read = Counted { inner: reader, bar }.read_to_end(&mut body);
        read.map_err(|error| Failure::unreachable(format!("{}: the answer ended early: {error}", self.place)))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Reply { place: Arc::clone(&self.place), status, body, headers })
    }

    fn unanswered(&self, error: &ureq::Error) -> Failure {
        match error {
            ureq::Error::Timeout(_) => Failure::unreachable(format!("{}: no answer in time", self.place)),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::usage(format!("{}: {error}", self.place)),
            _ => Failure::unreachable(format!("{}: {error}", self.place)),
        }
    }
}

/// Where the API of a server is: `host`, `host:port`, or an address with a scheme and perhaps a context path.
fn base(name: &str, default_scheme: &str) -> Result<String, Failure> {
    let (scheme, rest) = name.split_once("://").unwrap_or((default_scheme, name));
    if !matches!(scheme, "http" | "https") {
        return Err(Failure::usage(format!("{name}: neither http nor https")));
    }
    let (authority, context) = match rest.split_once('/') {
        Some((authority, context)) => (authority, format!("/{}", context.trim_matches('/'))),
        None => (rest, DEFAULT_CONTEXT.to_owned()),
    };
    let parsed: http::uri::Authority = authority.parse().map_err(|_| Failure::usage(format!("{name}: no address")))?;
    let port = if parsed.port().is_some() { String::new() } else { format!(":{DEFAULT_PORT}") };
    Ok(format!("{scheme}://{authority}{port}{}", context.trim_end_matches('/')))
}

fn encode(parameters: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, &FORM));
    }
    text
}

/// A form of one file, and its content type.
fn multipart(content: &[u8]) -> (String, Vec<u8>) {
    let boundary = format!("nacre-{}", uuid::Uuid::new_v4().simple());
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"configs.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_short_and_whole() {
        let base = |name| base(name, "http").unwrap_or_else(|failure| format!("{} {}", failure.code, failure.text));
        assert_eq!(base("h"), "http://h:8848/nacos");
        assert_eq!(super::base("h", "https").ok().as_deref(), Some("https://h:8848/nacos"));
        assert_eq!(super::base("http://h", "https").ok().as_deref(), Some("http://h:8848/nacos"));
        assert_eq!(base("10.0.0.1:80"), "http://10.0.0.1:80/nacos");
        assert_eq!(base("[::1]"), "http://[::1]:8848/nacos");
        assert_eq!(base("https://h:443/own/ctx/"), "https://h:443/own/ctx");
        assert_eq!(base("http://h/"), "http://h:8848");
        assert!(base("ftp://h").starts_with("2 "));
        assert!(base("a b").starts_with("2 "));
    }

    #[test]
    fn parameters_are_encoded() {
        assert_eq!(encode(&[("a", "b c&d=e+é".to_owned()), ("f", String::new())]), "a=b%20c%26d%3De%2B%C3%A9&f=");
    }

    #[test]
    fn refusals_quote_the_reason() {
        let reply = |status, body: &str| Reply {
            place: "h".into(),
            status,
            body: body.as_bytes().to_vec(),
            headers: http::HeaderMap::new(),
        };
        let plain = reply(500, "caused: &#39;x&#39; &lt;y&gt;;").refusal();
        assert_eq!((plain.code, plain.text.as_str()), (Failure::REFUSED, "h answered 500: caused: 'x' <y>;"));
        let wrapped = reply(404, r#"{"code":20004,"message":"resource not found","data":"no such"}"#).refusal();
        assert_eq!((wrapped.code, wrapped.text.as_str()), (Failure::NOT_FOUND, "h answered 404: no such"));
        assert_eq!(reply(502, "<html>").refusal().text, "h answered 502");
        let refused =
            reply(200, r#"{"code":100001,"message":"no namespace","data":null}"#).data::<Value>().unwrap_err();
        assert_eq!((refused.code, refused.text.as_str()), (4, "h refused with code 100001: no namespace"));
        assert_eq!(reply(200, r#"{"code":200,"data":[1]}"#).data::<Vec<u8>>().unwrap(), [1]);
    }
}
