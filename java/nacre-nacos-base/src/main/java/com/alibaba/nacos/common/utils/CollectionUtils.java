package com.alibaba.nacos.common.utils;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Collection helpers that applications and frameworks import from the original client. */
public final class CollectionUtils {
    private CollectionUtils() {}

    /**
     * The element at a place of a list, array, collection, iterator, enumeration or map (its entries).
     *
     * @param object where to look
     * @param index the place, from 0
     * @return the element
     * @throws IndexOutOfBoundsException when there is no such place
     * @throws IllegalArgumentException when the object is of another type
     */
    public static Object get(Object object, int index) {
        if (index < 0) {
            throw new IndexOutOfBoundsException("Index cannot be negative: " + index);
        }
        if (object instanceof List) {
            return ((List<?>) object).get(index);
        }
        if (object instanceof Object[]) {
            return ((Object[]) object)[index];
        }
        if (object != null && object.getClass().isArray()) {
            return Array.get(object, index);
        }
        Iterator<?> elements = iterator(object);
        for (int i = 0; elements.hasNext(); i++) {
            Object element = elements.next();
            if (i == index) {
                return element;
            }
        }
        throw new IndexOutOfBoundsException("Entry does not exist: " + index);
    }

    private static Iterator<?> iterator(Object object) {
        if (object instanceof Map) {
            return ((Map<?, ?>) object).entrySet().iterator();
        }
        if (object instanceof Iterable) {
            return ((Iterable<?>) object).iterator();
        }
        if (object instanceof Iterator) {
            return (Iterator<?>) object;
        }
        if (object instanceof Enumeration) {
            return Collections.list((Enumeration<?>) object).iterator();
        }
        throw new IllegalArgumentException("Unsupported object type: "
                + (object == null ? "null" : object.getClass().getName()));
    }

    /**
     * How many elements a list, array, collection, iterator, enumeration or map has.
     *
     * @param object what to count
     * @return the number, 0 for null
     * @throws IllegalArgumentException when the object is of another type
     */
    public static int size(Object object) {
        if (object == null) {
            return 0;
        }
        if (object instanceof Collection) {
            return ((Collection<?>) object).size();
        }
        if (object instanceof Map) {
            return ((Map<?, ?>) object).size();
        }
        if (object.getClass().isArray()) {
            return Array.getLength(object);
        }
        int size = 0;
        for (Iterator<?> elements = iterator(object); elements.hasNext(); elements.next()) {
            size++;
        }
        return size;
    }

    /**
     * Whether a list, array, collection, iterator, enumeration or map is null or has no elements.
     *
     * @param object where to look
     * @return true when it is
     * @throws IllegalArgumentException when the object is of another type
     */
    public static boolean sizeIsEmpty(Object object) {
        if (object instanceof Iterator) {
            return !((Iterator<?>) object).hasNext();
        }
        if (object instanceof Enumeration) {
            return !((Enumeration<?>) object).hasMoreElements();
        }
        return size(object) == 0;
    }

    /**
     * Whether a collection holds an element.
     *
     * @param <T> type of the elements
     * @param coll a collection, may be null
     * @param target the element
     * @return true when it does
     */
    public static <T> boolean contains(Collection<T> coll, T target) {
        return coll != null && coll.contains(target);
    }

    /**
     * Whether a collection is null or has no elements.
     *
     * @param coll a collection, may be null
     * @return true when it is
     */
    public static boolean isEmpty(Collection<?> coll) {
        return coll == null || coll.isEmpty();
    }

    /**
     * Whether a collection has an element.
     *
     * @param coll a collection, may be null
     * @return true when it has
     */
    public static boolean isNotEmpty(Collection<?> coll) {
        return !isEmpty(coll);
    }

    /**
     * The element at a place, or another value where there is none.
     *
     * @param <T> type of the value
     * @param object where to look
     * @param index the place, from 0
     * @param defaultValue the other value
     * @return the element or the other value
     */
    @SuppressWarnings("unchecked")
    public static <T> T getOrDefault(Object object, int index, T defaultValue) {
        try {
            return (T) get(object, index);
        } catch (IndexOutOfBoundsException e) {
            return defaultValue;
        }
    }

    /**
     * A new list.
     *
     * @param <T> type of the elements
     * @param elements its elements
     * @return the list
     */
    @SafeVarargs
    public static <T> List<T> list(T... elements) {
        Objects.requireNonNull(elements, "Expected an array of elements (or empty array) but received a null.");
        List<T> list = new ArrayList<>(elements.length);
        for (T element : elements) {
            list.add(element);
        }
        return list;
    }

    /**
     * A new set.
     *
     * @param <T> type of the elements
     * @param elements its elements
     * @return the set
     */
    @SafeVarargs
    public static <T> Set<T> set(T... elements) {
        Objects.requireNonNull(elements, "Expected an array of elements (or empty array) but received a null.");
        Set<T> set = new HashSet<>();
        for (T element : elements) {
            set.add(element);
        }
        return set;
    }

    /**
     * The only element.
     *
     * @param <T> type of the element
     * @param iterable what holds it
     * @return the element
     * @throws IllegalArgumentException when there is more than one
     * @throws java.util.NoSuchElementException when there is none
     */
    public static <T> T getOnlyElement(Iterable<T> iterable) {
        if (iterable == null) {
            throw new IllegalArgumentException("iterable cannot be null.");
        }
        Iterator<T> elements = iterable.iterator();
        T first = elements.next();
        if (elements.hasNext()) {
            throw new IllegalArgumentException("expected one element but was: " + iterable);
        }
        return first;
    }

    /**
     * Whether two lists hold the same texts, in any order.
     *
     * @param firstList a list
     * @param secondList another
     * @return true when they do
     */
    public static boolean isListEqual(List<String> firstList, List<String> secondList) {
        if (firstList == null || secondList == null) {
            return firstList == secondList;
        }
        return firstList.size() == secondList.size()
                && firstList.containsAll(secondList)
                && secondList.containsAll(firstList);
    }

    /**
     * Whether a map is null or has no entries.
     *
     * @param map the map
     * @return true when it is
     */
    public static boolean isMapEmpty(Map<?, ?> map) {
        return map == null || map.isEmpty();
    }

    /**
     * How often each element occurs.
     *
     * @param <T> type of the elements
     * @param coll the elements
     * @return element to count
     */
    public static <T> Map<T, Integer> getCardinalityMap(Collection<? extends T> coll) {
        return com.alibaba.nacos.client.naming.utils.CollectionUtils.getCardinalityMap(coll);
    }

    /**
     * Whether two collections hold the same elements equally often, in any order.
     *
     * @param a one collection
     * @param b another
     * @return true when they are equal
     */
    public static boolean isEqualCollection(Collection<?> a, Collection<?> b) {
        return com.alibaba.nacos.client.naming.utils.CollectionUtils.isEqualCollection(a, b);
    }
}
