package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Code as users write it on nacos-api alone, Seata among them; also the errors that they see. */
class PlainTest {
    @Test
    void registerDiscoverAndConfigure() throws Exception {
        assertEquals(Original.isExpected(), Original.isThere());
        try (Scope scope = Harness.shared().scope()) {
            System.setProperty("JM.SNAPSHOT.PATH", scope.directory().toString());
            TestServer server = scope.server();
            NamingService naming = NacosFactory.createNamingService(server.address());
            NamingService provider = NacosFactory.createNamingService(server.address());
            List<Integer> sizes = new CopyOnWriteArrayList<>();
            naming.subscribe(
                    "shop",
                    "g",
                    List.of("c"),
                    event -> sizes.add(((NamingEvent) event).getInstances().size()));
            provider.registerInstance("shop", "g", "10.0.0.1", 80, "c");
            Eventually.is("told", () -> sizes.contains(1));
            Eventually.is(
                    "found",
                    () -> naming.getAllInstances("shop", "g", List.of("c")).size() == 1);
            assertEquals(
                    "10.0.0.1", naming.selectOneHealthyInstance("shop", "g").getIp());
            provider.deregisterInstance("shop", "g", "10.0.0.1", 80, "c");
            Eventually.is("gone", () -> sizes.get(sizes.size() - 1) == 0);

            ConfigService config = NacosFactory.createConfigService(server.address());
            List<String> contents = new CopyOnWriteArrayList<>();
            assertNull(config.getConfig("seata.properties", "SEATA_GROUP", 3000));
            config.addListener("seata.properties", "SEATA_GROUP", new AbstractListener() {
                @Override
                public void receiveConfigInfo(String content) {
                    contents.add(content);
                }
            });
            assertTrue(config.publishConfig("seata.properties", "SEATA_GROUP", "a=1"));
            Eventually.is("notified", () -> contents.equals(List.of("a=1")));
            assertTrue(config.removeConfig("seata.properties", "SEATA_GROUP"));
            naming.shutDown();
            provider.shutDown();
            config.shutDown();
        }
    }

    @Test
    void wrongArgumentsHaveTheCodesOfTheOriginal() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            System.setProperty("JM.SNAPSHOT.PATH", scope.directory().toString());
            TestServer server = scope.server();
            NamingService naming = NacosFactory.createNamingService(server.address());
            ConfigService config = NacosFactory.createConfigService(server.address());
            Instance cluster = new Instance();
            cluster.setIp("10.0.0.1");
            cluster.setClusterName("not_allowed");
            Instance persistent = new Instance();
            persistent.setIp("10.0.0.1");
            persistent.setEphemeral(false);
            Instance other = new Instance();
            other.setIp("10.0.0.1");
            other.setServiceName("other@@s");
            assertEquals(400, code(() -> naming.registerInstance("s", (Instance) null)));
            assertEquals(400, code(() -> naming.registerInstance("s", cluster)));
            assertEquals(400, code(() -> naming.batchRegisterInstance("s", "g", List.of(persistent))));
            assertEquals(-400, code(() -> naming.registerInstance("s", other)));
            assertThrows(IllegalArgumentException.class, () -> naming.registerInstance(" ", "10.0.0.1", 80));
            assertThrows(IllegalArgumentException.class, () -> naming.getAllInstances("", "g"));
            assertThrows(IllegalArgumentException.class, () -> naming.subscribe(null, event -> {}));
            assertThrows(IllegalStateException.class, () -> naming.selectOneHealthyInstance("nobody"));
            assertEquals(-400, code(() -> config.getConfig("", "g", 100)));
            assertEquals(-400, code(() -> config.getConfig("a b", "g", 100)));
            assertEquals(-400, code(() -> config.getConfig("d", "g g", 100)));
            assertEquals(-400, code(() -> config.publishConfig("d", "g", "")));
            assertEquals(-400, code(() -> config.publishConfig(null, "g", "c")));
            assertEquals(-400, code(() -> config.removeConfig("d/d", "g")));
            naming.shutDown();
            config.shutDown();
        }
    }

    private interface Call {
        void run() throws Exception;
    }

    private static int code(Call call) {
        return assertThrows(NacosException.class, call::run).getErrCode();
    }
}
