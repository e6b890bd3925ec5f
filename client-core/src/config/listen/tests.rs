use std::collections::BTreeMap;

use nacre_proto::{
    Response as _,
    config::fuzzy::{ConfigFuzzyWatchRequest, ConfigFuzzyWatchResponse},
    config::{ConfigBatchListenRequest, ConfigContext, MetricsKey},
};
use tokio::time::sleep;

use super::*;
use crate::{
    config::{
        entry::Entry,
        key::tenant,
        outlet::Outlet,
        raw::{RawConfig, Value, md5_hex},
        request::Reply,
    },
    names::Namespace,
    options::Options,
};

/// A server in memory: configs, who listens to them, and how long it takes to answer.
#[derive(Debug)]
pub(crate) struct FakeServer {
    status: watch::Sender<Status>,
    state: Mutex<FakeState>,
}

#[derive(Debug, Default)]
struct FakeState {
    configs: BTreeMap<String, String>,
    listened: BTreeMap<String, u64>,
    requests: Vec<String>,
    delay: Duration,
    fail: Option<Error>,
    redone: usize,
    fuzzy: Vec<ConfigFuzzyWatchRequest>,
}

impl FakeServer {
    pub(crate) fn start() -> Arc<Self> {
        let fake = Arc::new(Self { status: watch::Sender::new(Status::new()), state: Mutex::default() });
        fake.connect(1);
        fake
    }

    pub(crate) fn connect(&self, generation: u64) {
        self.state.lock().listened.clear();
        self.status.send_modify(|status| {
            status.state = State::Connected;
            status.generation = generation;
            status.abilities.fuzzy_watch = true;
        });
    }

    pub(crate) fn disconnect(&self) {
        self.status.send_modify(|status| status.state = State::Reconnecting);
    }

    /// Stores a config; answers whether someone listens to it.
    pub(crate) fn publish(&self, data_id: &str, content: &str) -> bool {
        let mut state = self.state.lock();
        state.configs.insert(data_id.into(), content.into());
        state.listened.contains_key(data_id)
    }

    fn listened(&self) -> Vec<String> {
        self.state.lock().listened.keys().cloned().collect()
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().requests)
    }

    pub(crate) fn fuzzy_requests(&self) -> Vec<ConfigFuzzyWatchRequest> {
        std::mem::take(&mut self.state.lock().fuzzy)
    }

    pub(crate) fn fail(&self, error: Option<Error>) {
        self.state.lock().fail = error;
    }

    async fn answer<T>(&self, generation: u64, answer: impl FnOnce(&mut FakeState) -> T) -> Result<T, Error> {
        let delay = self.state.lock().delay;
        sleep(delay).await;
        let present = connected(&self.status.borrow());
        if present != Some(generation) {
            return Err(Error::unreachable("another connection"));
        }
        let mut state = self.state.lock();
        match state.fail.clone() {
            Some(error) => Err(error),
            None => Ok(answer(&mut state)),
        }
    }
}

impl Remote for FakeServer {
    fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    fn listen<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigBatchListenRequest,
    ) -> Reply<'a, ConfigChangeBatchListenResponse> {
        Box::pin(self.answer(generation, move |state| {
            let contexts = request.config_listen_contexts.as_ref().unwrap();
            let what = if request.listen { "listen" } else { "stop" };
            state.requests.push(format!("{what} {}", contexts.len()));
            let mut changed = Vec::new();
            for context in contexts {
                let data_id = context.data_id.clone().unwrap();
                if !request.listen {
                    state.listened.remove(&data_id);
                    continue;
                }
                state.listened.insert(data_id.clone(), generation);
                let md5 = state.configs.get(&data_id).map_or(String::new(), |content| md5_hex(content));
                if context.md5.as_deref() != Some(&*md5) {
                    // Without a tenant, as servers name the default one.
                    changed.push(ConfigContext { group: context.group.clone(), data_id: Some(data_id), tenant: None });
                }
            }
            ConfigChangeBatchListenResponse { changed_configs: changed, ..Default::default() }
        }))
    }

    fn query<'a>(&'a self, generation: u64, key: &'a ConfigKey) -> Reply<'a, ConfigQueryResponse> {
        let answer = self.answer(generation, move |state| {
            state.requests.push(format!("query {}", key.data_id()));
            match state.configs.get(key.data_id()) {
                Some(content) => Ok(ConfigQueryResponse {
                    content: Some(content.as_str().into()),
                    md5: Some(md5_hex(content)),
                    ..Default::default()
                }),
                None => Err(Error::new(ErrorKind::NotFound, 404, "config data not exist")),
            }
        });
        Box::pin(async { answer.await? })
    }

    fn fuzzy<'a>(
        &'a self,
        generation: u64,
        request: &'a ConfigFuzzyWatchRequest,
    ) -> Reply<'a, ConfigFuzzyWatchResponse> {
        Box::pin(self.answer(generation, move |state| {
            state.fuzzy.push(request.clone());
            ConfigFuzzyWatchResponse::default()
        }))
    }

    fn redone(&self, count: usize) {
        self.state.lock().redone += count;
    }
}

const PACE: Pace = Pace { full_sync: Duration::from_secs(180), keys: 3000 };

pub(crate) fn open(fake: &Arc<FakeServer>) -> Arc<Listens> {
    Listens::over(fake.clone(), PACE, metric::About::new(&Options::default()))
}

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::default(), "G", data_id).unwrap()
}

fn entry(listens: &Arc<Listens>, data_id: &str) -> Arc<Entry> {
    Entry::new(key(data_id), listens.clone(), None, false)
}

/// A listener without baseline, and what keeps it.
fn watch_one(listens: &Arc<Listens>, data_id: &str) -> (Arc<Entry>, Arc<Outlet>) {
    let entry = entry(listens, data_id);
    let outlet = entry.attach(None, None);
    (entry, outlet)
}

/// The next value that the listener is told, within a second.
async fn told(outlet: &Outlet) -> Option<String> {
    let wait = async {
        std::future::poll_fn(|context| outlet.poll_due(context)).await;
        outlet.take().map(|value: Value| value.map_or("absent".into(), |config| config.content.to_string()))
    };
    tokio::time::timeout(Duration::from_secs(1), wait).await.ok().flatten()
}

fn push(listens: &Listens, data_id: &str, tenant: Option<&str>) -> Option<Bytes> {
    let push = ConfigChangeNotifyRequest {
        request_id: Some("7".into()),
        data_id: Some(data_id.into()),
        group: Some("G".into()),
        tenant: tenant.map(str::to_owned),
        ..Default::default()
    };
    listens.shared.push(&Payload::new(ConfigChangeNotifyRequest::TYPE, push.to_json().into()))
}

#[tokio::test(start_paused = true)]
async fn a_push_is_answered_and_told_under_each_spelling_of_the_namespace() {
    let fake = FakeServer::start();
    fake.publish("a", "v0");
    let listens = open(&fake);
    let (_entry, outlet) = watch_one(&listens, "a");
    assert_eq!(told(&outlet).await.as_deref(), Some("v0"));
    for (number, spelling) in [None, Some(""), Some("public")].into_iter().enumerate() {
        let content = format!("v{}", number + 1);
        assert!(fake.publish("a", &content));
        let frame = push(&listens, "a", spelling).expect("the push is answered");
        let expected = ConfigChangeNotifyResponse { request_id: Some("7".into()), ..Default::default() };
        assert_eq!(frame, expected.to_frame());
        assert_eq!(told(&outlet).await, Some(content));
    }
    assert!(push(&listens, "a b", None).is_some(), "an odd push is answered too, or the server repeats it");
    assert_eq!(told(&outlet).await, None);
    assert_eq!(tenant(&key("a")), "");
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_gets_all_listens_within_100_ms() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let entries: Vec<_> = (0..7000).map(|number| entry(&listens, &format!("k{number}"))).collect();
    let outlets: Vec<_> = entries.iter().map(|entry| entry.attach(Some(""), None)).collect();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(fake.listened().len(), 7000);
    assert_eq!(listens.count(), 7000);
    fake.requests();

    fake.disconnect();
    sleep(Duration::from_millis(50)).await;
    // Changed while nobody could say so.
    fake.publish("k5", "missed");
    fake.connect(2);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(fake.listened().len(), 7000);
    assert_eq!(told(&outlets[5]).await.as_deref(), Some("missed"));
    assert_eq!(fake.state.lock().redone, 7000);
    let requests = fake.requests();
    assert_eq!(requests.iter().filter(|request| *request == "listen 3000").count(), 2, "{requests:?}");
    assert_eq!(requests.iter().filter(|request| request.starts_with("query")).count(), 1, "{requests:?}");
    assert!(requests.len() <= 5, "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_push_is_found_by_the_full_comparison() {
    let fake = FakeServer::start();
    fake.publish("a", "v1");
    let listens = open(&fake);
    let (_entry, outlet) = watch_one(&listens, "a");
    assert_eq!(told(&outlet).await.as_deref(), Some("v1"));
    let started = Instant::now();
    fake.publish("a", "v2");
    sleep(Duration::from_secs(170)).await;
    assert!(!outlet.is_due(), "nothing was pushed");
    std::future::poll_fn(|context| outlet.poll_due(context)).await;
    assert_eq!(told(&outlet).await.as_deref(), Some("v2"));
    assert!(started.elapsed() <= Duration::from_secs(181));
}

#[tokio::test(start_paused = true)]
async fn a_change_between_reading_and_listening_is_told() {
    let fake = FakeServer::start();
    fake.publish("a", "v1");
    let listens = open(&fake);
    fake.publish("a", "v2");
    let read = Some(Arc::new(RawConfig::local("v1".into(), None, crate::config::Source::Server, 0)));
    let entry = entry(&listens, "a");
    let outlet = entry.attach(Some(&md5_hex("v1")), Some(read));
    assert_eq!(outlet.newest().flatten().map(|config| config.content.to_string()).as_deref(), Some("v1"));
    assert_eq!(told(&outlet).await.as_deref(), Some("v2"));
}

#[tokio::test(start_paused = true)]
async fn slow_answers_and_many_changes_end_with_the_last_value_in_order() {
    let fake = FakeServer::start();
    fake.state.lock().delay = Duration::from_millis(30);
    fake.publish("a", "0");
    let listens = open(&fake);
    let (_entry, outlet) = watch_one(&listens, "a");
    let mut seen: Vec<u32> = Vec::new();
    for number in 1..=100u32 {
        if fake.publish("a", &number.to_string()) {
            push(&listens, "a", None);
        }
        sleep(Duration::from_millis(7)).await;
        seen.extend(outlet.take().flatten().map(|config| config.content.parse::<u32>().unwrap()));
    }
    while let Some(text) = told(&outlet).await {
        seen.push(text.parse().unwrap());
    }
    assert_eq!(seen.last(), Some(&100));
    assert!(seen.is_sorted() && seen.len() > 5, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn two_objects_share_one_listen_and_the_last_one_stops_it() {
    let fake = FakeServer::start();
    fake.publish("a", "v1");
    let listens = open(&fake);
    let (first, second) = (entry(&listens, "a"), entry(&listens, "a"));
    let (one, two) = (first.attach(None, None), second.attach(None, None));
    assert_eq!((told(&one).await.as_deref(), told(&two).await.as_deref()), (Some("v1"), Some("v1")));
    sleep(Duration::from_millis(10)).await;
    assert_eq!(fake.requests(), ["listen 1", "query a", "listen 1"]);
    first.close();
    listens.settled(&[key("a")], Instant::now() + Duration::from_secs(1)).await;
    assert_eq!(fake.listened(), ["a"]);
    fake.publish("a", "v2");
    push(&listens, "a", None);
    assert_eq!(told(&two).await.as_deref(), Some("v2"));
    assert_eq!(told(&one).await, None);
    assert!(second.detach(&two));
    listens.settled(&[key("a")], Instant::now() + Duration::from_secs(1)).await;
    assert!(fake.listened().is_empty());
    assert_eq!(listens.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn many_subscriptions_that_come_and_go_leave_nothing() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    for number in 0..10_000 {
        let entry = entry(&listens, &format!("k{}", number % 17));
        let outlet = entry.attach(None, None);
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        assert!(entry.detach(&outlet));
    }
    let keys: Vec<_> = (0..17).map(|number| key(&format!("k{number}"))).collect();
    listens.settled(&keys, Instant::now() + Duration::from_secs(10)).await;
    assert!(fake.listened().is_empty());
    assert_eq!(format!("{:?}", *listens.shared.table.lock()).matches("Slot").count(), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_waits_no_longer_than_it_may() {
    let fake = FakeServer::start();
    let listens = open(&fake);
    let entry = entry(&listens, "a");
    let outlet = entry.attach(None, None);
    assert_eq!(told(&outlet).await.as_deref(), Some("absent"));
    fake.state.lock().delay = Duration::from_secs(60);
    entry.close();
    let started = Instant::now();
    listens.settled(&[key("a")], started + Duration::from_secs(1)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_config_says_so_and_is_tried_again() {
    let fake = FakeServer::start();
    fake.publish("a", "v1");
    fake.fail(Some(Error::from_code(403, "denied")));
    let listens = open(&fake);
    let (_entry, outlet) = watch_one(&listens, "a");
    assert_eq!(told(&outlet).await, None);
    assert_eq!(listens.trouble(&key("a")).unwrap().kind(), ErrorKind::Forbidden);
    fake.fail(None);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(told(&outlet).await.as_deref(), Some("v1"));
    assert!(listens.trouble(&key("a")).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_question_for_what_is_held_is_answered_from_memory() {
    let fake = FakeServer::start();
    fake.publish("a", "v1");
    let listens = open(&fake);
    let (_entry, outlet) = watch_one(&listens, "a");
    assert_eq!(told(&outlet).await.as_deref(), Some("v1"));
    let asked = MetricsKey { kind: Some("cacheData".into()), key: Some("a+G".into()) };
    let push =
        ClientConfigMetricRequest { request_id: Some("9".into()), metrics_keys: vec![asked], ..Default::default() };
    let frame = listens.shared.push(&Payload::new(ClientConfigMetricRequest::TYPE, push.to_json().into())).unwrap();
    let text = String::from_utf8_lossy(&frame).into_owned();
    assert!(text.contains("v1:6654c734ccab8f440ff0825eb443dc7f") && text.contains("\"requestId\":\"9\""), "{text}");
    let refused = ConfigChangeNotifyResponse::refused(500, "x");
    assert!(listens.shared.push(&Payload::new("SomethingElse", refused.to_json().into())).is_none());
}
