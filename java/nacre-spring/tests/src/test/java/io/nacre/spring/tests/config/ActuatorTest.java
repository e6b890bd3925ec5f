package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.MeterRegistry;
import io.nacre.ConfigKey;
import io.nacre.spring.config.NacosConfigListener;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;

/** What operators see. */
class ActuatorTest extends ConfigLive {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class App {
        @Bean
        Listener listener() {
            return new Listener();
        }
    }

    static class Listener {
        @NacosConfigListener(dataId = "app.yaml")
        void changed(String content) {
            // The endpoint counts it.
        }
    }

    private ConfigurableApplicationContext web(TestServer server, String... more) {
        return new SpringApplicationBuilder(App.class)
                .web(WebApplicationType.SERVLET)
                .properties(more)
                .run(
                        "--spring.application.name=shop",
                        "--spring.main.banner-mode=off",
                        "--logging.level.root=warn",
                        "--server.port=0",
                        "--spring.cloud.gateway.enabled=false",
                        "--spring.cloud.gateway.server.webflux.enabled=false",
                        "--management.endpoints.web.exposure.include=*",
                        "--management.endpoint.health.show-details=always",
                        "--management.endpoint.health.probes.enabled=true",
                        "--spring.config.import=nacos:app.yaml,optional:nacos:absent.yaml",
                        "--spring.cloud.nacos.server-addr=" + server.address(),
                        "--spring.cloud.nacos.username=someone",
                        "--spring.cloud.nacos.password=hidden-password",
                        "--spring.cloud.nacos.discovery.ip=127.0.0.1",
                        "--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=0",
                        "--spring.cloud.nacos.config.timeout=20000",
                        "--nacre.client.files=false");
    }

    private static String get(ConfigurableApplicationContext app, String path) {
        return RestClient.create("http://127.0.0.1:" + app.getEnvironment().getProperty("local.server.port"))
                .get()
                .uri("/actuator/" + path)
                .retrieve()
                .onStatus(status -> true, (request, response) -> {})
                .body(String.class);
    }

    private static String component(ConfigurableApplicationContext app, String name) throws Exception {
        return JSON.readTree(get(app, "health"))
                .path("components")
                .path(name)
                .path("status")
                .asText();
    }

    @Test
    void endpointsShowWhatIsUsed() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer server = own.server();
            try (var client = admin(server, "public")) {
                client.config().publish(ConfigKey.of("app.yaml"), "k: content-of-config");
                try (ConfigurableApplicationContext app = web(server)) {
                    client.config().publish(ConfigKey.of("app.yaml"), "k: another-content");
                    Eventually.holds(() ->
                            assertEquals("another-content", app.getEnvironment().getProperty("k")));
                    Eventually.holds(() -> assertEquals(
                            1, JSON.readTree(get(app, "nacosconfig")).at("/RefreshHistory").size()));
                    String text = get(app, "nacosconfig");
                    JsonNode config = JSON.readTree(text);
                    assertEquals(server.address(), config.at("/NacosConfigProperties/serverAddr").asText());
                    assertEquals("absent.yaml", config.at("/Sources/0/dataId").asText());
                    assertEquals("ABSENT", config.at("/Sources/0/origin").asText());
                    assertEquals("SERVER", config.at("/Sources/1/origin").asText());
                    assertEquals("app.yaml", config.at("/RefreshHistory/0/dataId").asText());
                    assertEquals("k", config.at("/RefreshHistory/0/keys/0").asText());
                    assertEquals(
                            config.at("/Sources/1/md5").asText(),
                            config.at("/RefreshHistory/0/md5").asText());
                    assertEquals(2, config.at("/Subscriptions").size(), text);
                    assertEquals(1, config.at("/Listeners/0/listeners").asInt(), text);
                    assertEquals("CONNECTED", config.at("/Connections/0/state").asText(), text);
                    assertFalse(text.contains("hidden-password") || text.contains("another-content"), text);

                    String shown = get(app, "nacosdiscovery");
                    JsonNode discovery = JSON.readTree(shown);
                    assertEquals("DEFAULT_GROUP", discovery.at("/NacosDiscoveryProperties/group").asText());
                    assertTrue(discovery.path("subscribe").isArray(), shown);
                    assertEquals("127.0.0.1", discovery.at("/registration/ip").asText(), shown);
                    assertFalse(shown.contains("hidden-password"), shown);

                    MeterRegistry meters = app.getBean(MeterRegistry.class);
                    assertEquals(
                            1,
                            meters.get("nacre.config.refreshes").tag("result", "success").functionCounter().count());
                    assertEquals(1, meters.get("nacre.config.refresh").timer().count(), "the observation");
                    assertEquals(2, meters.get("nacre.config.sources").gauge().value());
                    assertEquals(1, meters.get("nacre.client.connected").gauge().value());
                }
            }
        }
    }

    @Test
    void aRegistryThatIsAwayDoesNotKillTheApplication() throws Exception {
        try (Scope own = Harness.shared().scope()) {
            TestServer server = own.server();
            try (var client = admin(server, "public")) {
                client.config().publish(ConfigKey.of("app.yaml"), "k: v");
            }
            try (ConfigurableApplicationContext app =
                    web(server, "spring.cloud.discovery.client.composite-indicator.enabled=false")) {
                Eventually.holds(() -> assertEquals("UP", component(app, "nacosConfig")));
                Eventually.holds(() -> assertEquals("UP", component(app, "nacosDiscovery")));
                boolean isBoot4 = SpringBootVersion.getVersion().startsWith("4.");
                assertEquals(
                        isBoot4 ? "io.nacre.spring.boot4" : "io.nacre.spring.actuate",
                        app.getBean("nacosConfigHealthIndicator").getClass().getPackageName());
                server.kill();
                Eventually.holds(() -> assertEquals("UNKNOWN", component(app, "nacosConfig")));
                Eventually.holds(() -> assertEquals("UNKNOWN", component(app, "nacosDiscovery")));
                assertEquals("UP", JSON.readTree(get(app, "health")).path("status").asText());
                String text = get(app, "health/liveness");
                assertTrue(text.contains("UP"), text);
                assertTrue(get(app, "health/nacosConfig").contains("lastError"), text);
            }
        }
    }
}
