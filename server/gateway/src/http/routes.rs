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
    NamingMetrics,
    ReadConfig,
    PublishConfig,
    RemoveConfig,
    PollConfigs,
    ListenersOfConfig,
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
    Login,
    ReloadClient,
    Prometheus,
    ActuatorHealth,
    Later,
}

impl Operation {
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
    let route = EXACT.get(format!("{folder}/{{}}").as_str())?;
    Some((route, Some(end)))
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

const LATER_GET: &[(Verb, Operation)] = &[(Get, Later)];
const LATER_POST: &[(Verb, Operation)] = &[(Post, Later)];
const LATER_PUT: &[(Verb, Operation)] = &[(Put, Later)];
const LATER_ANY: &[(Verb, Operation)] = &[(Any, Later)];
const METRICS: &[(Verb, Operation)] = &[(Get, Operation::NamingMetrics)];
const LOGIN: &[(Verb, Operation)] = &[(Post, Operation::Login)];
const SWITCHES: &[(Verb, Operation)] = &[(Get, Later), (Put, Later)];
const BATCH: &[(Verb, Operation)] = &[(Put, Later), (Delete, Later)];
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

/// Every path that Nacos documents below `/v1` and `/v2`.
static ROUTES: &[Route] = &[
    route("/v1/ns/instance", Naming1, INSTANCE),
    route("/v1/ns/instance/list", Naming1, &[(Get, Operation::ListInstances)]),
    route("/v1/ns/instance/beat", Naming1, &[(Put, Operation::Beat)]),
    route("/v1/ns/instance/statuses", Naming1, &[(Any, Operation::InstanceStatuses)]),
    route("/v1/ns/instance/metadata/batch", Naming1, BATCH),
    route("/v1/ns/service", Naming1, SERVICE),
    route("/v1/ns/service/list", Naming1, &[(Get, Operation::ListServices)]),
    route("/v1/ns/service/names", Naming1, LATER_ANY),
    route("/v1/ns/service/subscribers", Naming1, LATER_GET),
    route("/v1/ns/service/selector/types", Naming1, LATER_GET),
    route("/v1/ns/operator/metrics", Naming1, METRICS),
    route("/v1/ns/ops/metrics", Naming1, METRICS),
    route("/v1/ns/operator/push/state", Naming1, LATER_ANY),
    route("/v1/ns/ops/push/state", Naming1, LATER_ANY),
    route("/v1/ns/operator/switches", Naming1, SWITCHES),
    route("/v1/ns/ops/switches", Naming1, SWITCHES),
    route("/v1/ns/operator/distro/client", Naming1, LATER_GET),
    route("/v1/ns/ops/distro/client", Naming1, LATER_GET),
    route("/v1/ns/operator/log", Naming1, LATER_PUT),
    route("/v1/ns/ops/log", Naming1, LATER_PUT),
    route("/v1/ns/catalog/service", Naming1, LATER_GET),
    route("/v1/ns/catalog/instances", Naming1, LATER_ANY),
    route("/v1/ns/catalog/services", Naming1, LATER_GET),
    route("/v1/ns/health", Naming1, LATER_PUT),
    route("/v1/ns/health/instance", Naming1, LATER_PUT),
    route("/v1/ns/health/server", Naming1, LATER_ANY),
    route("/v1/ns/health/checkers", Naming1, LATER_GET),
    route("/v1/ns/cluster", Naming1, LATER_PUT),
    route("/v1/cs/configs", Config1, CONFIG),
    route("/v1/cs/configs/listener", Config1, &[(Post, Operation::PollConfigs), (Get, Operation::ListenersOfConfig)]),
    route("/v1/cs/configs/catalog", Config1, &[(Get, Operation::ConfigCatalog)]),
    route("/v1/cs/listener", Config1, LATER_GET),
    route("/v1/cs/history", Config1, &[(Get, Operation::ReadHistory)]),
    route("/v1/cs/history/previous", Config1, &[(Get, Operation::PreviousHistory)]),
    route("/v1/cs/history/configs", Config1, &[(Get, Operation::HistoryConfigs)]),
    route("/v1/cs/capacity", Config1, &[(Get, Later), (Post, Later)]),
    route("/v1/cs/metrics/current", Config1, &[(Get, Operation::ClientMetrics)]),
    route("/v1/cs/metrics/cluster", Config1, LATER_GET),
    route("/v1/cs/ops/localCache", Config1, LATER_POST),
    route("/v1/cs/ops/log", Config1, LATER_PUT),
    route("/v1/cs/ops/derby", Config1, LATER_GET),
    route("/v1/cs/ops/data/removal", Config1, LATER_POST),
    route("/v1/cs/health", Config1, LATER_GET),
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
    route("/v1/console/server/announcement", Console1, LATER_GET),
    route("/v1/console/server/guide", Console1, LATER_GET),
    route("/v1/console/health/liveness", Console1, &[(Get, Operation::Liveness)]),
    route("/v1/console/health/readiness", Console1, &[(Get, Operation::Readiness)]),
    route("/v1/core/cluster/self", Console1, LATER_GET),
    route("/v1/core/cluster/nodes", Console1, LATER_GET),
    route("/v1/core/cluster/simple/nodes", Console1, LATER_GET),
    route("/v1/core/cluster/health", Console1, LATER_GET),
    route("/v1/core/cluster/report", Console1, LATER_POST),
    route("/v1/core/cluster/switch/lookup", Console1, LATER_POST),
    route("/v1/core/cluster/server/leave", Console1, LATER_POST),
    route("/v1/core/ops/raft", Console1, LATER_POST),
    route("/v1/core/ops/idInfo", Console1, LATER_GET),
    route("/v1/core/ops/log", Console1, LATER_PUT),
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
    route("/v2/ns/catalog/instances", Wrapped, LATER_ANY),
    route("/v2/ns/health", Wrapped, LATER_PUT),
    route("/v2/ns/health/instance", Wrapped, LATER_PUT),
    route("/v2/ns/operator/metrics", Wrapped, METRICS),
    route("/v2/ns/ops/metrics", Wrapped, METRICS),
    route("/v2/ns/operator/switches", Wrapped, SWITCHES),
    route("/v2/ns/ops/switches", Wrapped, SWITCHES),
    route("/v2/ns/client", Wrapped, LATER_GET),
    route("/v2/ns/client/list", Wrapped, LATER_GET),
    route("/v2/ns/client/publish/list", Wrapped, LATER_GET),
    route("/v2/ns/client/subscribe/list", Wrapped, LATER_GET),
    route("/v2/ns/client/service/publisher/list", Wrapped, LATER_GET),
    route("/v2/ns/client/service/subscriber/list", Wrapped, LATER_GET),
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
    route("/v2/core/cluster/node/self", Loader2, LATER_GET),
    route("/v2/core/cluster/node/list", Loader2, &[(Get, Later), (Put, Later)]),
    route("/v2/core/cluster/node/self/health", Loader2, LATER_GET),
    route("/v2/core/cluster/lookup", Loader2, LATER_PUT),
    route("/v2/core/cluster/nodes", Loader2, &[(Delete, Later)]),
    route("/v2/core/ops/raft", Loader2, LATER_POST),
    route("/v2/core/ops/ids", Loader2, LATER_GET),
    route("/v2/core/ops/log", Loader2, LATER_PUT),
    route("/v2/core/loader/current", Loader2, LATER_GET),
    route("/v2/core/loader/reloadCurrent", Loader2, LATER_GET),
    route("/v2/core/loader/smartReloadCluster", Loader2, LATER_GET),
    route("/v2/core/loader/reloadClient", Loader2, &[(Get, Operation::ReloadClient), (Post, Operation::ReloadClient)]),
    route("/v2/core/loader/cluster", Loader2, LATER_GET),
    route("/actuator/health", Console1, &[(Get, Operation::ActuatorHealth)]),
    route("/actuator/prometheus", Console1, &[(Get, Operation::Prometheus)]),
    route("/prometheus", Console1, LATER_GET),
    route("/prometheus/namespaceId/{}", Console1, LATER_GET),
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
