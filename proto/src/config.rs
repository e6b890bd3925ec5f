//! Requests of the configuration centre.

pub mod fuzzy;

use std::sync::Arc;

use crate::{
    json::StringMap,
    message::{object, request, response},
};

request! {
    /// Creates or changes a config.
    pub struct ConfigPublishRequest("config") -> ConfigPublishResponse {
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Group.
        group: Option<String> = "group",
        /// Namespace id.
        tenant: Option<String> = "tenant",
        /// The text.
        content: Option<Arc<str>> = "content",
        /// Publish only if this is the md5 of the stored content; blank means always.
        cas_md5: Option<String> = "casMd5",
        /// Optional attributes: `type`, `tag`, `betaIps`, `appName`, `encryptedDataKey`, ...
        addition_map: Option<StringMap> = "additionMap",
    }
}

response! {
    /// The config is stored.
    pub struct ConfigPublishResponse {}
}

request! {
    /// Reads a config.
    pub struct ConfigQueryRequest("config") -> ConfigQueryResponse {
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Group.
        group: Option<String> = "group",
        /// Namespace id.
        tenant: Option<String> = "tenant",
        /// Asks for the version of one tag.
        tag: Option<String> = "tag",
    }
    computed(_this) { "notify": false }
}

response! {
    /// A config as this client shall see it.
    pub struct ConfigQueryResponse {
        /// The text.
        content: Option<Arc<str>> = "content",
        /// Cipher key of encrypted content; empty when it is plain, absent with a gray version.
        encrypted_data_key: Option<String> = "encryptedDataKey",
        /// The config's type, e.g. `yaml`.
        content_type: Option<String> = "contentType",
        /// Lowercase hex md5 of the content.
        md5: Option<String> = "md5",
        /// Milliseconds since the epoch; 0 in failures.
        last_modified: i64 = "lastModified",
        /// URL-encoded tag of the version served.
        tag: Option<String> = "tag",
        /// Whether the version for chosen addresses was served.
        beta: bool = "beta",
    }
}

request! {
    /// Removes a config, or one of its gray versions.
    pub struct ConfigRemoveRequest("config") -> ConfigRemoveResponse {
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Group.
        group: Option<String> = "group",
        /// Namespace id.
        tenant: Option<String> = "tenant",
        /// Name of a gray version (`beta`, `tag_<tag>`); blank means the config itself.
        tag: Option<String> = "tag",
    }
}

response! {
    /// The config is gone.
    pub struct ConfigRemoveResponse {}
}

object! {
    /// One config that a client listens to.
    pub struct ConfigListenContext {
        /// Group.
        group: Option<String> = "group",
        /// What the client holds; empty for nothing.
        md5: Option<String> = "md5",
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Namespace id.
        tenant: Option<String> = "tenant",
    }
}

request! {
    /// Starts or stops listening to configs and compares them.
    pub struct ConfigBatchListenRequest("config") -> ConfigChangeBatchListenResponse {
        /// Not used.
        data_id: Option<String> = "dataId",
        /// Not used.
        group: Option<String> = "group",
        /// Not used.
        tenant: Option<String> = "tenant",
        /// False stops listening.
        listen: bool = "listen" or true,
        /// The configs.
        config_listen_contexts: Option<Vec<ConfigListenContext>> = "configListenContexts" or Some(Vec::new()),
    }
}

object! {
    /// A config whose content differs from what the client holds.
    pub struct ConfigContext {
        /// Group, as the client wrote it.
        group: Option<String> = "group",
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Namespace id, as the client wrote it.
        tenant: Option<String> = "tenant",
    }
}

response! {
    /// The configs that differ.
    pub struct ConfigChangeBatchListenResponse {
        /// Always present.
        changed_configs: Vec<ConfigContext> = "changedConfigs",
    }
}

request! {
    /// Push: a config changed.
    pub struct ConfigChangeNotifyRequest("config") -> ConfigChangeNotifyResponse {
        /// Name within the group.
        data_id: Option<String> = "dataId",
        /// Group.
        group: Option<String> = "group",
        /// Namespace id as this client wrote it when it began to listen; absent for the default one.
        tenant: Option<String> = "tenant",
    }
}

response! {
    /// The client knows.
    pub struct ConfigChangeNotifyResponse {}
}

object! {
    /// One value asked of a client.
    pub struct MetricsKey {
        /// `cacheData` or `snapshotData`.
        kind: Option<String> = "type",
        /// Group key: `dataId+group` or `dataId+group+tenant`.
        key: Option<String> = "key",
    }
}

request! {
    /// Push: asks a client what it holds.
    pub struct ClientConfigMetricRequest("config") -> ClientConfigMetricResponse {
        /// What is asked.
        metrics_keys: Vec<MetricsKey> = "metricsKeys",
    }
}

response! {
    /// What the client holds.
    pub struct ClientConfigMetricResponse {
        /// Client id to a JSON text.
        metrics: Option<serde_json::Map<String, serde_json::Value>> = "metrics",
    }
}

/// The key of a config in one text: parts joined by `+`, with `+` and `%` escaped inside them.
#[must_use]
pub fn group_key(data_id: &str, group: &str, tenant: &str) -> String {
    let mut key = String::with_capacity(data_id.len() + group.len() + tenant.len() + 2);
    for (index, part) in [data_id, group, tenant].into_iter().enumerate() {
        if index == 2 && part.is_empty() {
            break;
        }
        if index > 0 {
            key.push('+');
        }
        for character in part.chars() {
            match character {
                '+' => key.push_str("%2B"),
                '%' => key.push_str("%25"),
                other => key.push(other),
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_key_escapes_its_separator() {
        assert_eq!(group_key("app.yaml", "DEFAULT_GROUP", ""), "app.yaml+DEFAULT_GROUP");
        assert_eq!(group_key("a+b", "g%", "t"), "a%2Bb+g%25+t");
    }
}
