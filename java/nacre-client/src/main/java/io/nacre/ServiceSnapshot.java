package io.nacre;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The instances of a service at one moment. Immutable, and shared by all who read it. */
public final class ServiceSnapshot {
    /** Derived lists that are kept; further ones are computed for each call. */
    private static final int KEPT_VIEWS = 8;

    /** Where a list came from. Values may be added. */
    public enum Source {
        /** The server, by reply or push. */
        SERVER,
        /** The cache on disk; the server has not been heard yet. */
        CACHE,
        /** The failover folder, while its switch is on. */
        FAILOVER
    }

    private final ServiceKey service;
    private final String clusters;
    private final long cacheMillis;
    private final long lastRefTime;
    private final boolean reachProtectionThreshold;
    private final Source source;
    private final long revision;
    private final View all;
    private final List<View> views = new CopyOnWriteArrayList<>();

    ServiceSnapshot(
            ServiceKey service,
            String clusters,
            long cacheMillis,
            long lastRefTime,
            boolean reachProtectionThreshold,
            Source source,
            long revision,
            List<Instance> instances) {
        this.service = service;
        this.clusters = clusters;
        this.cacheMillis = cacheMillis;
        this.lastRefTime = lastRefTime;
        this.reachProtectionThreshold = reachProtectionThreshold;
        this.source = source;
        this.revision = revision;
        this.all = new View(Collections.emptyList(), null, this, instances);
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
     * All instances, in the server's order.
     *
     * @return an unmodifiable list
     */
    public List<Instance> instances() {
        return all.instances();
    }

    /**
     * The clusters that the list was asked for, as the server echoes them.
     *
     * @return a comma list, empty for all
     */
    public String clusters() {
        return clusters;
    }

    /**
     * How long the server thinks that the list is worth keeping.
     *
     * @return the time
     */
    public Duration cacheTime() {
        return Duration.ofMillis(cacheMillis);
    }

    /**
     * The server's stamp of the list.
     *
     * @return milliseconds since the epoch
     */
    public long lastRefTime() {
        return lastRefTime;
    }

    /**
     * Whether all instances are shown as healthy because too few are.
     *
     * @return true if so
     */
    public boolean reachProtectionThreshold() {
        return reachProtectionThreshold;
    }

    /**
     * Where the list came from.
     *
     * @return the source
     */
    public Source source() {
        return source;
    }

    /**
     * Rises with every list that this process takes: of two lists the one with the higher revision is newer.
     *
     * @return the revision
     */
    public long revision() {
        return revision;
    }

    /** Some of the instances; computed once per snapshot. {@code healthy} null lists all, else those with traffic. */
    View view(List<String> clusters, Boolean healthy) {
        if (clusters.isEmpty() && healthy == null) {
            return all;
        }
        for (View view : views) {
            if (view.is(clusters, healthy)) {
                return view;
            }
        }
        List<Instance> chosen = new ArrayList<>();
        for (Instance instance : all.instances()) {
            boolean near = clusters.isEmpty() || clusters.contains(instance.cluster);
            if (near && (healthy == null || instance.healthy == healthy && instance.takesTraffic())) {
                chosen.add(instance);
            }
        }
        View view = new View(clusters, healthy, this, Collections.unmodifiableList(chosen));
        if (views.size() < KEPT_VIEWS) {
            views.add(view);
        }
        return view;
    }

    @Override
    public String toString() {
        return "ServiceSnapshot{" + service + ", revision=" + revision + ", source=" + source + ", instances="
                + instances() + "}";
    }
}
