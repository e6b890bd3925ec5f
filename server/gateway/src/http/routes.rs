//! The one table from path and verb to operation. A path without the operation that a client asks
//! for still has a style, which decides how the refusal looks.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;

/// How the answers of a path look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// v1 naming: plain texts, bare JSON.
    Naming1,
    /// v1 config: every good answer is JSON with a charset.
    Config1,
    /// v1 console, auth and core.
    Console1,
    /// v2: result objects.
    Wrapped,
    /// The v2 paths that were built by v1 rules: bare answers, `caused:` in a result object.
    Loader2,
}

/// Which bodies an operation reads beside forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// None.
    Form,
    /// Any: the operation looks at the content type.
    Any,
}

/// What a path and a verb ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    RegisterInstance,
    DeregisterInstance,
    UpdateInstance,
    PatchInstance,
    Beat,
    ListInstances,
    InstanceDetail,
    InstanceStatuses,
    CreateService,
    RemoveService,
    UpdateService,
    ServiceDetail,
    ListServices,
    ServiceNames,
    Subscribers,
    SelectorTypes,
    SetMetadata,
    RemoveMetadata,
    CatalogService,
    CatalogInstances,
    CatalogServices,
    HealthServer,
    HealthCheckers,
    SetHealth,
    UpdateCluster,
    PushState,
    ResponsibleServer,
    ReadSwitches,
    SetSwitch,
    SetLogLevel,
    ListClients,
    ClientDetail,
    PublishedByClient,
    SubscribedByClient,
    PublishersOfService,
    SubscribersOfService,
    NamingMetrics,
    ReadConfig,
    PublishConfig,
    RemoveConfig,
    PollConfigs,
    ListenersOfConfig,
    ConfigsOfListener,
    ConfigHealth,
    ReloadConfigs,
    ReadCapacity,
    SetCapacity,
    ConfigCatalog,
    SearchConfigs,
    ReadHistory,
    ListHistory,
    HistoryDetail,
    PreviousHistory,
    HistoryConfigs,
    ClientMetrics,
    ReadNamespaces,
    CreateNamespace,
    UpdateNamespace,
    RemoveNamespace,
    ListNamespaces,
    NamespaceDetail,
    Liveness,
    Readiness,
    ServerState,
    Announcement,
    Guide,
    Login,
    ReloadClient,
    ReloadClients,
    CurrentClients,
    LoadOfNodes,
    ThisNode,
    Nodes,
    NodeNames,
    NodeHealth,
    ReportNode,
    UpdateNodes,
    SwitchLookup,
    RemoveNodes,
    RaftCommand,
    IdGenerators,
    DiscoverTargets,
    DiscoverNamespace,
    DiscoverService,
    Prometheus,
    ActuatorHealth,
    MakeBackup,
    OpenApi,
    OpenApiPage,
    OpenApiScript,
    Later,
}

impl Operation {
    /// Which bodies the operation reads.
    pub(super) fn body(self) -> BodyKind {
        match self {
            Self::PublishConfig | Self::ReportNode | Self::UpdateNodes | Self::RemoveNodes | Self::RaftCommand => {
                BodyKind::Any
            }
            _ => BodyKind::Form,
        }
    }

    /// Whether the operation may take longer than others.
    pub(super) fn takes_its_time(self) -> bool {
        matches!(self, Self::PollConfigs | Self::MakeBackup)
    }

    /// Whether the operation works while the server starts or stops.
    pub(super) fn works_before_ready(self) -> bool {
        matches!(self, Self::Liveness | Self::Readiness | Self::ServerState | Self::Prometheus | Self::ActuatorHealth)
    }
}

/// The verbs of the API; `Any` stands for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Any,
}

/// One path of the API.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) style: Style,
    pub(super) operations: &'static [(Verb, Operation)],
}

impl Route {
    /// The operation of a verb, `HEAD` being read as `GET`.
    pub(super) fn operation(&self, method: &Method) -> Option<Operation> {
        let wanted = match *method {
            Method::GET | Method::HEAD => Verb::Get,
            Method::POST => Verb::Post,
            Method::PUT => Verb::Put,
            Method::DELETE => Verb::Delete,
            Method::PATCH => Verb::Patch,
            _ => return None,
        };
        let mut operations = self.operations.iter();
        operations.find(|(verb, _)| *verb == wanted || *verb == Verb::Any).map(|(_, operation)| *operation)
    }

    /// The verbs as the `Allow` header lists them.
    pub(super) fn allow(&self) -> String {
        let names = self.operations.iter().flat_map(|(verb, _)| match verb {
            Verb::Get => &["GET", "HEAD"][..],
            Verb::Post => &["POST"],
            Verb::Put => &["PUT"],
            Verb::Delete => &["DELETE"],
            Verb::Patch => &["PATCH"],
            Verb::Any => &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"],
        });
        names.copied().chain(["OPTIONS"]).collect::<Vec<_>>().join(",")
    }
}

/// The route of a path below the context path, and where it has one the path's variable end.
pub(super) fn find(path: &str) -> Option<(&'static Route, Option<&str>)> {
    static EXACT: LazyLock<HashMap<&str, &Route>> =
        LazyLock::new(|| ROUTES.iter().map(|route| (route.path, route)).collect());
    if let Some(route) = EXACT.get(path) {
        return Some((route, None));
    }
    let (folder, end) = path.rsplit_once('/')?;
    if let Some(route) = EXACT.get(format!("{folder}/{{}}").as_str()) {
        return Some((route, Some(end)));
    }
    // The one path with two variables; both are its end.
    let two = path.strip_prefix("/prometheus/namespaceId/")?;
    let is_two = matches!(two.split('/').collect::<Vec<_>>().as_slice(), [_, "service", _]);
    is_two.then(|| EXACT.get(DISCOVER_SERVICE).map(|route| (*route, Some(two)))).flatten()
}

/// The style of a path that no route has.
pub(super) fn style_of(path: &str) -> Style {
    if path.starts_with("/v1/ns/") {
        Style::Naming1
    } else if path.starts_with("/v1/cs/") {
        Style::Config1
    } else if path.starts_with("/v2/core/") {
        Style::Loader2
    } else if path.starts_with("/v2/") {
        Style::Wrapped
    } else {
        Style::Console1
    }
}

const fn route(path: &'static str, style: Style, operations: &'static [(Verb, Operation)]) -> Route {
    Route { path, style, operations }
}

use Operation::Later;
use Style::{Config1, Console1, Loader2, Naming1, Wrapped};
use Verb::{Any, Delete, Get, Patch, Post, Put};

const DISCOVER_SERVICE: &str = "/prometheus/namespaceId/{}/service/{}";

const LATER_GET: &[(Verb, Operation)] = &[(Get, Later)];
const LATER_POST: &[(Verb, Operation)] = &[(Post, Later)];
const LATER_PUT: &[(Verb, Operation)] = &[(Put, Later)];
const METRICS: &[(Verb, Operation)] = &[(Get, Operation::NamingMetrics)];
const LOGIN: &[(Verb, Operation)] = &[(Post, Operation::Login)];
const SWITCHES: &[(Verb, Operation)] = &[(Get, Operation::ReadSwitches), (Put, Operation::SetSwitch)];
const BATCH: &[(Verb, Operation)] = &[(Put, Operation::SetMetadata), (Delete, Operation::RemoveMetadata)];
const HEALTH: &[(Verb, Operation)] = &[(Put, Operation::SetHealth)];
const PUSH_STATE: &[(Verb, Operation)] = &[(Any, Operation::PushState)];
const OWNER: &[(Verb, Operation)] = &[(Get, Operation::ResponsibleServer)];
const LOG_LEVEL: &[(Verb, Operation)] = &[(Put, Operation::SetLogLevel)];
const CLIENT_METRICS: &[(Verb, Operation)] = &[(Get, Operation::ClientMetrics)];
const RAFT: &[(Verb, Operation)] = &[(Post, Operation::RaftCommand)];
const USERS: &[(Verb, Operation)] = &[(Get, Later), (Post, Later), (Put, Later), (Delete, Later)];
const GRANTS: &[(Verb, Operation)] = &[(Get, Later), (Post, Later), (Delete, Later)];

const SERVICE: &[(Verb, Operation)] = &[
    (Post, Operation::CreateService),
    (Delete, Operation::RemoveService),
    (Put, Operation::UpdateService),
    (Get, Operation::ServiceDetail),
];

const INSTANCE: &[(Verb, Operation)] = &[
    (Post, Operation::RegisterInstance),
    (Delete, Operation::DeregisterInstance),
    (Put, Operation::UpdateInstance),
    (Patch, Operation::PatchInstance),
    (Get, Operation::InstanceDetail),
];

const CONFIG: &[(Verb, Operation)] =
    &[(Get, Operation::ReadConfig), (Post, Operation::PublishConfig), (Delete, Operation::RemoveConfig)];

/// Every path that Nacos documents below `/v1` and `/v2`, and those that it does not have.
static ROUTES: &[Route] = &[
    route("/v1/ns/instance", Naming1, INSTANCE),
    route("/v1/ns/instance/list", Naming1, &[(Get, Operation::ListInstances)]),
    route("/v1/ns/instance/beat", Naming1, &[(Put, Operation::Beat)]),
    route("/v1/ns/instance/statuses", Naming1, &[(Any, Operation::InstanceStatuses)]),
    route("/v1/ns/instance/metadata/batch", Naming1, BATCH),
    route("/v1/ns/service", Naming1, SERVICE),
    route("/v1/ns/service/list", Naming1, &[(Get, Operation::ListServices)]),
    route("/v1/ns/service/names", Naming1, &[(Any, Operation::ServiceNames)]),
    route("/v1/ns/service/subscribers", Naming1, &[(Get, Operation::Subscribers)]),
    route("/v1/ns/service/selector/types", Naming1, &[(Get, Operation::SelectorTypes)]),
    route("/v1/ns/operator/metrics", Naming1, METRICS),
    route("/v1/ns/ops/metrics", Naming1, METRICS),
    route("/v1/ns/operator/push/state", Naming1, PUSH_STATE),
    route("/v1/ns/ops/push/state", Naming1, PUSH_STATE),
    route("/v1/ns/operator/switches", Naming1, SWITCHES),
    route("/v1/ns/ops/switches", Naming1, SWITCHES),
    route("/v1/ns/operator/distro/client", Naming1, OWNER),
    route("/v1/ns/ops/distro/client", Naming1, OWNER),
    route("/v1/ns/operator/log", Naming1, LOG_LEVEL),
    route("/v1/ns/ops/log", Naming1, LOG_LEVEL),
    route("/v1/ns/catalog/service", Naming1, &[(Get, Operation::CatalogService)]),
    route("/v1/ns/catalog/instances", Naming1, &[(Any, Operation::CatalogInstances)]),
    route("/v1/ns/catalog/services", Naming1, &[(Get, Operation::CatalogServices)]),
    route("/v1/ns/health", Naming1, HEALTH),
    route("/v1/ns/health/instance", Naming1, HEALTH),
    route("/v1/ns/health/server", Naming1, &[(Any, Operation::HealthServer)]),
    route("/v1/ns/health/checkers", Naming1, &[(Get, Operation::HealthCheckers)]),
    route("/v1/ns/cluster", Naming1, &[(Put, Operation::UpdateCluster)]),
    route("/v1/cs/configs", Config1, CONFIG),
    route("/v1/cs/configs/listener", Config1, &[(Post, Operation::PollConfigs), (Get, Operation::ListenersOfConfig)]),
    route("/v1/cs/configs/catalog", Config1, &[(Get, Operation::ConfigCatalog)]),
    route("/v1/cs/listener", Config1, &[(Get, Operation::ConfigsOfListener)]),
    route("/v1/cs/history", Config1, &[(Get, Operation::ReadHistory)]),
    route("/v1/cs/history/previous", Config1, &[(Get, Operation::PreviousHistory)]),
    route("/v1/cs/history/configs", Config1, &[(Get, Operation::HistoryConfigs)]),
    route("/v1/cs/capacity", Config1, &[(Get, Operation::ReadCapacity), (Post, Operation::SetCapacity)]),
    route("/v1/cs/metrics/current", Config1, CLIENT_METRICS),
    route("/v1/cs/metrics/cluster", Config1, CLIENT_METRICS),
    route("/v1/cs/ops/localCache", Config1, &[(Post, Operation::ReloadConfigs)]),
    route("/v1/cs/ops/log", Config1, LOG_LEVEL),
    route("/v1/cs/ops/derby", Config1, LATER_GET),
    route("/v1/cs/ops/data/removal", Config1, LATER_POST),
    route("/v1/cs/health", Config1, &[(Get, Operation::ConfigHealth)]),
    route("/v1/cs/communication/configWatchers", Config1, LATER_GET),
    route("/v1/cs/communication/watcherConfigs", Config1, LATER_GET),
    route(
        "/v1/console/namespaces",
        Console1,
        &[
            (Get, Operation::ReadNamespaces),
            (Post, Operation::CreateNamespace),
            (Put, Operation::UpdateNamespace),
            (Delete, Operation::RemoveNamespace),
        ],
    ),
    route("/v1/console/server/state", Console1, &[(Get, Operation::ServerState)]),
    route("/v1/console/server/announcement", Console1, &[(Get, Operation::Announcement)]),
    route("/v1/console/server/guide", Console1, &[(Get, Operation::Guide)]),
    route("/v1/console/health/liveness", Console1, &[(Get, Operation::Liveness)]),
    route("/v1/console/health/readiness", Console1, &[(Get, Operation::Readiness)]),
    route("/v1/core/cluster/self", Console1, &[(Get, Operation::ThisNode)]),
    route("/v1/core/cluster/nodes", Console1, &[(Get, Operation::Nodes)]),
    route("/v1/core/cluster/simple/nodes", Console1, &[(Get, Operation::NodeNames)]),
    route("/v1/core/cluster/health", Console1, &[(Get, Operation::NodeHealth)]),
    route("/v1/core/cluster/report", Console1, &[(Post, Operation::ReportNode)]),
    route("/v1/core/cluster/switch/lookup", Console1, &[(Post, Operation::SwitchLookup)]),
    route("/v1/core/cluster/server/leave", Console1, &[(Post, Operation::RemoveNodes)]),
    route("/v1/core/ops/raft", Console1, RAFT),
    route("/v1/core/ops/idInfo", Console1, &[(Get, Operation::IdGenerators)]),
    route("/v1/core/ops/log", Console1, LOG_LEVEL),
    route("/v1/auth/login", Console1, LOGIN),
    route("/v1/auth/users/login", Console1, LOGIN),
    route("/v1/auth/users", Console1, USERS),
    route("/v1/auth/users/admin", Console1, LATER_POST),
    route("/v1/auth/users/password", Console1, LATER_PUT),
    route("/v1/auth/users/search", Console1, LATER_GET),
    route("/v1/auth/roles", Console1, GRANTS),
    route("/v1/auth/roles/search", Console1, LATER_GET),
    route("/v1/auth/permissions", Console1, GRANTS),
    route("/v2/ns/instance", Wrapped, INSTANCE),
    route("/v2/ns/instance/list", Wrapped, &[(Get, Operation::ListInstances)]),
    route("/v2/ns/instance/beat", Wrapped, &[(Put, Operation::Beat)]),
    route("/v2/ns/instance/statuses/{}", Wrapped, &[(Any, Operation::InstanceStatuses)]),
    route("/v2/ns/instance/metadata/batch", Wrapped, BATCH),
    route("/v2/ns/service", Wrapped, SERVICE),
    route("/v2/ns/service/list", Wrapped, &[(Get, Operation::ListServices)]),
    route("/v2/ns/catalog/instances", Naming1, &[(Any, Operation::CatalogInstances)]),
    route("/v2/ns/health", Wrapped, HEALTH),
    route("/v2/ns/health/instance", Wrapped, HEALTH),
    route("/v2/ns/operator/metrics", Wrapped, METRICS),
    route("/v2/ns/ops/metrics", Wrapped, METRICS),
    route("/v2/ns/operator/switches", Wrapped, SWITCHES),
    route("/v2/ns/ops/switches", Wrapped, SWITCHES),
    route("/v2/ns/client", Wrapped, &[(Get, Operation::ClientDetail)]),
    route("/v2/ns/client/list", Wrapped, &[(Get, Operation::ListClients)]),
    route("/v2/ns/client/publish/list", Wrapped, &[(Get, Operation::PublishedByClient)]),
    route("/v2/ns/client/subscribe/list", Wrapped, &[(Get, Operation::SubscribedByClient)]),
    route("/v2/ns/client/service/publisher/list", Wrapped, &[(Get, Operation::PublishersOfService)]),
    route("/v2/ns/client/service/subscriber/list", Wrapped, &[(Get, Operation::SubscribersOfService)]),
    route("/v2/cs/config", Wrapped, CONFIG),
    route("/v2/cs/config/searchDetail", Wrapped, &[(Get, Operation::SearchConfigs)]),
    route("/v2/cs/history", Wrapped, &[(Get, Operation::ReadHistory)]),
    route("/v2/cs/history/list", Wrapped, &[(Get, Operation::ListHistory)]),
    route("/v2/cs/history/detail", Wrapped, &[(Get, Operation::HistoryDetail)]),
    route("/v2/cs/history/previous", Wrapped, &[(Get, Operation::PreviousHistory)]),
    route("/v2/cs/history/configs", Wrapped, &[(Get, Operation::HistoryConfigs)]),
    route("/v2/console/namespace/list", Wrapped, &[(Get, Operation::ListNamespaces)]),
    route(
        "/v2/console/namespace",
        Wrapped,
        &[
            (Get, Operation::NamespaceDetail),
            (Post, Operation::CreateNamespace),
            (Put, Operation::UpdateNamespace),
            (Delete, Operation::RemoveNamespace),
        ],
    ),
    route("/v2/console/health/liveness", Wrapped, &[(Get, Operation::Liveness)]),
    route("/v2/console/health/readiness", Wrapped, &[(Get, Operation::Readiness)]),
    route("/v2/core/cluster/node/self", Wrapped, &[(Get, Operation::ThisNode)]),
    route("/v2/core/cluster/node/list", Wrapped, &[(Get, Operation::Nodes), (Put, Operation::UpdateNodes)]),
    route("/v2/core/cluster/node/self/health", Wrapped, &[(Get, Operation::NodeHealth)]),
    route("/v2/core/cluster/lookup", Wrapped, &[(Put, Operation::SwitchLookup)]),
    route("/v2/core/cluster/nodes", Wrapped, &[(Delete, Operation::RemoveNodes)]),
    route("/v2/core/ops/raft", Loader2, RAFT),
    route("/v2/core/ops/ids", Loader2, &[(Get, Operation::IdGenerators)]),
    route("/v2/core/ops/log", Loader2, LOG_LEVEL),
    route("/v2/core/loader/current", Loader2, &[(Get, Operation::CurrentClients)]),
    route(
        "/v2/core/loader/reloadCurrent",
        Loader2,
        &[(Get, Operation::ReloadClients), (Post, Operation::ReloadClients)],
    ),
    route("/v2/core/loader/smartReloadCluster", Loader2, &[(Get, Later), (Post, Later)]),
    route("/v2/core/loader/reloadClient", Loader2, &[(Get, Operation::ReloadClient), (Post, Operation::ReloadClient)]),
    route("/v2/core/loader/cluster", Loader2, &[(Get, Operation::LoadOfNodes)]),
    route("/v1/nacre/backup", Wrapped, &[(Post, Operation::MakeBackup)]),
    route("/openapi", Console1, &[(Get, Operation::OpenApiPage)]),
    route("/openapi.js", Console1, &[(Get, Operation::OpenApiScript)]),
    route("/openapi.json", Console1, &[(Get, Operation::OpenApi)]),
    route("/actuator/health", Console1, &[(Get, Operation::ActuatorHealth)]),
    route("/actuator/prometheus", Console1, &[(Get, Operation::Prometheus)]),
    route("/prometheus", Console1, &[(Get, Operation::DiscoverTargets)]),
    route("/prometheus/namespaceId/{}", Console1, &[(Get, Operation::DiscoverNamespace)]),
    route(DISCOVER_SERVICE, Console1, &[(Get, Operation::DiscoverService)]),
];

/// The whole table; metrics keep a row per place in it.
pub(super) fn all() -> &'static [Route] {
    ROUTES
}

/// The place of a route in [`all`].
pub(super) fn index_of(route: &'static Route) -> usize {
    static PLACES: LazyLock<HashMap<&str, usize>> =
        LazyLock::new(|| ROUTES.iter().enumerate().map(|(place, route)| (route.path, place)).collect());
    PLACES[route.path]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn paths_and_verbs_stand_once() {
        let mut paths = HashSet::new();
        for route in ROUTES {
            assert!(paths.insert(route.path), "{} stands twice", route.path);
            let verbs: HashSet<_> = route.operations.iter().map(|(verb, _)| format!("{verb:?}")).collect();
            assert_eq!(verbs.len(), route.operations.len(), "{}", route.path);
        }
    }

    #[test]
    fn variable_ends_are_found() {
        let (route, end) = find("/v2/ns/instance/statuses/a%23b").expect("known");
        assert_eq!(route.operation(&Method::PUT), Some(Operation::InstanceStatuses));
        assert_eq!(end, Some("a%23b"));
        assert!(find("/v2/ns/instance/nothing").is_none());
        assert!(find("/v2/ns/instance/statuses").is_none());
    }

    #[test]
    fn verbs_are_told_apart() {
        let (route, _) = find("/v1/ns/instance").expect("known");
        assert_eq!(route.operation(&Method::HEAD), Some(Operation::InstanceDetail));
        assert_eq!(route.operation(&Method::OPTIONS), None);
        let (route, _) = find("/v1/cs/configs").expect("known");
        assert_eq!(route.operation(&Method::PATCH), None);
        assert_eq!(route.allow(), "GET,HEAD,POST,DELETE,OPTIONS");
    }
}
