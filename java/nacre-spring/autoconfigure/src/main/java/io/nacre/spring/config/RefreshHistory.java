package io.nacre.spring.config;

import io.nacre.ConfigKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/** The last changes of configs that reached the application. */
public final class RefreshHistory {
    private static final int SIZE = 20;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long refreshes;
    private long failures;

    /** Without any. */
    RefreshHistory() {}

    /**
     * A refresh.
     *
     * @param time when it ended
     * @param took how long
     * @param configs what had changed on the server
     * @param md5 of each, in the same order; empty for a config that was removed
     * @param keys the properties that changed
     * @param error why it failed, or null
     */
    public record Entry(
            Instant time, Duration took, List<ConfigKey> configs, List<String> md5, Set<String> keys, String error) {}

    synchronized void add(Entry entry) {
        if (entries.size() == SIZE) {
            entries.removeLast();
        }
        entries.addFirst(entry);
        refreshes++;
        if (entry.error() != null) {
            failures++;
        }
    }

    /**
     * The last of them.
     *
     * @return at most 20, the newest first
     */
    public synchronized List<Entry> entries() {
        return new ArrayList<>(entries);
    }

    /**
     * How many there were.
     *
     * @return the count, with those that failed
     */
    public synchronized long refreshes() {
        return refreshes;
    }

    /**
     * How many failed.
     *
     * @return the count
     */
    public synchronized long failures() {
        return failures;
    }
}
