package io.nacre.spring.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ConfigKey;
import io.nacre.NacreClient;
import io.nacre.spring.client.Clients;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The refresh of applications without Spring Cloud. */
class PlainUpdateTest {
    @ConfigurationProperties("shop")
    static class Shop {
        private String name;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
        }
    }

    @ConfigurationProperties("fixed")
    record Fixed(String name) {}

    /** Spring Cloud is on the class path of this test, so its own update is put aside. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableConfigurationProperties({Shop.class, Fixed.class})
    static class App {
        @Bean
        EnvironmentUpdate nacreEnvironmentUpdate(ConfigurableApplicationContext context, Clients clients) {
            return new PlainUpdate(context, clients);
        }
    }

    @Test
    void beansOfPropertiesAndLevelsFollow() throws Exception {
        try (Scope scope = Harness.shared().scope()) {
            TestServer server = scope.server();
            try (NacreClient admin = NacreClient.builder()
                            .server(server.address())
                            .requestTimeout(Duration.ofSeconds(20))
                            .connect();
                    ConfigurableApplicationContext app = start(server, admin)) {
                assertInstanceOf(PlainUpdate.class, app.getBean(EnvironmentUpdate.class));
                Shop shop = app.getBean(Shop.class);
                assertEquals("one", shop.getName());
                admin.config()
                        .publish(
                                ConfigKey.of("app.yaml"),
                                "shop.name: two\nfixed.name: b\nlogging.level.plain: error\nadded: 1");
                Eventually.holds(() -> assertEquals("two", shop.getName()));
                Eventually.holds(() -> assertEquals(
                        "ERROR",
                        app.getBean(LoggingSystem.class)
                                .getLoggerConfiguration("plain")
                                .getEffectiveLevel()
                                .name()));
                assertSame(shop, app.getBean(Shop.class));
                assertEquals("1", app.getEnvironment().getProperty("added"));
                assertEquals("a", app.getBean(Fixed.class).name(), "made by its constructor");
                RefreshHistory history = app.getBean(RefreshHistory.class);
                Eventually.is("the history", () -> history.refreshes() > 0);
                assertTrue(history.entries().get(0).keys().containsAll(Set.of("shop.name", "added")));
            }
        }
    }

    private static ConfigurableApplicationContext start(TestServer server, NacreClient admin) throws Exception {
        admin.config().publish(ConfigKey.of("app.yaml"), "shop.name: one\nfixed.name: a");
        return new SpringApplicationBuilder(App.class)
                .web(WebApplicationType.NONE)
                .run(
                        "--spring.main.banner-mode=off",
                        "--logging.level.root=warn",
                        "--spring.config.import=nacos:app.yaml",
                        "--spring.cloud.nacos.discovery.enabled=false",
                        "--spring.cloud.nacos.server-addr=" + server.address(),
                        "--spring.cloud.nacos.config.timeout=20000",
                        "--nacre.client.files=false");
    }

    @Test
    void prefixesAreComparedAsSpringBootDoes() {
        assertTrue(PlainUpdate.isConcerned("shop", Set.of("shop.name")));
        assertTrue(PlainUpdate.isConcerned("my-shop", Set.of("myShop.items[0].name")));
        assertEquals(false, PlainUpdate.isConcerned("shop", Set.of("shopping.name")));
    }
}
