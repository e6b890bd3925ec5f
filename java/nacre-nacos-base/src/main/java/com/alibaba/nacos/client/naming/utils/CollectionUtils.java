package com.alibaba.nacos.client.naming.utils;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Collection helpers that frameworks call; kept for them. */
public class CollectionUtils {
    /** Makes a useless instance; the original allows it. */
    public CollectionUtils() {}

    /**
     * The elements of {@code a} without those of {@code b}; each element of {@code b} takes away one.
     *
     * @param <T> type of the elements
     * @param a the elements
     * @param b what to take away
     * @return a new collection
     */
    public static <T> Collection<T> subtract(Collection<? extends T> a, Collection<?> b) {
        ArrayList<T> rest = new ArrayList<>(a);
        for (Object element : b) {
            rest.remove(element);
        }
        return rest;
    }

    /**
     * How often each element occurs.
     *
     * @param <T> type of the elements
     * @param coll the elements
     * @return element to count
     */
    public static <T> Map<T, Integer> getCardinalityMap(Collection<? extends T> coll) {
        Map<T, Integer> counts = new HashMap<>();
        for (T element : coll) {
            counts.merge(element, 1, Integer::sum);
        }
        return counts;
    }

    /**
     * Whether two collections hold the same elements equally often, in any order.
     *
     * @param a one collection
     * @param b another
     * @return true when they are equal
     */
    public static boolean isEqualCollection(Collection<?> a, Collection<?> b) {
        return a.size() == b.size() && getCardinalityMap(a).equals(getCardinalityMap(b));
    }

    /**
     * Whether a collection is null or has no elements.
     *
     * @param coll the collection
     * @return true when there is nothing in it
     */
    public static boolean isEmpty(Collection<?> coll) {
        return coll == null || coll.isEmpty();
    }
}
