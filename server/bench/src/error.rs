//! Why something could not be measured.

use std::fmt;

/// What class of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for does not make sense.
    Usage,
    /// The server is not there, or the connection to it was lost.
    Unreachable,
    /// No answer came in time.
    Timeout,
    /// The server answered that it will not do it.
    Refused,
    /// Something on this side, for example a file that cannot be read.
    Internal,
}

/// A failure with its class.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl fmt::Display) -> Self {
        Self { kind, text: text.to_string() }
    }

    pub(crate) fn unreachable(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unreachable, text)
    }

    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Usage, text)
    }

    pub(crate) fn timeout(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Timeout, text)
    }

    pub(crate) fn refused(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Refused, text)
    }

    pub(crate) fn internal(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Internal, text)
    }

    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The same failure, with what was done when it happened before it.
    pub(crate) fn during(self, what: impl fmt::Display) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }
}

impl From<h2::Error> for Error {
    fn from(error: h2::Error) -> Self {
        Self::unreachable(format!("the connection was lost: {error}"))
    }
}
