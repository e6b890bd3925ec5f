//! The nouns of naming: services, instances, and what operators attach to them.

mod instance;
mod key;
mod metadata;

pub(crate) use instance::metadata_millis;
pub use instance::{Address, Instance, InstanceKey, InstanceOverride, NewInstance, OverrideChange};
pub use key::ServiceKey;
pub use metadata::{ClusterMetadata, HealthChecker, Selector, SelectorError, ServiceDetail, ServiceMetadata};

/// Whether a service's instances live with their publisher or until they are removed. Fixed by the
/// first registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// Instances end with their connection or their beats.
    Ephemeral,
    /// Instances stay until they are deregistered.
    Persistent,
}

impl ServiceKind {
    /// The kind that the flag `ephemeral` of requests names.
    #[must_use]
    pub fn from_ephemeral(ephemeral: bool) -> Self {
        if ephemeral { Self::Ephemeral } else { Self::Persistent }
    }

    /// Whether this is [`ServiceKind::Ephemeral`].
    #[must_use]
    pub fn is_ephemeral(self) -> bool {
        self == Self::Ephemeral
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeral",
            Self::Persistent => "persistent",
        }
    }
}
