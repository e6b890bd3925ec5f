package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.AbstractEventListener;
import com.alibaba.nacos.api.naming.listener.Event;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import com.alibaba.nacos.client.naming.event.InstancesChangeEvent;
import com.alibaba.nacos.client.naming.listener.NamingChangeEvent;
import com.alibaba.nacos.client.naming.selector.NamingSelectorFactory;
import com.alibaba.nacos.common.notify.NotifyCenter;
import com.alibaba.nacos.common.notify.listener.Subscriber;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.TestServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What callers of the naming service rely on without its being written down; the numbers are those of the list. */
class NamingContractTest {
    private static Services services;
    private static TestServer server;
    private static NamingService naming;
    private static NamingService provider;

    private String name;

    /** Collects events. */
    private static class Collector implements EventListener {
        final BlockingQueue<NamingEvent> events = new LinkedBlockingQueue<>();

        @Override
        public void onEvent(Event event) {
            events.add((NamingEvent) event);
        }

        NamingEvent next() throws InterruptedException {
            NamingEvent event = events.poll(20, TimeUnit.SECONDS);
            assertTrue(event != null, "no event within 20 s");
            return event;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        services = new Services();
        server = services.server();
        naming = services.naming(server.address());
        provider = services.naming(server.address());
    }

    @AfterAll
    static void stop() throws Exception {
        services.close();
    }

    @BeforeEach
    void newName() {
        name = Services.unique("service");
    }

    private static List<String> ips(List<Instance> instances) {
        return instances.stream().map(Instance::getIp).sorted().collect(Collectors.toList());
    }

    @Test
    void c04_anUnknownServiceHasNoInstancesAndNoError() throws Exception {
        assertEquals(List.of(), naming.getAllInstances(name, false));
        assertEquals(List.of(), naming.getAllInstances(name));
        assertEquals(List.of(), naming.selectInstances(name, true));
        assertThrows(IllegalStateException.class, () -> naming.selectOneHealthyInstance(name));
    }

    @Test
    void c05_returnedListsBelongToTheCaller() throws Exception {
        provider.registerInstance(name, "10.0.0.1", 80);
        Eventually.is("registered", () -> naming.getAllInstances(name).size() == 1);
        List<Instance> list = naming.getAllInstances(name);
        list.get(0).setIp("changed");
        list.get(0).getMetadata().put("a", "b");
        list.add(new Instance());
        assertEquals(List.of("10.0.0.1"), ips(naming.getAllInstances(name)));
        assertEquals(Collections.emptyMap(), naming.getAllInstances(name).get(0).getMetadata());
        naming.selectInstances(name, true).clear();
        naming.getAllInstances(name, false).clear();
        assertEquals(1, naming.selectInstances(name, true).size());
        Instance chosen = naming.selectOneHealthyInstance(name);
        chosen.getMetadata().put("a", "b");
        assertNotSame(chosen, naming.selectOneHealthyInstance(name));
    }

    @Test
    void c06_selectingDropsWhatTakesNoTraffic() throws Exception {
        Instance plain = Services.instance("10.0.0.1", 80);
        Instance idle = Services.instance("10.0.0.2", 80);
        idle.setWeight(0);
        Instance sick = Services.instance("10.0.0.3", 80);
        sick.setHealthy(false);
        provider.batchRegisterInstance(name, "DEFAULT_GROUP", List.of(plain, idle, sick));
        Eventually.is("registered", () -> naming.getAllInstances(name).size() == 3);
        assertEquals(List.of("10.0.0.1"), ips(naming.selectInstances(name, true)));
        assertEquals(List.of("10.0.0.3"), ips(naming.selectInstances(name, false)));
        assertEquals(List.of("10.0.0.1"), ips(naming.selectInstances(name, true, false)));
        for (int i = 0; i < 20; i++) {
            assertEquals("10.0.0.1", naming.selectOneHealthyInstance(name).getIp());
        }
    }

    @Test
    void c07_queriesSubscribeAndReadMemory() throws Exception {
        TestServer own = services.server();
        NamingService client = services.naming(own.address());
        client.registerInstance(name, "10.0.0.1", 80);
        assertEquals(1, client.getAllInstances(name).size());
        own.kill();
        assertEquals(1, client.getAllInstances(name).size());
        assertEquals(1, client.selectInstances(name, true).size());
        assertEquals("10.0.0.1", client.selectOneHealthyInstance(name).getIp());
        assertThrows(NacosException.class, () -> client.getAllInstances(name, false));
    }

    @Test
    void c08_subscribingTellsTheFirstListThatIsNotEmptyAndEachListenerOnce() throws Exception {
        Collector first = new Collector();
        naming.subscribe(name, first);
        naming.subscribe(name, first);
        assertNull(first.events.poll(300, TimeUnit.MILLISECONDS), "an empty list is not told");
        provider.registerInstance(name, "10.0.0.1", 80);
        assertEquals(List.of("10.0.0.1"), ips(first.next().getInstances()));
        assertNull(first.events.poll(300, TimeUnit.MILLISECONDS), "the second subscription is the first");

        Collector second = new Collector();
        naming.subscribe(name, second);
        assertEquals(List.of("10.0.0.1"), ips(second.next().getInstances()));

        naming.unsubscribe(name, first);
        provider.deregisterInstance(name, "10.0.0.1", 80);
        assertEquals(List.of(), second.next().getInstances());
        assertNull(first.events.poll(300, TimeUnit.MILLISECONDS), "an unsubscribed listener is not called");
    }

    @Test
    void c08_listenersAreFoundByEquals() throws Exception {
        class Named extends Collector {
            @Override
            public boolean equals(Object other) {
                return other instanceof Named;
            }

            @Override
            public int hashCode() {
                return 1;
            }
        }
        Named listener = new Named();
        naming.subscribe(name, listener);
        naming.unsubscribe(name, new Named());
        provider.registerInstance(name, "10.0.0.1", 80);
        Eventually.is("registered", () -> naming.getAllInstances(name, false).size() == 1);
        assertNull(listener.events.poll(300, TimeUnit.MILLISECONDS));
    }

    @Test
    void c09_eventsTellTheDifferenceInOrderOnTheListenersExecutor() throws Exception {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "own-thread"));
        List<String> threads = new CopyOnWriteArrayList<>();
        BlockingQueue<NamingChangeEvent> events = new LinkedBlockingQueue<>();
        naming.subscribe(name, new AbstractEventListener() {
            @Override
            public Executor getExecutor() {
                return own;
            }

            @Override
            public void onEvent(Event event) {
                threads.add(Thread.currentThread().getName());
                events.add((NamingChangeEvent) event);
                throw new IllegalStateException("wanted by the test");
            }
        });
        Instance instance = Services.instance("10.0.0.1", 80);
        provider.registerInstance(name, instance);
        NamingChangeEvent added = events.poll(20, TimeUnit.SECONDS);
        assertTrue(added.isAdded() && !added.isRemoved() && !added.isModified());
        assertEquals(name, added.getServiceName());
        assertEquals("DEFAULT_GROUP", added.getGroupName());
        instance.setWeight(3);
        provider.registerInstance(name, instance);
        NamingChangeEvent modified = events.poll(20, TimeUnit.SECONDS);
        assertTrue(modified.isModified() && !modified.isAdded() && !modified.isRemoved());
        assertEquals(3, modified.getModifiedInstances().get(0).getWeight());
        provider.deregisterInstance(name, instance);
        NamingChangeEvent removed = events.poll(20, TimeUnit.SECONDS);
        assertTrue(removed.isRemoved());
        assertEquals(List.of(), removed.getInstances());
        assertEquals(List.of("own-thread", "own-thread", "own-thread"), threads);
        own.shutdown();
    }

    @Test
    void c10_aClusterSubscriptionIsToldOfItsClustersOnly() throws Exception {
        Collector east = new Collector();
        Collector selected = new Collector();
        Collector all = new Collector();
        naming.subscribe(name, List.of("east"), east);
        naming.subscribe(name, NamingSelectorFactory.newIpSelector("10\\.0\\.0\\.2"), selected);
        naming.subscribe(name, all);
        Instance west = Services.instance("10.0.0.1", 80);
        west.setClusterName("west");
        provider.batchRegisterInstance(name, "DEFAULT_GROUP", List.of(west));
        assertEquals(1, all.next().getInstances().size());
        Instance eastern = Services.instance("10.0.0.2", 80);
        eastern.setClusterName("east");
        provider.batchRegisterInstance(name, "DEFAULT_GROUP", List.of(west, eastern));
        assertEquals(2, all.next().getInstances().size());
        assertEquals(List.of("10.0.0.2"), ips(east.next().getInstances()));
        assertEquals(List.of("10.0.0.2"), ips(selected.next().getInstances()));
        assertTrue(east.events.isEmpty());
        assertEquals(List.of("10.0.0.2"), ips(naming.getAllInstances(name, List.of("east"))));
        assertEquals(2, naming.getAllInstances(name).size(), "a query of clusters leaves the cache alone");
        naming.unsubscribe(name, List.of("east"), east);
        provider.batchRegisterInstance(name, "DEFAULT_GROUP", List.of(west));
        assertEquals(1, all.next().getInstances().size());
        assertNull(east.events.poll(300, TimeUnit.MILLISECONDS));
    }

    @Test
    void c19_pagesOfServicesAreNotChecked() throws Exception {
        String group = Services.unique("group");
        for (String each : List.of("a", "b", "c")) {
            provider.registerInstance(name + each, group, "10.0.0.1", 80);
        }
        Eventually.holds(() -> {
            ListView<String> all = naming.getServicesOfServer(0, Integer.MAX_VALUE, group);
            assertEquals(3, all.getCount());
            assertEquals(new TreeSet<>(List.of(name + "a", name + "b", name + "c")), new TreeSet<>(all.getData()));
        });
        assertEquals(2, naming.getServicesOfServer(1, 2, group).getData().size());
        assertEquals(1, naming.getServicesOfServer(2, 2, group).getData().size());
    }

    @Test
    void c20_anObjectHasOnePublicationPerService() throws Exception {
        provider.registerInstance(name, "10.0.0.1", 80);
        provider.registerInstance(name, "10.0.0.2", 80);
        Eventually.holds(() -> assertEquals(List.of("10.0.0.2"), ips(naming.getAllInstances(name, false))));
        provider.batchRegisterInstance(
                name, "DEFAULT_GROUP", List.of(Services.instance("10.0.0.3", 80), Services.instance("10.0.0.3", 81)));
        Eventually.is("both ports", () -> naming.getAllInstances(name, false).size() == 2);
        provider.batchDeregisterInstance(name, "DEFAULT_GROUP", List.of(Services.instance("10.0.0.3", 80)));
        Eventually.holds(() -> {
            List<Instance> left = naming.getAllInstances(name, false);
            assertEquals(1, left.size());
            assertEquals(81, left.get(0).getPort());
        });
    }

    @Test
    void c20_twoObjectsHaveTwoPublications() throws Exception {
        NamingService other = services.naming(server.address());
        provider.registerInstance(name, "10.0.0.1", 80);
        other.registerInstance(name, "10.0.0.2", 80);
        Eventually.holds(() -> assertEquals(List.of("10.0.0.1", "10.0.0.2"), ips(naming.getAllInstances(name, false))));
        other.shutDown();
        Eventually.holds(() -> assertEquals(List.of("10.0.0.1"), ips(naming.getAllInstances(name, false))));
    }

    @Test
    void c21_registrationsAreRedone() throws Exception {
        TestServer own = services.absentServer();
        NamingService client = services.naming(own.address());
        assertThrows(NacosException.class, () -> client.registerInstance(name, "10.0.0.1", 80));
        own.up();
        Eventually.holds(
                () -> assertEquals(1, client.getAllInstances(name, false).size()));
        own.kill();
        own.up();
        Eventually.holds(
                () -> assertEquals(1, client.getAllInstances(name, false).size()));
    }

    @Test
    void c22_oddNamesAndMetadataPass() throws Exception {
        String odd = "providers:com.example.Api$Inner:1.0.0:" + name;
        Instance instance = Services.instance("10.0.0.1", 80);
        instance.getMetadata().put("IPv6", null);
        instance.getMetadata().put("a", "b");
        instance.setServiceName("DEFAULT_GROUP@@" + odd);
        provider.registerInstance(odd, instance);
        Eventually.holds(() -> {
            List<Instance> found = naming.getAllInstances(odd);
            assertEquals(1, found.size());
            assertEquals("b", found.get(0).getMetadata().get("a"));
            assertNull(found.get(0).getMetadata().get("IPv6"));
            assertEquals("DEFAULT_GROUP@@" + odd, found.get(0).getServiceName());
        });
        Instance wrong = Services.instance("10.0.0.1", 80);
        wrong.setServiceName("other@@" + odd);
        NacosException refused = assertThrows(NacosException.class, () -> provider.registerInstance(odd, wrong));
        assertEquals(NacosException.CLIENT_INVALID_PARAM, refused.getErrCode());
    }

    @Test
    void c23_subscribedServicesHaveNameGroupAndClusters() throws Exception {
        Collector listener = new Collector();
        naming.getAllInstances(name + "queried");
        naming.subscribe(name, "g", listener);
        ServiceInfo found = naming.getSubscribeServices().stream()
                .filter(info -> info.getName().startsWith(name))
                .collect(Collectors.collectingAndThen(Collectors.toList(), list -> {
                    assertEquals(1, list.size(), "only services with listeners");
                    return list.get(0);
                }));
        assertEquals(name, found.getName());
        assertEquals("g", found.getGroupName());
        assertEquals("", found.getClusters());
        found.setHosts(new ArrayList<>());
        naming.unsubscribe(name, "g", listener);
        assertFalse(naming.getSubscribeServices().stream()
                .anyMatch(info -> info.getName().equals(name)));
    }

    @Test
    void c28_instancesAreThoseOfTheApi() throws Exception {
        Instance instance = Services.instance("10.0.0.1", 80);
        instance.getMetadata().put("a", "b");
        provider.registerInstance(name, instance);
        Eventually.is("registered", () -> naming.getAllInstances(name).size() == 1);
        Instance one = naming.getAllInstances(name).get(0);
        Instance other = naming.getAllInstances(name, false).get(0);
        assertEquals(one, other);
        assertEquals(one.hashCode(), other.hashCode());
        assertEquals(one.toString(), other.toString());
        assertEquals("10.0.0.1:80", one.toInetAddr());
        assertTrue(one.isHealthy() && one.isEnabled() && one.isEphemeral());
        assertEquals("DEFAULT", one.getClusterName());
    }

    @Test
    void changesArePublishedThroughTheNotifyCentre() throws Exception {
        BlockingQueue<InstancesChangeEvent> events = new LinkedBlockingQueue<>();
        Subscriber<InstancesChangeEvent> subscriber = new Subscriber<InstancesChangeEvent>() {
            @Override
            public void onEvent(InstancesChangeEvent event) {
                if (event.getServiceName().equals(name)) {
                    events.add(event);
                }
            }

            @Override
            public Class<? extends com.alibaba.nacos.common.notify.Event> subscribeType() {
                return InstancesChangeEvent.class;
            }
        };
        NotifyCenter.registerSubscriber(subscriber);
        try {
            // As Spring Cloud: nobody listens, a query follows the service.
            assertEquals(List.of(), naming.selectInstances(name, true));
            provider.registerInstance(name, "10.0.0.1", 80);
            InstancesChangeEvent event = events.poll(20, TimeUnit.SECONDS);
            assertEquals("DEFAULT_GROUP", event.getGroupName());
            assertEquals(List.of("10.0.0.1"), ips(event.getHosts()));
            assertTrue(event.getInstancesDiff().isAdded());
            assertEquals(List.of("10.0.0.1"), ips(naming.selectInstances(name, true)));
        } finally {
            NotifyCenter.deregisterSubscriber(subscriber);
        }
    }

    @Test
    void wrongArgumentsAreRefusedBeforeAnythingIsSent() throws Exception {
        assertEquals(400, code(() -> naming.registerInstance(name, (Instance) null)));
        assertEquals(400, code(() -> naming.deregisterInstance(name, (Instance) null)));
        Instance cluster = Services.instance("10.0.0.1", 80);
        cluster.setClusterName("not_allowed");
        assertEquals(400, code(() -> naming.registerInstance(name, cluster)));
        Instance slow = Services.instance("10.0.0.1", 80);
        slow.getMetadata().put("preserved.heart.beat.interval", "20000");
        assertEquals(400, code(() -> naming.registerInstance(name, slow)));
        Instance persistent = Services.instance("10.0.0.1", 80);
        persistent.setEphemeral(false);
        assertEquals(400, code(() -> naming.batchRegisterInstance(name, "g", List.of(persistent))));
        assertEquals(400, code(() -> naming.batchDeregisterInstance(name, "g", List.of())));
        for (String blank : new String[] {null, "", " "}) {
            assertThrows(IllegalArgumentException.class, () -> naming.registerInstance(blank, "10.0.0.1", 80));
            assertThrows(IllegalArgumentException.class, () -> naming.registerInstance(name, blank, "10.0.0.1", 80));
            assertThrows(IllegalArgumentException.class, () -> naming.subscribe(blank, new Collector()));
            assertThrows(IllegalArgumentException.class, () -> naming.getAllInstances(blank));
        }
        naming.subscribe(name, (EventListener) null);
        naming.unsubscribe(name, (EventListener) null);
        naming.unsubscribe(name, new Collector());
    }

    private interface Call {
        void run() throws Exception;
    }

    private static int code(Call call) {
        return assertThrows(NacosException.class, call::run).getErrCode();
    }
}
