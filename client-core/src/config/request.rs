//! Config requests: their headers, and those that the ledger of listens sends.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwapOption;
use nacre_proto::{
    Request,
    config::{
        ConfigBatchListenRequest, ConfigChangeBatchListenResponse, ConfigQueryRequest, ConfigQueryResponse,
        fuzzy::{ConfigFuzzyWatchRequest, ConfigFuzzyWatchResponse},
    },
};
use tokio::sync::watch;

use super::{
    key::tenant,
    raw::{RawConfig, Source, md5_hex},
};
use crate::{
    connection::{Call, Connection, Resource, Retry, Status},
    error::Error,
    names::ConfigKey,
    options::Options,
};

/// Label that chooses the version of a config that is published for a tag.
const TAG_LABEL: &str = "Vipserver-Tag";

type List = Vec<(&'static str, String)>;

/// The headers of config requests.
#[derive(Debug)]
pub(crate) struct Headers {
    app_name: String,
    app_key: String,
    tag: Option<String>,
    /// Servers look at the second at most, so a set of headers serves that long.
    cached: ArcSwapOption<Sets>,
}

#[derive(Debug)]
pub(crate) struct Sets {
    second: u64,
    pub(crate) plain: List,
    pub(crate) query: List,
    pub(crate) query_after_push: List,
    pub(crate) listen: List,
}

impl Headers {
    pub(crate) fn new(options: &Options) -> Self {
        let tag = options.app_labels.iter().find(|(name, _)| name == TAG_LABEL).map(|(_, value)| value.clone());
        Self {
            app_name: options.app_name.clone(),
            app_key: options.config.app_key.clone(),
            tag,
            cached: ArcSwapOption::empty(),
        }
    }

    pub(crate) fn sets(&self) -> Arc<Sets> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        match self.cached.load_full() {
            Some(sets) if sets.second == since.as_secs() => sets,
            _ => {
                let sets = Arc::new(self.make(since));
                self.cached.store(Some(Arc::clone(&sets)));
                sets
            }
        }
    }

    fn make(&self, since: Duration) -> Sets {
        let time = since.as_millis().to_string();
        let token = md5_hex(&format!("{time}{}", self.app_key));
        let plain: List = vec![
            ("Client-AppName", self.app_name.clone()),
            ("Client-RequestTS", time),
            ("Client-RequestToken", token),
            ("exConfigInfo", "true".into()),
            ("charset", "UTF-8".into()),
        ];
        let with = |name, value: &str| {
            let mut list = plain.clone();
            list.push((name, value.to_owned()));
            list
        };
        Sets {
            second: since.as_secs(),
            query: with("notify", "false"),
            query_after_push: with("notify", "true"),
            // 2.5 servers compare a tagged version only when the listener says its tag in a header.
            listen: self.tag.as_ref().map_or_else(|| plain.clone(), |tag| with(TAG_LABEL, tag)),
            plain,
        }
    }
}

/// The resource of a config.
pub(crate) fn resource(key: &ConfigKey) -> Resource<'_> {
    Resource::Config { namespace: tenant(key), group: key.group().as_str(), data_id: key.data_id() }
}

/// Asks for a config.
pub(crate) fn query(key: &ConfigKey) -> ConfigQueryRequest {
    ConfigQueryRequest {
        data_id: Some(key.data_id().to_owned()),
        group: Some(key.group().as_str().to_owned()),
        tenant: Some(tenant(key).to_owned()),
        ..ConfigQueryRequest::default()
    }
}

/// What the server answered.
pub(crate) fn answered(response: ConfigQueryResponse) -> RawConfig {
    let content = response.content.unwrap_or_else(|| "".into());
    RawConfig {
        md5: response.md5.unwrap_or_else(|| md5_hex(&content)),
        content,
        config_type: Some(response.content_type.unwrap_or_else(|| "text".into())),
        encrypted_data_key: response.encrypted_data_key.filter(|key| !key.is_empty()),
        source: Source::Server,
        last_modified: response.last_modified,
    }
}

/// An answer on its way.
pub(crate) type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The server, as far as the ledger of listens needs it.
pub(crate) trait Remote: Send + Sync + fmt::Debug {
    fn status(&self) -> watch::Receiver<Status>;

    /// One attempt on the connection of this generation.
    fn listen<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigBatchListenRequest,
    ) -> Reply<'a, ConfigChangeBatchListenResponse>;

    /// One attempt on the connection of this generation.
    fn query<'a>(&'a self, generation: u64, key: &'a ConfigKey) -> Reply<'a, ConfigQueryResponse>;

    /// One attempt on the connection of this generation.
    fn fuzzy<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigFuzzyWatchRequest,
    ) -> Reply<'a, ConfigFuzzyWatchResponse>;

    /// Counts listens that were sent again on a new connection.
    fn redone(&self, count: usize);
}

/// A connection as the [`Remote`] of its listens.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: Connection,
    headers: Headers,
    timeout: Option<Duration>,
}

impl Wire {
    pub(crate) fn new(connection: &Connection) -> Self {
        let options = connection.options();
        Self { connection: connection.clone(), headers: Headers::new(options), timeout: options.config.request_timeout }
    }

    async fn send<Q: Request>(
        &self,
        generation: u64,
        request: &Q,
        resource: Resource<'_>,
        headers: &List,
    ) -> Result<Q::Response, Error> {
        let call = Call { resource, headers, timeout: self.timeout, retry: Retry::Always };
        self.connection.call_on(generation, request, call).await
    }
}

impl Remote for Wire {
    fn status(&self) -> watch::Receiver<Status> {
        self.connection.status()
    }

    fn listen<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigBatchListenRequest,
    ) -> Reply<'a, ConfigChangeBatchListenResponse> {
        let sets = self.headers.sets();
        Box::pin(async move { self.send(generation, request, Resource::ConfigBatch, &sets.listen).await })
    }

    fn query<'a>(&'a self, generation: u64, key: &'a ConfigKey) -> Reply<'a, ConfigQueryResponse> {
        let (sets, request) = (self.headers.sets(), query(key));
        Box::pin(async move { self.send(generation, &request, resource(key), &sets.query_after_push).await })
    }

    fn fuzzy<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigFuzzyWatchRequest,
    ) -> Reply<'a, ConfigFuzzyWatchResponse> {
        let sets = self.headers.sets();
        Box::pin(async move { self.send(generation, request, Resource::ConfigBatch, &sets.plain).await })
    }

    fn redone(&self, count: usize) {
        self.connection.counters().redone.add(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(list: &'a List, name: &str) -> Option<&'a str> {
        list.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn headers_are_those_of_nacos_clients() {
        let mut options = Options { app_name: "orders".into(), ..Options::default() };
        options.config.app_key = "salt".into();
        options.app_labels = vec![(TAG_LABEL.into(), "blue".into())];
        let sets = Headers::new(&options).make(Duration::from_millis(1_735_689_600_123));
        assert_eq!(value(&sets.plain, "Client-AppName"), Some("orders"));
        assert_eq!(value(&sets.plain, "Client-RequestTS"), Some("1735689600123"));
        assert_eq!(value(&sets.plain, "Client-RequestToken"), Some(&*md5_hex("1735689600123salt")));
        assert_eq!((value(&sets.plain, "exConfigInfo"), value(&sets.plain, "charset")), (Some("true"), Some("UTF-8")));
        assert_eq!((value(&sets.plain, "notify"), value(&sets.query, "notify")), (None, Some("false")));
        assert_eq!(value(&sets.query_after_push, "notify"), Some("true"));
        assert_eq!((value(&sets.listen, TAG_LABEL), value(&sets.query, TAG_LABEL)), (Some("blue"), None));
    }

    #[test]
    fn a_set_of_headers_serves_for_a_second() {
        let headers = Headers::new(&Options::default());
        let (first, second) = (headers.sets(), headers.sets());
        assert!(Arc::ptr_eq(&first, &second) || second.second > first.second);
    }

    #[test]
    fn an_answer_without_a_type_is_text() {
        // A gray version without a formal config, as a Nacos 2.5.1 server answers it.
        let json = br#"{"resultCode":200,"errorCode":0,"content":"v1","md5":"6654c734ccab8f440ff0825eb443dc7f",
            "lastModified":1735689600000,"beta":true,"success":true}"#;
        let response = nacre_proto::Message::from_json(json).unwrap().unwrap();
        let config = answered(response);
        assert_eq!((&*config.content, config.config_type.as_deref()), ("v1", Some("text")));
        assert_eq!(
            (config.encrypted_data_key, config.source, config.last_modified),
            (None, Source::Server, 1_735_689_600_000)
        );
        assert_eq!(config.md5, md5_hex("v1"));
    }
}
