package io.nacre.spring.actuate;

import io.nacre.Instance;
import io.nacre.NacreException;
import io.nacre.ServiceKey;
import io.nacre.spring.discovery.CurrentRegistration;
import io.nacre.spring.discovery.NacreDiscoveryProperties;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * The services of the application. Its first two members are those of Spring Cloud Alibaba's endpoint of this name; it
 * shows no secrets.
 */
@Endpoint(id = "nacosdiscovery")
public final class NacosDiscoveryEndpoint {
    private final NacreServiceDiscovery discovery;
    private final ObjectProvider<CurrentRegistration> registration;

    NacosDiscoveryEndpoint(NacreServiceDiscovery discovery, ObjectProvider<CurrentRegistration> registration) {
        this.discovery = discovery;
        this.registration = registration;
    }

    /**
     * Shows them.
     *
     * @return settings, followed services, the own registration, the connection
     */
    @ReadOperation
    public Map<String, Object> show() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("NacosDiscoveryProperties", settings());
        all.put("subscribe", subscribed());
        CurrentRegistration own = registration.getIfAvailable();
        if (own != null) {
            all.put("registration", own.current().map(each -> instance(each.instance())).orElse(null));
        }
        all.put("connection", Connection.of(discovery.client()));
        return all;
    }

    private Map<String, Object> settings() {
        NacreDiscoveryProperties properties = discovery.properties();
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("serverAddr", String.join(",", discovery.client().servers()));
        shown.put("namespace", discovery.client().namespace());
        shown.put("username", properties.getUsername());
        shown.put("service", properties.getService());
        shown.put("group", properties.getGroup());
        shown.put("clusterName", properties.getClusterName());
        shown.put("weight", properties.getWeight());
        shown.put("ephemeral", properties.isEphemeral());
        shown.put("registerEnabled", properties.isRegisterEnabled());
        shown.put("metadata", properties.getMetadata());
        return shown;
    }

    private List<Map<String, Object>> subscribed() {
        List<Map<String, Object>> services = new ArrayList<>();
        try {
            for (ServiceKey key : discovery.subscribed()) {
                Map<String, Object> shown = new LinkedHashMap<>();
                shown.put("name", key.name());
                shown.put("groupName", key.group());
                List<Map<String, Object>> hosts = new ArrayList<>();
                discovery.client()
                        .naming()
                        .cached(key)
                        .ifPresent(known -> known.instances().forEach(each -> hosts.add(instance(each))));
                shown.put("hosts", hosts);
                services.add(shown);
            }
        } catch (NacreException e) {
            services.add(Map.of("error", e.reason()));
        }
        return services;
    }

    private static Map<String, Object> instance(Instance instance) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("ip", instance.ip());
        shown.put("port", instance.port());
        shown.put("weight", instance.weight());
        shown.put("healthy", instance.isHealthy());
        shown.put("enabled", instance.isEnabled());
        shown.put("ephemeral", instance.isEphemeral());
        shown.put("clusterName", instance.cluster());
        shown.put("metadata", instance.metadata());
        return shown;
    }
}
