package io.nacre.spring.discovery;

import io.nacre.Instance;
import io.nacre.ServiceKey;
import io.nacre.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Makes the registration of this application from its settings and ports. */
class RegistrationFactory {
    private final Environment environment;
    private final AddressChooser addresses;
    private final NacreRegistrationProperties more;
    private final List<NacreRegistrationCustomizer> customizers;

    RegistrationFactory(
            Environment environment,
            AddressChooser addresses,
            NacreRegistrationProperties more,
            List<NacreRegistrationCustomizer> customizers) {
        this.environment = environment;
        this.addresses = addresses;
        this.more = more;
        this.customizers = customizers;
    }

    /** The name under which this application is registered, or nothing when it has none. */
    Optional<String> serviceName(NacreDiscoveryProperties properties) {
        String name = StringUtils.hasText(properties.getService())
                ? properties.getService()
                : environment.getProperty("spring.application.name");
        return StringUtils.hasText(name) ? Optional.of(name.trim()) : Optional.empty();
    }

    /** The port to register, or nothing when there is no web server and none is set. */
    Optional<Integer> port(NacreDiscoveryProperties properties) {
        int port = properties.getPort() > 0 ? properties.getPort() : number("local.server.port");
        return port > 0 ? Optional.of(port) : Optional.empty();
    }

    NacreRegistration make(NacreDiscoveryProperties properties, String name, int port, Status status) {
        Instance instance = Instance.of(addresses.choose(properties, status), port)
                .withWeight(properties.getWeight())
                .withEnabled(properties.isInstanceEnabled())
                .withEphemeral(properties.isEphemeral())
                .withMetadata(metadata(properties));
        if (StringUtils.hasText(properties.getClusterName())) {
            instance = instance.withCluster(properties.getClusterName().trim());
        }
        NacreRegistration registration = new NacreRegistration(ServiceKey.of(properties.getGroup(), name), instance);
        customizers.forEach(customizer -> customizer.customize(registration));
        return registration;
    }

    private Map<String, String> metadata(NacreDiscoveryProperties properties) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("preserved.register.source", "SPRING_CLOUD");
        if (properties.isSecure()) {
            metadata.put("secure", "true");
        }
        put(metadata, "preserved.heart.beat.interval", properties.getHeartBeatInterval());
        put(metadata, "preserved.heart.beat.timeout", properties.getHeartBeatTimeout());
        put(metadata, "preserved.ip.delete.timeout", properties.getIpDeleteTimeout());
        if (!StringUtils.hasText(properties.getIpType()) && !StringUtils.hasText(properties.getIp())) {
            AddressChooser.ipv6().ifPresent(address -> metadata.put("IPv6", "[" + address + "]"));
        }
        management(metadata);
        put(metadata, "context-path", first("server.servlet.context-path", "spring.webflux.base-path"));
        put(metadata, "version", more.getVersion());
        put(metadata, "zone", more.getZone() == null ? first("spring.cloud.loadbalancer.zone") : more.getZone());
        put(metadata, "gRPC_port", first("local.grpc.port", "spring.grpc.server.port", "grpc.server.port"));
        put(metadata, "configPath", first("spring.cloud.config.server.prefix"));
        metadata.putAll(properties.getMetadata());
        metadata.values().removeIf(value -> value == null);
        return metadata;
    }

    private void management(Map<String, String> metadata) {
        put(metadata, "management.endpoints.web.base-path", first("management.endpoints.web.base-path"));
        int own = number("local.management.port");
        int port = own > 0 ? own : number("management.server.port");
        if (port > 0) {
            put(metadata, "management.port", port);
            put(metadata, "management.context-path", first("management.server.base-path"));
            put(metadata, "management.address", first("management.server.address"));
        }
    }

    private String first(String... names) {
        for (String name : names) {
            String value = environment.getProperty(name);
            if (StringUtils.hasText(value)) {
                return value.trim();
            }
        }
        return null;
    }

    private int number(String name) {
        Integer value = environment.getProperty(name, Integer.class);
        return value == null ? -1 : value;
    }

    private static void put(Map<String, String> metadata, String key, Object value) {
        if (value != null && StringUtils.hasText(value.toString())) {
            metadata.put(key, value.toString());
        }
    }
}
