use super::*;

fn key() -> ServiceKey {
    ServiceKey::new("G", "orders").expect("legal names")
}

#[test]
fn an_instance_keeps_everything_on_its_way_over_the_wire() {
    let instance = Instance {
        id: Some("id".to_owned()),
        enabled: false,
        ..Instance::new("::1", 8080).with_weight(0.5).with_healthy(false).with_cluster("c").with_metadata("k", "v")
    };
    assert_eq!(Instance::from_wire(instance.to_wire()), instance);
    assert_eq!(Instance::from_wire(instance.clone().persistent().to_wire()), instance.clone().persistent());
    assert_eq!(instance.address(), "[::1]:8080");
    let named = Instance { service: Some("G@@orders".to_owned()), ..instance };
    assert_eq!(named.to_wire().service_name, None, "servers refuse a grouped name in a batch");
}

#[test]
fn what_is_missing_on_the_wire_has_a_default() {
    let bare = Instance::from_wire(wire::Instance { port: 70_000, weight: f64::NAN, ..wire::Instance::default() });
    assert_eq!((bare.ip.as_str(), bare.port, bare.cluster.as_str()), ("", 0, "DEFAULT"));
    assert_eq!(bare.weight, 0.0, "no number is no share");
    assert_eq!(bare, bare.clone());
    assert_eq!(Instance::new("h", 1).with_cluster("").to_wire().cluster_name.as_deref(), Some("DEFAULT"));
}

#[test]
fn times_come_from_metadata_if_they_are_digits() {
    let instance = Instance::new("h", 1)
        .with_metadata(HEART_BEAT_INTERVAL, "1000")
        .with_metadata(HEART_BEAT_TIMEOUT, "-5")
        .with_metadata(IP_DELETE_TIMEOUT, "99999999999999999999");
    assert_eq!(instance.heart_beat_interval(), Duration::from_secs(1));
    assert_eq!(instance.heart_beat_timeout(), Duration::from_secs(15));
    assert_eq!(instance.ip_delete_timeout(), Duration::from_secs(30));
}

#[test]
fn a_snapshot_shows_what_the_server_said() {
    let json = r#"{"name":"orders","groupName":"G","clusters":"a,b","cacheMillis":-1,"hosts":[{"ip":"10.0.0.1",
        "port":"80","weight":"2.5","metadata":{"k":7}}],"lastRefTime":1735689600555,"allIps":true,
        "reachProtectionThreshold":true,"unknown":[]}"#;
    let info = nacre_proto::json::from_slice(json.as_bytes()).expect("readable").expect("not null");
    let first = ServiceSnapshot::from_wire(key(), info, Source::Server);
    assert_eq!(first.instances()[0].metadata["k"], "7");
    assert_eq!(first.instances()[0].weight, 2.5);
    assert_eq!((first.clusters(), first.last_ref_time()), ("a,b", 1_735_689_600_555));
    assert!(first.reach_protection_threshold() && first.cache_time().is_zero() && first.is_usable());
    let second = ServiceSnapshot::from_wire(key(), first.to_wire(), Source::Cache);
    assert_eq!(second.source(), Source::Cache);
    assert!(second.revision() > first.revision());
    assert!(format!("{second:?}").contains("10.0.0.1"));
}

#[test]
fn a_list_is_usable_if_one_host_can_take_traffic() {
    let usable = |hosts: Vec<Instance>| ServiceSnapshot::of(key(), hosts).is_usable();
    assert!(!usable(vec![]));
    assert!(!usable(vec![Instance::new("h", 1).with_healthy(false), Instance::new("h", 2).with_weight(0.0)]));
    assert!(usable(vec![Instance::new("h", 1).with_healthy(false), Instance::new("h", 2)]));
}
