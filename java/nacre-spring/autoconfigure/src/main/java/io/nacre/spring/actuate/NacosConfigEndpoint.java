package io.nacre.spring.actuate;

import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.spring.client.Clients;
import io.nacre.spring.config.AnnotatedConfigs;
import io.nacre.spring.config.ConfigFollower;
import io.nacre.spring.config.ConfigSource;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.spring.config.NacreConfigProperties;
import io.nacre.spring.config.RefreshHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * The configs of the application. Its first three members are those of Spring Cloud Alibaba's endpoint of this name; it
 * shows no contents and no secrets.
 */
@Endpoint(id = "nacosconfig")
public final class NacosConfigEndpoint {
    private final NacreConfigManager manager;
    private final NacreConfigProperties properties;
    private final RefreshHistory history;
    private final AnnotatedConfigs annotated;
    private final ObjectProvider<ConfigFollower> follower;
    private final Clients clients;

    NacosConfigEndpoint(
            NacreConfigManager manager,
            NacreConfigProperties properties,
            RefreshHistory history,
            AnnotatedConfigs annotated,
            ObjectProvider<ConfigFollower> follower,
            Clients clients) {
        this.manager = manager;
        this.properties = properties;
        this.history = history;
        this.annotated = annotated;
        this.follower = follower;
        this.clients = clients;
    }

    /**
     * Shows them.
     *
     * @return settings, sources, refreshes, what is listened to, connections
     */
    @ReadOperation
    public Map<String, Object> show() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("NacosConfigProperties", settings());
        all.put("Sources", manager.sources().stream().map(NacosConfigEndpoint::source).toList());
        all.put("RefreshHistory", refreshes());
        all.put("Subscriptions", subscriptions());
        all.put("Listeners", listeners());
        List<Object> connections = new ArrayList<>();
        clients.all().values().forEach(client -> connections.add(Connection.of(client)));
        all.put("Connections", connections);
        return all;
    }

    private Map<String, Object> settings() {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("serverAddr", String.join(",", manager.settings().servers()));
        shown.put("endpoint", manager.settings().endpoint());
        shown.put("namespace", manager.settings().namespace());
        shown.put("username", manager.settings().username());
        shown.put("group", properties.getGroup());
        shown.put("fileExtension", properties.getFileExtension());
        shown.put("timeout", properties.getTimeout());
        shown.put("refreshEnabled", properties.isRefreshEnabled());
        shown.put("refreshBehavior", properties.getRefreshBehavior());
        shown.put("preference", properties.getPreference());
        return shown;
    }

    private static Map<String, Object> source(ConfigSource source) {
        Map<String, Object> shown = named(source.key());
        shown.put("namespace", source.namespace());
        shown.put("lastSynced", source.loaded());
        shown.put("md5", source.md5());
        shown.put("origin", source.origin() == null ? "ABSENT" : source.origin().name());
        shown.put("modified", source.modified());
        if (source.origin() == ConfigValue.Source.SNAPSHOT && source.modified() != null) {
            shown.put("snapshotAge", Duration.between(source.modified(), Instant.now()));
        }
        shown.put("refresh", source.refresh());
        return shown;
    }

    private static Map<String, Object> named(ConfigKey key) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("dataId", key.dataId());
        shown.put("group", key.group());
        return shown;
    }

    private List<Map<String, Object>> refreshes() {
        List<Map<String, Object>> shown = new ArrayList<>();
        for (RefreshHistory.Entry entry : history.entries()) {
            for (int i = 0; i < entry.configs().size(); i++) {
                Map<String, Object> each = named(entry.configs().get(i));
                each.put("time", entry.time());
                each.put("md5", entry.md5().get(i));
                each.put("took", entry.took());
                each.put("keys", entry.keys());
                each.put("error", entry.error());
                shown.add(each);
            }
        }
        return shown;
    }

    private List<Map<String, Object>> subscriptions() {
        ConfigFollower follows = follower.getIfAvailable();
        return follows == null
                ? List.of()
                : follows.followed().stream().map(source -> named(source.key())).toList();
    }

    private List<Map<String, Object>> listeners() {
        List<Map<String, Object>> shown = new ArrayList<>();
        annotated.counts().forEach((key, count) -> {
            Map<String, Object> each = named(key);
            each.put("listeners", count);
            shown.add(each);
        });
        return shown;
    }
}
