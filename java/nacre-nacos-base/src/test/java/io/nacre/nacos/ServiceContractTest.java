package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.Service;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.TestServer;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What callers rely on in all services: how they begin, end, share and are configured. */
@SuppressWarnings("deprecation") // the maintenance interface, in nacos-api 3.x
class ServiceContractTest {
    private static Services services;
    private static TestServer server;

    @BeforeAll
    static void start() {
        services = new Services();
        server = services.server();
    }

    @AfterAll
    static void stop() throws Exception {
        services.close();
    }

    @Test
    void c01_aNewServiceIsUpAtOnce() throws Exception {
        for (int i = 0; i < 5; i++) {
            assertEquals("UP", services.naming(server.address()).getServerStatus());
            assertEquals("UP", services.config(server.address()).getServerStatus());
        }
        TestServer own = services.server();
        assertEquals("UP", services.naming(own.address()).getServerStatus());
    }

    @Test
    void c02_anAbsentServerDoesNotFailTheConstruction() throws Exception {
        TestServer absent = services.absentServer();
        long start = System.nanoTime();
        NamingService naming = services.naming(absent.address());
        ConfigService config = services.config(absent.address());
        assertTrue(Duration.ofNanos(System.nanoTime() - start).getSeconds() < 20);
        assertEquals("DOWN", naming.getServerStatus());
        assertEquals("DOWN", config.getServerStatus());
        absent.up();
        Eventually.is("naming is up", () -> naming.getServerStatus().equals("UP"));
        Eventually.is("config is up", () -> config.getServerStatus().equals("UP"));
    }

    @Test
    void c02_wrongSettingsFailWithTheFactorysCode() {
        NacosException none =
                assertThrows(NacosException.class, () -> NacosFactory.createNamingService(new Properties()));
        assertEquals(NacosException.CLIENT_INVALID_PARAM, none.getErrCode());
        Properties path = services.properties(server.address());
        path.setProperty(PropertyKeyConst.CONTEXT_PATH, "a//b");
        assertEquals(
                NacosException.CLIENT_INVALID_PARAM,
                assertThrows(NacosException.class, () -> NacosFactory.createConfigService(path))
                        .getErrCode());
    }

    @Test
    void c24_shuttingDownTwiceIsHarmlessAndLaterCallsFailFast() throws Exception {
        NamingService naming = services.naming(server.address());
        ConfigService config = services.config(server.address());
        naming.registerInstance(Services.unique("s"), "10.0.0.1", 80);
        naming.shutDown();
        naming.shutDown();
        config.shutDown();
        config.shutDown();
        assertEquals("DOWN", naming.getServerStatus());
        assertEquals("DOWN", config.getServerStatus());
        long start = System.nanoTime();
        assertThrows(NacosException.class, () -> naming.registerInstance("s", "10.0.0.1", 80));
        assertThrows(NacosException.class, () -> naming.getAllInstances("s"));
        assertThrows(NacosException.class, () -> naming.subscribe("s", event -> {}));
        assertThrows(NacosException.class, () -> config.getConfig("d", "g", 3000));
        assertThrows(NacosException.class, () -> config.removeConfig("d", "g"));
        assertTrue(Duration.ofNanos(System.nanoTime() - start).getSeconds() < 3, "no call may wait for a time limit");
    }

    @Test
    void c25_emptyPropertiesMeanUnsetAndStrangeOnesPass() throws Exception {
        Properties properties = services.properties(server.address());
        for (String key : new String[] {
            "namespace",
            "username",
            "password",
            "accessKey",
            "secretKey",
            "endpoint",
            "contextPath",
            "clusterName",
            "encode",
            "namingLoadCacheAtStart",
            "configRequestTimeout",
            "ramRoleName",
            "isUseCloudNamespaceParsing"
        }) {
            properties.setProperty(key, "");
        }
        properties.setProperty("watchDelay", "30000");
        properties.setProperty("com.example.strange", "x");
        NamingService naming = services.naming(properties);
        assertEquals("UP", naming.getServerStatus());
        String name = Services.unique("s");
        naming.registerInstance(name, "10.0.0.1", 80);
        NamingService other = services.naming(server.address());
        Eventually.is(
                "in the default namespace",
                () -> other.getAllInstances(name, false).size() == 1);
    }

    @Test
    void c26_systemPropertiesFillIn() throws Exception {
        String namespace = Services.unique("ns").toLowerCase();
        Properties named = services.properties(server.address());
        named.setProperty("namespace", namespace);
        NamingService same = services.naming(named);
        String name = Services.unique("s");
        System.setProperty("namespace", namespace);
        System.setProperty("serverAddr", server.address());
        try {
            Properties empty = new Properties();
            empty.setProperty("JM.SNAPSHOT.PATH", services.folder().toString());
            services.naming(empty).registerInstance(name, "10.0.0.1", 80);
        } finally {
            System.clearProperty("namespace");
            System.clearProperty("serverAddr");
        }
        Eventually.is(
                "in the namespace of the JVM",
                () -> same.getAllInstances(name, false).size() == 1);
    }

    @Test
    void c27_manyServicesShareOneConnectionAndTheThreads() throws Exception {
        String address = services.scope
                .ask("proxy.start", Harness.args().put("name", "counted").put("to", server.address()))
                .path("address")
                .asText();
        services.naming(address);
        services.config(address);
        int threads = Thread.activeCount();
        for (int i = 0; i < 8; i++) {
            assertEquals("UP", services.naming(address).getServerStatus());
            assertEquals("UP", services.config(address).getServerStatus());
        }
        int open = services.scope
                .ask("proxy.connections", Harness.args().put("name", "counted").put("door", "grpc"))
                .path("open")
                .asInt();
        assertEquals(1, open, "connections of 18 services");
        assertTrue(Thread.activeCount() <= threads + 2, "threads: " + threads + ", then " + Thread.activeCount());
    }

    @Test
    void maintenanceReachesServicesAndInstances() throws Exception {
        NamingMaintainService maintain = NacosFactory.createMaintainService(services.properties(server.address()));
        try {
            String name = Services.unique("s");
            maintain.createService(name, "g", 0.5f);
            Service service = maintain.queryService(name, "g");
            assertEquals(name, service.getName());
            assertEquals("g", service.getGroupName());
            assertEquals(0.5f, service.getProtectThreshold());
            maintain.updateService(name, "g", 0.25f, Map.of("a", "b"));
            assertEquals("b", maintain.queryService(name, "g").getMetadata().get("a"));
            assertTrue(maintain.deleteService(name, "g"));
            assertThrows(NacosException.class, () -> maintain.queryService(name, "g"));

            NamingService naming = services.naming(server.address());
            String other = Services.unique("s");
            naming.registerInstance(other, "10.0.0.1", 80);
            Instance changed = Services.instance("10.0.0.1", 80);
            changed.setWeight(7);
            Eventually.holds(() -> maintain.updateInstance(other, changed));
            Eventually.is(
                    "the new weight",
                    () -> naming.getAllInstances(other, false).get(0).getWeight() == 7);
        } finally {
            maintain.shutDown();
            maintain.shutDown();
        }
    }
}
