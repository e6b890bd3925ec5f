package io.nacre;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/** Which instances are asked for, and where. Immutable: each method gives a copy. */
public final class Query {
    private final ServiceKey service;
    private final List<String> clusters;
    private final boolean direct;

    private Query(ServiceKey service, List<String> clusters, boolean direct) {
        this.service = service;
        this.clusters = clusters;
        this.direct = direct;
    }

    /**
     * All instances of a service, from memory. The first query follows the service from then on.
     *
     * @param service the service
     * @return the query
     */
    public static Query of(ServiceKey service) {
        return new Query(Names.present(service, "service"), Collections.emptyList(), false);
    }

    /**
     * Only instances of these clusters.
     *
     * @param names names, or comma lists of names; none at all means every cluster
     * @return a copy
     */
    public Query clusters(Collection<String> names) {
        return new Query(service, clusterNames(names), direct);
    }

    /**
     * Only instances of these clusters.
     *
     * @param names names, or comma lists of names; none at all means every cluster
     * @return a copy
     */
    public Query clusters(String... names) {
        return clusters(Arrays.asList(Names.present(names, "clusters")));
    }

    /**
     * Asks the server instead of memory, and follows nothing.
     *
     * @return a copy
     */
    public Query direct() {
        return new Query(service, clusters, true);
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
     * The clusters.
     *
     * @return sorted names, empty for every cluster
     */
    public List<String> clusters() {
        return clusters;
    }

    /**
     * Whether the server is asked.
     *
     * @return true if so
     */
    public boolean isDirect() {
        return direct;
    }

    /** Sorted, without duplicates and blanks. */
    static List<String> clusterNames(Collection<String> names) {
        TreeSet<String> sorted = new TreeSet<>();
        for (String list : Names.present(names, "clusters")) {
            for (String name : Names.present(list, "cluster").split(",")) {
                if (!name.trim().isEmpty()) {
                    sorted.add(name.trim());
                }
            }
        }
        sorted.forEach(Names::queriedCluster);
        return sorted.isEmpty() ? Collections.emptyList() : Collections.unmodifiableList(new ArrayList<>(sorted));
    }
}
