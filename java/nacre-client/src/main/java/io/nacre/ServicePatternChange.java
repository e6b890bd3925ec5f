package io.nacre;

import java.util.List;

/** Services that came and went since the listener was last called. */
public final class ServicePatternChange {
    private final List<ServiceKey> added;
    private final List<ServiceKey> removed;

    ServicePatternChange(List<ServiceKey> added, List<ServiceKey> removed) {
        this.added = added;
        this.removed = removed;
    }

    /**
     * Services that fit and were not there before.
     *
     * @return an unmodifiable list
     */
    public List<ServiceKey> added() {
        return added;
    }

    /**
     * Services that are gone.
     *
     * @return an unmodifiable list
     */
    public List<ServiceKey> removed() {
        return removed;
    }

    @Override
    public String toString() {
        return "ServicePatternChange{added=" + added + ", removed=" + removed + "}";
    }
}
