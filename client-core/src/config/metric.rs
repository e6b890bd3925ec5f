//! What a client answers when an operator asks the server what it holds.

use std::sync::Arc;

use nacre_proto::config::{ClientConfigMetricRequest, ClientConfigMetricResponse};
use serde_json::{Map, Value, json};

use super::{
    key::from_joined,
    raw::{RawConfig, md5_hex},
};
use crate::{
    names::ConfigKey,
    options::{Options, ServerSource},
};

const CACHE_DATA: &str = "cacheData";

/// What a connection says of itself.
#[derive(Debug)]
pub(crate) struct About {
    id: String,
    client_version: String,
    fixed: bool,
    servers: String,
}

impl About {
    pub(crate) fn new(options: &Options) -> Self {
        let (fixed, servers) = match &options.servers {
            ServerSource::Fixed(addresses) => (true, addresses.join(",")),
            ServerSource::Endpoint(endpoint) => (false, format!("{}:{}", endpoint.host, endpoint.port)),
        };
        Self {
            id: md5_hex(&rand::random::<u128>().to_string()),
            client_version: options.client_version.clone(),
            fixed,
            servers,
        }
    }

    /// Answers with what is held in memory; files are not read for it.
    pub(crate) fn answer(
        &self,
        request: &ClientConfigMetricRequest,
        count: usize,
        held: impl Fn(&ConfigKey) -> Option<Arc<RawConfig>>,
    ) -> ClientConfigMetricResponse {
        let mut values = Map::new();
        for asked in &request.metrics_keys {
            let (kind, text) = (asked.kind.as_deref().unwrap_or_default(), asked.key.as_deref().unwrap_or_default());
            let config = from_joined(text).filter(|_| kind == CACHE_DATA).and_then(|key| held(&key));
            let value = config.map_or(Value::Null, |config| format!("{}:{}", config.content, config.md5).into());
            values.insert(format!("MetricsKey{{type='{kind}', key='{text}'}}"), value);
        }
        let about = json!({
            "listenConfigSize": count.to_string(),
            "clientVersion": self.client_version,
            "isFixedServer": self.fixed,
            "serverUrls": self.servers,
            "metricValues": values,
        });
        let metrics = Map::from_iter([(self.id.clone(), Value::String(about.to_string()))]);
        ClientConfigMetricResponse {
            request_id: request.request_id.clone(),
            metrics: Some(metrics),
            ..ClientConfigMetricResponse::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use nacre_proto::Message as _;

    use super::*;
    use crate::config::raw::Source;

    #[test]
    fn the_captured_question_is_answered() {
        let push =
            br#"{"headers":{},"requestId":"60","metricsKeys":[{"type":"cacheData","key":"app.yaml+DEFAULT_GROUP+dev"},
            {"type":"snapshotData","key":"app.yaml+DEFAULT_GROUP+dev"}],"module":"config"}"#;
        let push = ClientConfigMetricRequest::from_json(push).unwrap().unwrap();
        let config = Arc::new(RawConfig::local("v1".into(), None, Source::Server, 0));
        let about = About::new(&Options::default());
        let answer =
            about.answer(&push, 3, |key| (key.to_string() == "dev/DEFAULT_GROUP/app.yaml").then(|| config.clone()));
        assert_eq!(answer.request_id.as_deref(), Some("60"));
        let metrics = answer.metrics.unwrap();
        let (_, text) = metrics.iter().next().unwrap();
        let found: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        assert_eq!(found["listenConfigSize"], "3");
        let key = |kind| format!("MetricsKey{{type='{kind}', key='app.yaml+DEFAULT_GROUP+dev'}}");
        assert_eq!(found["metricValues"][key("cacheData")], "v1:6654c734ccab8f440ff0825eb443dc7f");
        assert_eq!(found["metricValues"][key("snapshotData")], Value::Null);
    }
}
