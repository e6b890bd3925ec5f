package io.nacre.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The behaviour cases of {@code tests/cases}, through both faces. */
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

    @Test
    void capabilitiesAreThoseOfTheSchema() throws IOException {
        assertEquals(CaseFiles.capabilities(), CAPABILITIES);
    }

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Map.Entry<String, Path> file : CaseFiles.chosen().entrySet()) {
            JsonNode test = CaseFiles.read(file.getValue());
            for (Face face : Face.values()) {
                String shown = file.getKey() + " [" + face.name().toLowerCase(Locale.ROOT) + "]";
                tests.add(DynamicTest.dynamicTest(shown, file.getValue().toUri(), () -> run(test, face)));
            }
        }
        return tests.stream();
    }

    private static void run(JsonNode test, Face face) throws Exception {
        for (JsonNode needed : test.path("requires")) {
            assumeTrue(CAPABILITIES.contains(needed.asText()), () -> "this client has no " + needed.asText());
        }
        try (Stage stage = new Stage(new Operations(face))) {
            stage.play(test, server);
        }
    }
}
