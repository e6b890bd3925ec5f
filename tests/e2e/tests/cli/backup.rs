use std::{path::Path, sync::Arc};

use nacre_harness::{Options, Server, http::Request};
use serde_json::json;
use tokio::sync::watch;

use super::{SOON, done, fails, json, nacre, output, server, text};

/// Publishes configs until told to stop; the number of the newest that was acknowledged can be seen meanwhile.
fn load(server: &Arc<Server>, stop: watch::Receiver<bool>) -> (watch::Receiver<usize>, tokio::task::JoinHandle<()>) {
    let (acknowledged, seen) = watch::channel(0);
    let server = Arc::clone(server);
    let task = tokio::spawn(async move {
        for number in 1.. {
            if *stop.borrow() {
                break;
            }
            let (data_id, content) = (format!("config-{number}"), "x".repeat(2_000));
            let form = [("dataId", data_id.as_str()), ("group", "load"), ("content", content.as_str())];
            let reply = server.http().post("/nacos/v1/cs/configs", &form).await.unwrap();
            assert_eq!((reply.status, reply.text().as_str()), (200, "true"));
            acknowledged.send_replace(number);
        }
    });
    (seen, task)
}

async fn has(server: &Server, number: usize) -> bool {
    let data_id = format!("config-{number}");
    let query = [("dataId", data_id.as_str()), ("group", "load")];
    server.http().get("/nacos/v1/cs/configs", &query).await.unwrap().status == 200
}

#[tokio::test]
async fn what_was_acknowledged_before_a_backup_is_there_after_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let server = Arc::new(Options::new().set("backup.dir", &backups.display()).start().await.unwrap());
    let form = [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "80"), ("ephemeral", "false")];
    assert_eq!(server.http().post("/nacos/v1/ns/instance", &form).await.unwrap().status, 200);
    let (stop, stopped) = watch::channel(false);
    let (mut seen, task) = load(&server, stopped);
    tokio::time::timeout(SOON, seen.wait_for(|number| *number >= 50)).await.expect("in time").unwrap();
    let before = *seen.borrow();
    let made = json(&server, "backup nightly").await;
    let after = *seen.borrow();
    tokio::time::timeout(SOON, seen.wait_for(|number| *number > after)).await.expect("writes go on").unwrap();
    stop.send_replace(true);
    task.await.unwrap();
    assert_eq!(made["path"], backups.join("nightly").to_str().unwrap());
    assert_eq!(std::fs::read_dir(&backups).unwrap().count(), 1, "nothing partial is left");

    let data = folder.path().join("restored");
    let words = format!("restore {} --data-dir {} --output json", backups.join("nightly").display(), data.display());
    let restored = output(nacre(None, &words)).await;
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    assert!(restored.stderr.is_empty());
    let (code, error) = fails(nacre(None, &words)).await;
    assert_eq!(code, 2, "{error}");

    // The identity is the same, so the new server takes the old one's place.
    let server = Arc::into_inner(server).expect("the load has ended");
    drop(server);
    let mut again = Options::new().data_dir(&data).start().await.unwrap();
    for number in 1..=before {
        assert!(has(&again, number).await, "{number} of {before}");
    }
    let list = again.http().get("/nacos/v1/ns/instance/list", &[("serviceName", "orders")]).await.unwrap().json();
    assert_eq!(list["hosts"][0]["ip"], "10.0.0.1");
    done(&again, "config set after --content written").await;
    again.terminate().await.unwrap();
    again.start().await.unwrap();
    assert_eq!(done(&again, "config get after").await, "written");
}

#[tokio::test]
async fn backups_have_plain_names_and_are_not_replaced() {
    let server = server().await;
    done(&server, "backup one").await;
    let (code, error) = fails(nacre(Some(&server), "backup one")).await;
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("already"), "{error}");
    for odd in ["../one", "a/b", ".x"] {
        let (code, error) = fails(nacre(Some(&server), &format!("backup {odd}"))).await;
        assert_eq!(code, 4, "{error}");
    }
    let named = json(&server, "backup").await;
    let name = Path::new(named["path"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("nacre-2") && name.len() == 20, "{name}");
}

#[tokio::test]
async fn a_backup_on_behalf_of_someone_else_is_refused() {
    let server = server().await;
    for header in ["x-forwarded-for", "x-real-ip", "forwarded", "via", "origin"] {
        let request = Request::new("POST", "/nacos/v1/nacre/backup").header(header, "10.0.0.1");
        let reply = server.http().send(&request).await.unwrap();
        assert_eq!(reply.status, 403, "{header}: {}", reply.text());
        assert_eq!(reply.json()["code"], json!(10001));
    }
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let server = Options::new().set("backup.dir", &folder.path().display()).start().await.unwrap();
    done(&server, "config set app --content x").await;
    done(&server, "backup one").await;
    drop(server);
    let backup = folder.path().join("one");
    let (from, data) = (backup.display(), folder.path().join("data"));
    let current = backup.join("db/CURRENT");
    std::fs::write(&current, "MANIFEST-999999\n").unwrap();
    let (code, error) = fails(nacre(None, &format!("restore {from} --data-dir {}", data.display()))).await;
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("CURRENT"), "{error}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "the directory is as it was");
    let (code, error) = fails(nacre(None, "restore /no/such/backup --data-dir /no/such/data")).await;
    assert_eq!(code, 1, "{error}");
}
