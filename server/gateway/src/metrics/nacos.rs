//! Figures under the names of Nacos, for its dashboards.

use super::text::Text;
use super::{ConfigFigures, Figures};

pub(super) fn monitor(text: &mut Text, figures: &Figures) {
    let push = &figures.naming.push;
    let (counts, checks) = (&figures.naming.counts, &figures.naming.checks);
    let average_millis = push.latency_sum_micros.checked_div(push.measured * 1000).unwrap_or(0);
    let naming = [
        ("avgPushCost", average_millis),
        ("emptyPush", 0),
        ("failedPush", push.failed + push.timed_out),
        ("httpHealthCheck", checks.http),
        ("ipCount", counts.instances),
        ("leaderStatus", 1),
        ("maxPushCost", push.latency_max_micros / 1000),
        ("mysqlHealthCheck", checks.mysql),
        ("pushPendingTaskCount", push.pending),
        ("serviceChangedEventQueueSize", 0),
        ("serviceCount", counts.services),
        ("serviceSubscribedEventQueueSize", 0),
        ("subscriberCount", counts.subscribers),
        ("tcpHealthCheck", checks.tcp),
        ("totalPush", push.sent),
        ("totalPushCostForAvg", push.latency_sum_micros / 1000),
        ("totalPushCountForAvg", push.measured),
    ];
    let config = [
        ("configCount", figures.config.configs),
        ("dumpTask", 0),
        ("fuzzySearch", 0),
        ("getConfig", figures.config.queries),
        ("longPolling", figures.config.polls),
        ("notifyClientTask", figures.config.notifies_sent.saturating_sub(figures.config.notifies_acked)),
        ("notifyTask", 0),
        ("publish", figures.config.publishes),
    ];
    let rows = naming.map(|(name, value)| ("naming", name, value)).into_iter();
    let rows = rows.chain(config.map(|(name, value)| ("config", name, value)));
    let rows = rows.chain([("core", "longConnection", figures.connections)]);
    text.gauges(
        "nacos_monitor",
        "figures under the names of Nacos",
        rows.map(|(module, name, value)| (vec![("module", module), ("name", name)], value)),
    );
}

pub(super) fn clients(text: &mut Text, figures: &Figures) {
    let counts = &figures.naming.counts;
    let versions = |v1: u64, v2: u64| [(vec![("version", "v1")], v1), (vec![("version", "v2")], v2)];
    text.gauges("nacos_naming_subscriber", "subscriptions by kind of client", versions(0, counts.subscribers));
    let beats = counts.beat_clients + counts.persistent_clients;
    text.gauges("nacos_naming_publisher", "publishing clients by kind", versions(beats, counts.sessions));
    text.gauges(
        "nacos_config_subscriber",
        "listeners by kind of client",
        versions(figures.config.polls, figures.config.listens),
    );
}

/// The threads that serve gRPC calls, which are those that serve everything. Nothing is served for
/// other nodes.
pub(super) fn executor(text: &mut Text, requests: u64) {
    let runtime = tokio::runtime::Handle::try_current().map(|handle| handle.metrics());
    let (threads, waiting) =
        runtime.map_or((0, 0), |metrics| (metrics.num_workers() as u64, metrics.global_queue_depth() as u64));
    let names = [
        ("completedTaskCount", requests),
        ("corePoolSize", threads),
        ("inQueueTaskCount", waiting),
        ("maximumPoolSize", threads),
        ("poolSize", threads),
        ("taskCount", requests),
    ];
    let rows = [("grpcClusterServer", false), ("grpcSdkServer", true)].into_iter().flat_map(|(kind, serves)| {
        names.map(|(name, value)| {
            (vec![("module", "core"), ("name", name), ("type", kind)], if serves { value } else { 0 })
        })
    });
    text.gauges("grpc_server_executor", "threads that serve gRPC calls", rows);
}

/// Failures. Those of parts that this server does not have stay zero.
pub(super) fn exceptions(text: &mut Text, config: &ConfigFigures, illegal: u64) {
    let rows = [
        ("config", "configNotify", config.notifies_failed),
        ("config", "db", 0),
        ("config", "illegalArgument", illegal),
        ("config", "nacos", config.refused),
        ("config", "unhealth", 0),
        ("naming", "disk", 0),
        ("naming", "leaderSendBeatFailed", 0),
    ];
    let rows = rows.map(|(module, name, value)| (vec![("module", module), ("name", name)], value));
    text.counters("nacos_exception_total", "failures under the names of Nacos", rows);
}

#[cfg(test)]
mod tests {
    use nacre_naming::CheckStats;

    use super::*;

    #[test]
    fn health_checks_stand_under_their_kind() {
        let mut figures = Figures::default();
        figures.naming.checks = CheckStats { tcp: 1, http: 2, mysql: 3 };
        let mut text = Text::default();
        monitor(&mut text, &figures);
        let text = text.finish();
        for (kind, count) in [("tcp", 1), ("http", 2), ("mysql", 3)] {
            let row = format!("nacos_monitor{{module=\"naming\",name=\"{kind}HealthCheck\"}} {count}\n");
            assert!(text.contains(&row), "{row}{text}");
        }
    }
}
