//! What each setting of Nacos 2.x and 3.x means here.

/// What to do with a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// It is this setting.
    Is(&'static str),
    /// It is part of what Nacos says about TLS.
    Tls(TlsWord),
    /// It does nothing, for this reason.
    Nothing(&'static str),
    /// Any value but this one is refused, for this reason: to ignore it would be unsafe.
    Unless(&'static str, &'static str),
}

/// The words about TLS that have a meaning only together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TlsWord {
    /// Whether the gRPC port encrypts.
    Grpc,
    /// Whether it serves plain connections, too.
    Plain,
    /// Whether clients must show certificates.
    Mutual,
    /// Who issued those.
    Authorities,
    /// Whether HTTP is encrypted.
    Http,
}

use Meaning::{Is, Nothing, Unless};
use TlsWord::{Authorities, Grpc, Http, Mutual, Plain};

/// The key of the path below which the API stands.
pub(super) const CONTEXT_PATH: &str = "gateway.http.context_path";

const DATABASE: &str = "data is kept in storage.data_dir; no database is used";
const CLUSTER: &str = "this version runs as a single node";
const USERS: &str = "this version has no users yet";
const CONSOLE: &str = "this version has no console yet";
const JVM: &str = "there is no Java machine, servlet container or Spring application";
const PUSH: &str = "changes are pushed at once; naming.push_window merges what follows";
const PLUGINS: &str = "there are no plug-ins";
const RAFT: &str = "consensus and replication have settings of their own";
const ADDRESS: &str = "the server listens on server.bind and shows no other address of its own";
const LIMITS: &str = "settings of gateway.listen and gateway.grpc limit connections and keep them alive";
const USAGE: &str = "configs are always counted, and exactly";
const INTERNAL: &str = "there is no such part in this server";
const TLS: &str = "TLS 1.2 and 1.3 are served with the safe ciphers of rustls; gateway.tls has the other settings";
const KEY_STORE: &str = "certificate and key are read from PEM files: server.ssl.certificate and \
    server.ssl.certificate-private-key";

/// Names in `application.properties`. One that ends with a dot stands for all that begin with it.
const PROPERTIES: &[(&str, Meaning)] = &[
    ("server.port", Is("server.port")),
    ("nacos.server.main.port", Is("server.port")),
    ("server.address", Is("server.bind")),
    ("server.servlet.contextPath", Is(CONTEXT_PATH)),
    ("nacos.server.contextPath", Is(CONTEXT_PATH)),
    ("nacos.config.push.maxRetryTime", Is("config.notify_attempts")),
    ("nacos.config.retention.days", Is("config.history_days")),
    ("maxContent", Is("config.max_content")),
    ("isCapacityLimitCheck", Is("config.capacity.enforce")),
    ("defaultClusterQuota", Is("config.capacity.cluster_quota")),
    ("defaultGroupQuota", Is("config.capacity.group_quota")),
    ("defaultTenantQuota", Is("config.capacity.namespace_quota")),
    ("defaultMaxSize", Is("config.capacity.max_size")),
    ("defaultMaxAggrCount", Is("config.capacity.max_aggr_count")),
    ("defaultMaxAggrSize", Is("config.capacity.max_aggr_size")),
    ("initialExpansionPercent", Is("config.capacity.expansion_percent")),
    ("isManageCapacity", Nothing(USAGE)),
    ("correctUsageDelay", Nothing(USAGE)),
    ("nacos.config.gray.version.max.count", Is("config.max_gray_versions")),
    ("nacos.naming.expireInstance", Is("naming.expire_instances")),
    ("nacos.naming.clean.empty-service.interval", Is("naming.empty_service_interval")),
    ("nacos.naming.clean.empty-service.expired-time", Is("naming.empty_service_age")),
    ("nacos.naming.clean.expired-metadata.interval", Is("naming.expired_metadata_interval")),
    ("nacos.naming.clean.expired-metadata.expired-time", Is("naming.expired_metadata_age")),
    ("nacos.naming.push.pushTaskTimeout", Is("naming.push_timeout")),
    ("nacos.naming.push.pushTaskRetryDelay", Is("naming.push_retry_delay")),
    ("nacos.naming.service.metadata.length", Is("gateway.http.max_metadata")),
    ("nacos.core.param.check.enabled", Is("gateway.http.check_parameters")),
    ("nacos.prometheus.metrics.enabled", Is("gateway.http.prometheus_discovery")),
    ("nacos.remote.server.grpc.sdk.max-inbound-message-size", Is("gateway.grpc.max_message")),
    ("server.tomcat.max-connections", Is("gateway.listen.max_connections")),
    ("server.tomcat.accept-count", Is("gateway.listen.backlog")),
    ("nacos.core.auth.enabled", Is("auth.enabled")),
    ("nacos.remote.server.rpc.tls.enableTls", Meaning::Tls(Grpc)),
    ("nacos.remote.server.rpc.tls.compatibility", Meaning::Tls(Plain)),
    ("nacos.remote.server.rpc.tls.mutualAuth", Meaning::Tls(Mutual)),
    ("nacos.remote.server.rpc.tls.trustCollectionCertFile", Meaning::Tls(Authorities)),
    ("nacos.remote.server.rpc.tls.certChainFile", Is("gateway.tls.certificate")),
    ("nacos.remote.server.rpc.tls.certPrivateKey", Is("gateway.tls.key")),
    ("nacos.remote.server.rpc.tls.certPrivateKeyPassword", Is("gateway.tls.key_password")),
    ("nacos.remote.server.rpc.tls.", Nothing(TLS)),
    ("nacos.remote.cluster.server.rpc.tls.enableTls", Nothing(CLUSTER)),
    ("server.ssl.enabled", Meaning::Tls(Http)),
    ("server.ssl.certificate", Is("gateway.tls.certificate")),
    ("server.ssl.certificate-private-key", Is("gateway.tls.key")),
    ("server.ssl.key-store", Unless("", KEY_STORE)),
    ("server.ssl.", Nothing(TLS)),
    ("nacos.naming.push.pushTaskDelay", Nothing(PUSH)),
    ("nacos.core.auth.", Nothing(USERS)),
    ("nacos.security.", Nothing(USERS)),
    ("spring.security.", Nothing(USERS)),
    ("spring.sql.", Nothing(DATABASE)),
    ("spring.datasource.", Nothing(DATABASE)),
    ("db.", Nothing(DATABASE)),
    ("nacos.plugin.datasource.", Nothing(DATABASE)),
    ("nacos.config.derby.", Nothing(DATABASE)),
    ("embeddedStorage", Nothing(DATABASE)),
    ("nacos.standalone", Nothing(CLUSTER)),
    ("nacos.member.list", Nothing(CLUSTER)),
    ("nacos.core.member.", Nothing(CLUSTER)),
    ("nacos.core.address-server.", Nothing(CLUSTER)),
    ("address.server.", Nothing(CLUSTER)),
    ("nacos.core.protocol.", Nothing(RAFT)),
    ("nacos.console.", Nothing(CONSOLE)),
    ("nacos.inetutils.", Nothing(ADDRESS)),
    ("nacos.remote.", Nothing(LIMITS)),
    ("nacos.plugin.", Nothing(PLUGINS)),
    ("nacos.core.config.plugin.", Nothing(PLUGINS)),
    ("nacos.cmdb.", Nothing(PLUGINS)),
    ("nacos.istio.", Nothing(INTERNAL)),
    ("nacos.k8s.", Nothing(INTERNAL)),
    ("nacos.ai.", Nothing(INTERNAL)),
    ("nacos.functionMode", Nothing(INTERNAL)),
    ("nacos.deployment.type", Nothing(INTERNAL)),
    ("nacos.config.search.", Nothing(INTERNAL)),
    ("nacos.config.gray.compatible.model", Nothing(INTERNAL)),
    ("nacos.naming.data.warmup", Nothing(INTERNAL)),
    ("nacos.naming.client.expired.time", Nothing(INTERNAL)),
    ("nacos.naming.empty-service.", Nothing(INTERNAL)),
    ("nacos.naming.distro.", Nothing(INTERNAL)),
    ("nacos.core.snowflake.", Nothing(INTERNAL)),
    ("nacos.core.sys.", Nothing(INTERNAL)),
    ("nacos.core.api.compatibility.", Nothing(INTERNAL)),
    ("nacos.home", Nothing("data is kept in storage.data_dir")),
    ("management.", Nothing("health and metrics are always served")),
    ("server.tomcat.", Nothing(JVM)),
    ("server.error.", Nothing(JVM)),
    ("server.", Nothing(JVM)),
    ("spring.", Nothing(JVM)),
    ("logging.", Nothing("log.level and log.format say what is logged")),
];

/// Variables of the Docker image that are not the name of a property in capitals.
const DOCKER: &[(&str, Meaning)] = &[
    ("NACOS_APPLICATION_PORT", Is("server.port")),
    ("NACOS_AUTH_ENABLE", Is("auth.enabled")),
    ("NACOS_SERVERS", Nothing(CLUSTER)),
    ("MEMBER_LIST", Nothing(CLUSTER)),
    ("MYSQL_SERVICE_HOST", Nothing(DATABASE)),
    ("SPRING_DATASOURCE_PLATFORM", Nothing(DATABASE)),
    ("EMBEDDED_STORAGE", Nothing(DATABASE)),
    ("NACOS_AUTH_TOKEN", Nothing(USERS)),
    ("NACOS_AUTH_IDENTITY_KEY", Nothing(USERS)),
    ("NACOS_AUTH_IDENTITY_VALUE", Nothing(USERS)),
    ("NACOS_SERVER_IP", Nothing(ADDRESS)),
    ("PREFERRED_NETWORKS", Nothing(ADDRESS)),
];

/// What is listed that a name of a properties file is or begins with, and what that means; dashes, underscores and
/// capitals count as little as in Spring.
pub(super) fn find(name: &str) -> Option<(&'static str, Meaning)> {
    let name = relaxed(name);
    let longest = PROPERTIES.iter().filter(|(known, _)| {
        let known = relaxed(known);
        if known.ends_with('.') { name.starts_with(&known) } else { name == known }
    });
    longest.max_by_key(|(known, _)| known.len()).copied()
}

/// The variable of the environment that Spring reads for a property.
pub(super) fn variable(name: &str) -> String {
    name.replace('.', "_").replace('-', "").to_uppercase()
}

fn relaxed(name: &str) -> String {
    name.replace(['-', '_'], "").to_lowercase()
}

/// The variables of the environment that mean something: properties in capitals, then those of the Docker image.
pub(super) fn variables() -> impl Iterator<Item = (String, Meaning)> {
    let properties = PROPERTIES.iter().filter(|(name, meaning)| !name.ends_with('.') && !matches!(meaning, Nothing(_)));
    let properties = properties.map(|(name, meaning)| (variable(name), *meaning));
    properties.chain(DOCKER.iter().map(|(name, meaning)| ((*name).to_owned(), *meaning)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::catalogue;

    #[test]
    fn every_translation_is_a_setting_that_exists() {
        let known = catalogue::all();
        for (name, meaning) in PROPERTIES.iter().chain(DOCKER) {
            if let Is(key) = meaning {
                assert!(known.contains_key(*key), "{name}: {key}");
            }
        }
    }
}
