package com.alibaba.nacos.common.utils;

import java.util.Dictionary;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/** Map helpers that applications import from the original client. */
public class MapUtil {
    private MapUtil() {}

    /**
     * Whether a map is null or has no entries.
     *
     * @param map the map
     * @return true when it is
     */
    public static boolean isEmpty(Map<?, ?> map) {
        return map == null || map.isEmpty();
    }

    /**
     * Whether a dictionary is null or has no entries.
     *
     * @param coll the dictionary
     * @return true when it is
     */
    public static boolean isEmpty(Dictionary<?, ?> coll) {
        return coll == null || coll.isEmpty();
    }

    /**
     * Whether a map has an entry.
     *
     * @param map the map
     * @return true when it has
     */
    public static boolean isNotEmpty(Map<?, ?> map) {
        return !isEmpty(map);
    }

    /**
     * Whether a dictionary has an entry.
     *
     * @param coll the dictionary
     * @return true when it has
     */
    public static boolean isNotEmpty(Dictionary<?, ?> coll) {
        return !isEmpty(coll);
    }

    /**
     * Puts an entry unless its key or value is null.
     *
     * @param <K> type of keys
     * @param <V> type of values
     * @param target the map
     * @param key the key
     * @param value the value
     */
    public static <K, V> void putIfValNoNull(Map<K, V> target, K key, V value) {
        Objects.requireNonNull(key, "key");
        if (value != null) {
            target.put(key, value);
        }
    }

    /**
     * Puts an entry unless its value is null or an empty text, collection or map.
     *
     * @param <K> type of keys
     * @param <V> type of values
     * @param target the map
     * @param key the key
     * @param value the value
     */
    public static <K, V> void putIfValNoEmpty(Map<K, V> target, K key, V value) {
        Objects.requireNonNull(key, "key");
        boolean empty = value == null
                || value instanceof String && ((String) value).isEmpty()
                || value instanceof java.util.Collection && ((java.util.Collection<?>) value).isEmpty()
                || value instanceof Map && ((Map<?, ?>) value).isEmpty()
                || value instanceof Dictionary && ((Dictionary<?, ?>) value).isEmpty();
        if (!empty) {
            target.put(key, value);
        }
    }

    /**
     * The value of a key, made when there is none.
     *
     * @param <K> type of keys
     * @param <C> type of the first argument
     * @param <V> type of values
     * @param <T> type of the second argument
     * @param target the map
     * @param key the key
     * @param mappingFunction makes the value
     * @param param1 its first argument
     * @param param2 its second argument
     * @return the value
     */
    public static <K, C, V, T> V computeIfAbsent(
            Map<K, V> target, K key, BiFunction<C, T, V> mappingFunction, C param1, T param2) {
        return target.computeIfAbsent(key, unused -> mappingFunction.apply(param1, param2));
    }

    /**
     * Removes a key whose value passes a test.
     *
     * @param <K> type of keys
     * @param <V> type of values
     * @param map the map
     * @param key the key
     * @param removeJudge the test
     * @return the removed value, null when nothing was removed
     */
    public static <K, V> V removeKey(Map<K, V> map, K key, Predicate<V> removeJudge) {
        Object[] removed = new Object[1];
        map.computeIfPresent(key, (unused, value) -> {
            if (removeJudge.test(value)) {
                removed[0] = value;
                return null;
            }
            return value;
        });
        @SuppressWarnings("unchecked")
        V value = (V) removed[0];
        return value;
    }
}
