use super::*;
use crate::naming::Instance;

fn key(group: &str, name: &str) -> ServiceKey {
    ServiceKey::new(group, name).expect("legal names")
}

fn snapshot(service: ServiceKey) -> Arc<ServiceSnapshot> {
    let hosts = [
        Instance::new("10.0.0.1", 80).with_metadata("zone", "a").with_weight(2.5),
        Instance { id: Some("id-2".to_owned()), healthy: false, ..Instance::new("::1", 81) },
    ];
    let info = wire::ServiceInfo {
        name: Some(service.name().to_owned()),
        group_name: Some(service.group().to_string()),
        cache_millis: 10_000,
        hosts: hosts.iter().map(Instance::to_wire).collect(),
        last_ref_time: 1_735_689_600_555,
        reach_protection_threshold: true,
        ..wire::ServiceInfo::default()
    };
    ServiceSnapshot::from_wire(service, info, Source::Server)
}

#[test]
fn names_are_encoded_as_java_does() {
    for (service, name) in [
        (key("DEFAULT_GROUP", "orders"), "DEFAULT_GROUP%40%40orders"),
        (key("G-1_x.y", "a:b/c#d*e~f"), "G-1_x.y%40%40a%3Ab%2Fc%23d*e%7Ef"),
        (key("G", "caf\u{e9}-\u{1f980}"), "G%40%40caf%C3%A9-%F0%9F%A6%80"),
        (key("G", " x"), "G%40%40+x"),
        (key("G", "a+b%"), "G%40%40a%2Bb%25"),
    ] {
        assert_eq!(file_name(&service), name);
        assert_eq!(service_of(name), Some(service), "{name}");
    }
}

#[test]
fn other_files_have_no_service() {
    for name in [
        "G%40%40orders@@a,b",
        "G%40%40orders%40%40a",
        "G%40%40orders@@meta",
        "G@@orders@@special-url",
        "00-00---000-VIPSRV_FAILOVER_SWITCH-000---00-00",
        "notes.txt",
        "%40%40orders",
        "G%40%40",
        "G%40%40%FF",
    ] {
        assert_eq!(service_of(name), None, "{name}");
    }
    assert_eq!(service_of("G@@orders"), Some(key("G", "orders")), "a name that was not encoded");
}

#[test]
fn a_written_list_reads_back() {
    let folder = tempfile::tempdir().expect("folder");
    let service = key("G", "orders");
    let written = snapshot(service.clone());
    write(folder.path(), &written).expect("writable");
    write(folder.path(), &written).expect("replaced");
    let found = services_in(folder.path()).expect("readable");
    assert_eq!(found, [(service.clone(), folder.path().join("G%40%40orders"))], "nothing but the file is found");
    let read = read(&found[0].1, &service, Source::Cache).expect("own file");
    assert_eq!(read.source(), Source::Cache);
    assert_eq!((read.last_ref_time(), read.cache_time().as_millis()), (1_735_689_600_555, 10_000));
    assert!(read.reach_protection_threshold() && read.revision() > written.revision());
    let shown = |snapshot: &ServiceSnapshot| format!("{:?}", snapshot.instances());
    let expected = shown(&written).replace("service: None", "service: Some(\"G@@orders\")");
    assert_eq!(shown(&read), expected);
    assert!(fs::read_dir(folder.path().join(UNFINISHED)).expect("folder").next().is_none(), "no draft is left");
}

#[test]
fn the_content_is_what_java_clients_write() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), &snapshot(key("G", "orders"))).expect("writable");
    let text = fs::read_to_string(folder.path().join("G%40%40orders")).expect("readable");
    let start = r#"{"name":"orders","groupName":"G","clusters":"","cacheMillis":10000,"hosts":[{"ip":"10.0.0.1","port":80,"weight":2.5,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"G@@orders","metadata":{"zone":"a"},"instanceHeartBeatInterval":5000,"#;
    assert!(text.starts_with(start), "{text}");
    let end =
        r#""lastRefTime":1735689600555,"checksum":"","allIPs":false,"reachProtectionThreshold":true,"valid":true}"#;
    assert!(text.ends_with(end) && !text.contains('\n'), "{text}");
}

#[test]
fn files_of_other_clients_are_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("G%40%40orders");
    let service = key("G", "orders");
    let three = r#"{"name":"G@@orders","groupName":"G","allIps":false,"hosts":[{"ip":"a","port":"80","unknown":{}}]}"#;
    fs::write(&path, format!("\n{three}\n\n")).expect("writable");
    let list = read(&path, &service, Source::Failover).expect("3.x spelling, blank lines");
    assert_eq!(list.instances()[0].address(), "a:80");
    fs::write(&path, "{\"ip\":\"a\",\"port\":1}\r\n{\"ip\":\"b\",\"port\":2}\r\n").expect("writable");
    let list = read(&path, &service, Source::Failover).expect("one instance per line");
    assert_eq!(list.instances().iter().map(|host| host.address()).collect::<Vec<_>>(), ["a:1", "b:2"]);
    fs::write(&path, r#"{"name":"orders","groupName":"G","hosts":[]}"#).expect("writable");
    assert!(read(&path, &service, Source::Cache).expect("an empty list is a list").instances().is_empty());
}

#[test]
fn bad_files_are_told_apart_and_set_aside() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("G%40%40orders");
    let service = key("G", "orders");
    for text in ["", "\n \n", "{\"name\":\"orders\",\"ho", "[]", "null", "{}", "\u{0}\u{0}\u{0}"] {
        fs::write(&path, text).expect("writable");
        let error = read(&path, &service, Source::Cache).expect_err(text);
        assert!(error.is_corrupt(), "{text:?}: {error}");
    }
    let aside = set_aside(&path).expect("movable");
    assert_eq!(fs::read_to_string(&aside).expect("kept"), "\u{0}\u{0}\u{0}");
    assert!(!path.exists() && services_in(folder.path()).expect("readable").is_empty());
    let error = read(&path, &service, Source::Cache).expect_err("missing");
    assert!(!error.is_corrupt(), "a file that is not there is not corrupt");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("in-the-way");
    fs::write(&file, "x").expect("writable");
    assert!(write(&file, &snapshot(key("G", "orders"))).is_err());
    let long = key("G", &"\u{e9}".repeat(300));
    assert!(write(folder.path(), &snapshot(long)).is_err(), "names have limits");
    assert!(fs::read_dir(folder.path().join(UNFINISHED)).expect("folder").next().is_none());
}
