package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.ForbiddenException;
import io.nacre.NacreClient;
import io.nacre.ServiceKey;
import io.nacre.UnreachableException;
import io.nacre.spring.discovery.RegistrationFailedException;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.springframework.boot.WebApplicationType;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.context.environment.EnvironmentChangeEvent;
import org.springframework.context.ApplicationContextException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;

/** How applications start and register. */
class StartTest {
    private static final String DISCOVERY = "--spring.cloud.nacos.discovery.";

    private Scope scope;

    @BeforeEach
    void begin() {
        scope = Harness.shared().scope();
    }

    @AfterEach
    void end() {
        scope.close();
    }

    private static RegistrationFailedException failure(Executable start) {
        ApplicationContextException failure = assertThrows(ApplicationContextException.class, start);
        return assertInstanceOf(RegistrationFailedException.class, failure.getCause());
    }

    @Test
    void withoutAServerTheStartFailsAndSaysWhy() {
        String nobody = scope.server("main", false).address();
        RegistrationFailedException failure =
                failure(() -> Run.servlet(Provider.class, "app", nobody, "--nacre.discovery.start-timeout=200ms"));
        assertInstanceOf(UnreachableException.class, failure.getCause());
        assertTrue(failure.getMessage().contains(nobody), failure.getMessage());
    }

    @Test
    void withoutFailFastTheApplicationRegistersWhenTheServerIsThere() throws Exception {
        TestServer server = scope.server("main", false);
        try (ConfigurableApplicationContext app = Run.servlet(
                        Provider.class,
                        "app",
                        server.address(),
                        DISCOVERY + "fail-fast=false",
                        "--nacre.discovery.start-timeout=200ms");
                NacreClient other =
                        NacreClient.builder().server(server.address()).build()) {
            assertTrue(app.isRunning());
            server.up();
            Eventually.is("registered", () -> !other.naming()
                    .instances(ServiceKey.of("app"))
                    .isEmpty());
        }
    }

    @Test
    void aWrongPasswordIsNamed() {
        String address = scope.ask("stub.start", Harness.args()).path("address").asText();
        for (String path : new String[] {"POST /nacos/v1/auth/users/login", "POST /nacos/v1/auth/login"}) {
            ObjectNode login = Harness.args().put("route", path);
            login.putArray("replies").addObject().put("status", 403).put("body", "unknown user!");
            scope.ask("stub.http", login);
        }
        ObjectNode denied = Harness.args().put("type", "InstanceRequest");
        denied.putArray("replies")
                .addObject()
                .putObject("body")
                .put("resultCode", 500)
                .put("errorCode", 403)
                .put("message", "authorization failed");
        scope.ask("stub.reply", denied);
        RegistrationFailedException failure = failure(() -> Run.servlet(
                Provider.class,
                "app",
                address,
                "--spring.cloud.nacos.username=u",
                "--spring.cloud.nacos.password=secret-word"));
        assertInstanceOf(ForbiddenException.class, failure.getCause());
        assertFalse(failure.getMessage().contains("secret-word"), failure.getMessage());
    }

    @Test
    void anotherNamespaceSeesNothingOfThisOne() {
        TestServer server = scope.server();
        try (ConfigurableApplicationContext one = Run.servlet(Provider.class, "one", server.address());
                ConfigurableApplicationContext other =
                        Run.servlet(Provider.class, "other", server.address(), DISCOVERY + "namespace=elsewhere")) {
            DiscoveryClient here = one.getBean(DiscoveryClient.class);
            DiscoveryClient there = other.getBean(DiscoveryClient.class);
            Eventually.is("own", () -> here.getInstances("one").size() == 1
                    && there.getInstances("other").size() == 1);
            assertEquals(0, there.getInstances("one").size());
            assertEquals(0, here.getInstances("other").size());
        }
    }

    @Test
    void listsOfTheDiskServeWhileTheServerIsAway() {
        TestServer server = scope.server();
        String[] settings = {
            "--nacre.client.files=true",
            "--nacre.client.directory=" + scope.directory().resolve("cache"),
            DISCOVERY + "failure-tolerance-enabled=true",
            DISCOVERY + "fail-fast=false",
            DISCOVERY + "register-enabled=false",
            "--spring.cloud.discovery.client.health-indicator.enabled=false"
        };
        ConfigurableApplicationContext provider = Run.servlet(Provider.class, "provider", server.address());
        try (ConfigurableApplicationContext before =
                Run.start(Provider.class, WebApplicationType.NONE, "before", server.address(), settings)) {
            DiscoveryClient discovery = before.getBean(DiscoveryClient.class);
            Eventually.holds(() ->
                    assertEquals(1, discovery.getInstances("provider").size()));
            // Written to disk before the server goes.
            Eventually.is("on disk", () -> hasCache());
            server.kill();
        }
        try (ConfigurableApplicationContext after =
                Run.start(Provider.class, WebApplicationType.NONE, "after", server.address(), settings)) {
            DiscoveryClient discovery = after.getBean(DiscoveryClient.class);
            assertEquals(1, discovery.getInstances("provider").size());
            assertEquals(0, discovery.getInstances("nobody").size());
        } finally {
            provider.close();
        }
    }

    private boolean hasCache() throws java.io.IOException {
        try (java.util.stream.Stream<java.nio.file.Path> files =
                java.nio.file.Files.walk(scope.directory().resolve("cache"))) {
            return files.anyMatch(file -> file.getFileName().toString().contains("provider"));
        }
    }

    @Test
    void changedSettingsAreRegisteredAnew() {
        TestServer server = scope.server();
        try (ConfigurableApplicationContext app =
                Run.servlet(Provider.class, "app", server.address(), "--nacre.discovery.register-after-ready=true")) {
            DiscoveryClient discovery = app.getBean(DiscoveryClient.class);
            Eventually.holds(
                    () -> assertEquals("1.0", discovery.getInstances("app").get(0).getMetadata().get("nacos.weight")));
            Map<String, Object> changed = Map.of(
                    "spring.cloud.nacos.discovery.weight", "5", "spring.cloud.nacos.discovery.metadata.color", "blue");
            app.getEnvironment().getPropertySources().addFirst(new MapPropertySource("changed", changed));
            app.publishEvent(new EnvironmentChangeEvent(app, changed.keySet()));
            Eventually.holds(() -> {
                Map<String, String> metadata = discovery.getInstances("app").get(0).getMetadata();
                assertEquals("5.0", metadata.get("nacos.weight"));
                assertEquals("blue", metadata.get("color"));
            });
        }
    }

    @Test
    void anApplicationWithoutAServerOfItsOwnRegistersOnlyWithAPort() {
        TestServer server = scope.server();
        try (ConfigurableApplicationContext plain =
                        Run.start(Provider.class, WebApplicationType.NONE, "plain", server.address());
                ConfigurableApplicationContext withPort = Run.start(
                        Provider.class, WebApplicationType.NONE, "ported", server.address(), DISCOVERY + "port=4711")) {
            assertTrue(withPort.isRunning());
            DiscoveryClient discovery = plain.getBean(DiscoveryClient.class);
            Eventually.is("the one", () -> discovery.getInstances("ported").size() == 1);
            assertEquals(4711, discovery.getInstances("ported").get(0).getPort());
            assertEquals(0, discovery.getInstances("plain").size());
        }
    }
}
