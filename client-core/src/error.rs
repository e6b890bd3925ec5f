//! The one error type of the crate.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use nacre_proto::{Response, code};

type Source = Arc<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// Decide by [`Error::kind`] or [`Error::code`]; the text is for people and may change.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    code: i32,
    retryable: bool,
    reason: Cow<'static, str>,
    source: Option<Source>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A name, a size or a combination of values is not allowed. Nothing was sent, or the server refused it.
    InvalidParameter,
    /// What the request names does not exist.
    NotFound,
    /// Not authenticated, or not allowed.
    Forbidden,
    /// The state on the server is another than the request expects.
    Conflict,
    /// No server could be reached, or the connection was lost before the answer came.
    Unreachable,
    /// The deadline passed.
    Timeout,
    /// The server answered that it failed, for a reason that no other kind names.
    Refused,
    /// The server does not offer this operation.
    Unsupported,
    /// The client was closed.
    Closed,
    /// A limit of the server or of the client was reached.
    OverLimit,
    /// A defect: of this crate, of a listener, or an answer that makes no sense.
    Internal,
}

impl ErrorKind {
    /// The kind's name in lower case, stable across versions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidParameter => "invalid_parameter",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
            Self::Closed => "closed",
            Self::OverLimit => "over_limit",
            Self::Internal => "internal",
        }
    }
}

impl Error {
    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The number that Nacos uses for this failure: positive when a server gave it (403, 404, 500, ...) or
    /// would have given it, negative when it arose in the client (-401 not connected, -500 other).
    #[must_use]
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What happened, for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    pub(crate) fn new(kind: ErrorKind, code: i32, reason: impl Into<Cow<'static, str>>) -> Self {
        let retryable = matches!(kind, ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::OverLimit);
        Self(Arc::new(Inner { kind, code, retryable, reason: reason.into(), source: None }))
    }

    /// A value that the server would refuse with code 400.
    pub(crate) fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidParameter, code::INVALID_PARAMETER, reason)
    }

    pub(crate) fn unreachable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unreachable, code::CLIENT_GONE, reason)
    }

    pub(crate) fn timeout(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Timeout, code::FAILURE, reason)
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, code::CLIENT_GONE, "the client is closed")
    }

    pub(crate) fn unsupported(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, UNSUPPORTED, reason)
    }

    pub(crate) fn internal(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, code::PUSH_FAILED, reason)
    }

    /// The failure that a code stands for, whoever gave it.
    pub(crate) fn from_code(number: i32, reason: impl Into<Cow<'static, str>>) -> Self {
        let kind = match number {
            code::INVALID_PARAMETER | -400 => ErrorKind::InvalidParameter,
            code::DENIED | 401 => ErrorKind::Forbidden,
            code::NOT_FOUND | code::NAMESPACE_NOT_FOUND | -404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            code::NO_HANDLER | UNSUPPORTED | 405 | 410 => ErrorKind::Unsupported,
            code::OVER_LIMIT | -503 | 429 | 50_310 | 50_311 => ErrorKind::OverLimit,
            code::NOT_READY | code::UNREGISTERED | code::CLIENT_GONE => ErrorKind::Unreachable,
            code::PUSH_FAILED => ErrorKind::Internal,
            _ => ErrorKind::Refused,
        };
        Self::new(kind, number, reason)
    }

    pub(crate) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Arc::new(source)))
    }

    pub(crate) fn retryable(self, retryable: bool) -> Self {
        self.change(|inner| inner.retryable = retryable)
    }

    fn change(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            kind: shared.kind,
            code: shared.code,
            retryable: shared.retryable,
            reason: shared.reason.clone(),
            source: shared.source.clone(),
        });
        change(&mut inner);
        Self(Arc::new(inner))
    }
}

/// Code of an operation that the server does not offer.
pub(crate) const UNSUPPORTED: i32 = 501;

/// What an answer says about its success. The meaning of some numbers depends on the answer's type.
pub(crate) fn refusal<R: Response>(result: i32, error: i32, message: Option<&str>) -> Option<Error> {
    if result == code::SUCCESS {
        return None;
    }
    let number = if error == 0 { result } else { error };
    let reason = message.map_or_else(|| code::meaning(number).to_owned(), str::to_owned);
    Some(match (R::TYPE, number) {
        ("ConfigQueryResponse", code::CONFIG_NOT_FOUND) => Error::new(ErrorKind::NotFound, code::NOT_FOUND, reason),
        // Names were checked before: what is left is that the server writes this config right now.
        ("ConfigQueryResponse", code::CONFIG_CONFLICT) => Error::new(ErrorKind::Conflict, 409, reason).retryable(true),
        _ => Error::from_code(number, reason),
    })
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.reason)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("code", &self.0.code).field("reason", &self.0.reason);
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use nacre_proto::{config::ConfigQueryResponse, internal::ErrorResponse};

    use super::*;

    #[test]
    fn a_number_means_what_its_answer_makes_it() {
        let missing = refusal::<ConfigQueryResponse>(500, 300, Some("config data not exist")).unwrap();
        assert_eq!((missing.kind(), missing.code()), (ErrorKind::NotFound, 404));
        assert_eq!(missing.to_string(), "config data not exist");
        let starting = refusal::<ErrorResponse>(500, 300, None).unwrap();
        assert_eq!((starting.kind(), starting.code()), (ErrorKind::Unreachable, 300));
        assert!(starting.is_retryable());
        let busy = refusal::<ConfigQueryResponse>(500, 400, None).unwrap();
        assert_eq!((busy.kind(), busy.code(), busy.is_retryable()), (ErrorKind::Conflict, 409, true));
        let bad = refusal::<ErrorResponse>(400, 400, None).unwrap();
        assert_eq!((bad.kind(), bad.is_retryable()), (ErrorKind::InvalidParameter, false));
    }

    #[test]
    fn a_failure_without_detail_has_the_result_as_its_code() {
        assert!(refusal::<ErrorResponse>(200, 0, None).is_none());
        let plain = refusal::<ErrorResponse>(500, 0, None).unwrap();
        assert_eq!((plain.kind(), plain.code(), plain.is_retryable()), (ErrorKind::Refused, 500, false));
    }

    #[test]
    fn changing_a_shared_error_leaves_the_other_alone() {
        let first = Error::timeout("no answer");
        let second = first.clone().retryable(false).with_source(std::io::Error::other("x"));
        assert!(first.is_retryable() && first.source().is_none());
        assert!(!second.is_retryable() && second.source().is_some());
    }
}
