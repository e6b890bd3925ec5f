package com.alibaba.nacos.common.utils;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/** Thread helpers that applications and frameworks import from the original client. */
public final class ThreadUtils {
    private static final int SHUTDOWN_SECONDS = 3;

    private ThreadUtils() {}

    /**
     * Sleeps; an interruption ends the sleep and is kept.
     *
     * @param millis how long
     */
    public static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Counts a latch down.
     *
     * @param latch the latch
     */
    public static void countDown(CountDownLatch latch) {
        Objects.requireNonNull(latch, "latch").countDown();
    }

    /**
     * Waits for a latch; an interruption ends the wait and is kept.
     *
     * @param latch the latch
     */
    public static void latchAwait(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for a latch; an interruption ends the wait and is kept.
     *
     * @param latch the latch
     * @param time the longest wait
     * @param unit its unit
     */
    public static void latchAwait(CountDownLatch latch, long time, TimeUnit unit) {
        try {
            latch.await(time, unit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * A number of threads for work that hardly waits.
     *
     * @return the smallest power of two that is at least the number of processors
     */
    public static int getSuitableThreadCount() {
        return getSuitableThreadCount(1);
    }

    /**
     * A number of threads for work that waits now and then.
     *
     * @param threadMultiple threads for each processor
     * @return the smallest power of two that is at least so many times the number of processors
     */
    public static int getSuitableThreadCount(int threadMultiple) {
        int wanted = Runtime.getRuntime().availableProcessors() * threadMultiple;
        int count = 1;
        while (count < wanted) {
            count <<= 1;
        }
        return count;
    }

    /**
     * Shuts a pool down and waits up to three seconds for its work.
     *
     * @param executor the pool, may be null
     */
    public static void shutdownThreadPool(ExecutorService executor) {
        shutdownThreadPool(executor, null);
    }

    /**
     * Shuts a pool down and waits up to three seconds for its work, which is then interrupted.
     *
     * @param executor the pool, may be null
     * @param logger where a pool that does not end is told, may be null
     */
    public static void shutdownThreadPool(ExecutorService executor, Logger logger) {
        if (executor == null) {
            return;
        }
        executor.shutdown();
        try {
            if (executor.awaitTermination(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
            if (logger != null) {
                logger.warn("a pool did not end within {} s", SHUTDOWN_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
    }

    /**
     * Runs something when the JVM ends.
     *
     * @param runnable what to run
     */
    public static void addShutdownHook(Runnable runnable) {
        Runtime.getRuntime().addShutdownHook(new Thread(runnable));
    }
}
