package io.nacre;

import java.util.Map;
import java.util.Optional;

/** A cluster of a service, as its maintainers see it. */
public final class ClusterDetail {
    private final String name;
    private final String healthChecker;
    private final Map<String, String> metadata;

    ClusterDetail(String name, String healthChecker, Map<String, String> metadata) {
        this.name = name;
        this.healthChecker = healthChecker;
        this.metadata = metadata;
    }

    /**
     * Name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * Kind of the health check.
     *
     * @return e.g. {@code TCP}
     */
    public Optional<String> healthChecker() {
        return Optional.ofNullable(healthChecker);
    }

    /**
     * What maintainers say about the cluster.
     *
     * @return an unmodifiable map
     */
    public Map<String, String> metadata() {
        return metadata;
    }
}
