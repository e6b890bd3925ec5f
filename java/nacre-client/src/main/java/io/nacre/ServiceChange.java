package io.nacre;

import java.util.List;

/** What happened to a service since its listener was last called. The first time all instances are new. */
public final class ServiceChange {
    private final ServiceSnapshot snapshot;
    private final List<Instance> instances;
    private final List<Instance> added;
    private final List<Instance> removed;
    private final List<Instance> modified;

    ServiceChange(
            ServiceSnapshot snapshot,
            List<Instance> instances,
            List<Instance> added,
            List<Instance> removed,
            List<Instance> modified) {
        this.snapshot = snapshot;
        this.instances = instances;
        this.added = added;
        this.removed = removed;
        this.modified = modified;
    }

    /**
     * The service.
     *
     * @return its key
     */
    public ServiceKey service() {
        return snapshot.service();
    }

    /**
     * The whole list now, whatever the selector.
     *
     * @return the snapshot
     */
    public ServiceSnapshot snapshot() {
        return snapshot;
    }

    /**
     * Those of the list that the listener's selector accepts.
     *
     * @return an unmodifiable list
     */
    public List<Instance> instances() {
        return instances;
    }

    /**
     * Addresses that were not there before.
     *
     * @return an unmodifiable list
     */
    public List<Instance> added() {
        return added;
    }

    /**
     * Addresses that are gone, as they last were.
     *
     * @return an unmodifiable list
     */
    public List<Instance> removed() {
        return removed;
    }

    /**
     * Addresses that changed in anything else, as they are now.
     *
     * @return an unmodifiable list
     */
    public List<Instance> modified() {
        return modified;
    }

    @Override
    public String toString() {
        return "ServiceChange{" + service() + ", " + instances.size() + " instances, added=" + added + ", removed="
                + removed + ", modified=" + modified + "}";
    }
}
