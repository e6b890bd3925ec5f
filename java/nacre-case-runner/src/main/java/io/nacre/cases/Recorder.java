package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** What a watch has told so far. */
public final class Recorder {
    private final List<JsonNode> told = new ArrayList<>();
    private AutoCloseable watch;

    /**
     * Tells an event.
     *
     * @param event the event
     */
    public synchronized void tell(JsonNode event) {
        told.add(event);
        notifyAll();
    }

    /**
     * The watch is there.
     *
     * @param opened ends it when it is closed
     */
    public void opened(AutoCloseable opened) {
        watch = opened;
    }

    /** Ends the watch; what it has told can still be looked at. */
    void stop() {
        AutoCloseable ending = watch;
        watch = () -> {};
        try {
            ending.close();
        } catch (Exception e) {
            throw new IllegalStateException("the watch does not end", e);
        }
    }

    /** Answers null, or what is wrong. */
    String expect(JsonNode expected, double slack) throws InterruptedException {
        long limit = (long) (expected.path("within_ms").asLong() * slack);
        if (expected.has("last")) {
            JsonNode last = expected.get("last");
            return until(
                    seen -> seen.isEmpty() ? "no event" : Matcher.complaint(last, seen.get(seen.size() - 1)), limit);
        }
        if (expected.has("eventually")) {
            JsonNode wanted = expected.get("eventually");
            return until(
                    seen -> seen.stream().anyMatch(event -> Matcher.matches(wanted, event))
                            ? null
                            : "no event matches " + Matcher.shown(wanted),
                    limit);
        }
        if (expected.has("order")) {
            return until(seen -> inOrder(expected.get("order"), seen), limit);
        }
        int before = size();
        JsonNode never = expected.get("never");
        String came = until(
                seen -> seen.subList(before, seen.size()).stream().anyMatch(event -> Matcher.matches(never, event))
                        ? null
                        : "nothing",
                expected.get("for_ms").asLong());
        return came == null ? "an event came that must not: " + Matcher.shown(never) : null;
    }

    private synchronized int size() {
        return told.size();
    }

    private synchronized String until(Function<List<JsonNode>, String> look, long limitMillis)
            throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        while (true) {
            String complaint = look.apply(told);
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (complaint == null) {
                return null;
            }
            if (left <= 0) {
                List<String> newest = told.subList(Math.max(0, told.size() - 3), told.size()).stream()
                        .map(Matcher::shown)
                        .toList();
                return complaint + "\n  " + told.size() + " events, the newest: " + newest;
            }
            wait(left);
        }
    }

    /** Each event matches a step at or behind that of the event before, and the newest the last step. */
    private static String inOrder(JsonNode order, List<JsonNode> told) {
        int at = 0;
        for (JsonNode event : told) {
            int found = at;
            while (found < order.size() && !Matcher.matches(order.get(found), event)) {
                found++;
            }
            if (found == order.size()) {
                return "out of order: " + Matcher.shown(event);
            }
            at = found;
        }
        return !told.isEmpty() && at + 1 == order.size() ? null : "only up to number " + at;
    }
}
