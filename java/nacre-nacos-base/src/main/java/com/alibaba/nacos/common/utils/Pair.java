package com.alibaba.nacos.common.utils;

/**
 * Two values.
 *
 * @param <A> type of the first
 * @param <B> type of the second
 */
public class Pair<A, B> {
    private final A first;
    private final B second;

    Pair(A first, B second) {
        this.first = first;
        this.second = second;
    }

    /**
     * A pair.
     *
     * @param <A> type of the first
     * @param <B> type of the second
     * @param first the first value
     * @param second the second value
     * @return the pair
     */
    public static <A, B> Pair<A, B> with(A first, B second) {
        return new Pair<>(first, second);
    }

    /**
     * The first value.
     *
     * @return the value
     */
    public A getFirst() {
        return first;
    }

    /**
     * The second value.
     *
     * @return the value
     */
    public B getSecond() {
        return second;
    }
}
