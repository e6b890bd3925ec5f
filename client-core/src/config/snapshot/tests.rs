use std::fs;

use super::*;
use crate::names::Namespace;

const LIMIT: Duration = Duration::from_secs(10);

fn key(data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::default(), "G", data_id).unwrap()
}

fn value(content: &str, data_key: Option<&str>) -> Value {
    Some(Arc::new(RawConfig::local(content.into(), data_key.map(str::to_owned), Source::Server, 5)))
}

fn open(base: &Path) -> (Snapshots, Arc<Layout>) {
    let names = files::tests::fixed_names(&["h:1"], &Namespace::default());
    let layout = Arc::new(Layout::new(base, &names));
    (Snapshots::new(layout.clone(), 1000, Handle::current(), true), layout)
}

#[tokio::test]
async fn what_was_stored_is_loaded_by_another_client() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, _) = open(base.path());
    let plain = snapshots.store(&key("plain"), &value("名: 值\n", None));
    let secret = snapshots.store(&key("cipher-x"), &value("AbC=", Some("key=")));
    assert!(plain.done(LIMIT).await && secret.done(LIMIT).await);

    let (other, _) = open(base.path());
    let plain = other.load(&key("plain")).await.unwrap();
    assert_eq!(
        (&*plain.content, plain.source, plain.encrypted_data_key.as_deref()),
        ("名: 值\n", Source::Snapshot, None)
    );
    assert_eq!(plain.md5, super::super::raw::md5_hex("名: 值\n"));
    let secret = other.load(&key("cipher-x")).await.unwrap();
    assert_eq!((&*secret.content, secret.encrypted_data_key.as_deref()), ("AbC=", Some("key=")));

    // Encrypted content that became plain loses its key file.
    assert!(other.store(&key("cipher-x"), &value("plain", None)).done(LIMIT).await);
    let (third, _) = open(base.path());
    assert_eq!(third.load(&key("cipher-x")).await.unwrap().encrypted_data_key, None);
}

#[tokio::test]
async fn switched_off_nothing_is_written_or_read() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, layout) = open(base.path());
    let file = layout.pairs(Tree::Snapshot, &key("a")).next().unwrap().content;
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    snapshots.switch(false, LIMIT).await;
    assert!(snapshots.load(&key("a")).await.is_none());
    fs::remove_file(&file).unwrap();
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    assert!(snapshots.store(&key("a"), &value("v2", None)).done(LIMIT).await);
    assert!(snapshots.flush(LIMIT).await && !file.exists());
    snapshots.switch(true, LIMIT).await;
    assert!(snapshots.store(&key("a"), &value("v2", None)).done(LIMIT).await);
    assert_eq!(fs::read_to_string(&file).unwrap(), "v2");
    assert_eq!(&*snapshots.load(&key("a")).await.unwrap().content, "v2");
}

#[tokio::test]
async fn absence_removes_every_copy() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, layout) = open(base.path());
    for pair in layout.pairs(Tree::Snapshot, &key("a")) {
        files::write(&pair.content, "from an older client").unwrap();
        files::write(&pair.data_key, "k").unwrap();
    }
    assert_eq!(snapshots.load(&key("a")).await.unwrap().encrypted_data_key.as_deref(), Some("k"));
    assert!(snapshots.store(&key("a"), &None).done(LIMIT).await);
    assert!(snapshots.load(&key("a")).await.is_none());
    for pair in layout.pairs(Tree::Snapshot, &key("a")) {
        assert!(!pair.content.exists() && !pair.data_key.exists(), "{pair:?}");
    }
}

#[tokio::test]
async fn older_places_are_read_and_the_newest_wins() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, layout) = open(base.path());
    let places: Vec<Pair> = layout.pairs(Tree::Snapshot, &key("a")).collect();
    for index in (0..places.len()).rev() {
        files::write(&places[index].content, &format!("place {index}")).unwrap();
        assert_eq!(&*snapshots.load(&key("a")).await.unwrap().content, format!("place {index}"));
    }
}

#[tokio::test]
async fn a_damaged_copy_is_set_aside_and_an_older_one_is_used() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, layout) = open(base.path());
    let places: Vec<Pair> = layout.pairs(Tree::Snapshot, &key("a")).collect();
    files::write(&places[0].content, "").unwrap();
    files::write(&places[1].content, "x").unwrap();
    fs::write(&places[1].content, [0xc3, 0x28]).unwrap();
    files::write(&places[2].content, &"x".repeat(1001)).unwrap();
    files::write(&places[3].content, "good").unwrap();
    assert_eq!(&*snapshots.load(&key("a")).await.unwrap().content, "good");
    for place in &places[..3] {
        assert!(!place.content.exists());
        assert!(place.content.with_file_name("a%damaged").exists());
    }
    fs::remove_file(&places[3].content).unwrap();
    assert!(snapshots.load(&key("a")).await.is_none());
}

#[tokio::test]
async fn many_orders_end_with_the_last_value() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, _) = open(base.path());
    for round in 0..200 {
        for data_id in ["a", "b", "c"] {
            drop(snapshots.store(&key(data_id), &value(&format!("{data_id} {round}"), None)));
        }
    }
    assert!(snapshots.flush(LIMIT).await);
    let (other, _) = open(base.path());
    for data_id in ["a", "b", "c"] {
        assert_eq!(&*other.load(&key(data_id)).await.unwrap().content, format!("{data_id} 199"));
    }
}

#[tokio::test]
async fn a_disk_that_fails_costs_the_copy_only() {
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("nacos"), "a file where a folder should be").unwrap();
    let (snapshots, _) = open(base.path());
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    assert!(snapshots.load(&key("a")).await.is_none());
    // The same value is tried again once the disk is well.
    fs::remove_file(base.path().join("nacos")).unwrap();
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    assert_eq!(&*snapshots.load(&key("a")).await.unwrap().content, "v1");
}

#[tokio::test]
async fn an_equal_value_is_not_written_again() {
    let base = tempfile::tempdir().unwrap();
    let (snapshots, layout) = open(base.path());
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    let path = layout.pairs(Tree::Snapshot, &key("a")).next().unwrap().content;
    fs::write(&path, "mark").unwrap();
    assert!(snapshots.store(&key("a"), &value("v1", None)).done(LIMIT).await);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mark");
    assert!(snapshots.store(&key("a"), &value("v2", None)).done(LIMIT).await);
    assert_eq!(fs::read_to_string(&path).unwrap(), "v2");
}
