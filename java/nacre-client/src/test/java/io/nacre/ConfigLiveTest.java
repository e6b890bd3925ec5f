package io.nacre;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try")
class ConfigLiveTest extends Live {
    private static final ConfigKey KEY = ConfigKey.of("app.yaml");

    private static String text(ConfigEvent event) {
        return event.value().map(ConfigValue::content).orElse(null);
    }

    @Test
    void aValueComesAsItWasPublished() throws Exception {
        String content = "name: \u540d\n \ud83e\udd80";
        client.config().publish(KEY, Publish.of(content).type("yaml").tags(Arrays.asList("a", "b")).appName("shop"));
        ConfigValue value = client.config().get(KEY).get();
        assertEquals(content, value.content());
        assertArrayEquals(content.getBytes(StandardCharsets.UTF_8), value.bytes());
        assertEquals("yaml", value.type());
        assertEquals(ConfigValue.Source.SERVER, value.source());
        assertEquals(32, value.md5().length());
        assertTrue(value.lastModified() > 1_600_000_000_000L);
        client.config().publishCas(KEY, Publish.of("x"), value.md5());
        assertThrows(ConflictException.class, () -> client.config().publishCas(KEY, Publish.of("y"), value.md5()));
        client.config().removeAsync(KEY).get();
        assertFalse(client.config().getAsync(KEY).get().isPresent());
    }

    @Test
    void filtersStandAboveTheServer() throws Exception {
        client.config().addFilter(new ConfigFilter() {
            @Override
            public String name() {
                return "reverse";
            }

            @Override
            public boolean applies(ConfigKey key) {
                return key.dataId().startsWith("cipher-");
            }

            @Override
            public Publish publish(ConfigKey key, Publish outgoing) {
                return outgoing.withContent(reversed(outgoing.content())).encryptedDataKey("k");
            }

            @Override
            public String receive(ConfigKey key, String content, ConfigValue raw) {
                assertEquals("k", raw.encryptedDataKey());
                return reversed(content);
            }

            private String reversed(String text) {
                return new StringBuilder(text).reverse().toString();
            }
        });
        ConfigKey secret = ConfigKey.of("cipher-app");
        List<String> told = new CopyOnWriteArrayList<>();
        List<String> raw = new CopyOnWriteArrayList<>();
        try (ConfigSubscription watch = client.config().watch(secret, event -> told.add(text(event)));
                ConfigSubscription below = client.config().watchRaw(secret, null, event -> raw.add(text(event)))) {
            client.config().publish(secret, "abc");
            assertEquals("abc", client.config().get(secret).get().content());
            assertEquals("cba", client.config().get(secret).get().raw().content());
            assertEquals("cba", client.config().getRaw(secret).get().content());
            assertEquals("abc", client.config().read(secret).value().get().content());
            Eventually.is("told", () -> told.contains("abc") && raw.contains("cba"));
            assertFalse(told.contains("cba"));
        }
    }

    @Test
    void aListenerIsToldOfWhatDiffersFromItsBaseline() throws Exception {
        client.config().publish(KEY, "v1");
        String md5 = client.config().get(KEY).get().md5();
        List<String> same = new CopyOnWriteArrayList<>();
        List<String> other = new CopyOnWriteArrayList<>();
        List<String> all = new CopyOnWriteArrayList<>();
        List<String> read = new CopyOnWriteArrayList<>();
        try (ConfigSubscription first = client.config().listen(KEY, md5, null, event -> same.add(text(event)));
                ConfigSubscription second = client.config().listen(KEY, "", null, event -> other.add(text(event)));
                ConfigSubscription third = client.config().watch(KEY, event -> all.add(text(event)));
                ConfigSubscription fourth = client.config()
                        .getAndListen(KEY, null, event -> read.add(text(event)))
                        .subscription()) {
            Eventually.is("the others know v1", () -> other.contains("v1") && all.contains("v1"));
            client.config().publish(KEY, "v2");
            Eventually.is("v2", () -> Stream.of(same, other, all, read).allMatch(list -> list.contains("v2")));
            assertEquals(Arrays.asList("v2"), same);
            assertEquals(Arrays.asList("v2"), read);
            client.config().remove(KEY);
            Eventually.is("gone", () -> Stream.of(same, other, all, read).allMatch(list -> list.contains(null)));
            assertEquals(KEY, fourth.key());
        }
    }

    @Test
    void aListenerThatFailsIsToldAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        List<String> told = new CopyOnWriteArrayList<>();
        client.config().publish(KEY, "v1");
        try (ConfigSubscription watch = client.config().watch(KEY, event -> {
            if (calls.incrementAndGet() <= 2) {
                throw new IllegalStateException("not yet");
            }
            told.add(text(event));
        })) {
            Eventually.is("told in the end", () -> told.contains("v1"));
            assertEquals(3, calls.get());
        }
        client.config().publish(KEY, "v2");
        assertEquals("v2", client.config().get(KEY).get().content());
        assertFalse(told.contains("v2"), "it was closed");
    }

    @Test
    void aReadTellsWhyThereIsNothing(@TempDir Path folder) throws Exception {
        assertEquals(
                ConfigReadResult.Reason.ABSENT, client.config().read(KEY).reason().get());
        try (Scope own = Harness.shared().scope()) {
            TestServer gone = own.server("gone", true);
            NacreClient.Builder builder =
                    NacreClient.builder().server(gone.address()).directory(folder).requestTimeout(Duration.ofSeconds(20));
            try (NacreClient other = builder.connect()) {
                other.config().publish(KEY, "kept");
                assertEquals("kept", other.config().get(KEY).get().content());
                gone.kill();
                ConfigClient config = other.config().withTimeout(Duration.ofMillis(300));
                ConfigReadResult copy = config.read(KEY);
                assertEquals(ConfigReadResult.Reason.SNAPSHOT, copy.reason().get());
                assertEquals("kept", copy.value().get().content());
                ConfigReadResult nothing = config.readAsync(ConfigKey.of("other")).get();
                assertEquals(ConfigReadResult.Reason.UNREACHABLE, nothing.reason().get());
                assertTrue(nothing.error().get().isRetryable());
                assertThrows(NacreException.class, () -> config.get(ConfigKey.of("other")));
            }
        }
        try (Stream<Path> files = Files.walk(folder)) {
            assertTrue(files.anyMatch(file -> file.endsWith("app.yaml")), "a snapshot in Nacos's layout");
        }
    }

    @Test
    void aReadTellsThatItIsForbidden() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            String address =
                    own.ask("stub.start", Harness.args()).path("address").asText();
            ObjectNode denied = Harness.args().put("type", "ConfigQueryRequest");
            denied.putArray("replies")
                    .addObject()
                    .putObject("body")
                    .put("resultCode", 500)
                    .put("errorCode", 403)
                    .put("message", "no");
            own.ask("stub.reply", denied);
            try (NacreClient stranger = NacreClient.builder().server(address).build()) {
                Eventually.is("forbidden", () -> stranger.config()
                        .read(KEY)
                        .reason()
                        .filter(ConfigReadResult.Reason.FORBIDDEN::equals)
                        .isPresent());
                assertThrows(ForbiddenException.class, () -> stranger.config().get(KEY));
            }
        }
    }
}
