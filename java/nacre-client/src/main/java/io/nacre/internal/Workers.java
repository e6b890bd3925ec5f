package io.nacre.internal;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * A pool of daemon threads that begins with one, grows while its tasks block, and ends when idle. Tasks begin in their
 * order.
 */
final class Workers implements Executor {
    /** A task that takes longer while others wait counts as one that blocks. */
    private static final long PATIENCE_NANOS = 5_000_000;

    private final String name;
    private final int most;
    private final long idleMillis;
    private final Object lock = new Object();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private int threads;
    private int idle;
    private int number;
    /** When the last task was begun. */
    private long progress;

    Workers(String name, int most, long idleMillis) {
        this.name = name;
        this.most = most;
        this.idleMillis = idleMillis;
    }

    @Override
    public void execute(Runnable task) {
        if (task == null) {
            throw new NullPointerException("task");
        }
        synchronized (lock) {
            tasks.add(task);
            if (idle > 0) {
                lock.notify();
            } else {
                growIfNeeded();
            }
        }
    }

    /** Looks whether tasks wait because others block. */
    void tick() {
        synchronized (lock) {
            if (idle == 0 && !tasks.isEmpty()) {
                growIfNeeded();
            }
        }
    }

    /** Whether tasks wait for a thread. */
    boolean isBusy() {
        synchronized (lock) {
            return !tasks.isEmpty();
        }
    }

    int threads() {
        synchronized (lock) {
            return threads;
        }
    }

    private void growIfNeeded() {
        boolean stuck = System.nanoTime() - progress > PATIENCE_NANOS;
        if (threads == 0 || threads < most && stuck) {
            Thread thread = new Thread(this::work, name + "-" + ++number);
            thread.setDaemon(true);
            thread.setContextClassLoader(Workers.class.getClassLoader());
            threads++;
            progress = System.nanoTime();
            boolean started = false;
            try {
                thread.start();
                started = true;
            } finally {
                if (!started) {
                    threads--;
                }
            }
        }
    }

    private void work() {
        for (Runnable task = next(); task != null; task = next()) {
            try {
                task.run();
            } catch (RuntimeException | Error failure) {
                Logs.error("a task of a listener failed", failure);
            }
        }
    }

    /** Waits for a task; null when this thread has to end. */
    private Runnable next() {
        synchronized (lock) {
            long deadline = System.nanoTime() + idleMillis * 1_000_000;
            while (tasks.isEmpty()) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    threads--;
                    return null;
                }
                idle++;
                try {
                    lock.wait(left);
                } catch (InterruptedException ignored) {
                    // Nobody but a task's own code interrupts this thread, and that task is over.
                } finally {
                    idle--;
                }
            }
            progress = System.nanoTime();
            return tasks.poll();
        }
    }
}
