use bytes::Bytes;
use nacre_consensus::{
    GroupId, StateMachine,
    testing::{self, Guard},
};

use super::*;
use crate::{
    history::Operation,
    kind::ConfigType,
    request::{Attributes, Target},
};

struct NoFrames;

impl Encoder for NoFrames {
    fn notify(&self, _: u64, _: &ConfigKey, _: Option<&str>) -> Bytes {
        Bytes::new()
    }
}

fn service(settings: Settings, group: Group<ConfigMachine>) -> Config {
    Config::new(Options { settings, group, encoder: Arc::new(NoFrames), request_ids: Arc::default() })
}

async fn config(settings: Settings) -> (Config, Guard) {
    let (group, guard) = testing::group(Arc::new(ConfigMachine::new(&settings))).await;
    (service(settings, group), guard)
}

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new("dev", "G", data_id)
}

fn nobody() -> Labels {
    Labels::new("10.0.0.1")
}

fn by(user: &str) -> Origin {
    Origin { ip: "10.0.0.7".into(), user: Some(user.into()) }
}

async fn put(config: &Config, data_id: &str, content: &str, target: Target) {
    let mut request = Publish::new(key(data_id), content);
    request.target = target;
    request.origin = by("bob");
    config.publish(request).await.unwrap();
}

async fn read(config: &Config, data_id: &str, tag: Option<&str>, labels: &Labels) -> Option<Served> {
    config.query(&key(data_id), tag, labels).await.unwrap()
}

#[tokio::test]
async fn a_reader_sees_what_was_published_just_now() {
    let (config, _guard) = config(Settings::default()).await;
    assert_eq!(read(&config, "a", None, &nobody()).await, None);
    for round in 0..20 {
        let content = format!("round {round}");
        put(&config, "a", &content, Target::Formal).await;
        let served = read(&config, "a", None, &nobody()).await.unwrap();
        assert_eq!((&*served.content, served.md5), (content.as_str(), Md5::of(&content)));
        assert_eq!((served.variant, served.config_type), (Variant::Formal, Some(ConfigType::Text)));
    }
    assert!(config.remove(&key("a"), by("bob")).await.unwrap());
    assert_eq!(read(&config, "a", None, &nobody()).await, None);
    assert!(!config.remove(&key("a"), by("bob")).await.unwrap());
    let metrics = config.metrics();
    assert_eq!((metrics.publishes.get(), metrics.removals.get(), metrics.content_misses.get()), (20, 1, 0));
}

#[tokio::test]
async fn content_that_is_not_in_memory_comes_from_the_store() {
    let (config, _guard) = config(Settings { cache_bytes: 0, ..Settings::default() }).await;
    put(&config, "a", "one", Target::Formal).await;
    assert_eq!(&*read(&config, "a", None, &nobody()).await.unwrap().content, "one");
    assert_eq!(config.metrics().content_misses.get(), 1);
}

#[tokio::test]
async fn gray_versions_are_chosen_as_the_protocol_says() {
    let (config, _guard) = config(Settings::default()).await;
    put(&config, "a", "formal", Target::Formal).await;
    put(&config, "a", "beta", Target::requested(Some("10.0.0.9"), None)).await;
    put(&config, "a", "tagged", Target::requested(None, Some("t1"))).await;
    let beta = Labels::new("10.0.0.9");
    let labelled = nobody().with_tag(Some("t1"));
    let content = async |tag: Option<&str>, labels: &Labels| {
        read(&config, "a", tag, labels).await.map(|served| served.content.to_string())
    };
    assert_eq!(content(None, &nobody()).await.as_deref(), Some("formal"));
    assert_eq!(content(None, &beta).await.as_deref(), Some("beta"));
    assert_eq!(content(Some("t1"), &beta).await.as_deref(), Some("beta"), "the address is asked first");
    assert_eq!(content(Some("t1"), &nobody()).await.as_deref(), Some("tagged"));
    assert_eq!(content(None, &labelled).await.as_deref(), Some("tagged"));
    assert_eq!(content(Some("t2"), &labelled).await, None, "the tag asked for counts, without fall-back");
    assert_eq!(content(Some(" "), &nobody()).await.as_deref(), Some("formal"));
    assert_eq!(content(None, &nobody().with_tag(Some("t2"))).await.as_deref(), Some("formal"));
    let served = read(&config, "a", Some("t1"), &nobody()).await.unwrap();
    assert_eq!(served.variant, Variant::Tag("t1".into()));
    assert_eq!(config.served_md5(&key("a"), &beta), Some(Md5::of("beta")));
    let names: Vec<_> = config.gray_versions(&key("a")).into_iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["beta", "tag_t1"]);
    assert_eq!(config.gray_detail(&key("a"), "beta").await.unwrap().unwrap().content, "beta".into());
    assert_eq!(config.gray_detail(&key("a"), "tag_t2").await.unwrap(), None);

    config.remove_gray(&key("a"), "beta", by("bob")).await.unwrap();
    assert_eq!(config.remove_gray(&key("a"), "beta", by("bob")).await, Err(Error::NotFound));
    assert_eq!(content(None, &beta).await.as_deref(), Some("formal"));
}

#[tokio::test]
async fn refusals_are_typed() {
    let settings = Settings { max_content: 8, max_gray_versions: 1, ..Settings::default() };
    let (config, _guard) = config(settings).await;
    let refused = async |change: &dyn Fn(&mut Publish)| {
        let mut request = Publish::new(key("a"), "content");
        change(&mut request);
        config.publish(request).await.err()
    };
    let none = refused(&|_| {}).await;
    assert_eq!(none, None);
    let code = async |change: &dyn Fn(&mut Publish)| refused(change).await.map(|error| error.code());
    assert_eq!(code(&|request| request.content = "123456789".into()).await, Some(400));
    assert_eq!(code(&|request| request.content = " ".into()).await, Some(400));
    assert_eq!(code(&|request| request.key = ConfigKey::new("", "", "a")).await, Some(400));
    assert_eq!(code(&|request| request.attributes.description = Some("x".repeat(129))).await, Some(500));
    assert_eq!(refused(&|request| request.cas_md5 = Some("x".into())).await, Some(Error::CasMismatch));
    put(&config, "a", "t", Target::requested(None, Some("t1"))).await;
    let second = Target::requested(None, Some("t2"));
    let limit = refused(&|request| request.target = second.clone()).await;
    assert_eq!(limit, Some(Error::TooManyGray { limit: 1 }));
    assert_eq!(config.metrics().refused.get(), 6);
}

#[tokio::test]
async fn detail_and_list_tell_all() {
    let (config, _guard) = config(Settings::default()).await;
    let mut request = Publish::new(key("a"), "k=v");
    request.origin = by("bob");
    request.attributes = Attributes {
        config_type: Some("properties".into()),
        app_name: Some("app".into()),
        encrypted_data_key: Some("KEY".into()),
        tags: Some("t1,t2".into()),
        description: Some("a text".into()),
        usage: Some("use".into()),
        effect: Some("eff".into()),
        schema: Some("sch".into()),
    };
    config.publish(request).await.unwrap();
    let detail = config.detail(&key("a")).await.unwrap().unwrap();
    assert_eq!((detail.app_name.as_deref(), detail.tags.as_deref()), (Some("app"), Some("t1,t2")));
    assert_eq!((detail.description.as_deref(), detail.usage.as_deref()), (Some("a text"), Some("use")));
    assert_eq!((detail.effect.as_deref(), detail.schema.as_deref()), (Some("eff"), Some("sch")));
    assert_eq!((detail.origin, detail.encrypted_data_key.as_deref()), (by("bob"), Some("KEY")));
    assert_eq!(config.detail(&key("b")).await.unwrap(), None);

    put(&config, "0", "x", Target::Formal).await;
    put(&config, "only-beta", "x", Target::requested(Some("1.1.1.1"), None)).await;
    let listed: Vec<_> = config.list("dev").into_iter().map(|summary| summary.key).collect();
    assert_eq!(listed, [key("0"), key("a")]);
    assert_eq!((config.list("").len(), config.count()), (0, 2));
}

#[tokio::test]
async fn history_is_paged_and_cleaned() {
    let (config, _guard) = config(Settings::default()).await;
    put(&config, "a", "one", Target::Formal).await;
    put(&config, "a", "two", Target::Formal).await;
    put(&config, "b", "other", Target::Formal).await;
    put(&config, "a", "beta", Target::requested(Some("1.1.1.1"), None)).await;
    let id = config.detail(&key("a")).await.unwrap().unwrap().id;
    config.remove(&key("a"), by("eve")).await.unwrap();

    let page = config.history(&key("a"), 1, 3).await.unwrap();
    assert_eq!(page.total, 4);
    let told: Vec<_> = page.rows.iter().map(|row| (row.operation, row.gray.is_some(), row.md5)).collect();
    let expected = [
        (Operation::Delete, false, Md5::of("two")),
        (Operation::Insert, true, Md5::of("beta")),
        (Operation::Update, false, Md5::of("one")),
    ];
    assert_eq!(told, expected);
    assert_eq!((page.rows[0].source_user.as_deref(), page.rows[0].publisher.as_deref()), (Some("eve"), Some("bob")));
    assert_eq!((page.rows[0].config_id, page.rows[1].config_id), (id, 0));
    assert_eq!(config.history(&key("a"), 2, 3).await.unwrap().rows.len(), 1);
    assert_eq!(config.history(&key("a"), 3, 3).await.unwrap().rows.len(), 0);
    assert_eq!(config.history(&key("none"), 1, 3).await.unwrap(), HistoryPage::default());

    let row = config.history_entry(page.rows[2].id).await.unwrap().unwrap();
    assert_eq!(row.content.as_deref(), Some("one"));
    assert_eq!(config.history_entry(999).await.unwrap(), None);
    let previous = config.history_previous(&key("a"), id).await.unwrap().unwrap();
    assert_eq!((previous.operation, previous.content.as_deref()), (Operation::Delete, Some("two")));
    assert_eq!(config.history_previous(&key("a"), 999).await.unwrap(), None);

    clean_history_once(&config.inner.group, 60_000).await.unwrap();
    assert_eq!(config.history(&key("a"), 1, 3).await.unwrap().total, 4, "not old enough");
    tokio::time::sleep(Duration::from_millis(5)).await;
    clean_history_once(&config.inner.group, 0).await.unwrap();
    assert_eq!(config.history(&key("a"), 1, 3).await.unwrap(), HistoryPage::default());
    assert_eq!(&*read(&config, "b", None, &nobody()).await.unwrap().content, "other");
    let beta = read(&config, "a", None, &Labels::new("1.1.1.1")).await.unwrap();
    assert_eq!((&*beta.content, beta.config_type), ("beta", None));
    assert_eq!(config.history_entry(row.id).await.unwrap(), None);
}

#[tokio::test]
async fn namespaces_count_their_configs() {
    let (config, _guard) = config(Settings::default()).await;
    config.create_namespace("dev", "Development", Some("first")).await.unwrap();
    let again = config.create_namespace("dev", "x", None).await;
    assert_eq!(again, Err(Error::NamespaceExists { id: "dev".into() }));
    assert!(config.create_namespace("public", "x", None).await.is_err());
    put(&config, "a", "one", Target::Formal).await;
    let shown = config.namespace("dev").unwrap();
    assert_eq!((shown.name.as_str(), shown.config_count, shown.kind), ("Development", 1, 2));
    assert_eq!(config.namespaces().len(), 2);
    assert!(config.update_namespace("dev", "two", None).await.unwrap());
    assert!(!config.update_namespace("none", "two", None).await.unwrap());
    assert_eq!(config.namespace("dev").unwrap().description, None);
    assert!(config.has_namespace("dev") && !config.has_namespace("public"));
    assert!(config.delete_namespace("dev").await.unwrap());
    assert!(!config.delete_namespace("dev").await.unwrap());
    assert!(config.namespace("dev").is_none() && config.namespace("PUBLIC").is_some());
    assert!(read(&config, "a", None, &nobody()).await.is_some(), "its configs stay");
}

#[tokio::test]
async fn a_restart_finds_everything() {
    let settings = Settings::default();
    let machine = Arc::new(ConfigMachine::new(&settings));
    let (group, guard) = testing::group(machine.clone()).await;
    let config = service(settings.clone(), group);
    for number in 0..20 {
        put(&config, &format!("data-{}", number % 7), &format!("content {number}"), Target::Formal).await;
    }
    put(&config, "data-1", "beta", Target::requested(Some("10.0.0.9"), None)).await;
    put(&config, "gray-only", "tagged", Target::requested(None, Some("t1"))).await;
    config.remove(&key("data-2"), by("bob")).await.unwrap();
    config.create_namespace("dev", "Development", None).await.unwrap();
    let before = machine.dump();
    let engine = guard.engine.clone();
    drop((config, guard));

    let machine = Arc::new(ConfigMachine::new(&settings));
    let (group, _guard) = testing::group_on(engine, GroupId::META, machine.clone()).await;
    assert_eq!(machine.dump(), before);
    machine.restore(group.reader()).unwrap();
    assert_eq!(machine.dump(), before, "the stored state alone is enough");
    let config = service(settings, group);
    assert_eq!(&*read(&config, "data-5", None, &nobody()).await.unwrap().content, "content 19");
    assert_eq!(&*read(&config, "data-1", None, &Labels::new("10.0.0.9")).await.unwrap().content, "beta");
    put(&config, "new", "x", Target::Formal).await;
    let ids: std::collections::HashSet<_> = config.list("dev").into_iter().map(|summary| summary.id).collect();
    assert_eq!(ids.len() as u64, config.count());
}
