package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.ai.AiFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.ConfigFuzzyWatchChangeEvent;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.lock.LockService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.AbstractFuzzyWatchEventWatcher;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchChangeEvent;
import com.alibaba.nacos.api.naming.pojo.ListView;
import com.alibaba.nacos.client.lock.core.NLockFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What only nacos-api 3.x has. */
class ThirdLineTest {
    private static Services services;

    @BeforeAll
    static void start() {
        services = new Services();
    }

    @AfterAll
    static void stop() throws Exception {
        services.close();
    }

    private static int code(Call call) {
        return assertThrows(NacosException.class, call::run).getErrCode();
    }

    private interface Call {
        void run() throws Exception;
    }

    private static final class Watcher extends AbstractFuzzyWatchEventWatcher {
        @Override
        public void onEvent(FuzzyWatchChangeEvent event) {}
    }

    private static final class ConfigWatcher
            extends com.alibaba.nacos.api.config.listener.AbstractFuzzyWatchEventWatcher {
        @Override
        public void onEvent(ConfigFuzzyWatchChangeEvent event) {}
    }

    @Test
    void whatAServerOf2xLacksIsA501() throws Exception {
        String address = services.server().address();
        NamingService naming = services.naming(address);
        assertEquals(501, code(() -> naming.fuzzyWatch("g", new Watcher())));
        assertEquals(501, code(() -> naming.fuzzyWatchWithServiceKeys("s*", "g", new Watcher())));
        assertEquals(-400, code(() -> naming.fuzzyWatch("g", null)));
        naming.cancelFuzzyWatch("g", new Watcher());
        ConfigService config = services.config(address);
        assertEquals(501, code(() -> config.fuzzyWatch("g", new ConfigWatcher())));
        config.cancelFuzzyWatch("g", new ConfigWatcher());
        LockService locks = NacosFactory.createLockService(services.properties(address));
        assertEquals(501, code(() -> locks.lock(NLockFactory.getLock("k"))));
        locks.shutdown();
        locks.shutdown();
    }

    @Test
    void locksAreAcquiredAndReleased() throws Exception {
        ObjectNode start = Harness.args().put("name", "locks");
        start.putObject("abilities").put("lock", true);
        String address = services.scope.ask("stub.start", start).path("address").asText();
        LockService locks = NacosFactory.createLockService(services.properties(address));
        answer(true);
        assertTrue(locks.lock(NLockFactory.getLock("k", 5000L)));
        answer(false);
        assertFalse(locks.remoteTryLock(NLockFactory.getLock("k")));
        assertEquals(-400, code(() -> locks.remoteTryLock(NLockFactory.getLock(" "))));
        locks.shutdown();
    }

    private static void answer(boolean result) {
        ObjectNode args = Harness.args().put("name", "locks").put("type", "LockOperationRequest");
        args.putArray("replies").addObject().putObject("body").put("result", result);
        services.scope.ask("stub.reply", args);
    }

    @Test
    void patternsOfServicesAreWatched() throws Exception {
        ObjectNode start = Harness.args().put("name", "patterns");
        start.putObject("abilities").put("fuzzyWatch", true);
        String address = services.scope.ask("stub.start", start).path("address").asText();
        NamingService naming = services.naming(address);
        List<String> events = new CopyOnWriteArrayList<>();
        Future<ListView<String>> keys =
                naming.fuzzyWatchWithServiceKeys("order-*", "shop", new AbstractFuzzyWatchEventWatcher() {
                    @Override
                    public void onEvent(FuzzyWatchChangeEvent event) {
                        events.add(event.getChangeType() + " " + event.getSyncType() + " " + event.getGroupName() + " "
                                + event.getServiceName());
                    }
                });
        services.scope.ask("stub.wait", Harness.args().put("name", "patterns").put("type", "NamingFuzzyWatchRequest"));
        ObjectNode first = sync("1", "FUZZY_WATCH_INIT_NOTIFY");
        first.withArray("contexts")
                .addObject()
                .put("serviceKey", "public@@shop@@order-a")
                .put("changedType", "ADD_SERVICE");
        push("NamingFuzzyWatchSyncRequest", first);
        push("NamingFuzzyWatchSyncRequest", sync("2", "FINISH_FUZZY_WATCH_INIT_NOTIFY"));
        ListView<String> found = keys.get(20, TimeUnit.SECONDS);
        assertEquals(List.of("public@@shop@@order-a"), found.getData());
        ObjectNode gone = Harness.args()
                .put("requestId", "3")
                .put("syncType", "FUZZY_WATCH_RESOURCE_CHANGED")
                .put("serviceKey", "public@@shop@@order-a")
                .put("changedType", "DELETE_SERVICE");
        push("NamingFuzzyWatchChangeNotifyRequest", gone);
        Eventually.holds(() -> assertEquals(
                List.of(
                        "ADD_SERVICE FUZZY_WATCH_INIT_NOTIFY shop order-a",
                        "DELETE_SERVICE FUZZY_WATCH_RESOURCE_CHANGED shop order-a"),
                events));
    }

    private static ObjectNode sync(String id, String type) {
        ObjectNode body = Harness.args()
                .put("requestId", id)
                .put("syncType", type)
                .put("groupKeyPattern", "public>>shop>>order-*")
                .put("totalBatch", 1)
                .put("currentBatch", 1);
        body.putArray("contexts");
        return body;
    }

    private static void push(String type, ObjectNode body) {
        ObjectNode args = Harness.args().put("name", "patterns").put("type", type);
        args.set("body", body);
        services.scope.ask("stub.push", args);
    }

    @Test
    void theAiServiceSaysThatItIsNotThere() throws Exception {
        var ai = AiFactory.createAiService(new Properties());
        assertEquals(NacosException.SERVER_NOT_IMPLEMENTED, code(() -> ai.getMcpServer("m")));
        assertEquals(NacosException.SERVER_NOT_IMPLEMENTED, code(() -> ai.getAgentCard("a")));
        ai.shutdown();
    }

    @Test
    void theDefaultNamespaceOfConfigsHasTwoSpellings() throws Exception {
        String address = services.server().address();
        Properties named = services.properties(address);
        named.setProperty("namespace", "public");
        ConfigService with = services.config(named);
        ConfigService without = services.config(address);
        var seen = new CopyOnWriteArrayList<String>();
        with.addListener("d", "g", new com.alibaba.nacos.api.config.listener.AbstractListener() {
            @Override
            public void receiveConfigInfo(String content) {
                seen.add(content);
            }
        });
        assertNull(with.getConfig("d", "g", 3000));
        assertTrue(without.publishConfig("d", "g", "v1"));
        Eventually.is("told", () -> seen.contains("v1"));
        assertEquals("v1", with.getConfig("d", "g", 3000));
    }
}
