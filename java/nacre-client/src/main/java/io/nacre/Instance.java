package io.nacre;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One address that offers a service. Immutable: the {@code with} methods give a copy.
 *
 * <pre>{@code
 * Instance instance = Instance.of("10.0.0.11", 8080).withWeight(2.0).withMetadata("zone", "a");
 * }</pre>
 */
public final class Instance {
    private static final String INTERVAL = "preserved.heart.beat.interval";
    private static final String TIMEOUT = "preserved.heart.beat.timeout";
    private static final String DELETION = "preserved.ip.delete.timeout";

    final String id;
    final String ip;
    final int port;
    final double weight;
    final boolean healthy;
    final boolean enabled;
    final boolean ephemeral;
    final String cluster;
    final String service;
    final Map<String, String> metadata;

    Instance(
            String id,
            String ip,
            int port,
            double weight,
            boolean healthy,
            boolean enabled,
            boolean ephemeral,
            String cluster,
            String service,
            Map<String, String> metadata) {
        this.id = id;
        this.ip = ip;
        this.port = port;
        this.weight = weight;
        this.healthy = healthy;
        this.enabled = enabled;
        this.ephemeral = ephemeral;
        this.cluster = cluster;
        this.service = service;
        this.metadata = metadata;
    }

    /**
     * An instance with the defaults: weight 1, healthy, enabled, ephemeral, in the cluster {@code DEFAULT}.
     *
     * @param ip IP address or host name, at most 128 characters
     * @param port 0 to 65535
     * @return the instance
     * @throws IllegalArgumentException when the address is null or the port out of range
     */
    public static Instance of(String ip, int port) {
        Names.present(ip, "ip");
        if (port < 0 || port > 65535) {
            throw new InvalidParameterException("port " + port + " is not between 0 and 65535");
        }
        return new Instance(
                null, ip, port, 1.0, true, true, true, Names.DEFAULT_CLUSTER, null, Collections.emptyMap());
    }

    /**
     * Sets the id. Without one the server gives it.
     *
     * @param id the id, or null
     * @return a copy
     */
    public Instance withId(String id) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Sets the share of the traffic.
     *
     * @param weight 1 by default; no traffic at 0 or less
     * @return a copy
     */
    public Instance withWeight(double weight) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Sets whether it may be called.
     *
     * @param healthy true by default
     * @return a copy
     */
    public Instance withHealthy(boolean healthy) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Sets whether an operator lets it take traffic.
     *
     * @param enabled true by default
     * @return a copy
     */
    public Instance withEnabled(boolean enabled) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Sets how long it lives.
     *
     * @param ephemeral true (default): as long as the client that registered it; false: until it is deregistered
     * @return a copy
     */
    public Instance withEphemeral(boolean ephemeral) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Sets the cluster within the service.
     *
     * @param cluster at most 64 of {@code A-Z a-z 0-9 -}; {@code DEFAULT} by default, also if blank
     * @return a copy
     */
    public Instance withCluster(String cluster) {
        Names.present(cluster, "cluster");
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Names the service that it is for. Lists from the server have it; a registration needs none.
     *
     * @param service {@code group@@name}, or null
     * @return a copy
     */
    public Instance withService(String service) {
        return new Instance(id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, metadata);
    }

    /**
     * Adds an entry of metadata.
     *
     * @param key the key
     * @param value the value; keys and values of an instance have at most 1,024 characters together
     * @return a copy
     */
    public Instance withMetadata(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(metadata);
        more.put(Names.present(key, "metadata key"), Names.present(value, "metadata value"));
        return new Instance(
                id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, Collections.unmodifiableMap(more));
    }

    /**
     * Replaces all metadata.
     *
     * @param metadata the new entries
     * @return a copy
     */
    public Instance withMetadata(Map<String, String> metadata) {
        Map<String, String> copy = new LinkedHashMap<>();
        Names.present(metadata, "metadata")
                .forEach((key, value) ->
                        copy.put(Names.present(key, "metadata key"), Names.present(value, "metadata value")));
        return new Instance(
                id, ip, port, weight, healthy, enabled, ephemeral, cluster, service, Collections.unmodifiableMap(copy));
    }

    /**
     * The id that the server gave, or that it is to have.
     *
     * @return the id, or null
     */
    public String id() {
        return id;
    }

    /**
     * IP address or host name.
     *
     * @return the host
     */
    public String ip() {
        return ip;
    }

    /**
     * The port.
     *
     * @return 0 to 65535
     */
    public int port() {
        return port;
    }

    /**
     * Share of the traffic.
     *
     * @return the weight; none at 0 or less
     */
    public double weight() {
        return weight;
    }

    /**
     * Whether it may be called.
     *
     * @return true if so
     */
    public boolean isHealthy() {
        return healthy;
    }

    /**
     * Whether an operator lets it take traffic.
     *
     * @return true if so
     */
    public boolean isEnabled() {
        return enabled;
    }

    /**
     * Whether it lives only as long as the client that registered it.
     *
     * @return true if so
     */
    public boolean isEphemeral() {
        return ephemeral;
    }

    /**
     * Cluster within the service.
     *
     * @return its name
     */
    public String cluster() {
        return cluster;
    }

    /**
     * The service that it belongs to.
     *
     * @return {@code group@@name}, or null
     */
    public String service() {
        return service;
    }

    /**
     * What the provider says about itself.
     *
     * @return an unmodifiable map
     */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * {@code ip:port}, an IPv6 address in brackets.
     *
     * @return the address
     */
    public String address() {
        return ip.indexOf(':') >= 0 && !ip.startsWith("[") ? "[" + ip + "]:" + port : ip + ":" + port;
    }

    /**
     * Whether it takes traffic: enabled, and with a weight above 0.
     *
     * @return true if so
     */
    public boolean takesTraffic() {
        return enabled && weight > 0.0;
    }

    /** Refuses what the server would refuse. */
    void check(ServiceKey key) {
        Names.ip(ip);
        Names.cluster(cluster);
        if (Double.isNaN(weight) || Double.isInfinite(weight)) {
            throw new InvalidParameterException("Param 'weight' is illegal, it must be a finite number.");
        }
        int units = 0;
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
            units += lengthUnlessBlank(entry.getKey()) + lengthUnlessBlank(entry.getValue());
        }
        if (units > 1024) {
            throw new InvalidParameterException("Param 'Metadata' is illegal, the param length should not exceed 1024.");
        }
        long interval = millis(INTERVAL, 5_000);
        if (millis(TIMEOUT, 15_000) < interval || millis(DELETION, 30_000) < interval) {
            throw new InvalidParameterException(
                    "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.");
        }
        if (service != null && !service.isEmpty() && !ServiceKey.of(key.group(), service).equals(key)) {
            throw new InvalidParameterException(-400, "the instance is of " + service + ", not of " + key);
        }
    }

    private static int lengthUnlessBlank(String text) {
        return text.trim().isEmpty() ? 0 : text.length();
    }

    private long millis(String key, long byDefault) {
        String text = metadata.get(key);
        if (text == null || text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return byDefault;
        }
        return text.length() > 18 ? Long.MAX_VALUE : Long.parseLong(text);
    }

    /** Whether both have the same address, which is what tells instances of a service apart. */
    boolean isAt(Instance other) {
        return port == other.port && ip.equals(other.ip);
    }

    @Override
    public boolean equals(Object object) {
        if (this == object) {
            return true;
        }
        if (!(object instanceof Instance)) {
            return false;
        }
        Instance other = (Instance) object;
        return isAt(other)
                && Double.compare(weight, other.weight) == 0
                && healthy == other.healthy
                && enabled == other.enabled
                && ephemeral == other.ephemeral
                && cluster.equals(other.cluster)
                && metadata.equals(other.metadata)
                && Objects.equals(id, other.id)
                && Objects.equals(service, other.service);
    }

    @Override
    public int hashCode() {
        return 31 * ip.hashCode() + port;
    }

    @Override
    public String toString() {
        return "Instance{" + address() + ", weight=" + weight + ", healthy=" + healthy + ", enabled=" + enabled
                + ", ephemeral=" + ephemeral + ", cluster=" + cluster + ", metadata=" + metadata + "}";
    }
}
