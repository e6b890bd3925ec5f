//! One request as its operation sees it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use super::failure::Failure;
use super::parameters::Parameters;
use super::routes::Style;
use super::{State, filter};

/// One request as its operation sees it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) state: Arc<State>,
    pub(super) style: Style,
    pub(super) parameters: Parameters,
    /// The path's variable end, percent signs undone.
    pub(super) end: Option<String>,
    /// A body that is no form, for operations that read such.
    pub(super) body: Bytes,
    headers: HeaderMap,
    path: String,
    peer: Option<IpAddr>,
}

impl Call {
    pub(super) fn new(
        state: Arc<State>,
        style: Style,
        head: http::request::Parts,
        parameters: Parameters,
        peer: Option<IpAddr>,
        end: Option<String>,
    ) -> Self {
        Self {
            state,
            style,
            parameters,
            end,
            body: Bytes::new(),
            path: head.uri.path().to_owned(),
            headers: head.headers,
            peer,
        }
    }

    /// The call with a body that is no form.
    pub(super) fn with_body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// The body as JSON; `None` when there is none or it cannot be read.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the path is one of the second version.
    pub(super) fn is_v2(&self) -> bool {
        matches!(self.style, Style::Wrapped | Style::Loader2)
    }

    /// The path as it was sent, without the context path.
    pub(super) fn path_below_context(&self) -> &str {
        filter::below_context(&self.state.settings.context_path, &self.path).unwrap_or_default()
    }

    /// The path as it was sent.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A header's value, when it is readable text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether a header is there, readable or not.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Whether the connection comes from the server's own machine.
    pub(super) fn is_from_this_machine(&self) -> bool {
        self.peer.is_some_and(|address| address.to_canonical().is_loopback())
    }

    /// The caller's address: as the nearest proxy tells it, else the connection's.
    pub(super) fn client_ip(&self) -> String {
        let told = || {
            let forwarded = self.header("x-forwarded-for").and_then(|list| list.split(',').next());
            forwarded.or_else(|| self.header("x-real-ip")).map(str::trim).filter(|address| !address.is_empty())
        };
        if self.state.settings.trust_forwarded
            && let Some(address) = told()
        {
            return address.to_owned();
        }
        self.peer.map_or_else(String::new, |address| address.to_canonical().to_string())
    }

    /// A parameter's value, also an empty one.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameters.get(name)
    }

    /// A parameter's value unless it is blank.
    pub(super) fn filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameters.filled(name)
    }

    /// A parameter that must be there, perhaps empty.
    pub(super) fn present(&self, name: &'static str) -> Result<Cow<'_, str>, Failure> {
        self.get(name).ok_or(Failure::missing(name))
    }

    /// A parameter that must be there and not blank.
    pub(super) fn required(&self, name: &'static str) -> Result<Cow<'_, str>, Failure> {
        self.filled(name).ok_or(Failure::missing(name))
    }

    /// A yes or no. A word that is neither reads as no in v1 naming and is refused elsewhere.
    pub(super) fn boolean(&self, name: &'static str) -> Result<Option<bool>, Failure> {
        let Some(word) = self.filled(name) else { return Ok(None) };
        match word.trim().to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "t" | "y" | "1" => Ok(Some(true)),
            "false" | "off" | "no" | "f" | "n" | "0" => Ok(Some(false)),
            _ if self.style == Style::Naming1 => Ok(Some(false)),
            _ => Err(Failure::Conversion { text: format!("the value '{word}' of '{name}' is no boolean") }),
        }
    }

    /// A number of the given kind.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Failure> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        let number = text.trim().parse().map(Some);
        number.map_err(|_| Failure::Conversion { text: format!("For input string: \"{text}\" ({name})") })
    }
}
