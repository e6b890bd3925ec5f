package io.nacre.spring.bench;

import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.web.client.RestClient;

/** Calls the service {@code provider} 200 times a second until the input ends, and says how many calls failed. */
final class Calls {
    private static final int PER_SECOND = 200;

    private final RestClient rest;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    Calls(RestClient rest) {
        this.rest = rest;
    }

    void begin() {
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(16);
        clock.scheduleAtFixedRate(
                () -> clock.execute(this::call), 0, 1_000_000 / PER_SECOND, TimeUnit.MICROSECONDS);
        Thread end = new Thread(() -> untilInputEnds(clock), "end");
        end.setDaemon(true);
        end.start();
    }

    private void call() {
        try {
            rest.get().uri("http://provider/hello").retrieve().body(String.class);
            done.incrementAndGet();
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            System.err.println("failed: " + e);
        }
    }

    private void untilInputEnds(ScheduledExecutorService clock) {
        try {
            while (System.in.read() >= 0) {
                // Nothing is said, only the end counts.
            }
            clock.shutdown();
            clock.awaitTermination(30, TimeUnit.SECONDS);
            BenchApplication.say("calls", done.get(), failed.get());
        } catch (IOException | InterruptedException e) {
            BenchApplication.say("calls", "broken", e);
        }
    }
}
