package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.spring.client.ConnectionSettings;
import java.time.Instant;

/**
 * A config as it is in the environment.
 *
 * @param settings the connection, with the namespace
 * @param key the config
 * @param extension its format
 * @param refresh whether it is followed
 * @param md5 of the text as the server has it; empty when there is no such config
 * @param origin where the text came from; null when there is no such config
 * @param modified when it was changed on the server; null when there is no such config
 * @param loaded when it was read
 */
public record ConfigSource(
        ConnectionSettings settings,
        ConfigKey key,
        String extension,
        boolean refresh,
        String md5,
        ConfigValue.Source origin,
        Instant modified,
        Instant loaded) {

    /** {@code value} is null when there is no such config. */
    static ConfigSource of(ConfigSpec spec, ConfigValue value) {
        return new ConfigSource(
                spec.settings(),
                spec.key(),
                spec.extension(),
                spec.refresh(),
                value == null ? "" : value.md5(),
                value == null ? null : value.source(),
                value == null || value.lastModified() <= 0 ? null : Instant.ofEpochMilli(value.lastModified()),
                Instant.now());
    }

    /**
     * The namespace.
     *
     * @return its id, {@code public} for the default one
     */
    public String namespace() {
        return settings.namespace().isEmpty() ? "public" : settings.namespace();
    }

    /** The config of this source, whatever its value. */
    ConfigSpec spec() {
        return new ConfigSpec(settings, key, extension, refresh);
    }
}
