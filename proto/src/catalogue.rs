//! The request types of the 2.x catalogue.

use crate::{Message, cluster, config, internal, naming};

macro_rules! catalogue {
    ($( $(#[$meta:meta])* $variant:ident = $message:ty ),* $(,)?) => {
        /// A type that a client may send as a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RequestType {
            $( $(#[$meta])* $variant, )*
        }

        impl RequestType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The type of this name; spelling counts.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                $( const $variant: &str = <$message as Message>::TYPE; )*
                match name {
                    $( $variant => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// The name in the payload's metadata.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => <$message as Message>::TYPE, )*
                }
            }
        }
    };
}

#[allow(non_upper_case_globals)]
mod types {
    use super::*;

    catalogue! {
        /// First call on a transport.
        ServerCheck = internal::ServerCheckRequest,
        /// First message on the stream.
        ConnectionSetup = internal::ConnectionSetupRequest,
        /// Is the connection registered?
        HealthCheck = internal::HealthCheckRequest,
        /// One ephemeral instance.
        Instance = naming::InstanceRequest,
        /// Several ephemeral instances.
        BatchInstance = naming::BatchInstanceRequest,
        /// One persistent instance.
        PersistentInstance = naming::PersistentInstanceRequest,
        /// Instances of a service.
        ServiceQuery = naming::ServiceQueryRequest,
        /// Services of a group.
        ServiceList = naming::ServiceListRequest,
        /// Pushes for a service.
        SubscribeService = naming::SubscribeServiceRequest,
        /// Write a config.
        ConfigPublish = config::ConfigPublishRequest,
        /// Read a config.
        ConfigQuery = config::ConfigQueryRequest,
        /// Remove a config.
        ConfigRemove = config::ConfigRemoveRequest,
        /// Listen to configs.
        ConfigBatchListen = config::ConfigBatchListenRequest,
        /// Connections and load of a member.
        ServerLoaderInfo = cluster::ServerLoaderInfoRequest,
        /// Send connections away.
        ServerReload = cluster::ServerReloadRequest,
        /// A member is up.
        MemberReport = cluster::MemberReportRequest,
        /// Ephemeral instances of a member.
        DistroData = cluster::DistroDataRequest,
        /// A config changed at a member.
        ConfigChangeClusterSync = cluster::ConfigChangeClusterSyncRequest,
    }
}

pub use types::RequestType;

impl RequestType {
    /// The part of the server that answers it.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Instance
            | Self::BatchInstance
            | Self::PersistentInstance
            | Self::ServiceQuery
            | Self::ServiceList
            | Self::SubscribeService => "naming",
            Self::ConfigPublish
            | Self::ConfigQuery
            | Self::ConfigRemove
            | Self::ConfigBatchListen
            | Self::ConfigChangeClusterSync => "config",
            Self::MemberReport | Self::DistroData => "cluster",
            _ => "internal",
        }
    }

    /// Whether only members of a cluster may send it, on the port between them.
    #[must_use]
    pub fn is_cluster_only(self) -> bool {
        matches!(
            self,
            Self::ServerLoaderInfo
                | Self::ServerReload
                | Self::MemberReport
                | Self::DistroData
                | Self::ConfigChangeClusterSync
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_types() {
        for kind in RequestType::ALL {
            assert_eq!(RequestType::from_name(kind.name()), Some(*kind));
        }
        assert_eq!(RequestType::from_name("healthCheckRequest"), None);
        assert_eq!(RequestType::from_name("HealthCheckResponse"), None);
        assert_eq!(RequestType::from_name(""), None);
    }
}
