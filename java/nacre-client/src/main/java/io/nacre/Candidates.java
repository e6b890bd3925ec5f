package io.nacre;

import java.util.List;

/** What a {@link Balancer} chooses from: the healthy instances of a service that take traffic. */
public interface Candidates {
    /**
     * The service.
     *
     * @return its key
     */
    ServiceKey service();

    /**
     * The instances.
     *
     * @return an unmodifiable list, empty if there are none
     */
    List<Instance> instances();

    /**
     * Those of one cluster.
     *
     * @param cluster its name
     * @return some of these candidates
     */
    Candidates of(String cluster);

    /**
     * Draws an instance with a probability in proportion to its weight. The table for that is made once per list.
     *
     * @return an instance, or null when there is none
     */
    Instance weighted();
}
