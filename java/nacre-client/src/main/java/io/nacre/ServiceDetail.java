package io.nacre;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A service as its maintainers see it. */
public final class ServiceDetail {
    private final ServiceKey service;
    private final float protectThreshold;
    private final Map<String, String> metadata;
    private final String selector;
    private final List<ClusterDetail> clusters;

    ServiceDetail(
            ServiceKey service,
            float protectThreshold,
            Map<String, String> metadata,
            String selector,
            List<ClusterDetail> clusters) {
        this.service = service;
        this.protectThreshold = protectThreshold;
        this.metadata = metadata;
        this.selector = selector;
        this.clusters = clusters;
    }

    /**
     * The service.
     *
     * @return its key
     */
    public ServiceKey service() {
        return service;
    }

    /**
     * Share of healthy instances below which all are shown as healthy.
     *
     * @return 0 to 1; 0 turns it off
     */
    public float protectThreshold() {
        return protectThreshold;
    }

    /**
     * What maintainers say about the service.
     *
     * @return an unmodifiable map
     */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * Expression of the label selector.
     *
     * @return empty if there is none
     */
    public Optional<String> selector() {
        return Optional.ofNullable(selector);
    }

    /**
     * Clusters that have instances.
     *
     * @return an unmodifiable list
     */
    public List<ClusterDetail> clusters() {
        return clusters;
    }
}
