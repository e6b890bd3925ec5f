package io.nacre;

import java.util.Optional;

/** The value of a config and the subscription that goes on from there. */
public final class ConfigReading {
    private final ConfigValue value;
    private final ConfigSubscription subscription;

    ConfigReading(ConfigValue value, ConfigSubscription subscription) {
        this.value = value;
        this.subscription = subscription;
    }

    /**
     * The value that was read.
     *
     * @return empty when there is no such config
     */
    public Optional<ConfigValue> value() {
        return Optional.ofNullable(value);
    }

    /**
     * Is told the first value that differs from it.
     *
     * @return closes it
     */
    public ConfigSubscription subscription() {
        return subscription;
    }
}
