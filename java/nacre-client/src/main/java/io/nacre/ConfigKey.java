package io.nacre;

import java.util.Objects;

/** A config within the client's namespace. A value of this class is legal. */
public final class ConfigKey implements Comparable<ConfigKey> {
    private final String group;
    private final String dataId;

    private ConfigKey(String group, String dataId) {
        this.group = group;
        this.dataId = dataId;
    }

    /**
     * A config of the group {@code DEFAULT_GROUP}.
     *
     * @param dataId at most 256 of {@code A-Z a-z 0-9 _ : . -}
     * @return the key
     * @throws IllegalArgumentException when the data id is not legal
     */
    public static ConfigKey of(String dataId) {
        return of("", dataId);
    }

    /**
     * A config of a group.
     *
     * @param group at most 128 of {@code A-Z a-z 0-9 _ : . -}; blank is {@code DEFAULT_GROUP}
     * @param dataId at most 256 of the same
     * @return the key
     * @throws IllegalArgumentException when one of them is not legal
     */
    public static ConfigKey of(String group, String dataId) {
        return new ConfigKey(Names.group(group), Names.dataId(dataId));
    }

    /** A key that the engine gave, which checked it. */
    static ConfigKey trusted(String group, String dataId) {
        return new ConfigKey(group, dataId);
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
     * The data id.
     *
     * @return the data id
     */
    public String dataId() {
        return dataId;
    }

    @Override
    public int compareTo(ConfigKey other) {
        int byGroup = group.compareTo(other.group);
        return byGroup != 0 ? byGroup : dataId.compareTo(other.dataId);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConfigKey
                && ((ConfigKey) other).group.equals(group)
                && ((ConfigKey) other).dataId.equals(dataId);
    }

    @Override
    public int hashCode() {
        return Objects.hash(group, dataId);
    }

    @Override
    public String toString() {
        return group + "/" + dataId;
    }
}
