use nacre_harness::Server;
use rustix::process::Signal;
use serde_json::json;

use super::{Running, done, fails, json, nacre, output, server, text, with_input};

/// The content of a config as another client sees it.
async fn stored(server: &Server, namespace: &str, group: &str, data_id: &str) -> Option<String> {
    let query = [("tenant", namespace), ("group", group), ("dataId", data_id)];
    let reply = server.http().get("/nacos/v1/cs/configs", &query).await.unwrap();
    (reply.status == 200).then(|| reply.text())
}

#[tokio::test]
async fn sets_gets_and_removes() {
    let server = server().await;
    let shown = json(&server, "config set app.yaml --content a:1 --namespace dev --group shop").await;
    let expected = json!({
        "namespace": "dev", "group": "shop", "dataId": "app.yaml", "exists": true, "type": "yaml",
        "md5": "9ef12b2e76052ea01bf394a79518fe90", "lastModified": shown["lastModified"],
    });
    assert_eq!(shown, expected);
    assert_eq!(stored(&server, "dev", "shop", "app.yaml").await.as_deref(), Some("a:1"));
    assert_eq!(done(&server, "config get app.yaml --namespace dev --group shop").await, "a:1");
    let shown = json(&server, "config get app.yaml --namespace dev --group shop").await;
    assert_eq!((&shown["content"], &shown["type"]), (&json!("a:1"), &json!("yaml")));
    let (code, error) = fails(nacre(Some(&server), "config get app.yaml")).await;
    assert_eq!((code, error.as_str()), (3, "nacre: no config public/DEFAULT_GROUP/app.yaml\n"));
    done(&server, "config remove app.yaml --namespace dev --group shop").await;
    assert_eq!(stored(&server, "dev", "shop", "app.yaml").await, None);
    let (code, _) = fails(nacre(Some(&server), "config remove app.yaml --namespace dev --group shop")).await;
    assert_eq!(code, 3);
}

#[tokio::test]
async fn takes_content_from_files_and_standard_input_as_it_is() {
    let server = server().await;
    let content = "größe: 1\r\n\n  end\n";
    let set = || nacre(Some(&server), "config set app.toml --file -");
    let written = with_input(set(), content.as_bytes()).await;
    assert!(written.status.success(), "{}", text(&written.stderr));
    assert_eq!(done(&server, "config get app.toml").await, content);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from a file").unwrap();
    done(&server, &format!("config set app.toml --file {} --type json", file.path().display())).await;
    let shown = json(&server, "config get app.toml").await;
    assert_eq!((&shown["content"], &shown["type"]), (&json!("from a file"), &json!("json")));
    let piped = with_input(nacre(Some(&server), "config set app.toml"), b"without a flag").await;
    assert!(piped.status.success());
    assert_eq!(stored(&server, "", "DEFAULT_GROUP", "app.toml").await.as_deref(), Some("without a flag"));
    let odd = with_input(set(), b"ok \xff").await;
    assert_eq!((odd.status.code(), text(&odd.stderr)), (Some(2), "nacre: the content is not UTF-8 at byte 3\n".into()));
    let empty = with_input(set(), b" \n").await;
    assert_eq!(empty.status.code(), Some(2));
    assert_eq!(stored(&server, "", "DEFAULT_GROUP", "app.toml").await.as_deref(), Some("without a flag"));
}

#[tokio::test]
async fn writes_only_over_the_md5_that_is_named() {
    let server = server().await;
    let first = json(&server, "config set app --content one").await;
    let set = |content: &str| format!("config set app --content {content} --if-md5 {}", first["md5"].as_str().unwrap());
    done(&server, &set("two")).await;
    let (code, error) = fails(nacre(Some(&server), &set("three"))).await;
    assert_eq!(code, 4, "{error}");
    assert_eq!(done(&server, "config get app").await, "two");
}

#[tokio::test]
async fn shows_yaml_and_tables() {
    let server = server().await;
    let table = done(&server, "config set app.yaml --content x --type text").await;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let md5 = "9dd4e461268c8034f5c8564e155c67a6";
    assert_eq!(lines, [vec!["CONFIG", "TYPE", "MD5"], vec!["public/DEFAULT_GROUP/app.yaml", "text", md5]]);
    let yaml = done(&server, "config get app.yaml --output yaml").await;
    for line in ["namespace: public", "dataId: app.yaml", "exists: true", "content: x", "type: text"] {
        assert!(yaml.lines().any(|found| found == line), "{line} in {yaml}");
    }
}

#[tokio::test]
async fn watches_until_told_to_stop() {
    let server = server().await;
    let mut watch = Running::start(nacre(Some(&server), "config watch app"));
    let absent = json!({"namespace": "public", "group": "DEFAULT_GROUP", "dataId": "app", "exists": false});
    assert_eq!(watch.line().await, absent);
    for content in ["one", "two\nlines"] {
        let form = [("dataId", "app"), ("group", "DEFAULT_GROUP"), ("content", content)];
        server.http().post("/nacos/v1/cs/configs", &form).await.unwrap();
        let line = watch.line().await;
        assert_eq!((&line["exists"], &line["content"]), (&json!(true), &json!(content)));
    }
    done(&server, "config remove app").await;
    assert_eq!(watch.line().await, absent);
    let (code, errors) = watch.stop(Signal::INT).await;
    assert_eq!((code, errors.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_closed_pipe_ends_a_watch_quietly() {
    let server = server().await;
    let mut watch = Running::start(nacre(Some(&server), "config watch app"));
    watch.line().await;
    let Running { mut child, lines } = watch;
    drop(lines);
    done(&server, "config set app --content x").await;
    let ended = tokio::time::timeout(super::SOON, child.wait()).await.expect("ends in time").unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn nothing_is_coloured_in_a_pipe() {
    let server = server().await;
    for words in ["config set app --content x", "config get app", "service list"] {
        let output = output(nacre(Some(&server), words)).await;
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{words}");
    }
}
