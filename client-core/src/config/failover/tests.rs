use std::fs;

use super::*;
use crate::{config::files::Pair, names::Namespace};

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::new("dev").unwrap(), "G", data_id).unwrap()
}

fn open(base: &Path) -> (Failover, Vec<Pair>) {
    let names = files::tests::fixed_names(&["h:1"], &Namespace::new("dev").unwrap());
    let layout = Arc::new(Layout::new(base, &names));
    let places = layout.pairs(Tree::Failover, &key("app.yaml")).collect();
    (Failover::new(layout, 1000), places)
}

async fn text(failover: &Failover) -> Option<String> {
    failover.find(&key("app.yaml")).await.map(|config| {
        assert_eq!(config.source, Source::Failover);
        config.content.to_string()
    })
}

#[tokio::test]
async fn a_file_appears_changes_and_disappears() {
    let base = tempfile::tempdir().unwrap();
    let (failover, places) = open(base.path());
    assert_eq!(text(&failover).await, None);
    for content in ["first", "second, longer", "名: 值"] {
        files::write(&places[0].content, content).unwrap();
        failover.rescan().await;
        assert_eq!(text(&failover).await.as_deref(), Some(content));
    }
    assert!(failover.find(&key("other")).await.is_none());
    fs::remove_file(&places[0].content).unwrap();
    failover.rescan().await;
    assert_eq!(text(&failover).await, None);
}

#[tokio::test(start_paused = true)]
async fn reads_walk_the_folders_once_a_second() {
    let base = tempfile::tempdir().unwrap();
    let (failover, places) = open(base.path());
    assert_eq!(text(&failover).await, None);
    files::write(&places[0].content, "new").unwrap();
    assert_eq!(text(&failover).await, None, "the last walk is fresh");
    tokio::time::advance(FRESH).await;
    assert_eq!(text(&failover).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn the_data_key_counts_as_part_of_the_file() {
    let base = tempfile::tempdir().unwrap();
    let (failover, places) = open(base.path());
    files::write(&places[0].content, "AbC=").unwrap();
    assert_eq!(failover.find(&key("app.yaml")).await.unwrap().encrypted_data_key, None);
    files::write(&places[0].data_key, "k=").unwrap();
    failover.rescan().await;
    assert_eq!(failover.find(&key("app.yaml")).await.unwrap().encrypted_data_key.as_deref(), Some("k="));
}

#[tokio::test]
async fn an_older_place_is_read_and_empty_text_is_a_value() {
    let base = tempfile::tempdir().unwrap();
    let (failover, places) = open(base.path());
    files::write(&places[1].content, "old client").unwrap();
    assert_eq!(text(&failover).await.as_deref(), Some("old client"));
    files::write(&places[0].content, "").unwrap();
    failover.rescan().await;
    assert_eq!(text(&failover).await.as_deref(), Some(""));
}

#[tokio::test]
async fn a_damaged_file_is_ignored_and_left_alone() {
    let base = tempfile::tempdir().unwrap();
    let (failover, places) = open(base.path());
    files::write(&places[0].content, "x").unwrap();
    fs::write(&places[0].content, [0xff, b'a']).unwrap();
    files::write(&places[1].content, "good").unwrap();
    assert_eq!(text(&failover).await.as_deref(), Some("good"));
    assert_eq!(fs::read(&places[0].content).unwrap(), [0xff, b'a']);
    fs::write(&places[0].content, "repaired").unwrap();
    failover.rescan().await;
    assert_eq!(text(&failover).await.as_deref(), Some("repaired"));
    fs::write(&places[0].content, "x".repeat(1001)).unwrap();
    failover.rescan().await;
    assert_eq!(text(&failover).await.as_deref(), Some("good"));
}
