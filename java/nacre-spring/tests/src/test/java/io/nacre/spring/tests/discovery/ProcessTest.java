package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ConfigKey;
import io.nacre.Instance;
import io.nacre.NacreClient;
import io.nacre.Query;
import io.nacre.ServiceKey;
import io.nacre.spring.tests.app.Child;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Restarted;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.web.client.RestClient;

/** Applications that are processes of their own: how they end, restart, and what they leave behind. */
class ProcessTest {
    private static final ServiceKey APP = ServiceKey.of("app");

    private Scope scope;

    @BeforeEach
    void begin() {
        scope = Harness.shared().scope();
    }

    @AfterEach
    void end() {
        scope.close();
    }

    private static List<Instance> instances(NacreClient client) throws Exception {
        return client.naming().instances(Query.of(APP).direct());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--spring.config.import=nacos:app.yaml --spring.cloud.nacos.config.timeout=500",
                "--nacre.discovery.start-timeout=500ms"
            })
    void aStartThatFailsEndsTheProcess(String arguments, @TempDir Path folder) throws Exception {
        String nobody = scope.server("main", false).address();
        try (Child app = Child.in(folder, Provider.class, List.of(), "app", nobody, arguments.split(" "))) {
            assertNotEquals(0, app.exitCode());
            String output = Files.readString(folder.resolve("output"));
            assertTrue(output.contains("APPLICATION FAILED TO START") && output.contains(nobody), output);
        }
    }

    @Test
    void secretsAreNotLoggedAndFilesAreOnlyWhereTheyWereWanted(@TempDir Path folder) throws Exception {
        TestServer server = scope.server();
        Path files = folder.resolve("client");
        try (NacreClient client = NacreClient.builder().server(server.address()).build()) {
            client.config().publish(ConfigKey.of("app.yaml"), "greeting: one");
            try (Child app = Child.in(
                    folder,
                    Provider.class,
                    List.of(),
                    "app",
                    server.address(),
                    "--spring.config.import=nacos:app.yaml",
                    "--spring.cloud.nacos.discovery.username=someone",
                    "--spring.cloud.nacos.discovery.password=word-of-secrecy",
                    "--spring.cloud.nacos.config.access-key=account",
                    "--spring.cloud.nacos.config.secret-key=key-of-secrecy",
                    "--logging.level.io.nacre=trace",
                    "--nacre.client.files=true",
                    "--nacre.client.directory=" + files)) {
                Eventually.holds(() -> assertEquals(1, instances(client).size()));
                app.terminate();
            }
        }
        Path output = folder.resolve("output");
        String log = Files.readString(output);
        assertTrue(log.contains("registered DEFAULT_GROUP@@app") && log.contains("deregistered"), log);
        assertFalse(log.contains("-of-secrecy"), log);
        assertEquals(List.of(output), filesBut(folder, files));
        assertFalse(filesBut(files, output).isEmpty());
    }

    private static List<Path> filesBut(Path folder, Path excluded) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(excluded))
                    .toList();
        }
    }

    @Test
    void aRestartOfDevToolsLeavesNothingOfTheFormerApplication(@TempDir Path folder) throws Exception {
        TestServer server = scope.server();
        Path watched = Files.createDirectory(folder.resolve("watched"));
        Path devTools = Path.of("target/devtools/spring-boot-devtools.jar").toAbsolutePath();
        // Of two class paths the last counts.
        List<String> options =
                List.of("-cp", System.getProperty("java.class.path") + File.pathSeparator + devTools);
        try (NacreClient client = NacreClient.builder().server(server.address()).build()) {
            client.config().publish(ConfigKey.of("app.yaml"), "greeting: one");
            try (Child app = Child.in(
                    folder,
                    Restarted.class,
                    options,
                    "app",
                    server.address(),
                    "--spring.config.import=nacos:app.yaml",
                    "--spring.devtools.livereload.enabled=false",
                    "--spring.devtools.restart.additional-paths=" + watched,
                    "--spring.devtools.restart.poll-interval=200ms",
                    "--spring.devtools.restart.quiet-period=100ms")) {
                Map<String, String> before = state(client, folder);
                assertEquals("RestartClassLoader", before.get("loader"));
                assertEquals("one", before.get("greeting"));
                assertEquals("1", before.get("pumps"));

                Files.writeString(watched.resolve("changed"), "x");
                String next = String.valueOf(Integer.parseInt(before.get("starts")) + 1);
                Eventually.holds(() -> assertEquals(next, state(client, folder).get("starts")));
                client.config().publish(ConfigKey.of("app.yaml"), "greeting: two");
                Eventually.holds(() -> {
                    Map<String, String> after = state(client, folder);
                    assertEquals("two", after.get("greeting"));
                    assertEquals("1", after.get("pumps"));
                    assertTrue(
                            Integer.parseInt(after.get("workers")) <= Integer.parseInt(before.get("workers")),
                            before + ", then " + after);
                });
                assertEquals(1, instances(client).size());
                app.terminate();
                assertEquals(0, instances(client).size());
            }
        }
    }

    /** What the only instance says of itself. */
    private static Map<String, String> state(NacreClient client, Path folder) {
        Map<String, String> state = new TreeMap<>();
        Eventually.holds(() -> {
            List<Instance> known = instances(client);
            assertEquals(1, known.size(), Files.readString(folder.resolve("output")));
            state.putAll(RestClient.create("http://" + known.get(0).address())
                    .get()
                    .uri("/state")
                    .retrieve()
                    .body(new ParameterizedTypeReference<Map<String, String>>() {}));
        });
        return state;
    }
}
