//! Why an operation on configs was refused.

use nacre_consensus::ProposeError;

use crate::capacity::Excess;

/// The error of every operation of [`Config`](crate::Config).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter breaks a rule. `code` is the error code of the gRPC reply: 400 for names and
    /// content, 500 for tags and descriptive fields; HTTP answers 400 for all of them.
    #[error("{message}")]
    InvalidParameter {
        /// Error code of the gRPC reply.
        code: i32,
        /// The text that clients see.
        message: String,
    },
    /// Compare-and-set found another md5; code 500, over HTTP 20005.
    #[error("Cas publish fail, server md5 may have changed.")]
    CasMismatch,
    /// There is no such gray version or namespace.
    #[error("not found")]
    NotFound,
    /// One more gray version would be too many; code 500, over HTTP 20010.
    #[error("gray config version is over max count :{limit}")]
    TooManyGray {
        /// How many there may be.
        limit: u32,
    },
    /// A group, a namespace or all of them would hold more than they may; codes 5031 to 5034.
    #[error("{0}")]
    OverCapacity(Excess),
    /// The connection listens to too many configs; code 500.
    #[error("too many listened configs, over {limit}")]
    TooManyListens {
        /// How many there may be.
        limit: usize,
    },
    /// Too many long polls are held; code 503.
    #[error("too many long polls, over {limit}")]
    TooManyPolls {
        /// How many there may be.
        limit: usize,
    },
    /// The change does not fit into one log entry; code 500.
    #[error("change of {size} bytes is larger than {limit} bytes")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A namespace of this id exists; code 22000.
    #[error("the namespaceId is existed, namespaceId: {id}")]
    NamespaceExists {
        /// Its id.
        id: String,
    },
    /// Free disk space is below the reserve; nothing was written. Code 500.
    #[error("disk is nearly full: {free} bytes free, {reserve} bytes kept in reserve")]
    StorageFull {
        /// Free bytes.
        free: u64,
        /// Bytes that new writes leave free.
        reserve: u64,
    },
    /// This node cannot take writes now; the caller may try again. Code 500.
    #[error("config service is not available: {0}")]
    Unavailable(String),
    /// The store could not be read, or holds what this version does not understand. Code 500.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// A bad name or content.
    pub(crate) fn name(message: impl Into<String>) -> Self {
        Self::InvalidParameter { code: 400, message: message.into() }
    }

    /// A bad tag or descriptive field.
    pub(crate) fn field(message: impl Into<String>) -> Self {
        Self::InvalidParameter { code: 500, message: message.into() }
    }

    /// The error code of a gRPC reply.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::InvalidParameter { code, .. } => *code,
            Self::OverCapacity(excess) => excess.code(),
            Self::TooManyPolls { .. } => 503,
            Self::NamespaceExists { .. } => 22000,
            _ => 500,
        }
    }
}

impl From<ProposeError> for Error {
    fn from(error: ProposeError) -> Self {
        match error {
            ProposeError::StorageFull { free, reserve } => Self::StorageFull { free, reserve },
            ProposeError::TooLarge { size, limit } => Self::TooLarge { size, limit },
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
