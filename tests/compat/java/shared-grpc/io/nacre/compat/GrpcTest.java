package io.nacre.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What came with gRPC in 2.x: batches, compare-and-set, an instance that leaves with its connection. */
class GrpcTest {
    private static final String GROUP = "DEFAULT_GROUP";
    private static final long TIMEOUT_MS = 5_000;

    @Test
    void batchIsRegisteredReplacedAndShrunk() throws Exception {
        NamingService naming = Server.naming(null);
        NamingService consumer = Server.naming(null);
        String service = Server.unique("batch");
        Subscriber subscriber = new Subscriber();
        consumer.subscribe(service, GROUP, subscriber);
        Instance first = NamingTest.instance("10.3.0.1", 80, Map.of("n", "1"));
        Instance second = NamingTest.instance("10.3.0.2", 80, Map.of("n", "2"));
        second.setWeight(3);
        Instance third = NamingTest.instance("10.3.0.3", 80, Map.of("n", "3"));
        third.setClusterName("blue");

        naming.batchRegisterInstance(service, GROUP, List.of(first, second, third));
        List<String> all = List.of(
                "10.3.0.1:80 DEFAULT 1.0 {n=1}", "10.3.0.2:80 DEFAULT 3.0 {n=2}", "10.3.0.3:80 blue 1.0 {n=3}");
        assertEquals(all, NamingTest.listed(consumer, service, GROUP));
        Wait.until(all, subscriber::latest);

        naming.batchDeregisterInstance(service, GROUP, List.of(second));
        List<String> rest = List.of("10.3.0.1:80 DEFAULT 1.0 {n=1}", "10.3.0.3:80 blue 1.0 {n=3}");
        assertEquals(rest, NamingTest.listed(consumer, service, GROUP));
        Wait.until(rest, subscriber::latest);

        naming.batchRegisterInstance(service, GROUP, List.of(second));
        assertEquals(List.of("10.3.0.2:80 DEFAULT 3.0 {n=2}"), NamingTest.listed(consumer, service, GROUP));
        naming.shutDown();
        consumer.shutDown();
    }

    @Test
    void closedClientTakesItsInstancesAlong() throws Exception {
        NamingService provider = Server.naming(null);
        NamingService other = Server.naming(null);
        NamingService consumer = Server.naming(null);
        String service = Server.unique("leave");
        provider.registerInstance(service, GROUP, "10.3.1.1", 80);
        other.registerInstance(service, GROUP, "10.3.1.2", 80);
        Instance persistent = NamingTest.instance("127.0.0.1", Server.livePort(), Map.of());
        persistent.setEphemeral(false);
        provider.registerInstance(service + "-kept", GROUP, persistent);
        Subscriber subscriber = new Subscriber();
        consumer.subscribe(service, GROUP, subscriber);
        Wait.until(List.of("10.3.1.1:80 DEFAULT 1.0 {}", "10.3.1.2:80 DEFAULT 1.0 {}"), subscriber::latest);
        provider.shutDown();
        Wait.until(List.of("10.3.1.2:80 DEFAULT 1.0 {}"), subscriber::latest);
        assertEquals(
                List.of("127.0.0.1:" + Server.livePort() + " DEFAULT 1.0 {}"),
                NamingTest.listed(consumer, service + "-kept", GROUP),
                "a persistent instance does not leave with its client");
        other.shutDown();
        consumer.shutDown();
    }

    @Test
    void compareAndSetTakesOnlyTheCurrentMd5() throws Exception {
        ConfigService config = Server.config(null);
        String dataId = Server.unique("cas");
        assertTrue(config.publishConfig(dataId, GROUP, "one"));
        assertFalse(config.publishConfigCas(dataId, GROUP, "lost", md5("something else")));
        assertEquals("one", config.getConfig(dataId, GROUP, TIMEOUT_MS));
        assertTrue(config.publishConfigCas(dataId, GROUP, "two", md5("one")));
        assertEquals("two", config.getConfig(dataId, GROUP, TIMEOUT_MS));
        assertFalse(config.publishConfigCas(dataId, GROUP, "late", md5("one"), "text"));
        assertEquals("two", config.getConfig(dataId, GROUP, TIMEOUT_MS));
        config.shutDown();
    }

    /** 2.x clients leave the default namespace empty and 3.x clients say `public`: here both mean the same. */
    @Test
    void publicAndTheEmptyNamespaceAreOne() throws Exception {
        ConfigService named = Server.config("public");
        ConfigService unnamed = Server.config("");
        String dataId = Server.unique("public");
        ConfigRecorder atNamed = new ConfigRecorder();
        ConfigRecorder atUnnamed = new ConfigRecorder();
        named.addListener(dataId, GROUP, atNamed);
        unnamed.addListener(dataId, GROUP, atUnnamed);
        assertTrue(unnamed.publishConfig(dataId, GROUP, "one"));
        Wait.until("one", atNamed::latest);
        Wait.until("one", atUnnamed::latest);
        assertTrue(named.publishConfig(dataId, GROUP, "two"));
        Wait.until("two", atNamed::latest);
        Wait.until("two", atUnnamed::latest);
        named.shutDown();
        unnamed.shutDown();
    }

    private static String md5(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%032x", new BigInteger(1, digest));
    }
}
