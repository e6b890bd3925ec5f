package io.nacre.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ErrorKind;
import io.nacre.NacreException;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.lang.reflect.Field;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class NativeClientTest {
    private static final int PANIC = 127;

    @Test
    void closingFailsWhatWaitsAndLaterCalls() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            NativeClient client = NativeClient.open(Fixture.options(server));
            List<CompletableFuture<Object>> waiting = new ArrayList<>();
            for (int number = 0; number < 50; number++) {
                waiting.add(client.submit(Op.READY, Fixture.ready(), 0, reader -> null));
            }
            CompletableFuture<Void> closed = client.close();
            assertSame(closed, client.close(), "closed twice");
            closed.get(20, TimeUnit.SECONDS);
            for (CompletableFuture<Object> one : waiting) {
                ExecutionException failure =
                        assertThrows(ExecutionException.class, () -> one.get(20, TimeUnit.SECONDS));
                NacreException cause = assertInstanceOf(NacreException.class, failure.getCause());
                assertEquals(ErrorKind.CLOSED, cause.kind());
            }
            assertTrue(client.isClosed());
            NacreException late =
                    Fixture.failure(() -> client.await(Op.READY, Fixture.ready(), 0, reader -> null));
            assertEquals(ErrorKind.CLOSED, late.kind());
            assertEquals(
                    ErrorKind.CLOSED, Fixture.failure(() -> client.call(Op.STATUS, new byte[0])).kind());
            assertEquals(
                    ErrorKind.CLOSED,
                    Fixture.failure(() -> client.subscribe(Op.EVENTS, new byte[0], event -> {}))
                            .kind());
        }
    }

    @Test
    void theThreadsEndWithTheLastClient() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            Eventually.is("nothing of other tests", () -> nativeThreads() == 0);
            NativeClient first = NativeClient.open(Fixture.options(server));
            NativeClient second = NativeClient.open(Fixture.options(server));
            assertSame(first.engine(), second.engine());
            assertEquals(1, Fixture.threads("nacre-pump"));
            assertEquals(2, nativeThreads());
            Fixture.close(first);
            assertEquals(1, Fixture.threads("nacre-pump"), "the other one goes on");
            Fixture.close(second);
            Eventually.is("no pump", () -> Fixture.threads("nacre-pump") == 0);
            Eventually.is("no worker", () -> nativeThreads() == 0);
            NativeClient third = NativeClient.open(Fixture.options(server));
            assertNotNull(third.call(Op.STATUS, new byte[0]), "it begins anew");
            Fixture.close(third);
        }
    }

    @Test
    void closingWorksOnTheOnlyThreadOfAnExecutor() throws Exception {
        java.util.concurrent.ExecutorService only = java.util.concurrent.Executors.newSingleThreadExecutor();
        try (ServerSocket server = Fixture.silentServer()) {
            for (java.util.concurrent.Executor executor : java.util.Arrays.asList(only, NativeClient.workers())) {
                NativeClient client = NativeClient.open(Fixture.options(server));
                client.setExecutor(executor);
                CompletableFuture<Object> closed = new CompletableFuture<>();
                executor.execute(() -> {
                    try {
                        Fixture.close(client);
                        closed.complete(null);
                    } catch (Exception failure) {
                        closed.completeExceptionally(failure);
                    }
                });
                closed.get(30, TimeUnit.SECONDS);
            }
        } finally {
            only.shutdown();
        }
    }

    @Test
    void cancellingReachesTheEngine() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            NativeClient client = NativeClient.open(Fixture.options(server));
            CompletableFuture<Object> call = client.submit(Op.READY, Fixture.ready(), 0, reader -> null);
            assertEquals(1, client.engine().counts()[2]);
            assertTrue(call.cancel(true));
            assertEquals(0, client.engine().counts()[2]);
            Thread waiting = new Thread(() -> assertThrows(
                    InterruptedException.class,
                    () -> client.await(Op.READY, Fixture.ready(), 0, reader -> null)));
            waiting.start();
            Eventually.is("a call", () -> client.engine().counts()[2] == 1);
            waiting.interrupt();
            Eventually.is("no call", () -> client.engine().counts()[2] == 0);
            waiting.join(20_000);
            Fixture.close(client);
        }
    }

    @Test
    void aPanicIsAnErrorAndTheClientGoesOn() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            NativeClient client = NativeClient.open(Fixture.options(server));
            NacreException defect =
                    Fixture.failure(() -> client.await(PANIC, new byte[0], 0, reader -> null));
            assertEquals(ErrorKind.INTERNAL, defect.kind());
            assertTrue(defect.reason().contains("asked for by a test"), defect.reason());
            assertNotNull(client.call(Op.STATUS, new byte[0]));
            Fixture.close(client);
        }
    }

    @Test
    void requestsThatAreNoneAreErrors() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            assertEquals(
                    ErrorKind.INTERNAL,
                    Fixture.failure(() -> NativeClient.open(new byte[] {99})).kind());
            NativeClient client = NativeClient.open(Fixture.options(server));
            byte[] bad = {1, 2, 3};
            for (int op : new int[] {Op.REGISTER, Op.GET, Op.INSTANCES, Op.ESTABLISHED, Op.ACQUIRE, 9_999}) {
                NacreException failure = Fixture.failure(() -> client.await(op, bad, 5_000, reader -> null));
                assertEquals(ErrorKind.INTERNAL, failure.kind(), "operation " + op);
            }
            assertEquals(
                    ErrorKind.INTERNAL,
                    Fixture.failure(() -> client.subscribe(Op.WATCH, bad, event -> {})).kind());
            Fixture.close(client);
        }
    }

    @Test
    void bothSidesKnowTheSameOperations() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            NativeClient client = NativeClient.open(Fixture.options(server));
            for (Field field : Op.class.getDeclaredFields()) {
                int op = field.getInt(null);
                if (op == Op.CLOSE) {
                    continue;
                }
                CompletableFuture<Object> call = client.submit(op, new byte[0], 200, reader -> null);
                try {
                    call.get(20, TimeUnit.SECONDS);
                } catch (ExecutionException failure) {
                    String text = failure.getCause().getMessage();
                    assertFalse(text.contains("no operation"), field.getName() + ": " + text);
                }
            }
            Fixture.close(client);
        }
    }

    @Test
    void aClientThatNobodyHoldsIsClosedWithAWarning() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
            Logs.set((level, millis, target, message, failure) -> lines.add(level + " " + message), Logs.WARN);
            try {
                NativeClient client = NativeClient.open(Fixture.options(server));
                client.guard(new Object());
                Eventually.is("closed", () -> {
                    System.gc();
                    return client.isClosed();
                });
                assertTrue(
                        lines.contains(Logs.WARN + " a client that nobody holds any more was never closed"),
                        lines.toString());
                Fixture.close(client);
            } finally {
                Logs.set(null, Logs.OFF);
            }
        }
    }

    @Test
    void linesOfTheLogAreHeldUntilThereIsASink() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            Logs.set(null, Logs.TRACE);
            NativeClient client = NativeClient.open(Fixture.options(server));
            ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
            try {
                // The pump has brought lines before there is a sink.
                client.await(Op.ESTABLISHED, new byte[0], 0, reader -> null);
            } catch (NacreException expected) {
                assertEquals(ErrorKind.INTERNAL, expected.kind());
            }
            Thread.sleep(300);
            Logs.set((level, millis, target, message, failure) -> lines.add(target + ": " + message), Logs.TRACE);
            try {
                Eventually.is(
                        "a line of the engine",
                        () -> lines.stream().anyMatch(line -> line.startsWith("nacre_client")));
            } finally {
                Logs.set(null, Logs.OFF);
            }
            Fixture.close(client);
        }
    }

    @Test
    void aHundredThousandCallsNeedNoMoreMemoryThanAFew() throws Exception {
        try (ServerSocket server = Fixture.silentServer()) {
            NativeClient client = NativeClient.open(Fixture.options(server));
            // Deregistering what was never registered is answered by the engine itself.
            byte[] request = Fixture.instance("s", 80).toBytes();
            calls(client, request, 20_000);
            long before = residentKilobytes();
            calls(client, request, 100_000);
            long after = residentKilobytes();
            assertEquals(0, client.engine().counts()[2]);
            assertTrue(after - before < 96 * 1024, "grew by " + (after - before) + " KiB");
            Fixture.close(client);
        }
    }

    @Test
    void aValueComesAgainUntilItIsDealtWith() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            NativeClient client = NativeClient.open(Fixture.options(scope.server().address(), 1000));
            AtomicInteger events = new AtomicInteger();
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            CountDownLatch second = new CountDownLatch(2);
            NativeSubscription watch = client.subscribe(Op.WATCH, Fixture.service("again"), subscription -> {
                try {
                    Reader reader = subscription.take();
                    assertNotNull(reader);
                    assertEquals("G", reader.string());
                    assertEquals("again", reader.string());
                    subscription.done(events.incrementAndGet() > 1);
                } catch (NacreException | RuntimeException | Error failure) {
                    wrong.set(failure);
                }
                second.countDown();
            });
            client.await(Op.ESTABLISHED, new Writer().i64(watch.handle()).toBytes(), 0, reader -> null);
            assertTrue(second.await(20, TimeUnit.SECONDS), "the list comes again");
            client.await(Op.REGISTER, Fixture.instance("again", 80).toBytes(), 0, reader -> null);
            Eventually.is("the change", () -> events.get() == 3);
            assertNull(wrong.get());
            watch.close();
            assertNull(watch.take());
            client.await(Op.REGISTER, Fixture.instance("again", 81).toBytes(), 0, reader -> null);
            Fixture.close(client);
            assertEquals(3, events.get(), "none after it was closed");
        }
    }

    @Test
    void aCancelledReadLeavesNoListener() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            NativeClient client = NativeClient.open(Fixture.options(scope.server().address(), 1000));
            client.await(Op.READY, Fixture.ready(), 0, reader -> null);
            byte[] key = new Writer().string("cancelled.yaml").string("G").toBytes();
            long kept = 0;
            for (int round = 0; round < 100; round++) {
                CompletableFuture<Object> call = client.submit(Op.GET_AND_LISTEN, key, 0, reader -> null);
                Thread.sleep(0, round * 20_000 % 1_000_000);
                // An answer that came in time gave its listener to the caller, who is this test.
                kept += call.cancel(false) ? 0 : 1;
            }
            long expected = kept;
            Eventually.is("only those", () -> client.engine().counts()[1] == expected);
            assertEquals(0, client.engine().counts()[2]);
            Fixture.close(client);
        }
    }

    private static void calls(NativeClient client, byte[] request, int count) throws Exception {
        Semaphore places = new Semaphore(256);
        AtomicInteger failed = new AtomicInteger();
        for (int number = 0; number < count; number++) {
            assertTrue(places.tryAcquire(20, TimeUnit.SECONDS));
            client.submit(Op.DEREGISTER, request, 0, reader -> null).whenComplete((nothing, failure) -> {
                if (failure != null) {
                    failed.incrementAndGet();
                }
                places.release();
            });
        }
        assertTrue(places.tryAcquire(256, 20, TimeUnit.SECONDS));
        assertEquals(0, failed.get());
    }

    private static long residentKilobytes() throws Exception {
        System.gc();
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"), StandardCharsets.UTF_8)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError("no VmRSS");
    }

    /** Threads of the library, which Java does not know. */
    private static int nativeThreads() throws Exception {
        int count = 0;
        try (java.nio.file.DirectoryStream<Path> tasks = Files.newDirectoryStream(Paths.get("/proc/self/task"))) {
            for (Path task : tasks) {
                try {
                    String name = new String(Files.readAllBytes(task.resolve("comm")), StandardCharsets.UTF_8);
                    if (name.startsWith("nacre-worker")) {
                        count++;
                    }
                } catch (java.io.IOException ended) {
                    continue;
                }
            }
        }
        return count;
    }
}
