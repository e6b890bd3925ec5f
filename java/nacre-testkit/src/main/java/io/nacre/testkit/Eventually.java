package io.nacre.testkit;

import java.util.concurrent.Callable;

/** Waits for conditions. */
public final class Eventually {
    private static final long LIMIT = 60_000;

    private Eventually() {}

    /**
     * Calls a check again and again until it throws nothing, for a minute.
     *
     * @param check asserts something
     */
    public static void holds(Check check) {
        long deadline = System.nanoTime() + LIMIT * 1_000_000;
        while (true) {
            try {
                check.run();
                return;
            } catch (AssertionError | Exception e) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("not within " + LIMIT + " ms: " + e.getMessage(), e);
                }
                pause();
            }
        }
    }

    /**
     * Waits until a condition is true, for a minute.
     *
     * @param what names the condition
     * @param condition the condition
     */
    public static void is(String what, Callable<Boolean> condition) {
        holds(() -> {
            if (!condition.call()) {
                throw new AssertionError(what);
            }
        });
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Something that may fail. */
    @FunctionalInterface
    public interface Check {
        /**
         * Checks.
         *
         * @throws Exception or an error when it does not hold
         */
        void run() throws Exception;
    }
}
