package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Service discovery as every Java client since 1.4 offers it. */
class NamingTest {
    private static final String GROUP = "DEFAULT_GROUP";

    static Instance instance(String ip, int port, Map<String, String> metadata) {
        Instance instance = new Instance();
        instance.setIp(ip);
        instance.setPort(port);
        instance.setMetadata(metadata);
        return instance;
    }

    /** What the server itself lists now, past the client's cache. */
    static List<String> listed(NamingService naming, String service, String group) throws Exception {
        return Subscriber.describe(naming.getAllInstances(service, group, List.of(), false));
    }

    @Test
    void registeredInstanceIsDiscoveredWithAllItsFields() throws Exception {
        NamingService naming = Server.naming(null);
        String service = Server.unique("fields");
        Instance wanted = instance("10.1.0.1", 8080, Map.of("zone", "a", "label", "größe 中"));
        wanted.setWeight(2.5);
        wanted.setClusterName("blue");
        naming.registerInstance(service, "orders", wanted);

        List<Instance> found = naming.getAllInstances(service, "orders", List.of(), false);
        assertEquals(List.of("10.1.0.1:8080 blue 2.5 {label=größe 中, zone=a}"), Subscriber.describe(found));
        Instance instance = found.get(0);
        assertTrue(instance.isHealthy());
        assertTrue(instance.isEnabled());
        assertTrue(instance.isEphemeral());
        assertEquals("orders@@" + service, instance.getServiceName());
        assertEquals(List.of(), listed(naming, service, GROUP), "another group");

        naming.deregisterInstance(service, "orders", wanted);
        assertEquals(List.of(), listed(naming, service, "orders"));
        naming.shutDown();
    }

    @Test
    void subscriberSeesAddedChangedAndRemoved() throws Exception {
        NamingService provider = Server.naming(null);
        NamingService consumer = Server.naming(null);
        String service = Server.unique("subscribe");
        Subscriber subscriber = new Subscriber();
        Instance instance = instance("10.1.1.1", 80, Map.of("version", "1"));

        provider.registerInstance(service, GROUP, instance);
        consumer.subscribe(service, GROUP, subscriber);
        Wait.until(List.of("10.1.1.1:80 DEFAULT 1.0 {version=1}"), subscriber::latest);

        instance.setMetadata(Map.of("version", "2"));
        instance.setWeight(7);
        provider.registerInstance(service, GROUP, instance);
        Wait.until(List.of("10.1.1.1:80 DEFAULT 7.0 {version=2}"), subscriber::latest);

        NamingService second = Server.naming(null);
        second.registerInstance(service, GROUP, instance("10.1.1.2", 80, Map.of()));
        Wait.until(
                List.of("10.1.1.1:80 DEFAULT 7.0 {version=2}", "10.1.1.2:80 DEFAULT 1.0 {}"), subscriber::latest);

        provider.deregisterInstance(service, GROUP, instance);
        Wait.until(List.of("10.1.1.2:80 DEFAULT 1.0 {}"), subscriber::latest);

        consumer.unsubscribe(service, GROUP, subscriber);
        int before = subscriber.all().size();
        provider.registerInstance(service, GROUP, instance);
        Wait.until(2, () -> listed(consumer, service, GROUP).size());
        assertEquals(before, subscriber.all().size(), "called after unsubscribe");
        provider.shutDown();
        second.shutDown();
        consumer.shutDown();
    }

    @Test
    void subscriberOfAClusterSeesOnlyThatCluster() throws Exception {
        NamingService provider = Server.naming(null);
        NamingService other = Server.naming(null);
        NamingService consumer = Server.naming(null);
        String service = Server.unique("clusters");
        provider.registerInstance(service, GROUP, "10.1.2.1", 80, "blue");
        other.registerInstance(service, GROUP, "10.1.2.2", 80, "green");

        Subscriber subscriber = new Subscriber();
        consumer.subscribe(service, GROUP, List.of("green"), subscriber);
        Wait.until(List.of("10.1.2.2:80 green 1.0 {}"), subscriber::latest);
        assertEquals(
                List.of("10.1.2.1:80 blue 1.0 {}"),
                Subscriber.describe(other.getAllInstances(service, GROUP, List.of("blue"), false)));
        provider.shutDown();
        other.shutDown();
        consumer.shutDown();
    }

    @Test
    void persistentInstanceStaysWhenItsClientLeaves() throws Exception {
        NamingService provider = Server.naming(null);
        NamingService consumer = Server.naming(null);
        String service = Server.unique("persistent");
        Instance wanted = instance("127.0.0.1", Server.livePort(), Map.of("kept", "yes"));
        wanted.setEphemeral(false);
        provider.registerInstance(service, GROUP, wanted);
        List<String> expected = List.of("127.0.0.1:" + Server.livePort() + " DEFAULT 1.0 {kept=yes}");
        assertEquals(expected, listed(consumer, service, GROUP));
        provider.shutDown();

        List<Instance> found = consumer.getAllInstances(service, GROUP, List.of(), false);
        assertFalse(found.get(0).isEphemeral());
        assertEquals(expected, listed(consumer, service, GROUP));
        consumer.deregisterInstance(service, GROUP, wanted);
        assertEquals(List.of(), listed(consumer, service, GROUP));
        consumer.shutDown();
    }

    @Test
    void namespacesAreSeparate() throws Exception {
        String service = Server.unique("namespaces");
        NamingService red = Server.naming("red");
        NamingService green = Server.naming("green");
        NamingService none = Server.naming(null);
        red.registerInstance(service, GROUP, "10.1.3.1", 80);
        green.registerInstance(service, GROUP, "10.1.3.2", 80);
        assertEquals(List.of("10.1.3.1:80 DEFAULT 1.0 {}"), listed(red, service, GROUP));
        assertEquals(List.of("10.1.3.2:80 DEFAULT 1.0 {}"), listed(green, service, GROUP));
        assertEquals(List.of(), listed(none, service, GROUP));
        red.shutDown();
        green.shutDown();
        none.shutDown();
    }

    @Test
    void disabledAndWeightlessInstancesAreNotSelected() throws Exception {
        String service = Server.unique("select");
        NamingService first = Server.naming(null);
        NamingService second = Server.naming(null);
        NamingService third = Server.naming(null);
        first.registerInstance(service, GROUP, instance("10.1.4.1", 80, Map.of()));
        Instance disabled = instance("10.1.4.2", 80, Map.of());
        disabled.setEnabled(false);
        second.registerInstance(service, GROUP, disabled);
        Instance weightless = instance("10.1.4.3", 80, Map.of());
        weightless.setWeight(0);
        third.registerInstance(service, GROUP, weightless);

        assertEquals(
                List.of("10.1.4.1:80 DEFAULT 1.0 {}"),
                Subscriber.describe(first.selectInstances(service, GROUP, List.of(), true, false)));
        for (int round = 0; round < 5; round++) {
            Instance one = first.selectOneHealthyInstance(service, GROUP, List.of(), false);
            assertEquals("10.1.4.1", one.getIp());
        }
        first.shutDown();
        second.shutDown();
        third.shutDown();
    }

    @Test
    void serviceListIsPagedAndCounted() throws Exception {
        String group = Server.unique("group");
        NamingService naming = Server.naming("listing");
        for (int number = 0; number < 5; number++) {
            naming.registerInstance("paged-" + number, group, "10.1.5.1", 80 + number);
        }
        ListView<String> all = naming.getServicesOfServer(1, 10, group);
        assertEquals(5, all.getCount());
        assertEquals(
                List.of("paged-0", "paged-1", "paged-2", "paged-3", "paged-4"),
                all.getData().stream().sorted().toList());
        ListView<String> second = naming.getServicesOfServer(2, 2, group);
        assertEquals(5, second.getCount());
        assertEquals(2, second.getData().size());
        naming.shutDown();
    }

    @Test
    void serverStatusIsUp() throws Exception {
        NamingService naming = Server.naming(null);
        Wait.until("UP", naming::getServerStatus);
        naming.shutDown();
    }
}
