use super::*;
use crate::{names::Namespace, options::Endpoint};

pub(crate) fn fixed_names(servers: &[&str], namespace: &Namespace) -> Vec<String> {
    let servers = ServerSource::Fixed(servers.iter().map(|text| (*text).to_owned()).collect());
    environment_names(&Options { servers, namespace: namespace.clone(), ..Options::default() })
}

fn key(namespace: &str, group: &str, data_id: &str) -> ConfigKey {
    ConfigKey::new(&Namespace::new(namespace).unwrap(), group, data_id).unwrap()
}

fn contents(layout: &Layout, tree: Tree, key: &ConfigKey) -> Vec<String> {
    layout.pairs(tree, key).map(|pair| pair.content.to_str().unwrap().to_owned()).collect()
}

#[test]
fn layout_is_that_of_nacos() {
    let namespace = Namespace::new("dev").unwrap();
    let names = fixed_names(&["http://10.0.0.1:8848, b:80"], &namespace);
    assert_eq!(names, ["Config-fixed-dev-10.0.0.1_8848-b_80", "fixed-dev-10.0.0.1_8848-b_80"]);
    let layout = Layout::new(Path::new("/home/u"), &names);
    let key = key("dev", "G", "app.yaml");
    let pairs: Vec<Pair> = layout.pairs(Tree::Snapshot, &key).collect();
    let new = "/home/u/nacos/config/Config-fixed-dev-10.0.0.1_8848-b_80_nacos";
    let old = "/home/u/nacos/config/fixed-dev-10.0.0.1_8848-b_80_nacos";
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[0].content, Path::new(&format!("{new}/snapshot-tenant/dev/G/app.yaml")));
    assert_eq!(pairs[0].data_key, Path::new(&format!("{new}/encrypted-data-key/snapshot-tenant/dev/G/app.yaml")));
    assert_eq!(pairs[1].content, Path::new(&format!("{old}/snapshot-tenant/dev/G/app.yaml")));
    let failover: Vec<Pair> = layout.pairs(Tree::Failover, &key).collect();
    assert_eq!(failover[0].content, Path::new(&format!("{new}/data/config-data-tenant/dev/G/app.yaml")));
    assert_eq!(failover[0].data_key, Path::new(&format!("{new}/encrypted-data-key/failover-tenant/dev/G/app.yaml")));
}

#[test]
fn default_namespace_is_read_under_both_spellings() {
    let names = fixed_names(&["h:1"], &Namespace::default());
    assert_eq!(names, ["Config-fixed-h_1", "Config-fixed-public-h_1", "fixed-h_1", "fixed-public-h_1"]);
    let layout = Layout::new(Path::new("/b"), &names);
    let found = contents(&layout, Tree::Failover, &key("", "G", "d"));
    assert_eq!(found.len(), 8);
    assert_eq!(found[0], "/b/nacos/config/Config-fixed-h_1_nacos/data/config-data/G/d");
    assert_eq!(found[1], "/b/nacos/config/Config-fixed-h_1_nacos/data/config-data-tenant/public/G/d");
    assert_eq!(found[7], "/b/nacos/config/fixed-public-h_1_nacos/data/config-data-tenant/public/G/d");
    assert_eq!(contents(&layout, Tree::Failover, &key("public", "G", "d")), found);
    let roots: Vec<Root> = layout.roots(Tree::Failover).collect();
    assert_eq!(roots.len(), 8);
    for place in layout.pairs(Tree::Failover, &key("", "G", "d")) {
        let fits = |root: &&Root| place.content.starts_with(&root.pair.content);
        let root = roots.iter().find(fits).expect("each place is under a root");
        let below = place.content.strip_prefix(&root.pair.content).unwrap();
        assert_eq!(below.components().count(), root.depth);
        assert_eq!(root.pair.data_key.join(below), place.data_key);
    }
}

#[test]
fn an_address_without_port_is_named_with_the_default_one() {
    let names = fixed_names(&["a; b:1 ,", "https://c"], &Namespace::new("n").unwrap());
    assert_eq!(names[0], "Config-fixed-n-a_8848-b_1-c");
}

#[test]
fn endpoint_folder_and_long_names() {
    let servers = ServerSource::Endpoint(Endpoint::new("acm.example.org"));
    let mut options = Options { servers, namespace: Namespace::new("t").unwrap(), ..Options::default() };
    let names = environment_names(&options);
    assert_eq!(
        names,
        ["Config-custom-acm.example.org_8080_nacos_serverlist_t", "custom-acm.example.org_8080_nacos_serverlist_t"]
    );
    let layout = Layout::new(Path::new("/b"), &names);
    let folder = layout.folder().to_str().unwrap().to_owned();
    let md5 = md5_hex("Config-custom-acm.example.org_8080_nacos_serverlist_t");
    assert_eq!(folder, format!("/b/nacos/config/Config-custom-acm.example.org_8080_nacos_serverlis{md5}_nacos"));
    assert_eq!(shortened(&"x".repeat(50)), "x".repeat(50));
    options.config.environment_name = Some("my:cluster".into());
    assert_eq!(environment_names(&options), ["Config-my_cluster", "my_cluster"]);
}

#[test]
fn names_that_a_file_system_refuses_are_escaped() {
    for (name, unix, windows) in [
        ("app.yaml", "app.yaml", "app.yaml"),
        ("a:b", "a:b", "a%3Ab"),
        (".", "%2E", "%2E"),
        ("..", "%2E%2E", "%2E%2E"),
        ("...", "...", "%2E.%2E"),
        ("nul.txt", "nul.txt", "%6Eul.tx%74"),
        ("COM1", "COM1", "%43OM%31"),
        ("COM10", "COM10", "COM10"),
        ("a.", "a.", "%61%2E"),
        ("a/b", "a%2Fb", "a%2Fb"),
    ] {
        assert_eq!(escaped(name, false), unix, "{name}");
        assert_eq!(escaped(name, true), windows, "{name}");
    }
    let (first, second) = (format!("{}a", "n".repeat(255)), format!("{}b", "n".repeat(255)));
    assert!(escaped(&first, false).len() <= 255 && escaped(&first, false) != escaped(&second, false));
}

#[test]
fn no_name_leaves_its_folder() {
    let base = tempfile::tempdir().unwrap();
    let layout = Layout::new(base.path(), &["Config-fixed-x".into()]);
    for (group, data_id) in [("..", ".."), (".", "..."), ("a", &"d".repeat(256))] {
        let key = key("dev", group, data_id);
        let pair = layout.pairs(Tree::Snapshot, &key).next().unwrap();
        write(&pair.content, "text").unwrap();
        let real = pair.content.canonicalize().unwrap();
        assert!(real.starts_with(layout.folder().canonicalize().unwrap().join("snapshot-tenant/dev")), "{real:?}");
        assert!(matches!(read(&pair.content, 100), Read::Text(text, _) if text == "text"));
    }
}

#[test]
fn what_is_written_is_read() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("a/b/c");
    assert!(matches!(read(&path, 100), Read::Absent));
    for text in ["a: 1\n", "名: 值", &"x".repeat(100)] {
        write(&path, text).unwrap();
        let Read::Text(found, modified) = read(&path, 100) else { panic!("not read") };
        assert_eq!(found, text);
        assert!(modified > 1_600_000_000_000);
    }
    assert_eq!(fs::read_dir(base.path().join("a/b")).unwrap().count(), 1, "no temporary file is left");
    remove(&path).unwrap();
    remove(&path).unwrap();
    assert!(matches!(read(&path, 100), Read::Absent));
    assert!(matches!(read(&path.join("below"), 100), Read::Absent));
}

#[test]
fn damaged_files_are_told_and_set_aside() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("app.yaml");
    fs::write(&path, [0xff, 0xfe, b'a']).unwrap();
    assert!(matches!(read(&path, 100), Read::Damaged(reason) if reason.contains("UTF-8")));
    let aside = set_aside(&path).unwrap();
    assert_eq!(aside.file_name().unwrap(), "app.yaml%damaged");
    assert!(matches!(read(&path, 100), Read::Absent));
    assert_eq!(fs::read(aside).unwrap(), [0xff, 0xfe, b'a']);
    fs::write(&path, "x".repeat(101)).unwrap();
    assert!(matches!(read(&path, 100), Read::Damaged(reason) if reason.contains("101 bytes")));
    assert!(matches!(read(base.path(), 100), Read::Damaged(reason) if reason.contains("not a file")));
}

#[test]
fn a_failed_write_keeps_the_old_text() {
    let base = tempfile::tempdir().unwrap();
    // A folder in place of the file, and a file in place of the folder: both fail for root as well.
    fs::create_dir(base.path().join("taken")).unwrap();
    fs::write(base.path().join("taken/file"), "old").unwrap();
    assert!(write(&base.path().join("taken"), "new").is_err());
    assert!(write(&base.path().join("taken/file/below"), "new").is_err());
    assert_eq!(fs::read_to_string(base.path().join("taken/file")).unwrap(), "old");
    assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1, "no temporary file is left");
}
