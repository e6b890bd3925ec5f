//! What each operation is for, and which parameters it takes.

use super::Operation;

/// One operation in words.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `string`, `integer`, `number` or `boolean`.
    pub(super) kind: &'static str,
    pub(super) is_required: bool,
}

impl Parameter {
    /// Reads `name`, `name*` for a required one, and the kind behind a colon.
    fn read(text: &'static str) -> Self {
        let (name, kind) = text.split_once(':').unwrap_or((text, "string"));
        Self { name: name.trim_end_matches('*').to_owned(), kind, is_required: name.ends_with('*') }
    }

    /// Under the name that the second version of the API has for it.
    fn renamed(mut self) -> Self {
        let name = match self.name.as_str() {
            "tenant" => "namespaceId",
            "config_tags" => "configTags",
            "src_user" => "srcUser",
            _ => return self,
        };
        self.name = name.to_owned();
        self
    }
}

/// The description of an operation as a path of the first or the second version has it.
pub(super) fn operation(operation: Operation, is_v2: bool) -> Described {
    let (summary, parameters) = words(operation);
    let mut parameters: Vec<Parameter> = parameters.split_whitespace().map(Parameter::read).collect();
    if is_v2 && is_of_config(operation) {
        parameters = parameters.into_iter().map(Parameter::renamed).collect();
    }
    Described { summary, parameters }
}

fn is_of_config(operation: Operation) -> bool {
    use Operation as Op;
    matches!(
        operation,
        Op::ReadConfig
            | Op::PublishConfig
            | Op::RemoveConfig
            | Op::SearchConfigs
            | Op::ReadHistory
            | Op::ListHistory
            | Op::HistoryDetail
            | Op::PreviousHistory
            | Op::HistoryConfigs
    )
}

/// A sentence, and the parameters in the notation of [`Parameter::read`].
fn words(operation: Operation) -> (&'static str, &'static str) {
    naming(operation).or_else(|| config(operation)).unwrap_or_else(|| others(operation))
}

fn naming(operation: Operation) -> Option<(&'static str, &'static str)> {
    use Operation as Op;
    Some(match operation {
        Op::RegisterInstance => (
            "Registers an instance",
            "serviceName* ip* port*:integer namespaceId groupName clusterName weight:number enabled:boolean \
             healthy:boolean ephemeral:boolean metadata",
        ),
        Op::DeregisterInstance => (
            "Deregisters an instance",
            "serviceName* ip* port*:integer namespaceId groupName clusterName ephemeral:boolean",
        ),
        Op::UpdateInstance => (
            "Sets weight, availability and metadata of an instance",
            "serviceName* ip* port*:integer namespaceId groupName clusterName weight:number enabled:boolean \
             ephemeral:boolean metadata",
        ),
        Op::PatchInstance => (
            "Changes the named properties of an instance",
            "serviceName* ip* port*:integer namespaceId groupName clusterName weight:number enabled:boolean metadata",
        ),
        Op::Beat => (
            "Keeps an instance of a 1.x client alive",
            "serviceName* namespaceId groupName ip port:integer clusterName beat",
        ),
        Op::ListInstances => (
            "The instances of a service",
            "serviceName* namespaceId groupName clusters healthyOnly:boolean clientIP udpPort:integer app",
        ),
        Op::InstanceDetail => ("One instance", "serviceName* ip* port*:integer namespaceId groupName clusterName"),
        Op::InstanceStatuses => ("Which instances of a service are healthy", "key*"),
        Op::SetMetadata => (
            "Sets metadata of several instances",
            "serviceName* metadata* namespaceId groupName consistencyType instances",
        ),
        Op::RemoveMetadata => (
            "Removes metadata of several instances",
            "serviceName* metadata* namespaceId groupName consistencyType instances",
        ),
        Op::CreateService => {
            ("Creates an empty service", "serviceName* namespaceId groupName protectThreshold:number metadata selector")
        }
        Op::RemoveService => ("Removes an empty service", "serviceName* namespaceId groupName"),
        Op::UpdateService => (
            "Sets protect threshold, metadata and selector of a service",
            "serviceName* protectThreshold:number namespaceId groupName metadata selector",
        ),
        Op::ServiceDetail => ("One service", "serviceName* namespaceId groupName"),
        Op::ListServices => {
            ("The services of a group, by pages", "pageNo:integer pageSize:integer namespaceId groupName selector")
        }
        Op::ServiceNames => ("Names of services by namespace", "namespaceId expr"),
        Op::Subscribers => (
            "Who subscribes to a service",
            "serviceName* namespaceId groupName pageNo:integer pageSize:integer aggregation:boolean",
        ),
        Op::SelectorTypes => ("The kinds of selectors", ""),
        Op::CatalogService => ("A service with its clusters", "serviceName* namespaceId groupName"),
        Op::CatalogInstances => (
            "The instances of a cluster, by pages",
            "serviceName* clusterName pageNo:integer pageSize:integer namespaceId groupName healthyOnly:boolean \
             enabledOnly:boolean",
        ),
        Op::CatalogServices => (
            "The services of a namespace with their counts, by pages",
            "pageNo*:integer pageSize*:integer namespaceId serviceNameParam groupNameParam hasIpCount:boolean \
             withInstances:boolean",
        ),
        Op::HealthServer => ("A sentence about this server", ""),
        Op::HealthCheckers => ("The kinds of health checks", ""),
        Op::SetHealth => (
            "Sets the health of an instance that is not checked",
            "serviceName* ip* port*:integer healthy*:boolean namespaceId groupName clusterName",
        ),
        Op::UpdateCluster => (
            "Sets how the instances of a cluster are checked",
            "serviceName* clusterName* checkPort*:integer useInstancePort4Check*:boolean healthChecker* namespaceId \
             groupName metadata",
        ),
        Op::PushState => ("How many pushes arrived", "detail:boolean reset:boolean"),
        Op::ResponsibleServer => ("Which node is responsible for an instance", "ip* port*:integer"),
        Op::ReadSwitches => ("The switches", ""),
        Op::SetSwitch => ("Sets a switch", "entry* value* debug:boolean"),
        Op::ListClients => ("Ids of all clients", ""),
        Op::ClientDetail => ("One client", "clientId*"),
        Op::PublishedByClient => ("What a client registered", "clientId*"),
        Op::SubscribedByClient => ("What a client subscribed to", "clientId*"),
        Op::PublishersOfService => {
            ("Which clients registered a service", "serviceName* namespaceId groupName ip port:integer")
        }
        Op::SubscribersOfService => {
            ("Which clients subscribed to a service", "serviceName* namespaceId groupName ip port:integer")
        }
        Op::NamingMetrics => ("Figures of naming", "onlyStatus:boolean"),
        _ => return None,
    })
}

fn config(operation: Operation) -> Option<(&'static str, &'static str)> {
    use Operation as Op;
    Some(match operation {
        Op::ReadConfig => (
            "Reads a config; over v1 also searches (search), exports (export, exportV2) and shows all about it (show)",
            "dataId group tenant tag search show beta:boolean export:boolean exportV2:boolean ids pageNo:integer \
             pageSize:integer appName config_tags types",
        ),
        Op::PublishConfig => (
            "Publishes a config; over v1 also imports an archive (import) and copies (clone). The headers betaIps and \
             casMd5 make it a beta or a compare-and-set",
            "dataId* group* content* tenant tag appName src_user config_tags desc use effect type schema \
             encryptedDataKey",
        ),
        Op::RemoveConfig => (
            "Removes a config; over v1 also several by their ids (delType=ids), or the beta (beta)",
            "dataId group tenant tag delType ids beta:boolean src_user",
        ),
        Op::PollConfigs => ("Waits for changes of configs (long polling)", "Listening-Configs*"),
        Op::ListenersOfConfig => ("Who listens to a config", "dataId* group* tenant sampleTime:integer"),
        Op::ConfigsOfListener => ("What an address listens to", "ip* all:boolean tenant sampleTime:integer"),
        Op::ConfigHealth => ("Whether configs can be read and written", ""),
        Op::ReloadConfigs => ("Does nothing: there is no copy that could be out of date", ""),
        Op::ReadCapacity => ("What a group or a namespace may hold, and holds", "group tenant"),
        Op::SetCapacity => (
            "Sets what a group or a namespace may hold",
            "group tenant quota:integer maxSize:integer maxAggrCount:integer maxAggrSize:integer",
        ),
        Op::ConfigCatalog => ("What describes a config", "dataId* group* tenant"),
        Op::SearchConfigs => (
            "Searches configs by their content",
            "dataId* group* config_detail* pageNo*:integer pageSize*:integer tenant appName config_tags types search",
        ),
        Op::ReadHistory => (
            "One row of a config's history by its id; over v1 also the list (search=accurate)",
            "dataId* group* tenant nid:integer search pageNo:integer pageSize:integer",
        ),
        Op::ListHistory => ("A config's history, by pages", "dataId* group* tenant pageNo:integer pageSize:integer"),
        Op::HistoryDetail => ("What one row of history changed", "dataId* group* nid*:integer tenant"),
        Op::PreviousHistory => ("The newest row of history of a config's id", "dataId* group* id*:integer tenant"),
        Op::HistoryConfigs => ("The configs of a namespace", "tenant*"),
        Op::ClientMetrics => ("What the clients of an address hold for a config", "ip* dataId* group* tenant"),
        _ => return None,
    })
}

fn others(operation: Operation) -> (&'static str, &'static str) {
    use Operation as Op;
    match operation {
        Op::ReadNamespaces => (
            "The namespaces; one of them (show=all); whether an id is taken (checkNamespaceIdExist)",
            "show namespaceId checkNamespaceIdExist:boolean customNamespaceId",
        ),
        Op::CreateNamespace => (
            "Creates a namespace; v2 calls its id namespaceId",
            "customNamespaceId namespaceId namespaceName* namespaceDesc",
        ),
        Op::UpdateNamespace => (
            "Renames a namespace; v2 calls its id namespaceId and its name namespaceName",
            "namespace namespaceShowName namespaceId namespaceName namespaceDesc",
        ),
        Op::RemoveNamespace => ("Removes a namespace; its configs stay", "namespaceId*"),
        Op::ListNamespaces => ("The namespaces", ""),
        Op::NamespaceDetail => ("One namespace", "namespaceId*"),
        Op::Liveness => ("Whether the process lives", ""),
        Op::Readiness => ("Whether requests are served", ""),
        Op::ServerState => ("What the server is and can", ""),
        Op::Announcement => ("The console's announcement", "language"),
        Op::Guide => ("The console's guide", ""),
        Op::Login => ("Logs in", "username* password*"),
        Op::ReloadClient => ("Sends one client elsewhere", "connectionId* redirectAddress"),
        Op::ReloadClients => ("Sends clients elsewhere until so many are left", "count:integer redirectAddress"),
        Op::CurrentClients => ("The clients that are connected to this node", ""),
        Op::LoadOfNodes => ("The load of all nodes", ""),
        Op::ThisNode => ("This node", ""),
        Op::Nodes => ("All nodes", "keyword address state"),
        Op::NodeNames => ("The addresses of all nodes", ""),
        Op::NodeHealth => ("Whether this node is well", ""),
        Op::ReportNode => ("Takes another node's report", ""),
        Op::UpdateNodes => ("Takes what is said about nodes", ""),
        Op::SwitchLookup => ("How nodes are found", "type*"),
        Op::RemoveNodes => ("Removes nodes; not supported, as in Nacos", ""),
        Op::RaftCommand => ("A command to a group; not supported", ""),
        Op::IdGenerators => ("The generators of ids", ""),
        Op::SetLogLevel => ("Log levels are set at start", "logName* logLevel*"),
        Op::DiscoverTargets => ("All instances as targets of Prometheus", ""),
        Op::DiscoverNamespace => ("The instances of a namespace as targets of Prometheus", ""),
        Op::DiscoverService => ("The instances of a service as targets of Prometheus", ""),
        Op::Prometheus => ("Metrics for Prometheus", ""),
        Op::ActuatorHealth => ("Whether the server is up", ""),
        Op::MakeBackup => ("Makes a backup; for callers on the server's machine", "name"),
        Op::OpenApi => ("This document", ""),
        Op::OpenApiPage => ("The page that shows this document", ""),
        Op::OpenApiScript => ("The script of that page", ""),
        Op::Later => ("Comes with a later version", ""),
        // The other two tables have it.
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::routes;

    #[test]
    fn every_operation_has_words() {
        for route in routes::all() {
            for (_, operation) in route.operations {
                let described = super::operation(*operation, false);
                assert!(described.summary.len() > 5, "{operation:?}");
                let names: std::collections::BTreeSet<_> =
                    described.parameters.iter().map(|parameter| &parameter.name).collect();
                assert_eq!(names.len(), described.parameters.len(), "{operation:?} names a parameter twice");
                for parameter in &described.parameters {
                    assert!(["string", "integer", "number", "boolean"].contains(&parameter.kind), "{parameter:?}");
                }
            }
        }
    }

    #[test]
    fn the_second_version_has_other_names() {
        let names = |is_v2| {
            let parameters = super::operation(Operation::PublishConfig, is_v2).parameters;
            parameters.into_iter().map(|parameter| parameter.name).collect::<Vec<_>>()
        };
        assert!(names(false).contains(&"tenant".to_owned()) && names(true).contains(&"namespaceId".to_owned()));
        assert!(names(true).contains(&"srcUser".to_owned()) && !names(true).contains(&"tenant".to_owned()));
    }
}
