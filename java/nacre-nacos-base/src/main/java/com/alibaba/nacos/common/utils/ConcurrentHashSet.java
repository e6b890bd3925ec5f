package com.alibaba.nacos.common.utils;

import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A set that several threads may use at once.
 *
 * @param <E> type of the elements, which may not be null
 */
public class ConcurrentHashSet<E> extends AbstractSet<E> {
    private final Set<E> elements = ConcurrentHashMap.newKeySet();

    /** An empty set. */
    public ConcurrentHashSet() {}

    /**
     * A set with these elements.
     *
     * @param elements the elements
     */
    public ConcurrentHashSet(Collection<? extends E> elements) {
        addAll(elements);
    }

    @Override
    public int size() {
        return elements.size();
    }

    @Override
    public boolean contains(Object element) {
        return elements.contains(element);
    }

    @Override
    public Iterator<E> iterator() {
        return elements.iterator();
    }

    @Override
    public boolean add(E element) {
        return elements.add(element);
    }

    @Override
    public boolean remove(Object element) {
        return elements.remove(element);
    }

    @Override
    public void clear() {
        elements.clear();
    }
}
