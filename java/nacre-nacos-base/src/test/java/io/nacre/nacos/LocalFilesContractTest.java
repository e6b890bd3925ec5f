package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.utils.SnapShotSwitch;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Failover files, snapshots and encryption: contracts 3, 15 and 17 with files of the original's layout. */
class LocalFilesContractTest {
    private static final String GROUP = "g";
    private static final long LIMIT = 20_000;
    /** Longest wait for a server that is known not to answer. */
    private static final long GONE = 300;

    private Services services;

    @BeforeEach
    void start() {
        services = new Services();
    }

    @AfterEach
    void stop() throws Exception {
        services.close();
    }

    private static Path folder(Properties properties, String prefix, String address) {
        return Paths.get(properties.getProperty("JM.SNAPSHOT.PATH"))
                .resolve("nacos/config/" + prefix + "fixed-" + address.replace(':', '_') + "_nacos");
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, content.getBytes(StandardCharsets.UTF_8));
    }

    private static final class Collector extends AbstractListener {
        final BlockingQueue<Optional<String>> contents = new LinkedBlockingQueue<>();

        @Override
        public void receiveConfigInfo(String content) {
            contents.add(Optional.ofNullable(content));
        }

        Optional<String> next(long millis) throws InterruptedException {
            return contents.poll(millis, TimeUnit.MILLISECONDS);
        }
    }

    @Test
    void c03_failoverFileThenServerThenSnapshot() throws Exception {
        TestServer server = services.server();
        Properties properties = services.properties(server.address());
        ConfigService config = services.config(properties);
        Path folder = folder(properties, "Config-", server.address());
        assertTrue(config.publishConfig("d", GROUP, "of the server"));
        assertEquals("of the server", config.getConfig("d", GROUP, LIMIT));
        Path snapshot = folder.resolve("snapshot/g/d");
        Eventually.is("the snapshot", () -> Files.exists(snapshot));
        assertEquals("of the server", Files.readString(snapshot));

        write(folder.resolve("data/config-data/g/d"), "of the operator");
        // The folder is looked at again after a short while.
        Eventually.holds(() -> assertEquals("of the operator", config.getConfig("d", GROUP, LIMIT)));
        Files.delete(folder.resolve("data/config-data/g/d"));
        Eventually.holds(() -> assertEquals("of the server", config.getConfig("d", GROUP, LIMIT)));

        assertTrue(config.publishConfig("other", GROUP, "never read"));
        server.kill();
        assertEquals("of the server", config.getConfig("d", GROUP, GONE));
        assertNull(config.getConfig("other", GROUP, GONE), "no exception, whatever the failure");
        server.up();
        Eventually.is("removed", () -> config.removeConfig("d", GROUP));
        assertNull(config.getConfig("d", GROUP, LIMIT));
        Eventually.is("the snapshot goes with the config", () -> !Files.exists(snapshot));
    }

    @Test
    void c03_onlyForbiddenIsAnException() throws Exception {
        String address = services.scope
                .ask("stub.start", Harness.args().put("name", "stub"))
                .path("address")
                .asText();
        Properties properties = services.properties(address);
        write(folder(properties, "Config-", address).resolve("snapshot/g/d"), "of the snapshot");
        ConfigService config = services.config(properties);
        answer(403);
        NacosException refused = assertThrows(NacosException.class, () -> config.getConfig("d", GROUP, LIMIT));
        assertEquals(NacosException.NO_RIGHT, refused.getErrCode());
        answer(500);
        assertEquals("of the snapshot", config.getConfig("d", GROUP, LIMIT));
        assertNull(config.getConfig("without", GROUP, LIMIT));
    }

    private void answer(int code) {
        ObjectNode args = Harness.args().put("name", "stub").put("type", "ConfigQueryRequest");
        ArrayNode replies = args.putArray("replies");
        ObjectNode body = replies.addObject().put("type", "ErrorResponse").putObject("body");
        body.put("resultCode", 500).put("errorCode", code).put("message", "wanted by the test");
        services.scope.ask("stub.reply", args);
    }

    @Test
    void snapshotsOfTheOriginalAreRead() throws Exception {
        TestServer absent = services.absentServer();
        Properties properties = services.properties(absent.address());
        write(folder(properties, "Config-", absent.address()).resolve("snapshot/g/of-2.5"), "a");
        write(folder(properties, "", absent.address()).resolve("snapshot/g/of-2.4"), "b");
        ConfigService config = services.config(properties);
        assertEquals("a", config.getConfig("of-2.5", GROUP, GONE));
        assertEquals("b", config.getConfig("of-2.4", GROUP, GONE));

        Properties named = services.properties(absent.address());
        named.setProperty("namespace", "ns");
        Path folder = Paths.get(named.getProperty("JM.SNAPSHOT.PATH"))
                .resolve("nacos/config/Config-fixed-ns-" + absent.address().replace(':', '_') + "_nacos");
        write(folder.resolve("snapshot-tenant/ns/g/d"), "c");
        assertEquals("c", services.config(named).getConfig("d", GROUP, GONE));
    }

    @Test
    void c15_theFilesAreWhatANewListenerKnows() throws Exception {
        TestServer server = services.server();
        ConfigService publisher = services.config(server.address());
        for (String dataId : List.of("same", "other", "failover", "none")) {
            assertTrue(publisher.publishConfig(dataId, GROUP, "v1"));
        }
        Properties properties = services.properties(server.address());
        Path folder = folder(properties, "Config-", server.address());
        write(folder.resolve("snapshot/g/same"), "v1");
        write(folder.resolve("snapshot/g/other"), "v0");
        write(folder.resolve("snapshot/g/failover"), "v0");
        write(folder.resolve("data/config-data/g/failover"), "v1");
        ConfigService config = services.config(properties);
        Collector same = new Collector();
        Collector other = new Collector();
        Collector failover = new Collector();
        Collector none = new Collector();
        config.addListener("same", GROUP, same);
        config.addListener("other", GROUP, other);
        config.addListener("failover", GROUP, failover);
        config.addListener("none", GROUP, none);
        assertEquals(Optional.of("v1"), other.next(20_000));
        assertEquals(Optional.of("v1"), none.next(20_000));
        assertNull(same.next(500));
        assertNull(failover.next(500));
    }

    @Test
    void c17_encryptedConfigsAreDecryptedEverywhereAndNoFileHasTheirText() throws Exception {
        String dataId = "cipher-reverse-d";
        String secret = "secret-text-of-the-test";
        TestServer server = services.server();
        Properties properties = services.properties(server.address());
        ConfigService config = services.config(properties);
        Collector listener = new Collector();
        config.addListener(dataId, GROUP, listener);
        assertTrue(config.publishConfig(dataId, GROUP, secret + 1));
        assertEquals(Optional.of(secret + 1), listener.next(20_000));
        assertEquals(secret + 1, config.getConfig(dataId, GROUP, LIMIT));
        Path folder = folder(properties, "Config-", server.address());
        Path snapshot = folder.resolve("snapshot/g/" + dataId);
        Eventually.is("the snapshot", () -> Files.exists(snapshot));
        Eventually.is("its key", () -> Files.exists(folder.resolve("encrypted-data-key/snapshot/g/" + dataId)));
        server.kill();
        assertEquals(secret + 1, config.getConfig(dataId, GROUP, GONE), "of the snapshot");

        ReverseCipher cipher = new ReverseCipher();
        String key = cipher.generateSecretKey();
        write(folder.resolve("data/config-data/g/" + dataId), cipher.encrypt(key, secret + 2));
        write(folder.resolve("encrypted-data-key/failover/g/" + dataId), cipher.encryptSecretKey(key));
        Eventually.holds(() -> assertEquals(secret + 2, config.getConfig(dataId, GROUP, GONE)));
        assertEquals(Optional.of(secret + 2), listener.next(20_000));
        try (Stream<Path> files = Files.walk(Paths.get(properties.getProperty("JM.SNAPSHOT.PATH")))) {
            List<Path> written = files.filter(Files::isRegularFile).collect(Collectors.toList());
            assertTrue(written.size() >= 4, written.toString());
            for (Path file : written) {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                assertFalse(text.contains(secret), file.toString());
            }
        }
    }

    @Test
    void switchedOffSnapshotsAreNotWrittenUntilSwitchedOnAgain() throws Exception {
        TestServer server = services.server();
        Properties properties = services.properties(server.address());
        Path folder = folder(properties, "Config-", server.address()).resolve("snapshot/g");
        ConfigService config = services.config(properties);
        assertTrue(config.publishConfig("d", "g", "v1"));
        assertEquals("v1", config.getConfig("d", "g", LIMIT));
        Eventually.is("written", () -> Files.exists(folder.resolve("d")));
        try {
            SnapShotSwitch.setIsSnapShot(false);
            assertFalse(Files.exists(folder.resolve("d")));
            assertTrue(config.publishConfig("d", "g", "v2"));
            // Read by both, one of them made meanwhile; only then look for files.
            assertEquals("v2", config.getConfig("d", "g", LIMIT));
            Properties others = services.properties(server.address());
            ConfigService other = services.config(others);
            assertEquals("v2", other.getConfig("d", "g", LIMIT));
            assertFalse(Files.exists(folder.resolve("d")));
            Path second = folder(others, "Config-", server.address()).resolve("snapshot/g/d");
            assertFalse(Files.exists(second));
            SnapShotSwitch.setIsSnapShot(true);
            assertEquals("v2", config.getConfig("d", "g", LIMIT));
            assertEquals("v2", other.getConfig("d", "g", LIMIT));
            Eventually.is("written again", () -> Files.exists(folder.resolve("d")) && Files.exists(second));
        } finally {
            SnapShotSwitch.setIsSnapShot(true);
        }
    }

    @Test
    void switchedOffSnapshotsAreDeletedAndNotRead() throws Exception {
        TestServer absent = services.absentServer();
        Properties properties = services.properties(absent.address());
        Path snapshot = folder(properties, "Config-", absent.address()).resolve("snapshot/g/d");
        write(snapshot, "v1");
        ConfigService config = services.config(properties);
        assertEquals("v1", config.getConfig("d", GROUP, GONE));
        try {
            SnapShotSwitch.setIsSnapShot(false);
            assertFalse(Files.exists(snapshot));
            write(snapshot, "v1");
            assertNull(config.getConfig("d", GROUP, GONE));
        } finally {
            SnapShotSwitch.setIsSnapShot(true);
        }
    }
}
