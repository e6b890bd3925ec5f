package io.nacre.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** One measurement in a JVM of its own: side, what, server. Prints lines of a name and a number. */
final class Measure {
    private static final int IN_FLIGHT = 256;
    private static final long SECONDS = Long.getLong("bench.seconds", 5);

    private final Side side;
    private final String server;

    private Measure(Side side, String server) {
        this.side = side;
        this.server = server;
    }

    public static void main(String[] args) throws Exception {
        Measure measure = new Measure(Side.of(args[0]), args[2]);
        switch (args[1]) {
            case "start" -> measure.start();
            case "calls" -> measure.calls();
            case "select" -> measure.select();
            case "threads" -> measure.threads();
            case "memory" -> measure.memory();
            case "changes" -> measure.changes();
            case "outage" -> measure.outage();
            default -> throw new IllegalArgumentException(args[1]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void print(String name, double value) {
        System.out.println("= " + name + " " + String.format(Locale.ROOT, "%.3f", value));
    }

    private void start() throws Exception {
        long begun = System.nanoTime();
        side.open(server);
        side.get("bench");
        print("start ms", (System.nanoTime() - begun) / 1e6);
    }

    private void calls() throws Exception {
        side.open(server);
        for (int i = 0; i < 2_000; i++) {
            side.get("bench");
            side.query("bench-100");
        }
        long[] took = new long[5_000];
        for (int i = 0; i < took.length; i++) {
            long begun = System.nanoTime();
            side.get("bench");
            took[i] = System.nanoTime() - begun;
        }
        Arrays.sort(took);
        print("round trip p50 us", took[took.length / 2] / 1e3);
        print("round trip p99 us", took[took.length / 100 * 99] / 1e3);
        inFlight("get config", () -> side.get("bench"), () -> side.getAsync("bench"));
        inFlight("query", () -> side.query("bench-10"), () -> side.queryAsync("bench-10"));
    }

    private static void inFlight(String name, Callable<?> blocking, Supplier<CompletableFuture<?>> async)
            throws Exception {
        run(blocking, async, 1);
        double before = Process.cpuMicros();
        long begun = System.nanoTime();
        long calls = run(blocking, async, SECONDS);
        double seconds = (System.nanoTime() - begun) / 1e9;
        print(name + " per s", calls / seconds);
        print(name + " cpu us", (Process.cpuMicros() - before) / calls);
    }

    private static long run(Callable<?> blocking, Supplier<CompletableFuture<?>> async, long seconds)
            throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        LongAdder calls = new LongAdder();
        AtomicInteger failures = new AtomicInteger();
        CompletableFuture<?> probe = async.get();
        if (probe != null) {
            probe.get();
            Semaphore free = new Semaphore(IN_FLIGHT);
            while (System.nanoTime() < end) {
                free.acquire();
                async.get().whenComplete((value, failure) -> {
                    free.release();
                    calls.increment();
                    if (failure != null) {
                        failures.incrementAndGet();
                    }
                });
            }
            free.acquire(IN_FLIGHT);
        } else {
            CountDownLatch done = new CountDownLatch(IN_FLIGHT);
            for (int i = 0; i < IN_FLIGHT; i++) {
                Thread thread = new Thread(() -> {
                    while (System.nanoTime() < end) {
                        try {
                            blocking.call();
                        } catch (Exception e) {
                            failures.incrementAndGet();
                        }
                        calls.increment();
                    }
                    done.countDown();
                });
                thread.setDaemon(true);
                thread.start();
            }
            done.await();
        }
        if (failures.get() > 0) {
            throw new IllegalStateException(failures + " of " + calls + " calls failed");
        }
        return calls.sum();
    }

    private void select() throws Exception {
        side.open(server);
        CountDownLatch known = new CountDownLatch(1);
        side.subscribe("bench-100", count -> {
            if (count == 100) {
                known.countDown();
            }
        });
        if (!known.await(20, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no list");
        }
        double best = 0;
        for (int round = 0; round < 5; round++) {
            long begun = System.nanoTime();
            int calls = 0;
            int length = 0;
            while (System.nanoTime() - begun < 1_000_000_000L) {
                for (int i = 0; i < 1_000; i++) {
                    length += side.selectOne("bench-100").length();
                }
                calls += 1_000;
            }
            best = Math.max(best, calls / ((System.nanoTime() - begun) / 1e9));
            if (length == 0) {
                throw new IllegalStateException();
            }
        }
        print("select one per s", best);
    }

    private void threads() throws Exception {
        Set<String> before = Process.threads();
        side.open(server);
        side.publish("bench-threads", "x");
        side.get("bench-threads");
        side.listen("bench-threads", content -> {});
        side.subscribe("bench-10", count -> {});
        side.selectOne("bench-10");
        Thread.sleep(15_000);
        Set<String> after = Process.threads();
        after.removeAll(before);
        // Threads of the JVM itself, which come with any program that runs for a while.
        after.removeIf(name -> name.matches(
                "\\d+ (C[12] CompilerThre|G1 .*|GC Thread.*|VM .*|Common-Cleaner|Attach Listener|Signal Dispatch.*)"));
        after.forEach(name -> System.out.println("  thread " + name));
        print("threads", after.size());
    }

    private void memory() throws Exception {
        long heap = Process.heapKilobytes();
        long resident = Process.residentKilobytes();
        side.open(server);
        CountDownLatch known = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) {
            Set<Integer> told = java.util.concurrent.ConcurrentHashMap.newKeySet();
            side.subscribe("bench-m" + i, count -> {
                if (count == 10 && told.add(count)) {
                    known.countDown();
                }
            });
        }
        if (!known.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException(known.getCount() + " lists did not come");
        }
        Thread.sleep(3_000);
        heap = Process.heapKilobytes() - heap;
        // The heap was touched at the start, so what is resident more is outside of it.
        resident = Process.residentKilobytes() - resident;
        print("heap KB", heap);
        print("native KB", resident);
        print("heap + native KB", heap + resident);
    }

    private void changes() throws Exception {
        side.open(server);
        Side writer = Side.of("nacre");
        writer.open(server);
        String dataId = "bench-changes-" + System.nanoTime();
        LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();
        writer.publish(dataId, "first");
        side.listen(dataId, told::add);
        side.listen(dataId + "-other", content -> {});
        Thread.sleep(1_000);
        told.clear();
        int rounds = 300;
        long[] took = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            String content = "value " + i;
            long begun = System.nanoTime();
            writer.publish(dataId, content);
            String seen = told.poll(20, TimeUnit.SECONDS);
            took[i] = System.nanoTime() - begun;
            if (!content.equals(seen)) {
                throw new IllegalStateException("told " + seen + ", not " + content);
            }
        }
        Arrays.sort(took);
        print("change to listener p50 ms", took[rounds / 2] / 1e6);
        print("change to listener p99 ms", took[rounds * 99 / 100] / 1e6);
    }

    /** Registers and listens, and then goes on until it is killed. */
    private void outage() throws Exception {
        side.open(server);
        side.register("bench-outage", 1);
        side.listen("bench-outage", content -> {
            System.out.println("told " + content);
            System.out.flush();
        });
        System.out.println("registered");
        System.out.flush();
        Thread.sleep(120_000);
    }
}
