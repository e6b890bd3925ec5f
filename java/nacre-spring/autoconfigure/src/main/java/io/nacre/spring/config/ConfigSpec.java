package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.spring.client.ConnectionSettings;

/**
 * A config to read, and how.
 *
 * @param settings the connection, with the namespace
 * @param key the config
 * @param extension its format
 * @param refresh whether it is followed
 */
record ConfigSpec(ConnectionSettings settings, ConfigKey key, String extension, boolean refresh) {
    /** Name of its property source. */
    String name() {
        String namespace = settings.namespace().isEmpty() ? "" : settings.namespace() + "/";
        return "nacos:" + namespace + key;
    }
}
