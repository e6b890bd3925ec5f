//! Snapshots and failover files.

use std::{fs, path::Path, path::PathBuf, time::Duration};

use nacre_client::{
    Client, ErrorKind,
    config::{Publish, Source},
};
use nacre_harness::{Server, Stub, stub::Script};
use serde_json::{Map, json};

use super::support::{builder, client, next, quiet, server, text, until};

/// Where the files of a client lie.
fn folder(base: &Path, server: &Server) -> PathBuf {
    let address = server.http_address().to_string().replace(':', "_");
    base.join(format!("nacos/config/Config-fixed-{address}_nacos"))
}

async fn with_files(server: &Server, base: &Path) -> Client {
    let builder = builder(server).directory(base).request_timeout(Duration::from_millis(1000));
    builder.config(|options| options.failover_refresh = Duration::from_millis(100)).build().unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn what_was_read_is_there_while_the_server_is_down() {
    let mut server = server().await;
    let base = tempfile::tempdir().unwrap();
    let first = with_files(&server, base.path()).await;
    let config = first.config();
    let (key, watched) = (config.key("G", "app.yaml").unwrap(), config.key("G", "watched").unwrap());
    config.publish(&key, "名: 值").await.unwrap();
    config.publish(&watched, Publish::new("v1")).await.unwrap();
    assert_eq!(text(config.get(&key).await.unwrap()), "名: 值");
    let path = folder(base.path(), &server).join("snapshot/G/app.yaml");
    assert_eq!(fs::read_to_string(&path).unwrap(), "名: 值", "it is there once the read returned");
    assert_eq!(next(&mut config.watch(&watched).unwrap()).await, "v1");
    first.close().await;
    server.kill().await.unwrap();

    let second = with_files(&server, base.path()).await;
    let config = second.config();
    let value = config.get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.raw().source), ("名: 值", Source::Snapshot));
    let unknown = config.get(&config.key("G", "never-read").unwrap()).await.unwrap_err();
    assert!(matches!(unknown.kind(), ErrorKind::Unreachable | ErrorKind::Timeout), "{unknown:?}");
    // A listener gets the copy too, and what the server says once it is back.
    let mut watch = config.watch(&watched).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    assert_eq!(watch.current().unwrap().raw().source, Source::Snapshot);
    server.start().await.unwrap();
    client(&server).await.config().publish(&watched, "v2").await.unwrap();
    assert_eq!(until(&mut watch, "v2").await, ["v2"]);
    assert_eq!(watch.current().unwrap().raw().source, Source::Server);
    assert_eq!(config.get(&key).await.unwrap().unwrap().raw().source, Source::Server);
}

#[tokio::test]
async fn the_copy_follows_the_server() {
    let server = server().await;
    let base = tempfile::tempdir().unwrap();
    let client = with_files(&server, base.path()).await;
    let config = client.config();
    let key = config.key("G", "cipher-x-app").unwrap();
    let snapshot = folder(base.path(), &server).join("snapshot/G/cipher-x-app");
    let data_key = folder(base.path(), &server).join("encrypted-data-key/snapshot/G/cipher-x-app");
    config.publish(&key, Publish::new("AbC=").encrypted_data_key("k=")).await.unwrap();
    config.get(&key).await.unwrap();
    assert_eq!(
        (fs::read_to_string(&snapshot).unwrap(), fs::read_to_string(&data_key).unwrap()),
        ("AbC=".into(), "k=".into())
    );
    // An older client's copy must not come back either.
    let old = base
        .path()
        .join("nacos/config")
        .join(folder(base.path(), &server).file_name().unwrap().to_str().unwrap().replace("Config-", ""));
    write(&old.join("snapshot/G/cipher-x-app"), "old");
    config.remove(&key).await.unwrap();
    assert_eq!(config.get(&key).await.unwrap(), None);
    assert!(!snapshot.exists() && !data_key.exists() && !old.join("snapshot/G/cipher-x-app").exists());
    client.close().await;
}

#[tokio::test]
async fn a_failover_file_takes_the_servers_place() {
    let server = server().await;
    let base = tempfile::tempdir().unwrap();
    let client = with_files(&server, base.path()).await;
    let config = client.config();
    let key = config.key("G", "app.yaml").unwrap();
    config.publish(&key, "server 1").await.unwrap();
    let (value, mut listening) = config.get_and_listen(&key).await.unwrap();
    assert_eq!(text(value), "server 1");
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "server 1");

    let file = folder(base.path(), &server).join("data/config-data/G/app.yaml");
    write(&file, "mine 1");
    assert_eq!((next(&mut watch).await, next(&mut listening).await), ("mine 1".into(), "mine 1".into()));
    assert_eq!(watch.current().unwrap().raw().source, Source::Failover);
    config.publish(&key, "server 2").await.unwrap();
    quiet(&mut watch).await;
    // A read looks at most a second late.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let value = config.get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.raw().source), ("mine 1", Source::Failover));
    write(&file, "mine 2");
    assert_eq!((next(&mut watch).await, next(&mut listening).await), ("mine 2".into(), "mine 2".into()));
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(next(&mut watch).await, "server 2", "a damaged file does not count");
    write(&file, "mine 3");
    assert_eq!(next(&mut watch).await, "mine 3");
    fs::remove_file(&file).unwrap();
    assert_eq!(until(&mut watch, "server 2").await, ["server 2"]);
    assert_eq!(until(&mut listening, "server 2").await.last().map(String::as_str), Some("server 2"));
    client.close().await;
}

#[tokio::test]
async fn a_failover_file_is_the_first_value_and_needs_no_server() {
    let mut server = server().await;
    let base = tempfile::tempdir().unwrap();
    let file = folder(base.path(), &server).join("data/config-data-tenant/public/G/app.yaml");
    write(&file, "mine");
    client(&server)
        .await
        .config()
        .publish(&client(&server).await.config().key("G", "app.yaml").unwrap(), "server")
        .await
        .unwrap();
    let up = with_files(&server, base.path()).await.config();
    let key = up.key("G", "app.yaml").unwrap();
    let mut watch = up.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "mine");
    // The listener has told what the file says; with a baseline only the md5 of the server's value was known.
    let mut listening = up.listen(&key, &nacre_client::config::md5_hex("server")).unwrap();
    assert_eq!(super::support::next_raw(&mut listening).await, "mine");
    fs::remove_file(&file).unwrap();
    assert_eq!(super::support::next_raw(&mut listening).await, "server");
    write(&file, "mine");
    server.kill().await.unwrap();
    let down = with_files(&server, base.path()).await.config();
    assert_eq!(text(down.get(&key).await.unwrap()), "mine");
    assert_eq!(next(&mut down.watch(&key).unwrap()).await, "mine");
}

fn refused(code: i32) -> Script {
    let body = Map::from_iter([("resultCode".into(), json!(500)), ("errorCode".into(), json!(code))]);
    Script { kind: None, body, grpc_status: None, after_ms: 0, silent: false }
}

fn found(content: &str) -> Script {
    let body = json!({"content": content, "md5": nacre_client::config::md5_hex(content), "contentType": "text",
        "encryptedDataKey": "", "lastModified": 1_735_689_600_000_i64, "beta": false});
    let body = body.as_object().unwrap().clone();
    Script { kind: None, body, grpc_status: None, after_ms: 0, silent: false }
}

#[tokio::test]
async fn who_may_not_read_gets_no_copy() {
    let stub = Stub::start(true).await.unwrap();
    let base = tempfile::tempdir().unwrap();
    let connect = || Client::builder().server(stub.address().to_string()).directory(base.path()).connect();
    stub.reply("ConfigQueryRequest", vec![found("secret")]);
    let client = connect().await.unwrap();
    let key = client.config().key("G", "a").unwrap();
    assert_eq!(text(client.config().get(&key).await.unwrap()), "secret");
    client.close().await;

    let client = connect().await.unwrap();
    stub.reply("ConfigQueryRequest", vec![refused(403)]);
    let error = client.config().get(&key).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Forbidden, 403));
    // Any other failure is what the copy is for.
    stub.reply("ConfigQueryRequest", vec![refused(500)]);
    let value = client.config().get(&key).await.unwrap().unwrap();
    assert_eq!((value.content(), value.raw().source), ("secret", Source::Snapshot));
    // "Not found" is no failure: the copy goes.
    stub.reply("ConfigQueryRequest", vec![refused(300)]);
    assert_eq!(client.config().get(&key).await.unwrap(), None);
    stub.reply("ConfigQueryRequest", vec![refused(500)]);
    let error = client.config().get(&key).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, 500));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_call() {
    let server = server().await;
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("nacos"), "a file where a folder should be").unwrap();
    let client = with_files(&server, base.path()).await;
    let config = client.config();
    let key = config.key("G", "a").unwrap();
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    config.publish(&key, "v1").await.unwrap();
    assert_eq!(text(config.get(&key).await.unwrap()), "v1");
    assert_eq!(next(&mut watch).await, "v1");
    client.close().await;
}

#[tokio::test]
async fn a_damaged_copy_is_set_aside() {
    let mut server = server().await;
    let base = tempfile::tempdir().unwrap();
    server.kill().await.unwrap();
    let snapshot = folder(base.path(), &server).join("snapshot/G/a");
    write(&snapshot, "x");
    fs::write(&snapshot, [0xc3, 0x28]).unwrap();
    let config = with_files(&server, base.path()).await.config();
    let key = config.key("G", "a").unwrap();
    let error = config.get(&key).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Timeout), "{error:?}");
    assert!(!snapshot.exists());
    assert_eq!(fs::read(snapshot.with_file_name("a%damaged")).unwrap(), [0xc3, 0x28]);
}
