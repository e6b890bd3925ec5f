//! Failed answers: one type for all operations, written in the form of the path's style.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::answer::{JSON, JSON_UTF8, TEXT, json_text, respond, wrap};
use super::clock;
use super::code::Code;
use super::routes::Style;

/// Why an operation has no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A required parameter is absent.
    Missing { name: &'static str, kind: &'static str },
    /// A value is not of its type and the API calls that a server error.
    Conversion { text: String },
    /// The request is wrong for the reason that the text and the code tell.
    Refused { status: StatusCode, code: Code, text: String },
    /// A parameter check refused the request, whatever the operation.
    Illegal { text: String },
    /// Framework error: the answer is an object with `timestamp`, `status`, `error` and `path`.
    Framework { status: StatusCode, text: String },
    /// The verb exists on this path in no version.
    WrongVerb,
    /// A documented operation that this version does not have yet.
    Later,
    /// The server cannot do it now.
    Unavailable { text: String },
    /// The server failed.
    Internal { text: String },
}

impl Failure {
    /// A missing text parameter.
    pub(super) fn missing(name: &'static str) -> Self {
        Self::Missing { name, kind: "String" }
    }

    /// A value that is not allowed.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::refused(400, Code::PARAMETER_VALIDATE, text)
    }

    /// A refusal with a status and a code.
    pub(super) fn refused(status: u16, code: Code, text: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).expect("a literal status");
        Self::Refused { status, code, text: text.into() }
    }

    /// A framework error with status 500.
    pub(super) fn unreadable(text: impl Into<String>) -> Self {
        Self::Framework { status: StatusCode::INTERNAL_SERVER_ERROR, text: text.into() }
    }

    /// A failure of the server itself.
    pub(super) fn internal(text: impl Into<String>) -> Self {
        Self::Internal { text: text.into() }
    }

    /// The response in the form of a path's style.
    pub(super) fn into_response(self, style: Style, method: &str, path: &str) -> Response {
        match self {
            Self::Missing { name, kind } => missing(style, name, kind),
            Self::Conversion { text } => match style {
                Style::Wrapped => result(StatusCode::INTERNAL_SERVER_ERROR, Code::SERVER.number, &text, None),
                Style::Naming1 => plain(StatusCode::BAD_REQUEST, text),
                _ => caused(style, StatusCode::BAD_REQUEST, &text),
            },
            Self::Refused { status, code, text } => match style {
                Style::Wrapped => result(status, code.number, code.text, Some(&text)),
                Style::Naming1 => plain(status, text),
                _ => caused(style, status, &text),
            },
            Self::Illegal { text } => {
                let content_type = (style == Style::Config1).then_some(JSON_UTF8);
                respond(StatusCode::BAD_REQUEST, content_type, text + "\r\n")
            }
            Self::Framework { status, text } => framework(style, status, &text, path),
            Self::WrongVerb if style == Style::Naming1 => no_such_api(method, path),
            Self::WrongVerb => {
                let text = format!("Request method '{method}' not supported");
                match style {
                    Style::Wrapped => caused(Style::Loader2, StatusCode::INTERNAL_SERVER_ERROR, &text),
                    _ => caused(style, StatusCode::INTERNAL_SERVER_ERROR, &text),
                }
            }
            Self::Later => {
                let text = format!("{method} {path} is not available yet: it comes with a later version of Nacre");
                framework(style, StatusCode::NOT_IMPLEMENTED, &text, path)
            }
            Self::Unavailable { text } => failed(style, StatusCode::SERVICE_UNAVAILABLE, &text),
            Self::Internal { text } => failed(style, StatusCode::INTERNAL_SERVER_ERROR, &text),
        }
    }
}

fn missing(style: Style, name: &str, kind: &str) -> Response {
    match style {
        Style::Naming1 => plain(StatusCode::BAD_REQUEST, format!("Param '{name}' is required.")),
        Style::Wrapped => {
            let text = format!("Required parameter '{name}' type {kind} is not present");
            let code = Code::PARAMETER_MISSING;
            result(StatusCode::BAD_REQUEST, code.number, code.text, Some(&text))
        }
        _ => {
            let text = format!("Required request parameter '{name}' for method parameter type {kind} is not present");
            caused(style, StatusCode::INTERNAL_SERVER_ERROR, &text)
        }
    }
}

fn failed(style: Style, status: StatusCode, text: &str) -> Response {
    match style {
        Style::Wrapped => result(status, Code::SERVER.number, Code::SERVER.text, Some(text)),
        Style::Naming1 => plain(status, text.to_owned()),
        _ => caused(style, status, text),
    }
}

/// The v1 form of most failures. Server errors are escaped, as they may repeat what the caller sent.
fn caused(style: Style, status: StatusCode, text: &str) -> Response {
    let text = if status.is_server_error() { escape(text) } else { text.to_owned() };
    let text = format!("caused: {text};");
    match style {
        Style::Loader2 => result(status, u32::from(status.as_u16()), &text, None),
        _ => plain(status, text),
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    respond(status, Some(TEXT), text)
}

fn result(status: StatusCode, code: u32, message: &str, data: Option<&str>) -> Response {
    respond(status, Some(JSON), wrap(code, Some(message), &json_text(&data)))
}

#[derive(Serialize)]
struct Framework<'a> {
    timestamp: String,
    status: u16,
    error: &'static str,
    message: &'a str,
    path: &'a str,
}

/// The error object that paths outside any operation answer with.
pub(super) fn framework(style: Style, status: StatusCode, message: &str, path: &str) -> Response {
    let timestamp = clock::iso(clock::now());
    let error = status.canonical_reason().unwrap_or("Unknown");
    let body = Framework { timestamp, status: status.as_u16(), error, message, path };
    let content_type = if style == Style::Config1 { JSON_UTF8 } else { JSON };
    respond(status, Some(content_type), json_text(&body))
}

/// The answer of v1 naming to everything it does not have.
pub(super) fn no_such_api(method: &str, path: &str) -> Response {
    framework(Style::Naming1, StatusCode::NOT_IMPLEMENTED, &format!("no such api:{method}:{path}"), path)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
