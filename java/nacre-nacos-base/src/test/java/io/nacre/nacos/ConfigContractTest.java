package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.ConfigChangeEvent;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.api.config.listener.AbstractSharedListener;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.impl.ChangeNotifyBlockEvent;
import com.alibaba.nacos.client.config.listener.impl.AbstractConfigChangeListener;
import com.alibaba.nacos.common.notify.Event;
import com.alibaba.nacos.common.notify.NotifyCenter;
import com.alibaba.nacos.common.notify.listener.Subscriber;
import com.alibaba.nacos.common.utils.MD5Utils;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What callers of the config service rely on without its being written down; the numbers are those of the list. */
class ConfigContractTest {
    private static final String GROUP = "DEFAULT_GROUP";
    private static final long LIMIT = 10_000;

    private static Services services;
    private static TestServer server;
    private static ConfigService config;
    private static ConfigService publisher;

    private String dataId;

    /** Collects contents. */
    private static class Collector extends AbstractListener {
        final BlockingQueue<Optional<String>> contents = new LinkedBlockingQueue<>();

        @Override
        public void receiveConfigInfo(String content) {
            contents.add(Optional.ofNullable(content));
        }

        String next() throws InterruptedException {
            Optional<String> content = contents.poll(20, TimeUnit.SECONDS);
            assertTrue(content != null, "nothing within 20 s");
            return content.orElse(null);
        }

        void expectNothing() throws InterruptedException {
            assertNull(contents.poll(500, TimeUnit.MILLISECONDS));
        }
    }

    @BeforeAll
    static void start() throws Exception {
        services = new Services();
        server = services.server();
        config = services.config(server.address());
        publisher = services.config(server.address());
    }

    @AfterAll
    static void stop() throws Exception {
        services.close();
    }

    @BeforeEach
    void newDataId() {
        dataId = Services.unique("data");
    }

    private void publish(String content) throws NacosException {
        assertTrue(publisher.publishConfig(dataId, GROUP, content));
    }

    @Test
    void c03_theServersAnswerOrNull() throws Exception {
        assertNull(config.getConfig(dataId, GROUP, LIMIT));
        publish("v1");
        assertEquals("v1", config.getConfig(dataId, GROUP, LIMIT));
        assertEquals("v1", config.getConfig(dataId, " ", LIMIT));
        assertEquals("v1", config.getConfig(dataId, null, LIMIT));
        assertTrue(publisher.removeConfig(dataId, GROUP));
        assertNull(config.getConfig(dataId, GROUP, LIMIT));
        assertTrue(publisher.removeConfig(dataId, GROUP));
    }

    @Test
    void c11_sharedListenersKnowTheirConfig() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        config.addListener(dataId, "", new AbstractSharedListener() {
            @Override
            public void innerReceive(String id, String group, String content) {
                seen.add(id + "/" + group + "/" + content);
            }
        });
        publish("v1");
        assertEquals(dataId + "/" + GROUP + "/v1", seen.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void c12_theContextClassLoaderIsTheListenersAndIsRestored() throws Exception {
        BlockingQueue<ClassLoader> seen = new LinkedBlockingQueue<>();
        ClassLoader other = new ClassLoader(null) {};
        ExecutorService own = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task);
            thread.setContextClassLoader(other);
            return thread;
        });
        config.addListener(dataId, GROUP, new Listener() {
            @Override
            public Executor getExecutor() {
                return own;
            }

            @Override
            public void receiveConfigInfo(String content) {
                seen.add(Thread.currentThread().getContextClassLoader());
            }
        });
        publish("v1");
        assertSame(ConfigContractTest.class.getClassLoader(), seen.poll(20, TimeUnit.SECONDS));
        assertSame(
                other,
                own.submit(() -> Thread.currentThread().getContextClassLoader()).get(20, TimeUnit.SECONDS));
        own.shutdown();
    }

    @Test
    void c13_aSlowListenerNeverRunsBesideItselfAndDelaysNobody() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        List<String> seen = new CopyOnWriteArrayList<>();
        config.addListener(dataId, GROUP, new AbstractListener() {
            @Override
            public void receiveConfigInfo(String content) {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                try {
                    assertTrue(go.await(20, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                seen.add(content);
                running.decrementAndGet();
            }
        });
        Collector quick = new Collector();
        config.addListener(dataId, GROUP, quick);
        publish("v1");
        assertEquals("v1", quick.next());
        publish("v2");
        assertEquals("v2", quick.next());
        publish("v3");
        assertEquals("v3", quick.next());
        go.countDown();
        Eventually.is("the newest value", () -> seen.contains("v3"));
        assertEquals(1, most.get());
    }

    @Test
    void aListenerThatTakesLongIsToldOfWhileItRuns() throws Exception {
        BlockingQueue<ChangeNotifyBlockEvent> told = new LinkedBlockingQueue<>();
        Subscriber<ChangeNotifyBlockEvent> subscriber = new Subscriber<>() {
            @Override
            public void onEvent(ChangeNotifyBlockEvent event) {
                told.add(event);
            }

            @Override
            public Class<? extends Event> subscribeType() {
                return ChangeNotifyBlockEvent.class;
            }
        };
        NotifyCenter.registerSubscriber(subscriber);
        Properties properties = services.properties(server.address());
        properties.setProperty("nacos.listener.notify.warn.timeout", "50");
        ConfigService slow = services.config(properties);
        CountDownLatch free = new CountDownLatch(1);
        try {
            slow.addListener(dataId, GROUP, new AbstractListener() {
                @Override
                public void receiveConfigInfo(String content) {
                    try {
                        free.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            });
            publish("v1");
            ChangeNotifyBlockEvent event = told.poll(20, TimeUnit.SECONDS);
            assertEquals(dataId + " " + GROUP, event.getDataId() + " " + event.getGroup());
            assertTrue(event.getBlockStack().contains("await"), event.getBlockStack());
            assertTrue(event.getCurrentTime() >= event.getStartTime());
        } finally {
            free.countDown();
            NotifyCenter.deregisterSubscriber(subscriber);
        }
    }

    @Test
    void c14_aListenerThatFailsIsCalledAgain() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        config.addListener(dataId, GROUP, new AbstractListener() {
            @Override
            public void receiveConfigInfo(String content) {
                seen.add(content);
                if (seen.size() < 3) {
                    throw new IllegalStateException("wanted by the test");
                }
            }
        });
        publish("v1");
        Eventually.is("the third call", () -> seen.size() == 3);
        assertEquals(List.of("v1", "v1", "v1"), seen);
    }

    @Test
    void c15_aListenerIsNotToldWhatWasReadBefore() throws Exception {
        publish("v1");
        assertEquals("v1", config.getConfig(dataId, GROUP, LIMIT));
        Collector known = new Collector();
        config.addListener(dataId, GROUP, known);
        known.expectNothing();
        publish("v2");
        assertEquals("v2", known.next());

        Collector signed = new Collector();
        assertEquals("v2", config.getConfigAndSignListener(dataId, GROUP, LIMIT, signed));
        signed.expectNothing();
        publish("v3");
        assertEquals("v3", signed.next());
        assertTrue(publisher.removeConfig(dataId, GROUP));
        assertNull(signed.next());
    }

    @Test
    void c15_withoutAFileTheFirstValueIsTold() throws Exception {
        publish("v1");
        Collector listener = new Collector();
        services.config(server.address()).addListener(dataId, GROUP, listener);
        assertEquals("v1", listener.next());
    }

    @Test
    void c16_aListenerIsAddedOnce() throws Exception {
        Collector listener = new Collector();
        config.addListener(dataId, GROUP, listener);
        config.addListener(dataId, "", listener);
        publish("v1");
        assertEquals("v1", listener.next());
        listener.expectNothing();
        config.removeListener(dataId, GROUP, listener);
        config.removeListener(dataId, GROUP, listener);
        publish("v2");
        Eventually.holds(() -> assertEquals("v2", config.getConfig(dataId, GROUP, LIMIT)));
        listener.expectNothing();
    }

    @Test
    void c17_filtersRunOnEveryWay() throws Exception {
        dataId = Services.unique("suffix-data");
        List<String> order = new CopyOnWriteArrayList<>();
        ConfigService filtered = services.config(server.address());
        filtered.addConfigFilter(new RecordingFilter("late", 9, order));
        filtered.addConfigFilter(new RecordingFilter("early", 1, order));
        filtered.addConfigFilter(new RecordingFilter("early", 0, order));
        Collector listener = new Collector();
        filtered.addListener(dataId, GROUP, listener);
        assertTrue(filtered.publishConfig(dataId, GROUP, "plain"));
        assertEquals("plain", listener.next());
        assertEquals("plain", filtered.getConfig(dataId, GROUP, LIMIT));
        assertEquals(List.of("early", "late"), order.subList(0, 2));
        assertEquals(6, order.size(), "publish, notify and get");
        String stored = MD5Utils.md5Hex("plain" + SuffixFilter.SUFFIX, "UTF-8");
        assertTrue(filtered.publishConfigCas(dataId, GROUP, "next", stored), "the server has what the filter made");
    }

    @Test
    void c18_compareAndSetPassesTheMd5() throws Exception {
        String md5 = MD5Utils.md5Hex("v1", "UTF-8");
        assertTrue(config.publishConfigCas(dataId, GROUP, "v1", "0"), "nothing is there yet");
        assertFalse(config.publishConfigCas(dataId, GROUP, "v2", "0"));
        assertTrue(config.publishConfigCas(dataId, GROUP, "v2", md5));
        assertFalse(config.publishConfigCas(dataId, GROUP, "v3", md5));
        assertTrue(config.publishConfigCas(dataId, GROUP, "v3", ""));
        assertTrue(config.publishConfigCas(dataId, GROUP, "v4", null, "json"));
        assertEquals("v4", config.getConfig(dataId, GROUP, LIMIT));
    }

    @Test
    void changeListenersLearnWhichKeysChanged() throws Exception {
        assertTrue(publisher.publishConfig(dataId, GROUP, "a=1\nb=2", "properties"));
        BlockingQueue<ConfigChangeEvent> changes = new LinkedBlockingQueue<>();
        List<String> contents = new CopyOnWriteArrayList<>();
        config.getConfigAndSignListener(dataId, GROUP, LIMIT, new AbstractConfigChangeListener() {
            @Override
            public void receiveConfigInfo(String content) {
                contents.add(content);
            }

            @Override
            public void receiveConfigChange(ConfigChangeEvent event) {
                changes.add(event);
            }
        });
        assertTrue(publisher.publishConfig(dataId, GROUP, "a=1\nb=3", "properties"));
        ConfigChangeEvent change = changes.poll(20, TimeUnit.SECONDS);
        assertEquals(1, change.getChangeItems().size());
        assertEquals("2", change.getChangeItem("b").getOldValue());
        assertEquals("3", change.getChangeItem("b").getNewValue());
        assertEquals(List.of("a=1\nb=3"), contents);
    }

    @Test
    void wrongArgumentsAreRefused() throws Exception {
        List<String> wrong = new ArrayList<>(List.of("", " ", "a b", "a/b", "ä#"));
        wrong.add(null);
        for (String each : wrong) {
            assertEquals(-400, code(() -> config.getConfig(each, GROUP, LIMIT)));
            assertEquals(-400, code(() -> config.publishConfig(each, GROUP, "c")));
            assertEquals(-400, code(() -> config.removeConfig(each, GROUP)));
            assertEquals(-400, code(() -> config.addListener(each, GROUP, new Collector())));
            config.removeListener(each, GROUP, new Collector());
        }
        for (String each : new String[] {null, "", " "}) {
            assertEquals(-400, code(() -> config.publishConfig(dataId, GROUP, each)));
        }
        assertEquals(-400, code(() -> config.getConfig(dataId, "a b", LIMIT)));
        assertThrows(IllegalArgumentException.class, () -> config.addListener(dataId, GROUP, null));
    }

    private interface Call {
        void run() throws Exception;
    }

    private static int code(Call call) {
        return assertThrows(NacosException.class, call::run).getErrCode();
    }

    @Test
    void objectsDoNotShareListeners() throws Exception {
        Collector listener = new Collector();
        ConfigService other = services.config(server.address());
        assertNotSame(config, other);
        config.addListener(dataId, GROUP, listener);
        other.addListener(dataId, GROUP, listener);
        publish("v1");
        assertEquals("v1", listener.next());
        assertEquals("v1", listener.next());
        other.shutDown();
        publish("v2");
        assertEquals("v2", listener.next());
        listener.expectNothing();
    }
}
