//! Reads and writes.

use std::{collections::BTreeSet, sync::Arc};

use nacre_client::{
    Client, ErrorKind,
    config::{
        Cipher, CipherFuture, ConfigFilter, Encrypted, FilterFuture, Gray, Incoming, Outgoing, Publish, Source, md5_hex,
    },
};
use nacre_harness::Server;
use tokio::task::JoinSet;

use super::support::{LIMIT, builder, client, next, server, text, until};

#[tokio::test]
async fn what_is_published_is_read() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "app.yaml").unwrap();
    assert_eq!(config.get(&key).await.unwrap(), None);
    for content in ["a: 1", "名: 值\n\t\"quoted\" \\ \u{1f980}\r\n", " leading blank", "<xml>&amp;</xml>"] {
        config.publish(&key, content).await.unwrap();
        let value = config.get(&key).await.unwrap().unwrap();
        assert_eq!(value.content(), content);
        assert_eq!(value.md5(), md5_hex(content));
        let raw = value.raw();
        assert_eq!(
            (raw.source, raw.config_type.as_deref(), raw.encrypted_data_key.as_deref()),
            (Source::Server, Some("text"), None)
        );
        assert!(raw.last_modified > 1_600_000_000_000);
    }
    config
        .publish(&key, Publish::new("{}").config_type("json").app_name("orders").tag("a").description("d"))
        .await
        .unwrap();
    let value = config.get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.raw().config_type.as_deref()), ("{}", Some("json")));
    config.remove(&key).await.unwrap();
    assert_eq!(config.get(&key).await.unwrap(), None);
    config.remove(&key).await.unwrap();
}

#[tokio::test]
async fn attributes_reach_the_server() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "app.yaml").unwrap();
    config
        .publish(&key, Publish::new("x").app_name("orders").tag("blue").tag("fast").description("why"))
        .await
        .unwrap();
    let query = [("dataId", "app.yaml"), ("group", "G"), ("tenant", ""), ("show", "all")];
    let shown = server.http().get("/nacos/v1/cs/configs", &query).await.unwrap().json();
    assert_eq!(shown["appName"], "orders");
    assert_eq!(shown["desc"], "why");
    let tags: BTreeSet<&str> = shown["configTags"].as_str().unwrap_or_default().split(',').collect();
    assert_eq!(tags, BTreeSet::from(["blue", "fast"]));
}

#[tokio::test]
async fn names_and_sizes_are_refused_without_a_request() {
    // No server is there: only what is refused before sending answers at once.
    let client = Client::builder().server("127.0.0.1:1").build().unwrap();
    let config = client.config();
    for (group, data_id) in [("G", ""), ("G", "a b"), ("G", "a/b"), ("g h", "a"), ("G", &*"d".repeat(257))] {
        let error = config.key(group, data_id).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidParameter, 400), "{group} {data_id}");
    }
    let key = config.key("", "app.yaml").unwrap();
    assert_eq!(key.group().as_str(), "DEFAULT_GROUP");
    for content in ["", " \n", &"x".repeat(10 * 1024 * 1024 + 1)] {
        let error = config.publish(&key, content).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidParameter, 400));
    }
    let error = config.publish_cas(&key, "x", " ").await.unwrap_err();
    assert_eq!(error.code(), 400);
    let error = config.publish_gray(&key, "x", &Gray::Beta(Vec::new())).await.unwrap_err();
    assert_eq!(error.code(), 400);
    let error = config.publish_gray(&key, "x", &Gray::Tag("a b".into())).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidParameter, 500));
}

#[tokio::test]
async fn the_largest_content_settable_is_refused_above() {
    let server = server().await;
    let config = builder(&server).config(|options| options.max_content = 1000).connect().await.unwrap().config();
    let key = config.key("G", "a").unwrap();
    config.publish(&key, "x".repeat(1000)).await.unwrap();
    assert_eq!(config.publish(&key, "x".repeat(1001)).await.unwrap_err().code(), 400);
}

#[tokio::test]
async fn ten_megabytes_go_there_and_back() {
    let server = server().await;
    let config = client(&server).await.config().with_timeout(LIMIT);
    let key = config.key("G", "large").unwrap();
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    let content: Arc<str> = "0123456789".repeat(1_000_000).into();
    config.publish(&key, content.clone()).await.unwrap();
    let value = config.get(&key).await.unwrap().unwrap();
    assert!(value.content() == &*content, "{} bytes", value.content().len());
    assert!(next(&mut watch).await == *content);
    assert_eq!(watch.current().unwrap().md5(), md5_hex(&content));
}

#[tokio::test]
async fn compare_and_set_lets_the_right_md5_pass_only() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "cas").unwrap();
    // As with Nacos, one that is not there is created.
    config.publish_cas(&key, "v1", "0123456789abcdef").await.unwrap();
    let error = config.publish_cas(&key, "v2", "0123456789abcdef").await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.is_retryable()), (ErrorKind::Conflict, 500, false));
    assert_eq!(text(config.get(&key).await.unwrap()), "v1");
    config.publish_cas(&key, Publish::new("v2").config_type("yaml"), &md5_hex("v1")).await.unwrap();
    let value = config.get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.raw().config_type.as_deref()), ("v2", Some("yaml")));
}

#[tokio::test]
async fn exactly_one_wins_each_race() {
    let server = server().await;
    let clients = [client(&server).await, client(&server).await, client(&server).await];
    let key = clients[0].config().key("G", "race").unwrap();
    clients[0].config().publish(&key, "round 0").await.unwrap();
    let mut present = "round 0".to_owned();
    for round in 1..=15 {
        let mut tasks = JoinSet::new();
        for racer in 0..24 {
            let (config, key, md5) = (clients[racer % 3].config(), key.clone(), md5_hex(&present));
            tasks.spawn(async move {
                let content = format!("round {round} racer {racer}");
                config.publish_cas(&key, content.clone(), &md5).await.map(|()| content)
            });
        }
        let mut winners = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                Ok(content) => winners.push(content),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        present = winners.remove(0);
        assert_eq!(text(clients[1].config().get(&key).await.unwrap()), present);
    }
}

#[tokio::test]
async fn namespaces_are_apart_and_public_is_the_blank_one() {
    let server = server().await;
    let (blank, public) = (builder(&server).namespace(""), builder(&server).namespace("public"));
    let (blank, public) = (blank.connect().await.unwrap().config(), public.connect().await.unwrap().config());
    let dev = builder(&server).namespace("dev").connect().await.unwrap().config();
    let key = blank.key("G", "ns").unwrap();
    assert_eq!(public.key("G", "ns").unwrap(), key);
    let dev_key = dev.key("G", "ns").unwrap();
    let mut watches = [blank.watch(&key).unwrap(), public.watch(&key).unwrap(), dev.watch(&dev_key).unwrap()];
    for watch in &mut watches {
        assert_eq!(next(watch).await, "absent");
    }
    for (writer, content) in [(&public, "one"), (&blank, "two")] {
        writer.publish(&key, content).await.unwrap();
        assert_eq!(text(blank.get(&key).await.unwrap()), content);
        assert_eq!(text(public.get(&key).await.unwrap()), content);
        assert_eq!(next(&mut watches[0]).await, content);
        assert_eq!(next(&mut watches[1]).await, content);
    }
    assert_eq!(dev.get(&dev_key).await.unwrap(), None);
    dev.publish(&dev_key, "dev's").await.unwrap();
    assert_eq!(next(&mut watches[2]).await, "dev's");
    assert_eq!(text(blank.get(&key).await.unwrap()), "two");
    // The namespace is the key's, not the client's.
    assert_eq!(text(blank.get(&dev_key).await.unwrap()), "dev's");
}

async fn gray_client(server: &Server, ip: &str, tag: Option<&str>) -> Client {
    let builder = builder(server).options(|options| options.client_ip = Some(ip.into()));
    match tag {
        Some(tag) => builder.app_label("Vipserver-Tag", tag),
        None => builder,
    }
    .connect()
    .await
    .unwrap()
}

#[tokio::test]
async fn gray_versions_reach_those_they_are_for() {
    let server = server().await;
    let plain = gray_client(&server, "203.0.113.1", None).await.config();
    let beta = gray_client(&server, "203.0.113.9", None).await.config();
    let tagged = gray_client(&server, "203.0.113.2", Some("blue")).await.config();
    let key = plain.key("G", "gray").unwrap();
    plain.publish(&key, "formal").await.unwrap();
    let mut watches = [plain.watch(&key).unwrap(), beta.watch(&key).unwrap(), tagged.watch(&key).unwrap()];
    for watch in &mut watches {
        assert_eq!(next(watch).await, "formal");
    }
    let (ips, tag) = (Gray::Beta(vec!["203.0.113.9".into(), "203.0.113.10".into()]), Gray::Tag("blue".into()));
    plain.publish_gray(&key, "for some addresses", &ips).await.unwrap();
    plain.publish_gray(&key, "for blue", &tag).await.unwrap();
    assert_eq!(until(&mut watches[1], "for some addresses").await.len(), 1);
    assert_eq!(until(&mut watches[2], "for blue").await.len(), 1);
    assert_eq!(text(beta.get(&key).await.unwrap()), "for some addresses");
    assert_eq!(text(tagged.get(&key).await.unwrap()), "for blue");
    assert_eq!(text(plain.get(&key).await.unwrap()), "formal");
    plain.publish(&key, "formal 2").await.unwrap();
    assert_eq!(next(&mut watches[0]).await, "formal 2");
    plain.remove_gray(&key, &Gray::Beta(Vec::new())).await.unwrap();
    assert_eq!(next(&mut watches[1]).await, "formal 2");
    plain.remove_gray(&key, &tag).await.unwrap();
    assert_eq!(next(&mut watches[2]).await, "formal 2");
}

/// Keeps contents in another form on the server.
#[derive(Debug)]
struct Mark;

impl ConfigFilter for Mark {
    fn name(&self) -> &str {
        "mark"
    }

    fn publish<'a>(&'a self, outgoing: &'a mut Outgoing) -> FilterFuture<'a> {
        Box::pin(async {
            outgoing.content = format!("marked:{}", outgoing.content).into();
            Ok(())
        })
    }

    fn receive<'a>(&'a self, incoming: &'a mut Incoming) -> FilterFuture<'a> {
        Box::pin(async {
            let clear = incoming.content.strip_prefix("marked:").ok_or("not marked")?;
            incoming.content = clear.into();
            Ok(())
        })
    }
}

/// No cipher, but it turns texts around and makes a key.
#[derive(Debug)]
struct Turn;

impl Cipher for Turn {
    fn algorithm(&self) -> &str {
        "turn"
    }

    fn encrypt<'a>(&'a self, content: &'a str) -> CipherFuture<'a, Encrypted> {
        Box::pin(async { Ok(Encrypted { content: content.chars().rev().collect(), data_key: "the-key".into() }) })
    }

    fn decrypt<'a>(&'a self, content: &'a str, data_key: &'a str) -> CipherFuture<'a, String> {
        Box::pin(async move {
            if data_key == "the-key" { Ok(content.chars().rev().collect()) } else { Err("wrong key".into()) }
        })
    }
}

#[tokio::test]
async fn filters_stand_above_what_the_server_has() {
    let server = server().await;
    let (plain, filtered) = (client(&server).await.config(), client(&server).await.config());
    filtered.add_filter(Arc::new(Mark));
    let key = plain.key("G", "filtered").unwrap();
    let mut watch = filtered.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    filtered.publish(&key, "v1").await.unwrap();
    assert_eq!(text(plain.get(&key).await.unwrap()), "marked:v1");
    let value = filtered.get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.md5()), ("v1", &*md5_hex("marked:v1")));
    assert_eq!(next(&mut watch).await, "v1");
    assert_eq!(watch.current().unwrap().content(), "v1");
    filtered.publish_cas(&key, "v2", value.md5()).await.unwrap();
    assert_eq!(next(&mut watch).await, "v2");
    // What a filter cannot read is an error of a read, and held back from a listener until it can be read.
    plain.publish(&key, "bare").await.unwrap();
    let error = filtered.get(&key).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Internal, "config filter mark failed: not marked"));
    assert_eq!(&*filtered.get_raw(&key).await.unwrap().unwrap().content, "bare");
    plain.publish(&key, "marked:v3").await.unwrap();
    assert_eq!(next(&mut watch).await, "v3");
}

#[tokio::test]
async fn ciphers_encrypt_their_data_ids() {
    let server = server().await;
    let (plain, secret) = (client(&server).await.config(), client(&server).await.config());
    secret.add_cipher(Arc::new(Turn));
    let key = plain.key("G", "cipher-turn-app").unwrap();
    secret.publish(&key, "password: 1").await.unwrap();
    let stored = plain.get_raw(&key).await.unwrap().unwrap();
    assert_eq!((&*stored.content, stored.encrypted_data_key.as_deref()), ("1 :drowssap", Some("the-key")));
    let (value, mut watch) = secret.get_and_listen(&key).await.unwrap();
    assert_eq!(text(value), "password: 1");
    assert_eq!(watch.current().unwrap().content(), "password: 1");
    secret.publish(&key, "password: 2").await.unwrap();
    assert_eq!(next(&mut watch).await, "password: 2");
    let other = plain.key("G", "cipher-other-app").unwrap();
    secret.publish(&other, "clear").await.unwrap();
    assert_eq!(text(plain.get(&other).await.unwrap()), "clear");
}

#[tokio::test]
async fn patterns_are_unsupported_where_the_server_has_none() {
    let server = server().await;
    let config = client(&server).await.config();
    let error = config.watch_set("G", "a*").await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.is_retryable()), (ErrorKind::Unsupported, 501, false));
    assert_eq!(config.watch_set("G", "a*b").await.unwrap_err().kind(), ErrorKind::InvalidParameter);
}
