package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.filter.IConfigFilter;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import com.alibaba.nacos.client.config.utils.JvmUtil;
import com.alibaba.nacos.client.config.utils.SnapShotSwitch;
import com.alibaba.nacos.client.constant.Constants;
import com.alibaba.nacos.client.logging.NacosLogging;
import com.alibaba.nacos.client.naming.core.Balancer;
import com.alibaba.nacos.client.naming.event.InstancesDiff;
import com.alibaba.nacos.client.naming.listener.AbstractNamingChangeListener;
import com.alibaba.nacos.client.naming.listener.NamingChangeEvent;
import com.alibaba.nacos.client.naming.selector.NamingSelectorFactory;
import com.alibaba.nacos.client.naming.selector.ServiceInfoContext;
import com.alibaba.nacos.client.naming.utils.CollectionUtils;
import com.alibaba.nacos.client.naming.utils.UtilAndComs;
import com.alibaba.nacos.client.utils.ConcurrentDiskUtil;
import com.alibaba.nacos.client.utils.LogUtils;
import com.alibaba.nacos.common.spi.NacosServiceLoader;
import com.alibaba.nacos.common.utils.ConcurrentHashSet;
import com.alibaba.nacos.common.utils.IoUtils;
import com.alibaba.nacos.common.utils.JacksonUtils;
import com.alibaba.nacos.common.utils.MapUtil;
import com.alibaba.nacos.common.utils.Pair;
import com.alibaba.nacos.common.utils.ThreadUtils;
import com.alibaba.nacos.common.utils.UuidUtils;
import com.fasterxml.jackson.core.type.TypeReference;
import io.nacre.ServiceKey;
import java.io.File;
import java.io.StringReader;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HelpersTest {
    /** Frameworks reach the balancer so. */
    private static final class Reached extends Balancer {
        static Instance choose(List<Instance> hosts) {
            return getHostByRandomWeight(hosts);
        }
    }

    private static Instance instance(String ip, double weight, boolean healthy) {
        Instance instance = new Instance();
        instance.setIp(ip);
        instance.setWeight(weight);
        instance.setHealthy(healthy);
        return instance;
    }

    @Test
    void balancerFollowsWeights() {
        assertNull(Reached.choose(null));
        assertNull(Reached.choose(List.of()));
        Instance heavy = instance("heavy", 9, true);
        Instance light = instance("light", 1, true);
        List<Instance> hosts = List.of(instance("sick", 100, false), light, instance("off", 0, true), heavy);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            counts.merge(Reached.choose(hosts).getIp(), 1, Integer::sum);
        }
        assertEquals(2, counts.size());
        assertEquals(0.9, counts.get("heavy") / 10_000.0, 0.05);
        assertThrows(IllegalStateException.class, () -> Reached.choose(List.of(instance("sick", 1, false))));
        assertThrows(IllegalStateException.class, () -> Reached.choose(List.of(instance("nan", Double.NaN, true))));
        assertThrows(
                IllegalStateException.class,
                () -> Balancer.RandomByWeight.selectHost(Convert.info(ServiceKey.of("g", "s"), new ArrayList<>())));
    }

    private static List<Instance> selected(NamingSelector selector, Instance... instances) {
        return selector.select(new ServiceInfoContext(
                        Convert.info(ServiceKey.of("g", "s"), new ArrayList<>(Arrays.asList(instances)))))
                .getResult();
    }

    @Test
    void selectorsSelect() {
        Instance a = instance("10.0.0.1", 1, true);
        a.setClusterName("c1");
        a.addMetadata("zone", "a");
        Instance b = instance("10.0.0.2", 1, false);
        b.setClusterName("c2");
        b.addMetadata("zone", "b");
        b.addMetadata("x", "y");
        assertEquals(List.of(a, b), selected(NamingSelectorFactory.EMPTY_SELECTOR, a, b));
        assertEquals(List.of(a), selected(NamingSelectorFactory.HEALTHY_SELECTOR, a, b));
        assertEquals(List.of(b), selected(NamingSelectorFactory.newClusterSelector(List.of("c2")), a, b));
        assertEquals(List.of(b), selected(NamingSelectorFactory.newIpSelector("10\\.0\\.0\\.[2-3]"), a, b));
        assertEquals(List.of(), selected(NamingSelectorFactory.newIpSelector("10"), a, b));
        Map<String, String> both = Map.of("zone", "a", "x", "y");
        assertEquals(List.of(), selected(NamingSelectorFactory.newMetadataSelector(both), a, b));
        assertEquals(List.of(a, b), selected(NamingSelectorFactory.newMetadataSelector(both, true), a, b));
        assertEquals(
                NamingSelectorFactory.newClusterSelector(List.of("b", "a")),
                NamingSelectorFactory.newClusterSelector(List.of("a", "b", "a")));
        assertNotEquals(
                NamingSelectorFactory.newClusterSelector(List.of("a")),
                NamingSelectorFactory.newClusterSelector(List.of("b")));
        assertSame(NamingSelectorFactory.EMPTY_SELECTOR, NamingSelectorFactory.newClusterSelector(null));
        assertThrows(IllegalArgumentException.class, () -> NamingSelectorFactory.newIpSelector(null));
        assertThrows(IllegalArgumentException.class, () -> NamingSelectorFactory.newMetadataSelector(null));
    }

    @Test
    void changeListenersGetChangeEventsOnly() {
        List<NamingChangeEvent> seen = new ArrayList<>();
        AbstractNamingChangeListener listener = new AbstractNamingChangeListener() {
            @Override
            public void onChange(NamingChangeEvent event) {
                seen.add(event);
            }
        };
        InstancesDiff diff = new InstancesDiff(List.of(instance("a", 1, true)), null, List.of());
        listener.onEvent(new com.alibaba.nacos.api.naming.listener.NamingEvent("s", List.of()));
        NamingChangeEvent event = new NamingChangeEvent("s", "g", "", List.of(), diff);
        listener.onEvent(event);
        assertEquals(List.of(event), seen);
        assertTrue(event.isAdded() && !event.isRemoved() && !event.isModified());
        assertEquals("a", event.getAddedInstances().get(0).getIp());
        assertNull(listener.getExecutor());
        assertFalse(new InstancesDiff().hasDifferent());
        diff.setAddedInstances(null);
        assertFalse(diff.hasDifferent());
        diff.setRemovedInstances(List.of(instance("b", 1, true)));
        assertTrue(diff.isRemoved());
    }

    @Test
    void namesOfFrameworksAreThere() {
        assertEquals("naming.log.filename", UtilAndComs.NACOS_NAMING_LOG_NAME);
        assertEquals("UP", Constants.HealthCheck.UP);
        NacosLogging.getInstance().loadConfiguration();
        assertSame(NacosLogging.getInstance(), NacosLogging.getInstance());
        assertTrue(CollectionUtils.isEmpty(null) && CollectionUtils.isEmpty(List.of()));
        assertTrue(CollectionUtils.isEqualCollection(List.of("a", "b", "a"), List.of("a", "a", "b")));
        assertFalse(CollectionUtils.isEqualCollection(List.of("a", "b", "b"), List.of("a", "a", "b")));
        assertEquals(List.of("b"), new ArrayList<>(CollectionUtils.subtract(List.of("a", "b"), List.of("a"))));
        assertFalse(JvmUtil.isMultiInstance());
        assertEquals(
                "io.nacre.nacos.HelpersTest", LogUtils.logger(HelpersTest.class).getName());
        assertEquals(36, UuidUtils.generateUuid().length());
        assertEquals("b", Pair.with("a", "b").getSecond());
    }

    @Test
    void filesAreWrittenAndRead(@TempDir Path folder) throws Exception {
        File file = folder.resolve("f").toFile();
        assertTrue(ConcurrentDiskUtil.writeFileContent(file, "a longer täxt", "UTF-8"));
        assertTrue(ConcurrentDiskUtil.writeFileContent(file.getPath(), "täxt", "UTF-8"));
        assertEquals("täxt", ConcurrentDiskUtil.getFileContent(file, "UTF-8"));
        assertEquals("täxt", ConcurrentDiskUtil.getFileContent(file.getPath(), "UTF-8"));
        IoUtils.writeStringToFile(folder.resolve("d/e").toFile(), "x", "UTF-8");
        assertEquals("x", Files.readString(folder.resolve("d/e")));
        IoUtils.delete(folder.toFile());
        assertEquals(0, folder.toFile().list().length);
        byte[] packed = IoUtils.tryCompress("täxt", "UTF-8");
        assertTrue(IoUtils.isGzipStream(packed));
        assertArrayEquals("täxt".getBytes("UTF-8"), IoUtils.tryDecompress(packed));
        assertEquals(List.of("a", "b"), IoUtils.readLines(new StringReader("a\n\n b ")));
    }

    @Test
    void jsonGoesThereAndBack() {
        Map<String, Object> object =
                JacksonUtils.toObj("{\"a\":1,\"b\":[true]}", new TypeReference<Map<String, Object>>() {});
        assertEquals("{\"a\":1,\"b\":[true]}", JacksonUtils.toJson(object));
        assertEquals(1, JacksonUtils.toObj("{\"a\":1}").get("a").asInt());
        Instance instance = JacksonUtils.toObj("{\"ip\":\"i\",\"strange\":1}", Instance.class);
        assertEquals("i", instance.getIp());
        assertThrows(
                com.alibaba.nacos.api.exception.runtime.NacosDeserializationException.class,
                () -> JacksonUtils.toObj("{", Map.class));
    }

    @Test
    void collectionsForThreads() throws Exception {
        ConcurrentHashSet<String> set = new ConcurrentHashSet<>(List.of("a"));
        assertFalse(set.add("a"));
        assertTrue(set.remove("a") && set.isEmpty());
        Map<String, String> map = new HashMap<>();
        assertEquals("xy", MapUtil.computeIfAbsent(map, "k", (String a, String b) -> a + b, "x", "y"));
        assertNull(MapUtil.removeKey(map, "k", "z"::equals));
        assertEquals("xy", MapUtil.removeKey(map, "k", "xy"::equals));
        CountDownLatch latch = new CountDownLatch(1);
        ThreadUtils.countDown(latch);
        ThreadUtils.latchAwait(latch, 20, TimeUnit.SECONDS);
        Thread.currentThread().interrupt();
        ThreadUtils.sleep(1000);
        assertTrue(Thread.interrupted());
        int threads = ThreadUtils.getSuitableThreadCount(3);
        assertTrue(threads >= 3 * Runtime.getRuntime().availableProcessors() && Integer.bitCount(threads) == 1);
    }

    @Test
    void servicesAreLoadedAnewEachTime() {
        List<IConfigFilter> first = new ArrayList<>(NacosServiceLoader.load(IConfigFilter.class));
        List<IConfigFilter> second = new ArrayList<>(NacosServiceLoader.load(IConfigFilter.class));
        assertEquals(SuffixFilter.class, first.get(0).getClass());
        assertEquals(SuffixFilter.class, second.get(0).getClass());
        assertNotSame(first.get(0), second.get(0));
    }

    @Test
    void theSnapshotSwitchTellsItsWatchers() {
        List<Boolean> seen = new ArrayList<>();
        Runnable stop = SnapShotSwitch.watch(seen::add);
        try {
            SnapShotSwitch.setIsSnapShot(false);
            assertFalse(SnapShotSwitch.getIsSnapShot());
        } finally {
            SnapShotSwitch.setIsSnapShot(true);
            stop.run();
        }
        SnapShotSwitch.setIsSnapShot(true);
        assertEquals(List.of(false, true), seen);
    }

    @Test
    void theOriginalOnTheClassPathIsAnErrorThatNamesTheJar() throws Exception {
        ClassPathCheck.run(getClass().getClassLoader());
        File jar = new File("target/original/nacos-client.jar");
        assertTrue(jar.exists());
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toURI().toURL()}, null)) {
            IllegalStateException refused = assertThrows(IllegalStateException.class, () -> ClassPathCheck.run(loader));
            assertTrue(refused.getMessage().contains("target/original/nacos-client.jar"), refused.getMessage());
            assertTrue(
                    refused.getMessage().contains("<artifactId>nacos-client</artifactId></exclusion>"),
                    refused.getMessage());
        }
    }

    @Test
    void plugInsThatAreNotLoadedAreNamed(@TempDir Path folder) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        String kind = "com.alibaba.nacos.plugin.auth.spi.client.AbstractClientAuthService";
        Files.writeString(services.resolve(kind), "# ours\norg.example.Auth # comment\n\n");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            assertEquals(List.of("org.example.Auth (" + kind + ")"), Plugins.found(loader));
        }
        assertNotNull(Plugins.found(getClass().getClassLoader()));
    }
}
