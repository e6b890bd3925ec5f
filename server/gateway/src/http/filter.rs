//! What happens to every request around its operation: the path's plain form, parameter checks, and
//! the headers that all answers carry.

use std::borrow::Cow;

use axum::extract::Request;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_SECURITY_POLICY, HeaderName, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, StatusCode};

use super::call::Call;
use super::failure::Failure;
use super::routes::{Operation, Style};
use super::{Settings, config, naming};
use crate::check;

/// The part of a path below the context path.
pub(super) fn below_context<'a>(context: &str, path: &'a str) -> Option<&'a str> {
    let context = context.trim_end_matches('/');
    let below = path.strip_prefix(context)?;
    if below.is_empty() { Some("/") } else { Some(below).filter(|below| below.starts_with('/')) }
}

/// The path without percent signs and without a slash at its end.
///
/// # Errors
/// The status that answers a path which could be read in two ways.
pub(super) fn plain_path(path: &str) -> Result<Cow<'_, str>, StatusCode> {
    let lower = path.to_ascii_lowercase();
    if lower.contains("%2f") || lower.contains("%5c") || lower.contains('\\') {
        return Err(StatusCode::BAD_REQUEST);
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| StatusCode::BAD_REQUEST)?;
    let is_odd = decoded.contains("//") || decoded.contains(';') || decoded.split('/').any(is_dots);
    if is_odd || decoded.chars().any(char::is_control) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(match decoded {
        Cow::Borrowed(path) => Cow::Borrowed(path.strip_suffix('/').unwrap_or(path)),
        Cow::Owned(mut path) => {
            if path.ends_with('/') {
                path.pop();
            }
            Cow::Owned(path)
        }
    })
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// Checks a call's parameters as far as its path is one that checks them.
pub(super) fn check(call: &Call, operation: Operation) -> Result<(), Failure> {
    let path = call.path_below_context();
    let is_naming = path.starts_with("/v1/ns/") || path.starts_with("/v2/ns/");
    if is_naming && call.style == Style::Naming1 {
        naming::check_grouped_name(call)?;
    }
    if !call.state.settings.check_parameters {
        return Ok(());
    }
    let checked = if is_naming {
        naming::check(call)
    } else if path.starts_with("/v1/cs/") || path.starts_with("/v2/cs/") {
        config::check(call, operation)
    } else {
        check_namespace(call)
    };
    checked.map_err(|illegal| Failure::Illegal { text: illegal.to_string() })
}

fn check_namespace(call: &Call) -> check::Checked {
    let first = |names: &[&str]| names.iter().find_map(|name| call.parameters.filled(name));
    let namespace = first(&["namespaceId", "customNamespaceId", "namespace"]);
    let show_name = first(&["namespaceName", "namespaceShowName"]);
    check::Parameters {
        namespace: namespace.as_deref(),
        namespace_show_name: show_name.as_deref(),
        ..check::Parameters::default()
    }
    .check()
}

/// What a request of a web page says about its origin.
pub(super) struct Cors {
    origin: Option<HeaderValue>,
    asked_method: Option<HeaderValue>,
    asked_headers: Option<HeaderValue>,
}

impl Cors {
    pub(super) fn of(request: &Request) -> Self {
        let header = |name: HeaderName| request.headers().get(name).cloned();
        let is_options = *request.method() == Method::OPTIONS;
        Self {
            origin: header(ORIGIN),
            asked_method: header(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| is_options),
            asked_headers: header(ACCESS_CONTROL_REQUEST_HEADERS).filter(|_| is_options),
        }
    }
}

/// Adds the headers that every answer carries.
pub(super) fn finish(settings: &Settings, cors: Cors, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'self'"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let Some(origin) = cors.origin.filter(|_| settings.allow_any_origin) else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(method) = cors.asked_method else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, method);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("18000"));
    if let Some(asked) = cors.asked_headers {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    *response.status_mut() = StatusCode::OK;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_paths() {
        assert_eq!(below_context("/nacos", "/nacos/v1/x"), Some("/v1/x"));
        assert_eq!(below_context("/nacos", "/nacos"), Some("/"));
        assert_eq!(below_context("/nacos", "/nacosx/v1"), None);
        assert_eq!(below_context("/nacos", "/v1"), None);
        assert_eq!(below_context("/", "/v1"), Some("/v1"));
        assert_eq!(below_context("", "/v1"), Some("/v1"));
    }

    #[test]
    fn only_plain_paths_pass() {
        assert_eq!(plain_path("/v1/x/").as_deref(), Ok("/v1/x"));
        assert_eq!(plain_path("/v1/a%23b").as_deref(), Ok("/v1/a#b"));
        assert_eq!(plain_path("/v1/list%2f"), Err(StatusCode::BAD_REQUEST));
        for odd in ["/v1//x", "/v1/;a=b/x", "/v1/../x", "/v1/%2e%2e/x", "/v1/%3bx", "/v1/x/."] {
            assert_eq!(plain_path(odd), Err(StatusCode::INTERNAL_SERVER_ERROR), "{odd}");
        }
    }
}
