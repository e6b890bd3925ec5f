package io.nacre;

import java.util.Optional;

/** The newest value of a config, for its listener. */
public final class ConfigEvent {
    private final ConfigKey key;
    private final ConfigValue value;

    ConfigEvent(ConfigKey key, ConfigValue value) {
        this.key = key;
        this.value = value;
    }

    /**
     * The config.
     *
     * @return its key
     */
    public ConfigKey key() {
        return key;
    }

    /**
     * The value.
     *
     * @return empty when there is no such config
     */
    public Optional<ConfigValue> value() {
        return Optional.ofNullable(value);
    }

    @Override
    public String toString() {
        return "ConfigEvent{" + key + ", " + value + "}";
    }
}
