package io.nacre.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The behaviour cases of {@code tests/cases}, through both faces. {@code NACRE_CASES} holds parts of names, separated by
 * commas: only these run. That each file fits the schema is the Rust runner's to check.
 */
class CasesTest {
    /** What this client can do beyond the common: everything. */
    private static final Set<String> CAPABILITIES = new TreeSet<>(Arrays.asList(
            "balancers",
            "baseline",
            "batch",
            "client_metrics",
            "failover",
            "fuzzy_watch",
            "gray",
            "lazy_connect",
            "lock",
            "login",
            "maintenance",
            "naming_cache",
            "persistent",
            "pool",
            "reopen",
            "snapshots",
            "watch_services"));

    private static final ObjectMapper JSON = new ObjectMapper();
    private static Scope shared;
    private static String server;

    @BeforeAll
    static void startServer() {
        shared = Harness.shared().scope();
        server = shared.server().address();
    }

    @AfterAll
    static void stopServer() {
        shared.close();
    }

    static Path folder() {
        Path folder = Paths.get("").toAbsolutePath();
        while (!Files.exists(folder.resolve("tests/cases/schema.json"))) {
            folder = folder.getParent();
        }
        return folder.resolve("tests/cases");
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder())) {
            return files.filter(path -> path.toString().endsWith(".json"))
                    .filter(path -> !path.endsWith("schema.json"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void capabilitiesAreThoseOfTheSchema() throws IOException {
        Set<String> known = new TreeSet<>();
        JSON.readTree(folder().resolve("schema.json").toFile())
                .at("/$defs/capability/enum")
                .forEach(word -> known.add(word.asText()));
        assertEquals(known, CAPABILITIES);
    }

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        String[] parts = System.getenv().getOrDefault("NACRE_CASES", "").split(",");
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files()) {
            String name = folder().relativize(file).toString().replace(".json", "");
            if (Arrays.stream(parts).noneMatch(name::contains)) {
                continue;
            }
            JsonNode test = JSON.readTree(file.toFile());
            for (Face face : Face.values()) {
                String shown = name + " [" + face.name().toLowerCase(java.util.Locale.ROOT) + "]";
                tests.add(DynamicTest.dynamicTest(shown, file.toUri(), () -> run(test, face)));
            }
        }
        assertFalse(tests.isEmpty(), "no case has one of these in its name: " + Arrays.toString(parts));
        return tests.stream();
    }

    private static void run(JsonNode test, Face face) throws Exception {
        for (JsonNode needed : test.path("requires")) {
            assumeTrue(CAPABILITIES.contains(needed.asText()), () -> "this client has no " + needed.asText());
        }
        try (Stage stage = new Stage(face)) {
            stage.play(test, server);
        }
    }
}
