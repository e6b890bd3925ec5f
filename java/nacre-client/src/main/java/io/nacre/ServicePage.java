package io.nacre;

import java.util.List;

/** One page of the names of the services of a group. */
public final class ServicePage {
    private final int count;
    private final List<String> names;

    ServicePage(int count, List<String> names) {
        this.count = count;
        this.names = names;
    }

    /**
     * How many services there are on all pages.
     *
     * @return the count
     */
    public int count() {
        return count;
    }

    /**
     * Names without group, in no fixed order.
     *
     * @return an unmodifiable list
     */
    public List<String> names() {
        return names;
    }

    @Override
    public String toString() {
        return "ServicePage{count=" + count + ", names=" + names + "}";
    }
}
