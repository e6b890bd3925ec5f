package io.nacre;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Runs things a while later, on a daemon thread that is there only while something waits. */
final class Retries {
    private static final long FIRST = 1_000;
    private static final long LONGEST = 5_000;
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private Retries() {}

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "nacre-retry");
            thread.setDaemon(true);
            return thread;
        });
        timer.setKeepAliveTime(LONGEST, TimeUnit.MILLISECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }

    /** Runs a task 1 s after the first failure, later with each one up to 5 s. */
    static void after(int failures, Runnable task) {
        TIMER.schedule(task, Math.min(LONGEST, FIRST * failures), TimeUnit.MILLISECONDS);
    }
}
