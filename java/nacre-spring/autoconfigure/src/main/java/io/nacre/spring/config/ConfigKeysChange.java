package io.nacre.spring.config;

import io.nacre.ConfigKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Properties of a config that have changed.
 *
 * @param config the config
 * @param items by name
 */
public record ConfigKeysChange(ConfigKey config, Map<String, Item> items) {
    /** What happened to a property. */
    public enum Type {
        /** It is new. */
        ADDED,
        /** It has another value. */
        MODIFIED,
        /** It is gone. */
        DELETED
    }

    /**
     * A property that has changed.
     *
     * @param key its name
     * @param oldValue what it was, null when it is new
     * @param newValue what it is, null when it is gone
     * @param type what happened
     */
    public record Item(String key, String oldValue, String newValue, Type type) {}

    static ConfigKeysChange between(
            ConfigKey config, Map<String, String> before, Map<String, String> after, Predicate<String> concerned) {
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        Map<String, Item> items = new LinkedHashMap<>();
        for (String key : keys) {
            String one = before.get(key);
            String other = after.get(key);
            if (concerned.test(key) && !Objects.equals(one, other)) {
                Type type = one == null ? Type.ADDED : other == null ? Type.DELETED : Type.MODIFIED;
                items.put(key, new Item(key, one, other, type));
            }
        }
        return new ConfigKeysChange(config, items);
    }
}
