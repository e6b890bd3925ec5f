//! Failures as hosts see them.

use nacre_client::{Error, ErrorKind};

use crate::wire::{Malformed, Writer};

/// The class of a failure. The numbers are stable; hosts turn them into exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A name, a size or a combination of values is not allowed.
    InvalidParameter = 1,
    /// What the request names does not exist.
    NotFound = 2,
    /// Not authenticated, or not allowed.
    Forbidden = 3,
    /// The state on the server is another than the request expects.
    Conflict = 4,
    /// No server could be reached, or the connection was lost before the answer came.
    Unreachable = 5,
    /// The deadline passed.
    Timeout = 6,
    /// The server answered that it failed, for a reason that no other kind names.
    Refused = 7,
    /// The server does not offer this operation.
    Unsupported = 8,
    /// The client was closed.
    Closed = 9,
    /// A limit of the server or of the client was reached.
    OverLimit = 10,
    /// A defect.
    Internal = 11,
}

impl From<ErrorKind> for Kind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidParameter => Self::InvalidParameter,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Forbidden => Self::Forbidden,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Closed => Self::Closed,
            ErrorKind::OverLimit => Self::OverLimit,
            _ => Self::Internal,
        }
    }
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub kind: Kind,
    /// The number that Nacos uses: positive when a server gave it or would have, negative when it arose here.
    pub code: i32,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// What happened, for people.
    pub reason: String,
}

/// Code of what arose in the client.
const OWN: i32 = -500;
/// Code of a client that is not connected.
const GONE: i32 = -401;

impl Failure {
    /// A defect, or bytes that no host should have sent.
    pub fn internal(reason: impl Into<String>) -> Self {
        Self { kind: Kind::Internal, code: OWN, retryable: false, reason: reason.into() }
    }

    /// A client or subscription that was closed.
    #[must_use]
    pub fn closed() -> Self {
        Self { kind: Kind::Closed, code: GONE, retryable: false, reason: "the client is closed".into() }
    }

    /// A deadline that passed.
    #[must_use]
    pub fn timeout() -> Self {
        Self { kind: Kind::Timeout, code: OWN, retryable: true, reason: "the deadline passed".into() }
    }

    /// Writes kind, code, whether it is retryable, and the reason.
    pub fn write(&self, writer: Writer) -> Writer {
        writer.u8(self.kind as u8).i32(self.code).bool(self.retryable).str(&self.reason)
    }

    /// A key or a value as the answer of a call that does not wait: 0 and what there is, or 1 and the error.
    #[must_use]
    pub fn tagged<T: AsRef<[u8]>>(result: &Result<T, Self>) -> Vec<u8> {
        match result {
            Ok(value) => [&[0], value.as_ref()].concat(),
            Err(failure) => failure.write(Writer::new().u8(1)).into_bytes(),
        }
    }

    /// The same as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(Writer::new()).into_bytes()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().into(),
            code: error.code(),
            retryable: error.is_retryable(),
            reason: error.reason().to_owned(),
        }
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::internal(malformed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_number() {
        let kinds = [
            (ErrorKind::InvalidParameter, 1),
            (ErrorKind::NotFound, 2),
            (ErrorKind::Forbidden, 3),
            (ErrorKind::Conflict, 4),
            (ErrorKind::Unreachable, 5),
            (ErrorKind::Timeout, 6),
            (ErrorKind::Refused, 7),
            (ErrorKind::Unsupported, 8),
            (ErrorKind::Closed, 9),
            (ErrorKind::OverLimit, 10),
            (ErrorKind::Internal, 11),
        ];
        for (kind, number) in kinds {
            assert_eq!(Kind::from(kind) as u8, number, "{kind:?}");
        }
    }

    #[test]
    fn a_failure_crosses_with_all_its_parts() {
        assert_eq!(
            Failure::closed().to_bytes(),
            [&[9, 255, 255, 254, 111, 0, 20][..], b"the client is closed"].concat()
        );
    }
}
