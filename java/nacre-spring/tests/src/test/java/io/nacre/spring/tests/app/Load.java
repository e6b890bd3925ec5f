package io.nacre.spring.tests.app;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Calls something again and again, until it is closed, and keeps what failed. */
public final class Load implements AutoCloseable {
    private final AtomicBoolean goesOn = new AtomicBoolean(true);
    private final AtomicLong done = new AtomicLong();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final ExecutorService threads;
    private final List<Future<?>> running = new CopyOnWriteArrayList<>();

    private Load(int threads, Callable<?> call) {
        this.threads = Executors.newFixedThreadPool(threads);
        for (int i = 0; i < threads; i++) {
            running.add(this.threads.submit(() -> repeat(call)));
        }
    }

    /**
     * Begins.
     *
     * @param threads how many call
     * @param call what they call
     * @return the load
     */
    public static Load of(int threads, Callable<?> call) {
        return new Load(threads, call);
    }

    private void repeat(Callable<?> call) {
        while (goesOn.get()) {
            try {
                call.call();
                done.incrementAndGet();
                Thread.sleep(5);
            } catch (InterruptedException e) {
                return;
            } catch (Exception | Error e) {
                failures.add(e);
            }
        }
    }

    /**
     * How many calls have succeeded.
     *
     * @return the number
     */
    public long done() {
        return done.get();
    }

    /**
     * Ends it, and says what failed.
     *
     * @return the failures
     */
    public List<Throwable> end() {
        goesOn.set(false);
        for (Future<?> one : running) {
            try {
                one.get();
            } catch (Exception e) {
                failures.add(e);
            }
        }
        return failures;
    }

    @Override
    public void close() {
        goesOn.set(false);
        threads.shutdownNow();
    }
}
