//! Requests between members of a Nacos cluster. They are known so that they can be refused.

use crate::{
    json::{Base64, StringMap},
    message::{object, request, response},
};

type JsonObject = serde_json::Map<String, serde_json::Value>;

request! {
    /// Asks for the number of connections and the load.
    pub struct ServerLoaderInfoRequest("internal") -> ServerLoaderInfoResponse {}
}

response! {
    /// Connections and load of a member.
    pub struct ServerLoaderInfoResponse {
        /// `conCount`, `sdkConCount`, `load`, `cpu`, all as text.
        loader_metrics: Option<StringMap> = "loaderMetrics",
    }
}

request! {
    /// Asks a member to send SDK connections away.
    pub struct ServerReloadRequest("internal") -> ServerReloadResponse {
        /// How many SDK connections shall stay.
        reload_count: i32 = "reloadCount",
        /// Where they shall go, as `ip:port`.
        reload_server: Option<String> = "reloadServer",
    }
}

response! {
    /// Whether connections will be sent away.
    pub struct ServerReloadResponse {}
}

object! {
    /// A member of the cluster.
    pub struct Member {
        /// Address.
        ip: Option<String> = "ip",
        /// Main port.
        port: i32 = "port" or -1,
        /// `STARTING`, `UP`, `SUSPICIOUS`, `DOWN` or `ISOLATION`.
        state: Option<String> = "state",
        /// Version, Raft port, weights, times.
        extend_info: Option<JsonObject> = "extendInfo",
        /// `ip:port`.
        address: Option<String> = "address",
        /// What the member can do.
        abilities: Option<JsonObject> = "abilities",
        /// Whether the member reports over gRPC.
        grpc_report_enabled: bool = "grpcReportEnabled",
        /// Calls in a row that failed.
        fail_access_count: i32 = "failAccessCnt",
    }
}

request! {
    /// A member says that it is up.
    pub struct MemberReportRequest("cluster") -> MemberReportResponse {
        /// The sender.
        node: Option<Member> = "node",
    }
}

response! {
    /// The receiver introduces itself.
    pub struct MemberReportResponse {
        /// The receiver.
        node: Option<Member> = "node",
    }
}

object! {
    /// Names a piece of Distro data.
    pub struct DistroKey {
        /// Client id.
        resource_key: Option<String> = "resourceKey",
        /// Kind of data.
        resource_type: Option<String> = "resourceType",
        /// Member that it goes to.
        target_server: Option<String> = "targetServer",
    }
}

object! {
    /// A piece of Distro data.
    pub struct DistroData {
        /// Its name.
        distro_key: Option<DistroKey> = "distroKey",
        /// What happened to it.
        kind: Option<String> = "type",
        /// JSON.
        content: Option<Base64> = "content",
    }
}

request! {
    /// Exchange of ephemeral instances between members.
    pub struct DistroDataRequest("cluster") -> DistroDataResponse {
        /// The data; absent for a snapshot.
        distro_data: Option<DistroData> = "distroData",
        /// `ADD`, `CHANGE`, `DELETE`, `VERIFY`, `SNAPSHOT` or `QUERY`.
        data_operation: Option<String> = "dataOperation",
    }
}

response! {
    /// Data, where it was asked for.
    pub struct DistroDataResponse {
        /// Answer to snapshot and query.
        distro_data: Option<DistroData> = "distroData",
    }
}

request! {
    /// Tells a member that a config changed.
    pub struct ConfigChangeClusterSyncRequest("config") -> ConfigChangeClusterSyncResponse {
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Group.
        group: Option<String> = "group",
        /// Namespace id.
        tenant: Option<String> = "tenant",
        /// Milliseconds since the epoch.
        last_modified: i64 = "lastModified",
        /// `beta`, `tag_<tag>`, or absent for the config itself.
        gray_name: Option<String> = "grayName",
        /// Set for members before 2.5.
        beta: bool = "beta",
        /// Set for members before 2.5.
        tag: Option<String> = "tag",
    }
}

response! {
    /// The member knows.
    pub struct ConfigChangeClusterSyncResponse {}
}
