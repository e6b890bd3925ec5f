package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try")
class NamingLiveTest extends Live {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final Instance ONE = Instance.of("10.0.0.1", 8080);
    private static final Instance TWO = Instance.of("10.0.0.2", 8080);

    private static List<String> ips(List<Instance> instances) {
        List<String> ips = new ArrayList<>();
        instances.forEach(instance -> ips.add(instance.ip()));
        Collections.sort(ips);
        return ips;
    }

    @Test
    void allFieldsOfAnInstanceArrive() throws Exception {
        Instance sent = ONE.withWeight(2.5).withCluster("east").withMetadata("zone", "\u540d");
        client.naming().register(ORDERS, sent);
        Instance found = client.naming().instances(Query.of(ORDERS).direct()).get(0);
        assertEquals(sent.withService(found.service()).withId(found.id()), found);
    }

    @Test
    void readsOfAFollowedServiceAskNobody() throws Exception {
        client.naming().register(ORDERS, ONE);
        assertEquals(1, client.naming().instances(ORDERS).size());
        Eventually.is("followed", () -> client.naming().cached(ORDERS).isPresent());
        // A push may bring another list meanwhile, the server repeats the first one; then it is tried again.
        Eventually.is("the list is shared, not made anew", this::isReadFromMemory);
        assertEquals(Collections.singletonList(ORDERS), client.naming().subscribed());
        client.naming().unsubscribe(ORDERS);
        assertFalse(client.naming().cached(ORDERS).isPresent());
        Eventually.is("not followed", () -> client.naming().subscribed().isEmpty());
    }

    private boolean isReadFromMemory() throws Exception {
        long calls = client.metrics().calls();
        List<Instance> first = client.naming().instances(ORDERS);
        boolean same = true;
        for (int i = 0; i < 1_000; i++) {
            same &= first == client.naming().instances(ORDERS);
            assertEquals(ONE.ip(), client.naming().selectOne(ORDERS).get().ip());
            assertTrue(client.naming().instancesAsync(ORDERS).isDone());
        }
        return same && calls == client.metrics().calls();
    }

    @Test
    void aListenerSeesWhatQueriesSee() throws Exception {
        List<ServiceChange> changes = new CopyOnWriteArrayList<>();
        List<Long> queried = new CopyOnWriteArrayList<>();
        try (ServiceSubscription watch = client.naming().watch(ORDERS, change -> {
            queried.add(client.naming().cached(change.service()).get().revision()
                    - change.snapshot().revision());
            changes.add(change);
        })) {
            watch.established();
            Eventually.is("told of the empty list", () -> changes.size() == 1);
            assertTrue(changes.get(0).instances().isEmpty());
            client.naming().registerBatch(ORDERS, Arrays.asList(ONE, TWO));
            Eventually.is("two", () -> last(changes).instances().size() == 2);
            client.naming().deregister(ORDERS, ONE);
            Eventually.is("one", () -> last(changes).instances().size() == 1);
            assertEquals(Collections.singletonList("10.0.0.1"), ips(last(changes).removed()));
            assertEquals(Collections.singletonList("10.0.0.2"), ips(watch.instances()));
            assertEquals(watch.current().get().instances(), client.naming().instances(ORDERS));
        }
        for (long ahead : queried) {
            assertTrue(ahead >= 0, "a query within a listener shows at least what it was told");
        }
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }

    @Test
    void aSelectorHidesInstances() throws Exception {
        AtomicReference<List<String>> shown = new AtomicReference<>(Collections.emptyList());
        AtomicInteger calls = new AtomicInteger();
        Selector east = Selector.all().clusters(Collections.singletonList("east"));
        try (ServiceSubscription watch = client.naming().watch(ORDERS, east, null, change -> {
            shown.set(ips(change.instances()));
            calls.incrementAndGet();
        })) {
            client.naming().registerBatch(ORDERS, Arrays.asList(ONE.withCluster("east"), TWO.withCluster("west")));
            Eventually.is("east only", () -> shown.get().equals(Collections.singletonList("10.0.0.1")));
            Eventually.is("both known", () -> watch.current().get().instances().size() == 2);
            int before = calls.get();
            client.naming().registerBatch(ORDERS, Collections.singletonList(ONE.withCluster("east")));
            Eventually.is("west is gone", () -> watch.current().get().instances().size() == 1);
            client.naming().registerBatch(ORDERS, Collections.singletonList(ONE.withCluster("east").withWeight(3)));
            Eventually.is("told of the weight", () -> calls.get() > before);
            assertEquals(before + 1, calls.get(), "what the selector hides is not told");
        }
    }

    @Test
    void aListenerRunsOnItsExecutorAndNeverBesideItself() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4, task -> new Thread(task, "mine"));
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicReference<List<String>> newest = new AtomicReference<>(Collections.emptyList());
        AtomicReference<String> thread = new AtomicReference<>();
        CountDownLatch blocked = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (ServiceSubscription watch = client.naming().watch(ORDERS, Selector.all(), executor, change -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            thread.set(Thread.currentThread().getName());
            calls.incrementAndGet();
            blocked.await(20, TimeUnit.SECONDS);
            newest.set(ips(change.instances()));
            running.decrementAndGet();
        })) {
            Eventually.is("begun", () -> calls.get() == 1);
            for (int i = 1; i <= 20; i++) {
                client.naming().register(ORDERS, Instance.of("10.0.1." + i, 80));
            }
            Eventually.is("the cache goes on", () -> ips(watch.instances()).equals(Collections.singletonList("10.0.1.20")));
            assertEquals(1, calls.get(), "the slow listener costs one value");
            blocked.countDown();
            Eventually.is("newest", () -> newest.get().equals(Collections.singletonList("10.0.1.20")));
            assertEquals(1, most.get());
            assertTrue(calls.get() <= 3, calls + " calls");
            assertEquals("mine", thread.get());
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aListenerThatFailsIsToldAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        List<List<String>> added = new CopyOnWriteArrayList<>();
        client.naming().register(ORDERS, ONE);
        try (ServiceSubscription watch = client.naming().watch(ORDERS, change -> {
            if (calls.incrementAndGet() <= 2) {
                throw new IllegalStateException("not yet");
            }
            added.add(ips(change.added()));
        })) {
            Eventually.is("told in the end", () -> !added.isEmpty());
            assertEquals(3, calls.get());
            assertEquals(Collections.singletonList("10.0.0.1"), added.get(0), "against what it took before: nothing");
        }
    }

    @Test
    void aListenerMayBlockAndCall() throws Exception {
        CompletableFuture<Integer> found = new CompletableFuture<>();
        client.naming().register(ORDERS, ONE);
        ServiceKey other = ServiceKey.of("other");
        try (ServiceSubscription watch = client.naming().watch(ORDERS, change -> {
            client.naming().register(other, TWO);
            found.complete(client.naming().instances(Query.of(other).direct()).size());
        })) {
            assertEquals(1, found.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void aClosedListenerIsNotCalled() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        ServiceSubscription watch = client.naming().watch(ORDERS, change -> calls.incrementAndGet());
        Eventually.is("told", () -> calls.get() == 1);
        ServiceSubscription other = client.naming().watch(ORDERS, change -> others.incrementAndGet());
        watch.close();
        watch.close();
        assertTrue(watch.isClosed());
        client.naming().register(ORDERS, ONE);
        Eventually.is("the other goes on", () -> others.get() >= 1 && other.instances().size() == 1);
        assertEquals(1, calls.get());
        other.close();
        Eventually.is("the last one ends it", () -> client.naming().subscribed().isEmpty());
    }

    @Test
    void balancersWithAStateTakeTurns() throws Exception {
        client.naming().registerBatch(ORDERS, Arrays.asList(ONE, TWO));
        Eventually.is("both", () -> client.naming().instances(ORDERS).size() == 2);
        for (Balancer balancer : Arrays.asList(
                Balancer.roundRobin(), Balancer.leastRecentlyUsed(), Balancer.leastFrequentlyUsed())) {
            List<String> turns = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                turns.add(client.naming()
                        .selectOne(Query.of(ORDERS), balancer, null)
                        .get()
                        .ip());
            }
            assertEquals(5, Collections.frequency(turns, "10.0.0.1"), balancer + " " + turns);
        }
        String first = client.naming()
                .selectOneAsync(Query.of(ORDERS), Balancer.consistentHash(), "user-7")
                .get()
                .get()
                .ip();
        for (int i = 0; i < 10; i++) {
            assertEquals(
                    first,
                    client.naming()
                            .selectOne(Query.of(ORDERS), Balancer.consistentHash(), "user-7")
                            .get()
                            .ip());
        }
        Balancer smallest = (candidates, key) -> candidates.instances().stream()
                .min((a, b) -> a.ip().compareTo(b.ip()))
                .orElse(null);
        assertEquals(
                "10.0.0.1",
                client.naming().selectOne(Query.of(ORDERS), smallest, null).get().ip());
    }

    @Test
    void servicesArePagedAndWatched() throws Exception {
        AtomicReference<List<String>> names = new AtomicReference<>();
        try (Subscription watch = client.naming().watchServices("G", null, told -> names.set(told.names()))) {
            client.naming().register(ServiceKey.of("G", "a"), ONE);
            client.naming().register(ServiceKey.of("G", "b"), ONE);
            assertEquals(2, client.naming().services("G", 1, 1).count());
            assertEquals(1, client.naming().services("G", 2, 1).names().size());
            assertEquals(2, client.naming().services("G", 0, Integer.MAX_VALUE).names().size());
            assertEquals(Arrays.asList("a", "b"), client.naming().allServices("G"));
            Eventually.is("told", () -> Arrays.asList("a", "b").equals(names.get()));
        }
        assertTrue(client.naming().isServerUp());
        assertThrows(IllegalArgumentException.class, () -> client.naming().services("G", 1, 0));
    }

    @Test
    void anOperatorChangesInstances() throws Exception {
        Instance kept = ONE.withEphemeral(false).withMetadata("zone", "a");
        client.naming().register(ORDERS, kept);
        MaintenanceClient maintenance = client.naming().maintenance();
        Query direct = Query.of(ORDERS).direct();
        maintenance.patchInstance(ORDERS, kept, InstancePatch.create().weight(7).enabled(true));
        Eventually.is("patched", () -> {
            Instance now = client.naming().instances(direct).get(0);
            return now.weight() == 7 && now.metadata().containsKey("zone");
        });
        assertThrows(
                IllegalArgumentException.class, () -> InstancePatch.create().weight(10_001));
        client.naming().deregister(ORDERS, kept);
        ServiceKey empty = ServiceKey.of("empty");
        maintenance.createService(empty, ServiceSettings.create().protectThreshold(0.5f));
        assertEquals(0.5f, maintenance.service(empty).protectThreshold());
        maintenance.deleteService(empty);
        assertThrows(NacreException.class, () -> maintenance.service(empty));
    }

    @Test
    void metadataOfManyInstancesIsChangedOverHttp() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            String address =
                    own.ask("stub.start", Harness.args()).path("address").asText();
            for (String method : Arrays.asList("PUT", "DELETE")) {
                ObjectNode route = Harness.args().put("route", method + " /nacos/v1/ns/instance/metadata/batch");
                ObjectNode body = route.putArray("replies").addObject().putObject("body");
                body.putArray("updated").add("10.0.0.1:8080:unknown:DEFAULT:ephemeral");
                own.ask("stub.http", route);
            }
            try (NacreClient other = NacreClient.builder().server(address).build()) {
                MaintenanceClient maintenance = other.naming().maintenance();
                List<String> changed = Collections.singletonList("10.0.0.1:8080:unknown:DEFAULT:ephemeral");
                List<Instance> instances = Collections.singletonList(ONE);
                assertEquals(
                        changed, maintenance.addMetadata(ORDERS, instances, Collections.singletonMap("rack", "r1")));
                assertEquals(
                        changed,
                        maintenance
                                .removeMetadataAsync(ORDERS, instances, Collections.singletonList("rack"))
                                .get(20, TimeUnit.SECONDS));
                String sent = own.ask("stub.http_received", Harness.args()).toString();
                assertTrue(sent.contains("rack") && sent.contains("r1") && sent.contains("10.0.0.1"), sent);
            }
        }
    }

    @Test
    void cancellingReachesTheEngine() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer late = own.server("late", false);
            try (NacreClient waiting = NacreClient.builder()
                    .server(late.address())
                    .requestTimeout(java.time.Duration.ofSeconds(60))
                    .build()) {
                CompletableFuture<Void> registering = waiting.naming().registerAsync(ORDERS, ONE);
                CompletableFuture<Void> other = waiting.naming().registerAsync(ServiceKey.of("other"), TWO);
                assertTrue(registering.cancel(true));
                late.up();
                other.get(60, TimeUnit.SECONDS);
                Query direct = Query.of(ORDERS).direct();
                Eventually.is("taken back", () -> waiting.naming().instances(direct).isEmpty());
                assertTrue(registering.isCancelled());
            }
        }
    }
}
