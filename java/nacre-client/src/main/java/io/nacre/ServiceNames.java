package io.nacre;

import java.util.List;

/** The names of the services of a group at one moment. */
public final class ServiceNames {
    private final String group;
    private final long revision;
    private final List<String> names;

    ServiceNames(String group, long revision, List<String> names) {
        this.group = group;
        this.revision = revision;
        this.names = names;
    }

    /**
     * The group.
     *
     * @return its name
     */
    public String group() {
        return group;
    }

    /**
     * Rises with each change that was seen.
     *
     * @return the revision, from 1
     */
    public long revision() {
        return revision;
    }

    /**
     * Names without group, sorted.
     *
     * @return an unmodifiable list
     */
    public List<String> names() {
        return names;
    }

    @Override
    public String toString() {
        return "ServiceNames{" + group + ", names=" + names + "}";
    }
}
