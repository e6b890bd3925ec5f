//! Good answers, and the response bodies that all answers are made of.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::routes::Style;

pub(super) const TEXT: &str = "text/plain;charset=UTF-8";
pub(super) const JSON: &str = "application/json";
pub(super) const JSON_UTF8: &str = "application/json;charset=UTF-8";

/// What an operation answers; how it looks on the wire depends on the version of the path. JSON is
/// held as text, so that members keep the order in which the models name them.
#[derive(Debug)]
pub(super) enum Answer {
    /// `ok`: as text in v1, as data in v2.
    Done,
    /// JSON data: bare in v1, inside a result object in v2.
    Data(String),
    /// JSON that looks the same in every version.
    Bare(String),
    /// A text that looks the same in every version.
    Text(&'static str),
    /// A response that the operation made itself.
    Whole(Box<Response>),
}

impl Answer {
    /// Any serializable data, see [`Answer::Data`].
    pub(super) fn data(value: impl Serialize) -> Self {
        Self::Data(json_text(&value))
    }

    /// Any serializable bare JSON, see [`Answer::Bare`].
    pub(super) fn bare(value: impl Serialize) -> Self {
        Self::Bare(json_text(&value))
    }

    /// A result object of v1, whose `code` is 200 when good.
    pub(super) fn result(code: u32, message: Option<&str>, data: impl Serialize) -> Self {
        Self::Bare(wrap(code, message, &json_text(&data)))
    }

    /// The response in the form of a path's style.
    pub(super) fn into_response(self, style: Style) -> Response {
        let json_type = if style == Style::Config1 { JSON_UTF8 } else { JSON };
        let (content_type, body) = match self {
            Self::Done if style == Style::Wrapped => (JSON, wrap(0, Some("success"), "\"ok\"")),
            Self::Done => (TEXT, "ok".to_owned()),
            Self::Data(data) if style == Style::Wrapped => (JSON, wrap(0, Some("success"), &data)),
            Self::Data(data) | Self::Bare(data) => (json_type, data),
            Self::Text(text) => (TEXT, text.to_owned()),
            Self::Whole(response) => return *response,
        };
        respond(StatusCode::OK, Some(content_type), body)
    }
}

/// The result object of v1 and v2 as text, around data that is JSON text.
pub(super) fn wrap(code: u32, message: Option<&str>, data: &str) -> String {
    format!(r#"{{"code":{code},"message":{},"data":{data}}}"#, json_text(&message))
}

/// A value as JSON text.
pub(super) fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("answers have text keys")
}

/// A response of a status, a content type and a body.
pub(super) fn respond(status: StatusCode, content_type: Option<&'static str>, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Sets a header whose value comes from stored text; characters that no header can carry drop it.
pub(super) fn set_header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
