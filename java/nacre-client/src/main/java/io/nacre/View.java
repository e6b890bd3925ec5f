package io.nacre;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A list derived from a snapshot, with the table of its weights. */
final class View implements Candidates {
    private final List<String> clusters;
    private final Boolean healthy;
    private final ServiceSnapshot snapshot;
    private final List<Instance> instances;
    private volatile Weights weights;

    View(List<String> clusters, Boolean healthy, ServiceSnapshot snapshot, List<Instance> instances) {
        this.clusters = clusters;
        this.healthy = healthy;
        this.snapshot = snapshot;
        this.instances = instances;
    }

    boolean is(List<String> otherClusters, Boolean otherHealthy) {
        return healthy == otherHealthy && clusters.equals(otherClusters);
    }

    @Override
    public ServiceKey service() {
        return snapshot.service();
    }

    @Override
    public List<Instance> instances() {
        return instances;
    }

    @Override
    public Candidates of(String cluster) {
        if (clusters.isEmpty() || clusters.contains(cluster)) {
            return snapshot.view(Collections.singletonList(cluster), healthy);
        }
        return new View(
                Collections.singletonList(cluster), healthy, snapshot, Collections.emptyList());
    }

    @Override
    public Instance weighted() {
        Weights table = weights;
        if (table == null) {
            table = new Weights(instances);
            weights = table;
        }
        return table.draw(ThreadLocalRandom.current().nextDouble());
    }
}
