use serde_json::{Value, json};

use super::{done, fails, json, nacre, output, server, text};

async fn set(server: &nacre_harness::Server, data_id: &str, words: &str) {
    done(server, &format!("config set {data_id} {words}")).await;
}

fn names(shown: &Value) -> Vec<String> {
    let configs = shown["configs"].as_array().unwrap().iter();
    configs.map(|row| format!("{}/{}", row["group"].as_str().unwrap(), row["dataId"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn lists_and_searches_all_pages() {
    let server = server().await;
    for number in 0..7 {
        set(&server, &format!("app-{number}.yaml"), "--content a:1 --group shop").await;
    }
    set(&server, "other.json", "--content {\"needle\":1}").await;
    let all = json(&server, "config list --page-size 2").await;
    assert_eq!((&all["total"], all["configs"].as_array().unwrap().len()), (&json!(8), 8));
    let page = json(&server, "config list --group shop --page 4 --page-size 2").await;
    assert_eq!((&page["total"], names(&page)), (&json!(7), vec!["shop/app-6.yaml".to_owned()]));
    let row = json!({"group": "shop", "dataId": "app-6.yaml", "type": "yaml", "bytes": 3});
    assert_eq!(page["configs"][0], row);
    assert_eq!(names(&json(&server, "config search *-3*").await), ["shop/app-3.yaml"]);
    assert_eq!(names(&json(&server, "config search app-3").await), [""; 0]);
    assert_eq!(names(&json(&server, "config search --type json").await), ["DEFAULT_GROUP/other.json"]);
    assert_eq!(names(&json(&server, "config search --content needle").await), ["DEFAULT_GROUP/other.json"]);
    assert_eq!(names(&json(&server, "config search --group sh*").await).len(), 7);
    assert_eq!(names(&json(&server, "config list --namespace elsewhere").await), [""; 0]);
    let table = done(&server, "config list --group DEFAULT_GROUP").await;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["DEFAULT_GROUP", "other.json", "json", "12"]);
}

/// The entries of a history, newest first.
async fn entries(server: &nacre_harness::Server, data_id: &str) -> Vec<(String, String)> {
    let shown = json(server, &format!("config history {data_id}")).await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    shown["entries"].as_array().unwrap().iter().map(|row| (text(row, "id"), text(row, "operation"))).collect()
}

#[tokio::test]
async fn a_version_of_the_history_is_shown_and_written_again() {
    let server = server().await;
    for content in ["one", "two", "three"] {
        set(&server, "app.yaml", &format!("--content {content}")).await;
    }
    let history = entries(&server, "app.yaml").await;
    assert_eq!(
        history.iter().map(|(_, operation)| operation.as_str()).collect::<Vec<_>>(),
        ["update", "update", "insert"]
    );
    let (newest, first) = (&history[0].0, &history[2].0);
    assert_eq!(done(&server, &format!("config history app.yaml --id {newest}")).await, "two");
    let shown = json(&server, &format!("config history app.yaml --id {first}")).await;
    assert_eq!((&shown["content"], &shown["operation"]), (&json!("one"), &json!("insert")));

    let outcome = json(&server, &format!("config rollback app.yaml --id {newest}")).await;
    assert_eq!(outcome["replacedMd5"], "35d6d33467aae9a2e3dccb4b6b027878");
    assert_eq!(outcome["md5"], "b8a9f715dbb64fd5c56e7783c6820a61");
    let shown = json(&server, "config get app.yaml").await;
    assert_eq!((&shown["content"], &shown["type"]), (&json!("two"), &json!("yaml")));

    done(&server, "config remove app.yaml").await;
    let removed = &entries(&server, "app.yaml").await[0];
    assert_eq!(removed.1, "delete");
    done(&server, &format!("config rollback app.yaml --id {}", removed.0)).await;
    assert_eq!(done(&server, "config get app.yaml").await, "two");
}

#[tokio::test]
async fn a_rollback_overwrites_no_change_that_was_not_seen() {
    let server = server().await;
    set(&server, "app", "--content one").await;
    set(&server, "app", "--content two").await;
    let seen = json(&server, "config get app").await["md5"].as_str().unwrap().to_owned();
    set(&server, "app", "--content three").await;
    let first = entries(&server, "app").await.pop().unwrap().0;
    let (code, error) = fails(nacre(Some(&server), &format!("config rollback app --id {first} --if-md5 {seen}"))).await;
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("--force"), "{error}");
    assert_eq!(done(&server, "config get app").await, "three");
    done(&server, &format!("config rollback app --id {first} --force")).await;
    assert_eq!(done(&server, "config get app").await, "one");
    set(&server, "other", "--content x").await;
    for words in ["config history app --id 99999", &format!("config rollback other --id {first}")] {
        let (code, error) = fails(nacre(Some(&server), words)).await;
        assert_eq!(code, 3, "{words}: {error}");
    }
}

#[tokio::test]
async fn archives_go_out_and_come_in() {
    let (here, there) = tokio::join!(server(), server());
    let folder = tempfile::tempdir().unwrap();
    set(&here, "app.yaml", "--content a:1 --group shop").await;
    set(&here, "other.json", "--content größe").await;
    for layout in ["1", "2"] {
        let file = folder.path().join(format!("{layout}.zip"));
        let file = file.to_str().unwrap();
        let shown = json(&here, &format!("config export {file} --layout {layout}")).await;
        assert_eq!(shown["bytes"], std::fs::metadata(file).unwrap().len());
        let (code, _) = fails(nacre(Some(&here), &format!("config export {file}"))).await;
        assert_eq!(code, 2, "a file that is there is not replaced");
        done(&here, &format!("config export {file} --layout {layout} --force")).await;

        let namespace = format!("from-{layout}");
        done(&there, &format!("namespace create {namespace} --id {namespace}")).await;
        let import = format!("config import {file} --namespace {namespace}");
        let taken = json(&there, &import).await;
        assert_eq!((&taken["written"], &taken["failed"]), (&json!(2), &json!([])));
        let shown = json(&there, &format!("config get app.yaml --group shop --namespace {namespace}")).await;
        assert_eq!((&shown["content"], &shown["type"]), (&json!("a:1"), &json!("yaml")));
        let found = json(&there, &format!("config list --namespace {namespace}")).await;
        assert_eq!(names(&found), ["DEFAULT_GROUP/other.json", "shop/app.yaml"]);
    }
}

#[tokio::test]
async fn an_archive_meets_configs_that_are_there() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("configs.zip");
    let file = file.to_str().unwrap();
    set(&server, "a", "--content old").await;
    set(&server, "b", "--content old").await;
    done(&server, &format!("config export {file} --data-id a")).await;
    set(&server, "a", "--content new").await;
    let aborted = output(nacre(Some(&server), &format!("config import {file} --output json"))).await;
    assert_eq!(aborted.status.code(), Some(4), "{}", text(&aborted.stderr));
    let outcome: Value = serde_json::from_slice(&aborted.stdout).unwrap();
    assert_eq!(outcome["failed"], json!([{"group": "DEFAULT_GROUP", "dataId": "a"}]));
    let skipped = json(&server, &format!("config import {file} --policy skip")).await;
    assert_eq!((&skipped["written"], skipped["skipped"].as_array().unwrap().len()), (&json!(0), 1));
    assert_eq!(done(&server, "config get a").await, "new");
    let written = json(&server, &format!("config import {file} --policy overwrite")).await;
    assert_eq!(written["written"], 1);
    assert_eq!(done(&server, "config get a").await, "old");
    std::fs::write(file, "no archive").unwrap();
    let (code, _) = fails(nacre(Some(&server), &format!("config import {file}"))).await;
    assert_eq!(code, 2);
}
