package io.nacre.spring.config;

import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.NacreClient;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;

/**
 * What a client's listeners were told last. A refresh reads it in place of the server, so that it finds the very value
 * that caused it, whichever server would answer.
 */
final class ConfigMemory {
    private static final Map<NacreClient, ConfigMemory> ALL = new WeakHashMap<>();

    private final Map<ConfigKey, Optional<ConfigValue>> values = new HashMap<>();

    private ConfigMemory() {}

    static ConfigMemory of(NacreClient client) {
        synchronized (ALL) {
            return ALL.computeIfAbsent(client, key -> new ConfigMemory());
        }
    }

    synchronized void put(ConfigKey key, Optional<ConfigValue> value) {
        values.put(key, value);
    }

    synchronized void remove(ConfigKey key) {
        values.remove(key);
    }

    /** Null when nobody listens, or nothing was told yet; empty when there is no such config. */
    synchronized Optional<ConfigValue> get(ConfigKey key) {
        return values.get(key);
    }
}
