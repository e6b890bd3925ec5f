package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.ConfigKey;
import io.nacre.ConfigReadResult.Reason;
import io.nacre.ConfigValue;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import io.nacre.spring.config.ConfigContentException;
import io.nacre.spring.config.ConfigFailureAnalyzer;
import io.nacre.spring.config.ConfigImportException;
import io.nacre.spring.config.ConfigUnavailableException;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Starts that go wrong: what is said, and when the application starts all the same. */
class ConfigStartTest extends ConfigLive {
    private static final String SHORT = "--spring.cloud.nacos.config.timeout=500";

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        NacreClientAutoConfiguration.class,
        NacreConfigAutoConfiguration.class,
        RefreshAutoConfiguration.class
    })
    static class App {}

    private static FailureAnalysis analysis(Throwable failure) {
        return new ConfigFailureAnalyzer().analyze(failure);
    }

    @Test
    void aMissingConfigEndsTheStartUnlessItIsOptional() throws Exception {
        ConfigUnavailableException absent = assertThrows(
                ConfigUnavailableException.class, () -> run(App.class, "--spring.config.import=nacos:app.yaml"));
        assertEquals(Reason.ABSENT, absent.reason());
        String text = analysis(absent).getDescription();
        assertTrue(text.contains("app.yaml") && text.contains("DEFAULT_GROUP") && text.contains(namespace), text);
        assertTrue(text.contains(server().address()), text);
        assertTrue(analysis(absent).getAction().contains("optional:nacos:app.yaml"));
        run(App.class, "--spring.config.import=optional:nacos:app.yaml");
        run(App.class, "--spring.config.import=nacos:app.yaml", "--nacre.config.fail-fast=false");
        run(App.class, "--spring.config.import=nacos:");
    }

    @Test
    void aWrongNamespaceIsNamed() throws Exception {
        publish("app.yaml", "k: v");
        ConfigUnavailableException absent = assertThrows(
                ConfigUnavailableException.class,
                () -> run(App.class, "--spring.config.import=nacos:app.yaml?namespace=nowhere"));
        assertEquals(Reason.ABSENT, absent.reason());
        FailureAnalysis analysis = analysis(absent);
        assertTrue(analysis.getDescription().contains("namespace: nowhere"), analysis.getDescription());
        assertTrue(analysis.getAction().contains("by its id"), analysis.getAction());
    }

    @Test
    void publicAndNoNamespaceAreTheSame() throws Exception {
        String dataId = namespace + ".yaml";
        try (var open = admin(server(), "public")) {
            open.config().publish(ConfigKey.of(dataId), "k: v");
            for (String id : new String[] {"", "public"}) {
                ConfigurableApplicationContext app = run(
                        App.class,
                        "--spring.config.import=nacos:" + dataId,
                        "--spring.cloud.nacos.config.namespace=" + id);
                assertEquals("v", app.getEnvironment().getProperty("k"));
            }
            open.config().remove(ConfigKey.of(dataId));
        }
    }

    @Test
    void aServerThatIsAwayEndsTheStartUnlessTheImportIsOptional() {
        try (Scope own = Harness.shared().scope()) {
            TestServer away = own.server("away", false);
            ConfigUnavailableException failure = assertThrows(
                    ConfigUnavailableException.class,
                    () -> run(away, App.class, "--spring.config.import=nacos:app.yaml", SHORT));
            assertEquals(Reason.UNREACHABLE, failure.reason());
            FailureAnalysis analysis = analysis(failure);
            assertTrue(analysis.getDescription().contains(away.address()), analysis.getDescription());
            assertTrue(analysis.getAction().contains("gRPC port"), analysis.getAction());
            assertThrows(
                    ConfigUnavailableException.class,
                    () -> run(away, App.class, "--spring.config.import=nacos:", SHORT));

            ConfigurableApplicationContext app = run(
                    away,
                    App.class,
                    "--spring.config.import=optional:nacos:app.yaml,optional:nacos:b.yaml,optional:nacos:c.yaml",
                    SHORT);
            assertNull(app.getEnvironment().getProperty("k"));
            away.up();
            Eventually.holds(() -> {
                try (var client = admin(away, namespace)) {
                    client.config().publish(ConfigKey.of("app.yaml"), "k: v");
                }
            });
            Eventually.holds(() -> assertEquals("v", app.getEnvironment().getProperty("k")));
            app.close();
        }
    }

    @Test
    void theSnapshotOfAnEarlierStartIsUsedWhileTheServerIsAway(@TempDir Path folder) throws Exception {
        String[] files = {
            "--spring.config.import=nacos:app.yaml",
            "--nacre.client.files=true",
            "--nacre.client.directory=" + folder
        };
        try (Scope own = Harness.shared().scope()) {
            TestServer server = own.server();
            try (var client = admin(server, namespace)) {
                client.config().publish(ConfigKey.of("app.yaml"), "k: kept");
            }
            run(server, App.class, files).close();
            server.kill();
            ConfigurableApplicationContext app =
                    run(server, App.class, files[0], files[1], files[2], SHORT);
            assertEquals("kept", app.getEnvironment().getProperty("k"));
            assertEquals(
                    ConfigValue.Source.SNAPSHOT,
                    app.getBean(NacreConfigManager.class).sources().get(0).origin());
            server.up();
            Eventually.holds(() -> {
                try (var client = admin(server, namespace)) {
                    client.config().publish(ConfigKey.of("app.yaml"), "k: new");
                }
            });
            Eventually.holds(() -> assertEquals("new", app.getEnvironment().getProperty("k")));
            app.close();
        }
    }

    @Test
    void aRefusalIsNoAbsence() {
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
            ConfigUnavailableException failure = assertThrows(
                    ConfigUnavailableException.class,
                    () -> run(
                            App.class,
                            "--spring.config.import=nacos:app.yaml",
                            "--spring.cloud.nacos.config.server-addr=" + address));
            assertEquals(Reason.FORBIDDEN, failure.reason());
            assertTrue(analysis(failure).getAction().contains("password"));
        }
    }

    @Test
    void aBrokenContentEndsTheStartUnlessTheImportIsOptional() throws Exception {
        publish("app.yaml", "k: [");
        ConfigContentException broken = assertThrows(
                ConfigContentException.class, () -> run(App.class, "--spring.config.import=nacos:app.yaml"));
        assertTrue(analysis(broken).getDescription().contains("app.yaml"), broken.getMessage());
        run(App.class, "--spring.config.import=optional:nacos:app.yaml");
    }

    @Test
    void anImportThatCannotBeUnderstoodSaysWhatToWrite() {
        ConfigImportException wrong = assertThrows(
                ConfigImportException.class,
                () -> run(App.class, "--spring.config.import=nacos:app.yaml?refresh=true"));
        assertTrue(analysis(wrong).getDescription().contains("refresh"), wrong.getMessage());
        assertTrue(analysis(wrong).getAction().contains("refreshEnabled=true"), wrong.action());
    }

    @Test
    void aStarterWithoutAnImportSaysSo() {
        ConfigImportException missing = assertThrows(ConfigImportException.class, () -> run(App.class));
        assertTrue(analysis(missing).getAction().contains("import-check"), missing.action());
        run(App.class, "--spring.cloud.nacos.config.import-check.enabled=false");
        run(App.class, "--spring.cloud.nacos.config.enabled=false");
    }
}
