//! A small HTTP client for what gRPC does not carry: login, address server, maintenance.

mod web;

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, timeout_at};

pub(crate) use web::{Answer, Origin, Web};

use crate::{
    auth::Auth,
    connection::Resource,
    error::{Error, ErrorKind},
    options::Options,
    servers::{Server, Servers},
};

const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Sends HTTP requests to the servers of the list, with credentials, one server after the other until one answers.
#[derive(Debug)]
pub(crate) struct Http {
    options: Arc<Options>,
    servers: Arc<Servers>,
    auth: Arc<Auth>,
    web: Web,
}

/// A request below the context path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpRequest<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub(crate) method: &'static str,
    /// Path after the context path, e.g. `/v1/ns/instance`.
    pub(crate) path: &'a str,
    /// Query, not yet encoded.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Form that is the body, not yet encoded.
    pub(crate) form: &'a [(&'a str, &'a str)],
    /// Chooses the parameters of the signature.
    pub(crate) resource: Resource<'a>,
    /// Deadline of all attempts; `None` is the request timeout.
    pub(crate) timeout: Option<Duration>,
}

impl Http {
    pub(crate) fn new(options: Arc<Options>, servers: Arc<Servers>, auth: Arc<Auth>, web: Web) -> Self {
        Self { options, servers, auth, web }
    }

    /// The body of a 2xx answer (empty for 304); any other status is an error with that code. Servers that cannot
    /// be reached or fail (5xx) give way to the next one.
    pub(crate) async fn request(&self, request: HttpRequest<'_>) -> Result<Bytes, Error> {
        let deadline = Instant::now() + request.timeout.unwrap_or(self.options.request_timeout);
        let mut renewed = false;
        loop {
            let identity = timeout_at(deadline, self.auth.identity(request.resource))
                .await
                .map_err(|_| Error::timeout("the login took too long"))?;
            let mut query: Vec<(&str, &str)> = request.query.to_vec();
            query.extend(identity.headers());
            match self.round(request, &query, deadline).await {
                Err(error) if error.kind() == ErrorKind::Forbidden && !renewed => {
                    renewed = true;
                    let renewal = self.auth.renew(identity.token());
                    if !timeout_at(deadline, renewal).await.unwrap_or(false) {
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }

    /// Asks one server after the other.
    async fn round(&self, request: HttpRequest<'_>, query: &[(&str, &str)], deadline: Instant) -> Result<Bytes, Error> {
        let mut failure = Error::unreachable("the list of servers is empty");
        for server in self.servers.in_turn() {
            let limit = deadline.min(Instant::now() + self.options.http_timeout);
            let built = build(request.method, &path(&server, &self.options, request.path), query, request.form)?;
            match self.web.exchange(&origin(&server, &self.options), built, limit).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer.body),
                Ok(answer) if answer.status == StatusCode::NOT_MODIFIED => return Ok(Bytes::new()),
                Ok(answer) => {
                    failure = refusal(&server, &answer);
                    if !answer.status.is_server_error() {
                        break;
                    }
                }
                Err(error) => failure = error,
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        Err(failure)
    }
}

/// Where the HTTP API of a server is.
pub(crate) fn origin(server: &Server, options: &Options) -> Origin {
    let https = server.https.unwrap_or_else(|| options.tls.as_ref().is_some_and(|tls| tls.http));
    Origin { https, host: Arc::clone(&server.host), port: server.port }
}

/// The path below the context path of a server.
pub(crate) fn path(server: &Server, options: &Options, path: &str) -> String {
    let context = server.context_path.as_deref().unwrap_or(&options.context_path).trim_matches('/');
    if context.is_empty() { path.to_owned() } else { format!("/{context}{path}") }
}

/// A request with an encoded query and, unless it is empty, a form.
pub(crate) fn build(
    method: &'static str,
    path: &str,
    query: &[(&str, &str)],
    form: &[(&str, &str)],
) -> Result<Request<Bytes>, Error> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Error::internal("odd HTTP method"))?;
    let uri = if query.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{path}?{}", encode(query))) };
    let mut request = Request::builder().method(method).uri(&*uri);
    if !form.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
    }
    request
        .body(Bytes::from(encode(form)))
        .map_err(|error| Error::invalid(format!("the path {path} cannot be used")).with_source(error))
}

/// What a status that is no success says.
pub(crate) fn refusal(server: &Server, answer: &Answer) -> Error {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim();
    let code = i32::from(answer.status.as_u16());
    if text.is_empty() || text.len() > 500 || text.starts_with('<') {
        return Error::from_code(code, format!("{server} answered {}", answer.status));
    }
    Error::from_code(code, format!("{server} answered {}: {text}", answer.status))
}

fn encode(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, &FORM));
        text.push('=');
        text.extend(utf8_percent_encode(value, &FORM));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_forms_are_encoded() {
        let request = build("POST", "/nacos/v1/x", &[("a b", "c&d=e+f")], &[("\u{e9}", "100%")]).unwrap();
        assert_eq!(request.uri(), "/nacos/v1/x?a%20b=c%26d%3De%2Bf");
        assert_eq!(&request.body()[..], b"%C3%A9=100%25");
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded;charset=UTF-8");
        let bare = build("GET", "/x", &[], &[]).unwrap();
        assert_eq!((bare.uri().to_string().as_str(), bare.body().len(), bare.headers().len()), ("/x", 0, 0));
    }

    #[test]
    fn the_address_decides_scheme_and_context() {
        let mut options = Options::default();
        let server = |text| Server::parse(text, 8848).unwrap();
        assert!(!origin(&server("h"), &options).https);
        assert!(origin(&server("https://h"), &options).https);
        options.tls = Some(crate::options::Tls { http: true, ..Default::default() });
        assert!(origin(&server("h"), &options).https);
        assert!(!origin(&server("http://h"), &options).https);
        assert_eq!(path(&server("h"), &options, "/v1/x"), "/nacos/v1/x");
        assert_eq!(path(&server("http://h/own/ctx/"), &options, "/v1/x"), "/own/ctx/v1/x");
        options.context_path = "/".into();
        assert_eq!(path(&server("h"), &options, "/v1/x"), "/v1/x");
    }

    #[test]
    fn refusals_quote_short_texts_only() {
        let server = Server::parse("h:1", 8848).unwrap();
        let answer = |body: &str| Answer { status: StatusCode::FORBIDDEN, body: body.to_owned().into() };
        let short = refusal(&server, &answer("token expired!"));
        assert_eq!(
            (short.kind(), short.reason()),
            (ErrorKind::Forbidden, "h:1 answered 403 Forbidden: token expired!")
        );
        assert_eq!(refusal(&server, &answer("<html>")).reason(), "h:1 answered 403 Forbidden");
    }
}
