package io.nacre.spring.discovery;

import io.nacre.Instance;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.cloud.client.ServiceInstance;

/** An instance as Spring Cloud sees it. Its metadata are a copy that may be changed. */
public final class NacreServiceInstance implements ServiceInstance {
    private static final String SECURE = "secure";

    private final String serviceId;
    private final Instance instance;
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /**
     * Shows an instance.
     *
     * @param serviceId the name by which it was asked for
     * @param instance the instance
     */
    public NacreServiceInstance(String serviceId, Instance instance) {
        this.serviceId = serviceId;
        this.instance = instance;
        metadata.put("nacos.instanceId", instance.id());
        metadata.put("nacos.weight", String.valueOf(instance.weight()));
        metadata.put("nacos.healthy", String.valueOf(instance.isHealthy()));
        metadata.put("nacos.cluster", instance.cluster());
        metadata.putAll(instance.metadata());
        metadata.put("nacos.ephemeral", String.valueOf(instance.isEphemeral()));
    }

    /**
     * The instance itself.
     *
     * @return the engine's value
     */
    public Instance instance() {
        return instance;
    }

    @Override
    public String getInstanceId() {
        return instance.id();
    }

    @Override
    public String getServiceId() {
        return serviceId;
    }

    @Override
    public String getHost() {
        return hostOf(instance.ip());
    }

    @Override
    public int getPort() {
        return instance.port();
    }

    @Override
    public boolean isSecure() {
        return Boolean.parseBoolean(metadata.get(SECURE));
    }

    @Override
    public String getScheme() {
        return isSecure() ? "https" : "http";
    }

    @Override
    public URI getUri() {
        return URI.create(getScheme() + "://" + getHost() + ":" + getPort());
    }

    @Override
    public Map<String, String> getMetadata() {
        return metadata;
    }

    /** IPv6 in brackets, as a URI needs it. */
    static String hostOf(String ip) {
        return ip.indexOf(':') >= 0 && !ip.startsWith("[") ? "[" + ip + "]" : ip;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NacreServiceInstance that
                && serviceId.equals(that.serviceId)
                && getPort() == that.getPort()
                && getHost().equals(that.getHost())
                && Objects.equals(getInstanceId(), that.getInstanceId());
    }

    @Override
    public int hashCode() {
        return Objects.hash(serviceId, getHost(), getPort());
    }

    @Override
    public String toString() {
        return serviceId + "[" + getUri() + ", weight=" + instance.weight() + ", cluster=" + instance.cluster() + "]";
    }
}
