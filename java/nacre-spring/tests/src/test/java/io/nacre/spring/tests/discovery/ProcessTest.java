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
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Applications that are processes of their own: how they end, and what they leave behind. */
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
}
