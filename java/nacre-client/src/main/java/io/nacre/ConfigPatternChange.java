package io.nacre;

import java.util.List;

/** Configs that came and went since the listener was last called. */
public final class ConfigPatternChange {
    private final List<ConfigKey> configs;
    private final List<ConfigKey> added;
    private final List<ConfigKey> removed;

    ConfigPatternChange(List<ConfigKey> configs, List<ConfigKey> added, List<ConfigKey> removed) {
        this.configs = configs;
        this.added = added;
        this.removed = removed;
    }

    /**
     * All that fit now.
     *
     * @return an unmodifiable list, sorted
     */
    public List<ConfigKey> configs() {
        return configs;
    }

    /**
     * Configs that fit and were not there before.
     *
     * @return an unmodifiable list
     */
    public List<ConfigKey> added() {
        return added;
    }

    /**
     * Configs that are gone.
     *
     * @return an unmodifiable list
     */
    public List<ConfigKey> removed() {
        return removed;
    }

    @Override
    public String toString() {
        return "ConfigPatternChange{" + configs.size() + " configs, added=" + added + ", removed=" + removed + "}";
    }
}
