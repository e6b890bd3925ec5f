package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Waiting on a condition with a deadline. */
final class Wait {
    /** Long enough for a 1.x client, which polls every 10 s, and for a reconnect with its back-off. */
    static final Duration DEADLINE = Duration.ofSeconds(40);

    private static final long PAUSE_MS = 20;

    private Wait() {}

    /** Waits until the call returns the expected value; an exception counts as "not yet". */
    static <T> void until(T expected, Callable<T> actual) throws Exception {
        long end = System.nanoTime() + DEADLINE.toNanos();
        Object last;
        do {
            try {
                last = actual.call();
            } catch (Exception error) {
                last = error;
            }
            if (Objects.equals(expected, last)) {
                return;
            }
            Thread.sleep(PAUSE_MS);
        } while (System.nanoTime() < end);
        assertEquals(expected, last, "still so after " + DEADLINE.toSeconds() + " s");
    }
}
