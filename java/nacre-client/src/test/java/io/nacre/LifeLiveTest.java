package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** From opening to closing: status, events, use after close, reopening, shared connections, logs and counters. */
@SuppressWarnings("try")
class LifeLiveTest extends Live {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final ConfigKey KEY = ConfigKey.of("app.yaml");

    @Test
    void aClosedClientSaysSo() throws Exception {
        NamingClient naming = client.naming();
        ConfigClient config = client.config();
        naming.instances(ORDERS);
        List<ConfigEvent> events = new CopyOnWriteArrayList<>();
        ConfigSubscription watch = config.watch(KEY, events::add);
        client.close();
        client.close();
        client.closeAsync().get(20, TimeUnit.SECONDS);
        assertTrue(client.isClosed() && watch.isClosed());
        assertThrows(ClientClosedException.class, () -> naming.instances(ORDERS));
        assertThrows(ClientClosedException.class, () -> naming.register(ORDERS, Instance.of("10.0.0.1", 80)));
        assertThrows(ClientClosedException.class, () -> naming.watch(ORDERS, change -> {}));
        assertThrows(ClientClosedException.class, () -> config.get(KEY));
        assertThrows(ClientClosedException.class, () -> config.read(KEY));
        assertThrows(ClientClosedException.class, () -> config.watch(KEY, event -> {}));
        assertThrows(ClientClosedException.class, () -> client.ready(Duration.ofSeconds(1)));
        ExecutionException failure = assertThrows(
                ExecutionException.class, () -> config.getAsync(KEY).get(20, TimeUnit.SECONDS));
        assertInstanceOf(ClientClosedException.class, failure.getCause());
        assertEquals(Status.State.CLOSED, client.status().state());
        watch.close();
    }

    @Test
    void aClientOpensAgain() throws Exception {
        client.naming().register(ORDERS, Instance.of("10.0.0.1", 80));
        NamingClient before = client.naming();
        client.reopen();
        assertEquals(before, client.naming(), "an open client stays as it is");
        client.close();
        client.reopen();
        client.ready(Duration.ofSeconds(20));
        assertNotSame(before, client.naming());
        assertThrows(ClientClosedException.class, () -> before.instances(ORDERS));
        assertTrue(client.naming().instances(ORDERS).isEmpty(), "nothing is registered");
        client.config().publish(KEY, "x");
    }

    @Test
    void closingEndsWhatWaits() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer nobody = own.server("nobody", false);
            NacreClient lonely = NacreClient.builder()
                    .server(nobody.address())
                    .requestTimeout(Duration.ofMinutes(5))
                    .build();
            List<CompletableFuture<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                waiting.add(lonely.config().getAsync(KEY));
                waiting.add(lonely.naming().instancesAsync(ORDERS));
            }
            assertEquals(Status.State.CONNECTING, lonely.status().state());
            Eventually.is("tried", () -> lonely.metrics().failedConnections() > 0);
            assertEquals(Collections.singletonList(nobody.address()), lonely.servers());
            assertThrows(NacreException.class, () -> lonely.ready(Duration.ofMillis(50)));
            lonely.close();
            for (CompletableFuture<?> future : waiting) {
                ExecutionException failure =
                        assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
                assertInstanceOf(ClientClosedException.class, failure.getCause(), failure.toString());
            }
        }
    }

    @Test
    void aClientThatCannotConnectFails() {
        try (Scope own = Harness.shared().scope()) {
            String address = own.server("nobody", false).address();
            NacreClient.Builder builder = NacreClient.builder().server(address).requestTimeout(Duration.ofMillis(300));
            assertThrows(NacreException.class, builder::connect);
            ExecutionException failure =
                    assertThrows(ExecutionException.class, () -> builder.connectAsync().get(20, TimeUnit.SECONDS));
            assertInstanceOf(NacreException.class, failure.getCause());
            NacreException illegal = assertThrows(
                    NacreException.class, () -> NacreClient.builder().server("http://").connect());
            assertEquals(ErrorKind.INVALID_PARAMETER, illegal.kind());
        }
    }

    @Test
    void eventsTellOfAnOutage() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer flaky = own.server();
            List<ClientEvent.Type> types = new CopyOnWriteArrayList<>();
            try (NacreClient watched = NacreClient.builder()
                            .server(flaky.address())
                            .requestTimeout(Duration.ofSeconds(20))
                            .connect();
                    Subscription watch = watched.watchEvents(null, event -> types.add(event.type()))) {
                flaky.kill();
                Eventually.is("lost", () -> types.contains(ClientEvent.Type.DISCONNECTED));
                assertEquals(Status.State.RECONNECTING, watched.status().state());
                assertTrue(watched.status().lastError().isPresent());
                flaky.up();
                Eventually.is("back", () -> types.contains(ClientEvent.Type.CONNECTED));
                assertEquals(flaky.address(), watched.status().server().get());
                assertTrue(watched.status().generation() >= 2);
            }
        }
    }

    @Test
    void everySettingCrosses() throws Exception {
        Duration time = Duration.ofSeconds(7);
        NacreClient.Builder builder = NacreClient.builder()
                .servers(Collections.singletonList("127.0.0.1:1"))
                .defaultPort(1)
                .grpcPortOffset(0)
                .contextPath("nacos")
                .namespace("dev")
                .appName("app")
                .label("a", "b")
                .appLabel("c", "d")
                .clientVersion("Test:v1")
                .clientIp("10.0.0.9")
                .login("user", "password")
                .keys(Keys.of("access", "secret").securityToken("token").region("region"))
                .temporaryKeys(TemporaryKeys.ofRole("role").refreshBeforeEnd(time).keep(false).region("region"))
                .tls(Tls.roots(Paths.get("/none"))
                        .identity(Paths.get("/none"), Paths.get("/none"), "password")
                        .serverName("name")
                        .http(true))
                .requestTimeout(time)
                .retries(1)
                .connectTimeout(time)
                .serverCheckTimeout(time)
                .abilityTimeout(time)
                .keepAlive(time)
                .healthCheckTimeout(time)
                .healthCheckRetries(2)
                .httpTimeout(time)
                .maxMessageSize(1_000_000)
                .randomStart(false)
                .directory(scope.directory().resolve("settings"))
                .pool("settings-" + namespace)
                .naming(naming -> naming.requestTimeout(time)
                        .loadCacheAtStart(false)
                        .cacheFolder("folder")
                        .pushEmptyProtection(true)
                        .poll(true)
                        .failoverRefresh(time)
                        .servicesRefresh(time))
                .config(config -> config.requestTimeout(time)
                        .appKey("key")
                        .snapshots(false)
                        .environmentName("name")
                        .fullSync(time)
                        .listensPerRequest(10)
                        .failoverRefresh(time)
                        .maxContent(100));
        try (NacreClient all = builder.build()) {
            assertEquals("dev", all.namespace());
            assertEquals(Collections.singletonList("127.0.0.1:1"), all.servers());
            assertThrows(
                    IllegalArgumentException.class, () -> all.config().publish(KEY, String.join("", Collections.nCopies(101, "x"))));
        }
        Endpoint endpoint = Endpoint.of("127.0.0.1")
                .port(1)
                .contextPath("c")
                .list("l")
                .query("q=1")
                .refresh(time);
        NacreClient.builder().endpoint(endpoint).tls(Tls.trustAny()).build().close();
        NacreClient.builder().tls(Tls.publicRoots()).build().close();
    }

    @Test
    void clientsOfAPoolShareConnections() throws Exception {
        String pool = "pool-" + namespace;
        try (NacreClient first = builder().pool(pool).connect();
                NacreClient second = builder().pool(pool).connect()) {
            assertEquals(
                    first.status().localAddress().get(),
                    second.status().localAddress().get(),
                    "one connection");
            first.naming().register(ORDERS, Instance.of("10.0.0.1", 80));
            second.naming().register(ORDERS, Instance.of("10.0.0.2", 80));
            Query direct = Query.of(ORDERS).direct();
            assertEquals(2, client.naming().instances(direct).size(), "still two instances");
            first.close();
            Eventually.is("its own only", () -> client.naming().instances(direct).size() == 1);
        }
    }

    @Test
    void manyCallsAtATime() throws Exception {
        client.config().publish(KEY, "x");
        List<CompletableFuture<Boolean>> reads = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            reads.add(client.config().getAsync(KEY).thenApply(value -> value.get().content().equals("x")));
        }
        for (CompletableFuture<Boolean> read : reads) {
            assertTrue(read.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void futuresCompleteOnTheExecutor() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        try (NacreClient own = builder().executor(executor).connect()) {
            CompletableFuture<String> thread = new CompletableFuture<>();
            own.config().getAsync(KEY).whenComplete((value, failure) ->
                    thread.complete(Thread.currentThread().getName()));
            String name = thread.get(20, TimeUnit.SECONDS);
            // The caller itself, when the answer was there before it was asked for.
            assertTrue(name.equals("mine") || name.equals(Thread.currentThread().getName()), name);
            CompletableFuture<String> listener = new CompletableFuture<>();
            try (ConfigSubscription watch = own.config()
                    .watch(KEY, event -> listener.complete(Thread.currentThread().getName()))) {
                assertEquals("mine", listener.get(20, TimeUnit.SECONDS));
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void anInterruptedCallerStopsWaiting() throws Exception {
        try (Scope own = Harness.shared().scope();
                NacreClient lonely = NacreClient.builder()
                        .server(own.server("nobody", false).address())
                        .requestTimeout(Duration.ofMinutes(5))
                        .build()) {
            CompletableFuture<Boolean> flag = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    lonely.config().get(KEY);
                    flag.complete(false);
                } catch (NacreException e) {
                    flag.complete(Thread.currentThread().isInterrupted()
                            && e.getCause() instanceof InterruptedException);
                }
            });
            caller.start();
            Eventually.is("waits", () -> caller.getState() == Thread.State.WAITING);
            caller.interrupt();
            assertTrue(flag.get(20, TimeUnit.SECONDS), "the flag is set again, and the failure says why");
        }
    }

    @Test
    void countersAreShownWhereTheyAreBound() throws Exception {
        SimpleMeterRegistry first = new SimpleMeterRegistry();
        SimpleMeterRegistry second = new SimpleMeterRegistry();
        try (NacreMeterBinder binder = new NacreMeterBinder(client, Collections.emptyList())) {
            binder.bindTo(first);
            client.config().publish(KEY, "x");
            assertTrue(first.get("nacre.client.calls").functionCounter().count() >= 1);
            assertEquals(1.0, first.get("nacre.client.connected").gauge().value());
            int meters = first.getMeters().size();
            binder.bindTo(second);
            assertTrue(first.getMeters().isEmpty(), "moved");
            assertEquals(meters, second.getMeters().size());
        }
        assertTrue(second.getMeters().isEmpty());
    }

    @Test
    void linesAreHeldUntilThereIsASink() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        NacreLogging.hold(NacreLogging.Level.DEBUG);
        try {
            try (NacreClient noisy = builder().connect()) {
                noisy.config().publish(KEY, "x");
            }
            Eventually.holds(() -> {
                NacreLogging.setSink(
                        (level, millis, target, message, failure) -> lines.add(level + " " + target + " " + message),
                        NacreLogging.Level.DEBUG);
                NacreLogging.hold(NacreLogging.Level.DEBUG);
                assertFalse(lines.isEmpty());
            });
            assertTrue(lines.stream().anyMatch(line -> line.contains("nacre_client")), lines.toString());
        } finally {
            NacreLogging.toSlf4j();
        }
        assertEquals("io.nacre.engine.connection.dial", NacreLogging.loggerName("nacre_client::connection::dial"));
        assertEquals("io.nacre.engine", NacreLogging.loggerName("nacre_java"));
    }
}
