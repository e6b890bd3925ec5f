//! Failures as the host languages raise them.

use std::fmt;

use nacre_bindings::{Failure, Kind};

macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        /// Why a call failed. Each has the number that Nacos uses, whether the same call may succeed later, and what
        /// happened, for people.
        #[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
        pub enum NacreError {
            $(
                $(#[$meta])*
                $name {
                    /// Positive when a server gave it or would have, negative when it arose here.
                    code: i32,
                    /// Whether the same call may succeed later.
                    retryable: bool,
                    /// What happened, for people.
                    reason: String,
                },
            )*
        }

        impl From<Failure> for NacreError {
            fn from(failure: Failure) -> Self {
                let Failure { kind, code, retryable, reason } = failure;
                match kind {
                    $(Kind::$name => Self::$name { code, retryable, reason },)*
                    _ => Self::Internal { code, retryable, reason },
                }
            }
        }

        impl fmt::Display for NacreError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name { code, reason, .. } => write!(f, "{reason} ({} {code})", stringify!($name)),)*
                }
            }
        }
    };
}

errors! {
    /// A name, a size or a combination of values is not allowed.
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
    /// A defect.
    Internal,
}

impl std::error::Error for NacreError {}

impl From<nacre_client::Error> for NacreError {
    fn from(error: nacre_client::Error) -> Self {
        Failure::from(error).into()
    }
}

impl NacreError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::InvalidParameter { code: 400, retryable: false, reason: reason.into() }
    }
}
