//! Requests of the service registry, and the objects that they carry.

pub mod fuzzy;
mod instance;

use crate::message::{request, response};

pub use instance::{
    CUSTOM_GENERATOR, DEFAULT_BEAT_INTERVAL, DEFAULT_BEAT_TIMEOUT, DEFAULT_DELETE_TIMEOUT, HEART_BEAT_INTERVAL,
    HEART_BEAT_TIMEOUT, INSTANCE_ID_GENERATOR, IP_DELETE_TIMEOUT, Instance, InstanceView, ServiceInfo, ServiceInfoView,
};

/// Operation of [`InstanceRequest`] and [`PersistentInstanceRequest`].
pub const REGISTER: &str = "registerInstance";
/// Operation of [`InstanceRequest`] and [`PersistentInstanceRequest`].
pub const DEREGISTER: &str = "deregisterInstance";
/// Operation of [`BatchInstanceRequest`].
pub const BATCH_REGISTER: &str = "batchRegisterInstance";

request! {
    /// Registers or deregisters one ephemeral instance of the connection.
    pub struct InstanceRequest("naming") -> InstanceResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Service name without group.
        service_name: Option<String> = "serviceName",
        /// Group; has no default.
        group_name: Option<String> = "groupName",
        /// [`REGISTER`] or [`DEREGISTER`].
        kind: Option<String> = "type",
        /// Required for both.
        instance: Option<Instance> = "instance",
    }
}

response! {
    /// Done.
    pub struct InstanceResponse {
        /// The operation; absent on failure.
        kind: Option<String> = "type",
    }
}

request! {
    /// Replaces all that the connection published for a service.
    pub struct BatchInstanceRequest("naming") -> BatchInstanceResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Service name without group.
        service_name: Option<String> = "serviceName",
        /// Group; has no default.
        group_name: Option<String> = "groupName",
        /// [`BATCH_REGISTER`].
        kind: Option<String> = "type",
        /// The instances; may be empty, not null.
        instances: Option<Vec<Instance>> = "instances",
    }
}

response! {
    /// Done.
    pub struct BatchInstanceResponse {
        /// The operation; absent on failure.
        kind: Option<String> = "type",
    }
}

request! {
    /// Registers or deregisters an instance that outlives the connection.
    pub struct PersistentInstanceRequest("naming") -> InstanceResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Service name without group.
        service_name: Option<String> = "serviceName",
        /// Group; has no default.
        group_name: Option<String> = "groupName",
        /// [`REGISTER`] or [`DEREGISTER`].
        kind: Option<String> = "type",
        /// Required for both.
        instance: Option<Instance> = "instance",
    }
}

request! {
    /// Reads the instances of a service.
    pub struct ServiceQueryRequest("naming") -> QueryServiceResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Service name without group.
        service_name: Option<String> = "serviceName",
        /// Group; has no default.
        group_name: Option<String> = "groupName",
        /// Comma list of clusters; blank for all.
        cluster: Option<String> = "cluster",
        /// Leaves unhealthy instances out.
        healthy_only: bool = "healthyOnly",
        /// Only its range is checked.
        udp_port: i32 = "udpPort",
    }
}

response! {
    /// The instances of a service.
    pub struct QueryServiceResponse {
        /// Present on success, also for an unknown service.
        service_info: Option<ServiceInfo> = "serviceInfo",
    }
}

request! {
    /// Lists the services of a group.
    pub struct ServiceListRequest("naming") -> ServiceListResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Ignored.
        service_name: Option<String> = "serviceName",
        /// Group.
        group_name: Option<String> = "groupName",
        /// From 1.
        page_no: i32 = "pageNo",
        /// 0 asks for the count only.
        page_size: i32 = "pageSize",
        /// Ignored.
        selector: Option<String> = "selector",
    }
}

response! {
    /// One page of service names.
    pub struct ServiceListResponse {
        /// Number of services before paging.
        count: i32 = "count",
        /// Names without group.
        service_names: Option<Vec<String>> = "serviceNames",
    }
}

request! {
    /// Starts or stops the pushes for a service.
    pub struct SubscribeServiceRequest("naming") -> SubscribeServiceResponse {
        /// Namespace id; has no default.
        namespace: Option<String> = "namespace",
        /// Service name without group.
        service_name: Option<String> = "serviceName",
        /// Group; has no default.
        group_name: Option<String> = "groupName",
        /// True subscribes.
        subscribe: bool = "subscribe",
        /// Comma list of clusters; blank for all.
        clusters: Option<String> = "clusters",
    }
}

response! {
    /// The instances of the service now.
    pub struct SubscribeServiceResponse {
        /// Present on success.
        service_info: Option<ServiceInfo> = "serviceInfo",
    }
}

request! {
    /// Push: the instances of a service.
    pub struct NotifySubscriberRequest("naming") -> NotifySubscriberResponse {
        /// Never set.
        namespace: Option<String> = "namespace",
        /// Never set.
        service_name: Option<String> = "serviceName",
        /// Never set.
        group_name: Option<String> = "groupName",
        /// The whole list, filtered for this subscriber.
        service_info: Option<ServiceInfo> = "serviceInfo",
    }
}

response! {
    /// The client has the list.
    pub struct NotifySubscriberResponse {}
}
