//! The metrics page, held against what a server of Nacos shows.

use std::collections::BTreeSet;

use super::Server;

const NACOS: &str = include_str!("../../../../../tests/vectors/http/metrics-families.txt");

/// Families that have no place here: those of the Java machine, its servlet container, its pools and its
/// log, the start of a Spring application, and those whose labels come from clients.
const ABSENT: [&str; 9] = [
    "application_",
    "config_change_count",
    "executor_",
    "jdbc_",
    "jvm_",
    "logback_",
    "service_change_count",
    "tomcat_",
    // Of the Raft library of Nacos.
    "nacos_monitor_",
];
/// Series without a true value: calls are not handed to threads of their own, so none is busy with one.
const UNKNOWN: &str = "name=\"activeCount\"";

#[tokio::test]
async fn the_families_of_nacos_are_there() {
    let server = Server::start().await;
    server.form("POST", "/v1/cs/configs", &[], "dataId=d&group=g&content=x").await;
    server.get("/v1/cs/configs?dataId=d&group=g").await;
    server.get("/v1/cs/configs?dataId=d&group=a%20b").await;
    let page = server.get("/actuator/prometheus").await.text;
    let shown: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let is_absent = |name: &str| ABSENT.iter().any(|absent| name.starts_with(absent)) || name.starts_with("disk_");
    let (families, series) = NACOS.split_once("# series of the own families").expect("two parts");
    let lines = |text: &'static str| text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = 0;
    for family in lines(families) {
        let name = family.split(' ').next().expect("a name");
        if !is_absent(name) {
            assert!(shown.contains(name), "{name} is missing");
            found += 1;
        }
    }
    assert!(found > 15, "{found}");
    for wanted in lines(series).filter(|line| !is_absent(line) && !line.contains(UNKNOWN)) {
        assert!(page.lines().any(|line| line.starts_with(&format!("{wanted} "))), "{wanted} is missing");
    }
    for (series, value) in [
        ("nacos_monitor{module=\"config\",name=\"configCount\"}", "1"),
        ("nacos_monitor{module=\"config\",name=\"publish\"}", "1"),
        ("nacos_monitor{module=\"core\",name=\"longConnection\"}", "3"),
        ("nacos_timer_seconds_count{module=\"config\",name=\"writeConfigRt\"}", "1"),
        ("nacos_exception_total{module=\"config\",name=\"illegalArgument\"}", "1"),
    ] {
        assert!(page.lines().any(|line| line == format!("{series} {value}")), "{series} is not {value}");
    }
    assert!(!page.contains("grpc_server_executor{module=\"core\",name=\"poolSize\",type=\"grpcSdkServer\"} 0"));
}
