//! What a caller of this crate can be refused with.

use crate::model::{ServiceKey, ServiceKind};

/// What was tried when two kinds of instances met in one service; it only words the refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// One ephemeral instance.
    Ephemeral,
    /// A list of ephemeral instances.
    Batch,
    /// A persistent instance.
    Persistent,
}

impl Registration {
    fn words(self) -> &'static str {
        match self {
            Self::Ephemeral => "register ephemeral",
            Self::Batch => "batch register ephemeral",
            Self::Persistent => "register persistent",
        }
    }
}

/// A refused request. The texts are those that Nacos users know; the doors add status and form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that cannot be accepted.
    #[error("{0}")]
    InvalidParameter(String),
    /// The service holds instances of the other kind.
    #[error(
        "errCode: 400, errMsg: Current service {} is {} service, can't {} instance. ",
        service.grouped_name(), existing.name(), tried.words()
    )]
    KindMismatch {
        /// The service.
        service: ServiceKey,
        /// Its kind.
        existing: ServiceKind,
        /// What the request wanted.
        tried: Registration,
    },
    /// The connection has no naming session, or no longer one.
    #[error(
        "errCode: -401, errMsg: Client [{connection}] connection already disconnect, \
         can't register ephemeral instance. "
    )]
    ClientGone {
        /// The connection's id.
        connection: String,
    },
    /// The service does not exist.
    #[error("service {} not found!", service.grouped_name())]
    ServiceNotFound {
        /// The service.
        service: ServiceKey,
    },
    /// The service exists already.
    #[error("specified service {} already exists!", service.grouped_name())]
    ServiceExists {
        /// The service.
        service: ServiceKey,
    },
    /// The service still has instances.
    #[error("Service {} is not empty, can't be delete. Please unregister instance first", service.grouped_name())]
    ServiceNotEmpty {
        /// The service.
        service: ServiceKey,
    },
    /// The service has no instance at all, or does not exist.
    #[error("no ips found for cluster {cluster} in service {}", service.grouped_name())]
    NoInstances {
        /// The service.
        service: ServiceKey,
        /// The cluster that was asked for.
        cluster: String,
    },
    /// The service has instances, but not this one.
    #[error("no matched ip found!")]
    InstanceNotFound,
    /// Health may be set by hand only where nothing checks it.
    #[error("health check is still working, service: {}, cluster: {cluster}", service.grouped_name())]
    HealthCheckActive {
        /// The service.
        service: ServiceKey,
        /// The cluster whose checker is active.
        cluster: String,
    },
    /// The request is larger than one log entry may be.
    #[error("request of {size} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// Size of the request in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Free disk space is below the reserve.
    #[error(
        "free disk space of {free} bytes is below the reserve of {reserve}; writes resume when space is free again"
    )]
    StorageFull {
        /// Free bytes.
        free: u64,
        /// The reserve in bytes.
        reserve: u64,
    },
    /// The service's shard cannot take writes now, or too many requests wait for it.
    #[error("naming is not available: {0}")]
    Unavailable(String),
    /// What Nacos answers as a server error.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The number that goes with this error on the wire.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::ClientGone { .. } => -401,
            Self::NoInstances { .. } | Self::InstanceNotFound => 404,
            Self::Internal(_) | Self::StorageFull { .. } => 500,
            Self::Unavailable(_) => 503,
            _ => 400,
        }
    }
}
